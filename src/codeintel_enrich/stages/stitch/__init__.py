"""Owns the `stitch` stage: the symbols of a SCIP document on the definitions and references of one file.

    place   occurrences -> ranges in our units
    join    ranges -> references with exactly that range; or, for a stale document,
    realign ranges -> references by what the lines say
    weigh   the symbols at a reference -> the one that names it, and whether `qualify` says the same

A symbol is attached only where it names the identifier that stands there.
"""

from codeintel_enrich.model.config import StitchConfig
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.environment import Environment
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.scip import Document, SymbolInformation
from codeintel_enrich.model.stitched import NodeSymbol, ReferenceSymbol, Stitched
from codeintel_enrich.model.surface import Surface
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.join import Joined, is_stale, join
from codeintel_enrich.stages.stitch.place import LOCAL, Placed, place, place_unconverted
from codeintel_enrich.stages.stitch.realign import realign
from codeintel_enrich.stages.stitch.symbols import SymbolNames
from codeintel_enrich.stages.stitch.weigh import Scales

__all__ = ["stitch"]

_DEFINING = ("definition", "write")


def stitch(
    syntax: Syntax,
    surface: Surface,
    qualified: Qualified,
    environment: Environment,
    document: Document | None,
    config: StitchConfig,
) -> Stitched:
    """Attach the document's symbols to the file.

    Without a document only `qualify` speaks. A symbol of another file's scope (`local 7`) is no symbol to join tables
    on: its identifier counts as attached, its reference keeps `symbol=None`, and the agreement is that of a reference
    the index is silent on.
    """
    names = SymbolNames()
    scales = Scales(syntax, qualified, names)
    if document is None:
        return Stitched(references=tuple(scales.silent(index) for index in range(len(syntax.references))))
    placed = place(syntax, document)
    joined = join(syntax, placed)
    stale = is_stale(syntax, document, placed, joined)
    if stale:
        placed = place_unconverted(document)
        joined = realign(syntax, document, placed, names)
    references, n_attached, misnamed = _references(syntax, placed, joined, scales, stale)
    return Stitched(
        nodes=_nodes(syntax, references) | _module(environment, placed, names),
        references=references,
        symbols=_symbols(document),
        symbol_roles=_roles(document),
        has_document=True,
        is_stale=stale,
        n_occurrences=len(placed.ranges),
        n_attached=n_attached,
        diagnostics=_diagnostics(placed, joined, misnamed, n_attached, stale) if syntax.parse_ok else (),
    )


def _references(
    syntax: Syntax, placed: Placed, joined: Joined, scales: Scales, stale: bool
) -> tuple[tuple[ReferenceSymbol, ...], int, list[int]]:
    """One answer a reference; how many ranges found their identifier; lines where a symbol named another one."""
    answers: list[ReferenceSymbol] = []
    misnamed: list[int] = []
    n_attached = 0
    found = joined.found
    for index, reference in enumerate(syntax.references):
        key = found.get(index)
        if key is None:
            answers.append(scales.silent(index))
            continue
        occurrences = placed.ranges[key]
        if stale:
            moved = key != (reference.line, reference.col, reference.end_col)
            answer = scales.weigh_moved(index, occurrences, moved, index in joined.weak)
        else:
            answer = scales.weigh(index, occurrences)
        answers.append(answer)
        if answer.symbol is not None or any(occurrence.symbol.startswith(LOCAL) for occurrence in occurrences):
            n_attached += 1
        else:
            misnamed.append(reference.line)
    return tuple(answers), n_attached, misnamed


def _nodes(syntax: Syntax, references: tuple[ReferenceSymbol, ...]) -> dict[int, NodeSymbol]:
    """The symbol of every definition whose name token carries one."""
    at: dict[tuple[int, int], ReferenceSymbol] = {
        (reference.line, reference.col): answer
        for reference, answer in zip(syntax.references, references, strict=True)
        if answer.symbol is not None and reference.role in _DEFINING
    }
    nodes: dict[int, NodeSymbol] = {}
    for index, definition in enumerate(syntax.definitions):
        answer = at.get((definition.name_line, definition.name_col)) if definition.name_start_byte >= 0 else None
        if answer is not None and answer.symbol is not None:
            nodes[index] = NodeSymbol(answer.symbol, answer.match)
    return nodes


def _module(environment: Environment, placed: Placed, names: SymbolNames) -> dict[int, NodeSymbol]:
    """The symbol of the Module, where the document defines one that ends in the module's own name."""
    own = (environment.module or "").rpartition(".")[2]
    symbols = sorted(symbol for symbol in placed.modules if own and names[symbol].final == own)
    return {0: NodeSymbol(symbols[0], "exact")} if symbols else {}


def _symbols(document: Document) -> tuple[SymbolInformation, ...]:
    """What the document says of its global symbols, sorted, each once."""
    known = {info.symbol: info for info in reversed(document.symbols) if not info.symbol.startswith(LOCAL)}
    return tuple(known[symbol] for symbol in sorted(known))


def _roles(document: Document) -> dict[str, int]:
    roles: dict[str, int] = {}
    for occurrence in document.occurrences:
        if not occurrence.symbol.startswith(LOCAL):
            roles[occurrence.symbol] = roles.get(occurrence.symbol, 0) | occurrence.roles
    return roles


def _diagnostics(
    placed: Placed, joined: Joined, misnamed: list[int], n_attached: int, stale: bool
) -> tuple[Diagnostic, ...]:
    """One summary a cause; in a stale document lines mean nothing, so there is one cause only."""
    total = len(placed.ranges) + len(placed.misplaced)
    if stale:
        message = f"the index is of another state of this file: {n_attached} of {total} identifiers found again"
        return (_info("stale-document", message, []),)
    stray = sorted({key[0] for key in placed.ranges.keys() - set(joined.found.values())} | set(placed.misplaced))
    n_stray = total - len(joined.found)
    diagnostics = []
    if n_stray:
        message = f"{n_stray} of {total} ranges of the index stand on no identifier"
        diagnostics.append(_info("unplaced-occurrences", message, stray))
    if misnamed:
        message = f"{len(misnamed)} of {total} identifiers have only symbols of another name in the index"
        diagnostics.append(_info("misnamed-occurrences", message, misnamed))
    return tuple(diagnostics)


def _info(rule: str, message: str, lines: list[int]) -> Diagnostic:
    """A summary at the first of the lines it speaks of."""
    line = min(lines, default=1)
    return Diagnostic("stitch", "info", rule, message, line, 0, line, 0)
