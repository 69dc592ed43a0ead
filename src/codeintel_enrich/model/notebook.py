"""Where the code of a notebook stands: its cells are analysed as one module, and lie in a file of JSON.

The module's text has a line for each line of each code cell, in order; what is no Python there (magics, shell lines,
cells in other languages) has a line that says nothing. Analyses know the module's text alone, so that an edit of
outputs, which moves the cells about in the file, redoes none of them: `emit` puts everything in its place.
"""

from collections.abc import Sequence

import msgspec

SUFFIX = ".ipynb"


def is_notebook(path: str) -> bool:
    """Whether a file has its code in cells."""
    return path.endswith(SUFFIX)


class Piece(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A part of a line of code that is written in one string of the file."""

    raw: str
    """As it is written there, JSON's escapes and all."""
    line: int
    col: int
    byte: int
    """Where that begins in the file."""


class CodeLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One line of a code cell, and of the module."""

    cell: int
    """Which of the notebook's cells, from 1; cells of every kind count."""
    line: int
    """Which of the cell's lines, from 1."""
    is_code: bool
    """Whether the module has the line as it stands. Else it has another in its place, all of which stands where this
    one begins."""
    pieces: tuple[Piece, ...]
    """Hardly ever more than one; none for a line without text whose place nothing shows."""


class Notebook(msgspec.Struct, frozen=True):
    """Where each line of the module stands; no lines for a file that is no notebook."""

    lines: tuple[CodeLine, ...] = ()

    def place(self, line: int, col: int) -> tuple[int, int, int]:
        """Where a place in the module's text is in the file: line from 1, column from 0 in code points, byte."""
        if line > len(self.lines):
            # The end of the text, behind the last line end.
            last = self.lines[-1].pieces[-1]
            return _inside(last, len(last.raw))
        written = self.lines[line - 1]
        first, *others = written.pieces
        if not written.is_code:
            return first.line, first.col, first.byte
        piece, at = first, _written(first.raw, col)
        for other in others:
            if at[1] == 0:
                break
            piece, at = other, _written(other.raw, at[1])
        return _inside(piece, at[0])


NO_NOTEBOOK = Notebook()
"""What there is to say of a file that is none."""


def _written(raw: str, count: int) -> tuple[int, int]:
    """(how much of a piece its first `count` code points take, how many code points it lacks)."""
    if "\\" not in raw:
        return min(count, len(raw)), max(0, count - len(raw))
    at = 0
    while count and at < len(raw):
        at = _next(raw, at)
        count -= 1
    return at, count


def _next(raw: str, at: int) -> int:
    """Where the next code point begins."""
    if raw[at] != "\\":
        return at + 1
    if raw[at + 1] != "u":
        return at + 2
    # A code point beyond the first 65,536 is written as two (RFC 8259, section 7).
    is_pair = raw[at + 2 : at + 4].lower() in ("d8", "d9", "da", "db") and raw[at + 6 : at + 8] == "\\u"
    return at + (12 if is_pair else 6)


def _inside(piece: Piece, at: int) -> tuple[int, int, int]:
    before = piece.raw[:at]
    return piece.line, piece.col + at, piece.byte + len(before.encode())


def spans_of(lines: Sequence[CodeLine]) -> list[tuple[int, int, int, int]]:
    """For each line where it begins in the file (line, column, byte), and the byte where it ends."""
    found: list[tuple[int, int, int, int]] = []
    for line in lines:
        first, last = line.pieces[0], line.pieces[-1]
        found.append((first.line, first.col, first.byte, _inside(last, len(last.raw))[2]))
    return found
