"""The types of expressions in one file: which reference names them, and what of a function is inferred."""

from collections.abc import Sequence

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.enclosing import Position, enclosing_definition
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.model.types import FileFacts, InferredSignature, SymbolCoverage

Span = tuple[int, int, int, int]

_UNKNOWN = "Unknown"
"""What pyrefly calls a type, or a part of one, that it can not infer."""


def reference_types(syntax: Syntax, facts: FileFacts) -> tuple[int, ...]:
    """Per reference the index of its type in `facts.type_names`, -1 where there is none; empty where none is known.

    The typed place must be exactly the identifier, or the dotted name that it ends. An attribute of what is no name
    (`f().x`) has no type: nothing says where that expression begins.
    """
    if not facts.typed_places:
        return ()
    columns = _columns(syntax)
    typed: dict[Span, int] = {}
    for place in facts.typed_places:
        col, end_col = columns.code_point(place.line, place.col), columns.code_point(place.end_line, place.end_col)
        if col is not None and end_col is not None:
            # Places are sorted, so that of two types at one place the same one counts in every run.
            typed.setdefault((place.line, col, place.end_line, end_col), place.type)
    starts: list[Position | None] = []
    types: list[int] = []
    for reference in syntax.references:
        own = (reference.line, reference.col)
        end = (reference.line, reference.end_col)
        # pyrefly gives the type of `a.b.c` to the whole of it, from `a`; our reference is the token `c`.
        kind = typed.get((*own, *end), -1)
        start: Position | None = own
        if reference.kind == "attribute":
            start = starts[reference.base] if 0 <= reference.base < len(starts) else None
            if kind < 0 and start is not None:
                kind = typed.get((*start, *end), -1)
        starts.append(start)
        types.append(kind)
    return tuple(types)


def inferred_counts(
    syntax: Syntax, facts: FileFacts, coverage: Sequence[tuple[SymbolCoverage, int]]
) -> list[int | None]:
    """Per symbol (with its node) how many of its untyped parts the checker infers all of; None where types are unknown.

    Of a function these are parameters and return without annotation (the first parameter of a method that is no static
    one does not count), of an attribute its type, of a class none.
    """
    if not facts.typed_places and not facts.signatures:
        return [None] * len(coverage)
    columns = _columns(syntax)
    signatures = {(each.line, columns.code_point(each.line, each.col)): each for each in facts.signatures}
    places = {(each.line, columns.code_point(each.line, each.col)): each.type for each in facts.typed_places}
    counts: list[int | None] = []
    for symbol, index in coverage:
        count = 0
        if symbol.kind == "attr":
            kind = places.get((symbol.line, symbol.col))
            count = int(kind is not None and _UNKNOWN not in facts.type_names[kind])
        elif (node := syntax.nodes[index]).node_type == "FunctionDef":
            definition = syntax.definitions[node.definition]
            if (signature := signatures.get((definition.name_line, definition.name_col))) is not None:
                count = _inferred(syntax, index, signature)
        # The checker counts parameters its own way: never more than it calls untyped.
        counts.append(min(count, symbol.n_untyped))
    return counts


def _inferred(syntax: Syntax, function: int, types: InferredSignature) -> int:
    definition = syntax.definitions[syntax.nodes[function].definition]
    signature = definition.signature
    if signature is None:
        return 0
    around = syntax.nodes[enclosing_definition(syntax.nodes, function)]
    is_method = around.node_type == "ClassDef" and "staticmethod" not in definition.decorators
    inferred = {name: _UNKNOWN not in kind for name, kind in types.parameters}
    counted = signature.parameters[1:] if is_method else signature.parameters
    free = [inferred.get(parameter.name, False) for parameter in counted if parameter.annotation is None]
    return sum(free) + (signature.returns is None and _UNKNOWN not in types.returns)


def _columns(syntax: Syntax) -> Columns:
    return Columns(syntax.wide_lines, syntax.has_bom, "utf-8", counts_bom=True)


def facts_with_types(facts: Sequence[FileFacts]) -> FileFacts:
    """The facts of the checker that knows types of expressions; there is one at most."""
    return next((fact for fact in facts if fact.typed_places or fact.signatures), FileFacts())
