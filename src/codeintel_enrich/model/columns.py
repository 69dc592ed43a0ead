"""Columns, from the unit a foreign tool counts in to code points, for the lines of one file."""

from collections.abc import Mapping

from codeintel_enrich.model.scip import ColumnUnit

_BOM_WIDTH: dict[ColumnUnit, int] = {"utf-8": 3, "utf-16": 1, "code-point": 1}


class Columns:
    """Converts columns of one file; lines count from 1, columns from 0.

    `wide_lines` is the text of every line that is not pure ASCII; on the others all units agree. `counts_bom` says
    whether the tool counts a BOM as part of the first line (ours never do).
    """

    def __init__(self, wide_lines: Mapping[int, str], has_bom: bool, unit: ColumnUnit, counts_bom: bool) -> None:
        self._wide_lines = wide_lines
        self._bom = _BOM_WIDTH[unit] if has_bom and counts_bom else 0
        self._unit = unit
        self._maps: dict[int, dict[int, int]] = {}

    def is_plain(self, line: int) -> bool:
        """Whether columns of the line need no conversion."""
        return line not in self._wide_lines and not (line == 1 and self._bom)

    def code_point(self, line: int, column: int) -> int | None:
        """The column in code points; None inside a character, inside the BOM or past the end of a known line."""
        # LibCST, and so all our places, leave a BOM out of the text.
        if line == 1:
            column -= self._bom
        text = self._wide_lines.get(line)
        if text is None:
            return column if column >= 0 else None
        # All borders of a line at once: lines that are not ASCII are few, and what is asked of one is asked often.
        offsets = self._maps.get(line)
        if offsets is None:
            offsets = self._maps[line] = _offsets(text, self._unit)
        return offsets.get(column)


def _offsets(text: str, unit: ColumnUnit) -> dict[int, int]:
    """Column in `unit` -> column in code points, at every character border of a line."""
    offsets: dict[int, int] = {}
    column = 0
    for index, character in enumerate(text):
        offsets[column] = index
        column += _width(ord(character), unit)
    offsets[column] = len(text)
    return offsets


def _width(code_point: int, unit: ColumnUnit) -> int:
    if unit == "utf-8":
        return 1 if code_point < 0x80 else 2 if code_point < 0x800 else 3 if code_point < 0x10000 else 4
    return 2 if unit == "utf-16" and code_point >= 0x10000 else 1
