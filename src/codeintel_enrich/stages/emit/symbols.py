"""The rows of `symbol_claims`, `symbol_files` and `scip_outcomes`."""

from codeintel_enrich.model.scip import KIND_NUMBERS
from codeintel_enrich.model.tables import ScipOutcomeRow, SymbolClaimRow, SymbolFileRow
from codeintel_enrich.stages.emit.layers import Layers

_KINDS = {number: kind for kind, number in KIND_NUMBERS.items()}

_SUFFIXES = {"/": "module", "#": "class", ".": "variable", ")": "parameter", "]": "type-parameter", "!": "macro"}
"""Last character of a symbol's last descriptor -> kind, for indexers that leave the kind open."""


def claim_rows(layers: Layers) -> list[SymbolClaimRow]:
    """What the file's document says of the symbols it defines, in symbol order."""
    names = _qualified_names(layers)
    return [
        SymbolClaimRow(
            path=layers.path,
            scip_symbol=item.symbol,
            qualified_name=names.get(item.symbol),
            kind=_KINDS.get(item.kind) or kind_by_descriptor(item.symbol),
            display_name=item.display_name or None,
            documentation="\n\n".join(item.documentation) or None,
            signature=item.signature or None,
            enclosing_symbol=item.enclosing_symbol or None,
        )
        for item in layers.stitched.symbols
    ]


def symbol_file_rows(layers: Layers) -> list[SymbolFileRow]:
    """Every symbol the file's document mentions, with its roles, in symbol order."""
    return [
        SymbolFileRow(path=layers.path, scip_symbol=symbol, roles=roles)
        for symbol, roles in sorted(layers.stitched.symbol_roles.items())
    ]


def outcome_rows(layers: Layers) -> list[ScipOutcomeRow]:
    """What became of the ranges of the file's document, by outcome."""
    return [
        ScipOutcomeRow(path=layers.path, outcome=outcome, ranges=count)
        for outcome, count in sorted(layers.stitched.outcomes.items())
    ]


def kind_by_descriptor(symbol: str) -> str | None:
    """Kind by the suffix of the last descriptor (see "Symbols" in scip.proto)."""
    if symbol.endswith(")."):
        before = symbol.rpartition("(")[0].rstrip("`")
        owner = before.rpartition("#")
        return "method" if owner[1] and "/" not in owner[2] else "function"
    return _SUFFIXES.get(symbol[-1:])


def _qualified_names(layers: Layers) -> dict[str, str]:
    """What each symbol's definition is called: a definition node's name, else that of a defining reference."""
    # Definition nodes come first, because a symbol can have several definitions and a node is the surer one.
    names: dict[str, str] = {}
    for index, found in sorted(layers.stitched.nodes.items()):
        for name in layers.qualified.nodes[index][:1]:
            names.setdefault(found.symbol, name)
    targets, meanings = layers.answers.targets, layers.meanings
    for reference, meaning, attached in zip(
        layers.syntax.references, meanings, layers.stitched.references, strict=False
    ):
        if attached.symbol is not None and meaning >= 0 and reference.role in ("definition", "write"):
            for name in targets[meaning].qualified_names[:1]:
                names.setdefault(attached.symbol, name)
    return names
