"""The places of a document's occurrences, in our lines and columns; knows nothing of what stands there."""

from collections.abc import Iterable

import msgspec

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.scip import ROLE_DEFINITION, Document, Occurrence
from codeintel_enrich.model.syntax import Syntax

Range = tuple[int, int, int]
"""Line from 1, column and end column from 0 in code points; identifiers stand on one line."""


class Placed(msgspec.Struct, frozen=True):
    """The occurrences of a document by place."""

    ranges: dict[Range, list[Occurrence]]
    """Several occurrences on one range are normal: a local alias and the symbol it was imported from."""
    modules: tuple[str, ...]
    """Symbols defined by an empty range at the start of the file."""
    misplaced: tuple[int, ...]
    """Lines of occurrences whose range can hold no identifier: wrong, over several lines, inside a character."""

    def defined(self) -> frozenset[str]:
        """Symbols that the document defines at some range."""
        occurrences = (each for there in self.ranges.values() for each in there)
        return frozenset(each.symbol for each in occurrences if each.roles & ROLE_DEFINITION)


def place(syntax: Syntax, document: Document) -> Placed:
    """Convert every occurrence's range, with the document's unit and its habit with a BOM."""
    return _place(document, columns_of(syntax, document), (1, *syntax.wide_lines))


def place_unconverted(document: Document) -> Placed:
    """Leave columns in the document's unit: its lines are not those of the file that could tell what they mean."""
    return _place(document, Columns({}, False, document.unit, False), ())


def columns_of(syntax: Syntax, document: Document) -> Columns:
    """The converter for a document's columns on the file's lines."""
    return Columns(syntax.wide_lines, syntax.has_bom, document.unit, document.counts_bom)


def _place(document: Document, columns: Columns, wide_lines: Iterable[int]) -> Placed:
    # On all other lines every unit agrees, which saves two calls for nearly every occurrence.
    bent_lines = {line for line in wide_lines if not columns.is_plain(line)}
    ranges: dict[Range, list[Occurrence]] = {}
    modules: list[str] = []
    misplaced: list[int] = []
    for occurrence in document.occurrences:
        line = occurrence.start_line + 1
        start: int | None = occurrence.start_character
        end: int | None = occurrence.end_character
        if start == end and occurrence.start_line == occurrence.end_line:
            # scip-python's module. Other empty ranges cover no identifier, and no indexer gives them to one.
            if line == 1 and start == 0 and occurrence.roles & ROLE_DEFINITION:
                modules.append(occurrence.symbol)
            continue
        if line in bent_lines:
            start = columns.code_point(line, occurrence.start_character)
            end = columns.code_point(line, occurrence.end_character)
        if (
            start is None
            or end is None
            or not 0 <= start < end
            or line < 1
            or occurrence.end_line != occurrence.start_line
        ):
            misplaced.append(max(line, 1))
            continue
        key = (line, start, end)
        there = ranges.get(key)
        if there is None:
            ranges[key] = [occurrence]
        else:
            there.append(occurrence)
    return Placed(ranges, tuple(modules), tuple(misplaced))
