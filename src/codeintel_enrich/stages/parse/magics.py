"""Cells as IPython takes them, as Python: what is no Python in them is replaced, line by line.

IPython changes cells before it runs them (its module `inputtransformer2`): lines that begin with `%`, `!` or `?`, or
end with `?`, and whole cells that begin with `%%`. Here such a line becomes `pass`, so that the others keep their
places and their meaning. Text inside of strings and brackets is left alone.
"""

from __future__ import annotations

import ast
import re
import warnings

_PYTHON_CELLS = frozenset(("time", "timeit", "capture", "prun", "memit", "mprun", "lprun", "debug"))
"""Magics whose cell is Python that runs as any other."""
_PYTHON_LINES = re.compile(r"%(?:time|timeit|prun|memit)\s+(?:-\w+(?:\s*\d+)?\s+)*(?=\S)")
"""Magics that run the rest of their line."""
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_LINE_MAGIC = re.compile(r"[%!?]|[^\s'\"#]*[\w*\])]\?{1,2}\s*;?\s*(?:#.*)?$|/\w")
_ASSIGNED = re.compile(r"([A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_][\w.]*)*\s*=\s*)[%!](?!=)")
_TOKEN = re.compile(r"\\.|#.*|\"\"\"|'''|[\"'()\[\]{}]", re.DOTALL)
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Cell:
    """The lines of a cell as the module has them."""

    def __init__(
        self, lines: list[str], changed: set[int], cut: dict[int, int], fault: SyntaxError | None = None
    ) -> None:
        self.lines = lines
        self.changed = changed
        """Indices of lines that stand for others."""
        self.cut = cut
        """Index of a line that lacks its beginning -> how many code points."""
        self.fault = fault
        """What Python says of it, if it is no Python with all that; its lines are empty then."""


def as_python(source: str) -> Cell:
    """Make Python of a cell."""
    lines = source.split("\n")
    cell = Cell(lines, set(), {})
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        return cell
    magic = _CELL_MAGIC.match(lines[first])
    if magic and magic[1] not in _PYTHON_CELLS:
        return Cell([""] * len(lines), set(range(len(lines))), {})
    if magic:
        lines[first] = ""
        cell.changed.add(first)
    if _fault_of(lines) is None:
        return cell
    _replace_magics(cell)
    fault = _fault_of(lines)
    return cell if fault is None else Cell([""] * len(lines), set(range(len(lines))), {}, fault)


def _fault_of(lines: list[str]) -> SyntaxError | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile("\n".join(lines), "<cell>", "exec", _FLAGS, dont_inherit=True)
    except SyntaxError as error:
        return error
    except ValueError as error:
        return SyntaxError(str(error))
    return None


def _replace_magics(cell: Cell) -> None:
    state = _Inside()
    is_continued = False
    for index, line in enumerate(cell.lines):
        if is_continued:
            is_continued = line.endswith("\\")
            cell.lines[index] = ""
            cell.changed.add(index)
            continue
        code = line.lstrip()
        indent = line[: len(line) - len(code)]
        timed = _PYTHON_LINES.match(code) if not state.is_inside else None
        # The rest of the line is Python where it parses alone; else the line is one magic as any other.
        if timed and _fault_of([code[timed.end() :]]) is None:
            cell.lines[index] = indent + code[timed.end() :]
            cell.cut[index] = timed.end()
            continue
        assigned = _ASSIGNED.match(code) if not state.is_inside else None
        if assigned or (not state.is_inside and code and _LINE_MAGIC.match(code)):
            if assigned:
                # What stands in front of the magic keeps its place.
                cell.lines[index] = f"{indent}{assigned[1]}..."
            else:
                cell.lines[index] = f"{indent}pass"
                cell.changed.add(index)
            is_continued = line.endswith("\\")
            continue
        state.read(line)


class _Inside:
    """Whether the next line begins inside of a string, of brackets, or of a statement that goes on."""

    def __init__(self) -> None:
        self._quote = ""
        self._depth = 0
        self._joined = False

    @property
    def is_inside(self) -> bool:
        return bool(self._quote) or self._depth > 0 or self._joined

    def read(self, line: str) -> None:
        for token in _TOKEN.findall(line):
            if self._quote:
                if token == self._quote:
                    self._quote = ""
            elif token[0] in "\"'":
                self._quote = token
            elif token in "([{":
                self._depth += 1
            elif token in ")]}":
                self._depth = max(0, self._depth - 1)
        # Only a string in three quotes goes on.
        if len(self._quote) == 1 and not line.endswith("\\"):
            self._quote = ""
        self._joined = line.endswith("\\")
