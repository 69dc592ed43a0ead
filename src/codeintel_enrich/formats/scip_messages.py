"""The way between SCIP messages and the model, field by field; it knows nothing of files or of how bytes are cut."""

from collections.abc import Sequence

from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.model.scip import Occurrence, Relationship, SymbolInformation

Range = tuple[int, int, int, int]
_NO_RANGE = (-1, 0, -1, 0)


def occurrence_of(message: scip_pb2.Occurrence) -> Occurrence:
    """An occurrence, by its typed range if it has one; a range of neither form stands at line -1."""
    # An index may give both forms. They say the same in all that were seen; the typed one is the protocol's future.
    if message.HasField("single_line_range"):
        single = message.single_line_range
        line = single.line
        return Occurrence(
            line, single.start_character, line, single.end_character, message.symbol, message.symbol_roles
        )
    if message.HasField("multi_line_range"):
        multi = message.multi_line_range
        place = (multi.start_line, multi.start_character, multi.end_line, multi.end_character)
    else:
        place = _old_range(message.range)
    return Occurrence(*place, message.symbol, message.symbol_roles)


def _old_range(numbers: Sequence[int]) -> Range:
    """The four numbers of the deprecated form: 3 integers for one line, 4 for several."""
    if len(numbers) == 3:
        line, start, end = numbers
        return line, start, line, end
    if len(numbers) == 4:
        start_line, start, end_line, end = numbers
        return start_line, start, end_line, end
    return _NO_RANGE


def symbol_of(message: scip_pb2.SymbolInformation) -> SymbolInformation:
    """What an index says of a symbol; a kind that the protocol does not know keeps its number."""
    return SymbolInformation(
        message.symbol,
        tuple(message.documentation),
        message.kind,
        message.display_name,
        message.signature_documentation.text,
        message.enclosing_symbol,
        tuple(
            Relationship(
                related.symbol,
                related.is_reference,
                related.is_implementation,
                related.is_type_definition,
                related.is_definition,
            )
            for related in message.relationships
        ),
    )


def put_occurrence(message: scip_pb2.Occurrence, occurrence: Occurrence) -> None:
    """Write the ranges of an occurrence, in the old form and in the typed one: readers know the one or the other."""
    start_line, start = occurrence.start_line, occurrence.start_character
    end_line, end = occurrence.end_line, occurrence.end_character
    if start_line == end_line:
        message.range.extend((start_line, start, end))
        _set_single(message.single_line_range, start_line, start, end)
    else:
        message.range.extend((start_line, start, end_line, end))
        _set_multi(message.multi_line_range, (start_line, start, end_line, end))
    if occurrence.enclosing is not None:
        start_line, start, end_line, end = occurrence.enclosing
        if start_line == end_line:
            message.enclosing_range.extend((start_line, start, end))
            _set_single(message.single_line_enclosing_range, start_line, start, end)
        else:
            message.enclosing_range.extend(occurrence.enclosing)
            _set_multi(message.multi_line_enclosing_range, occurrence.enclosing)


def put_symbol(message: scip_pb2.SymbolInformation, symbol: SymbolInformation) -> None:
    """Write what is known of a symbol."""
    message.documentation.extend(symbol.documentation)
    # The field takes any number; only its type says that it is one of the enum's.
    message.kind = symbol.kind  # type: ignore[assignment]
    message.display_name = symbol.display_name
    message.enclosing_symbol = symbol.enclosing_symbol
    if symbol.signature:
        message.signature_documentation.text = symbol.signature
        message.signature_documentation.language = "python"
    for related in symbol.relationships:
        message.relationships.add(
            symbol=related.symbol,
            is_reference=related.is_reference,
            is_implementation=related.is_implementation,
            is_type_definition=related.is_type_definition,
            is_definition=related.is_definition,
        )


def _set_single(message: scip_pb2.SingleLineRange, line: int, start: int, end: int) -> None:
    message.line, message.start_character, message.end_character = line, start, end


def _set_multi(message: scip_pb2.MultiLineRange, place: Range) -> None:
    message.start_line, message.start_character, message.end_line, message.end_character = place
