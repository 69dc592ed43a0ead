"""The code of a notebook: bytes of an `.ipynb` file -> the text of one module, and where each of its lines stands.

nbformat reads notebooks of every version; it gives no places, so the strings that hold code are looked up in the JSON
once more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.notebook import CodeLine, Notebook, Piece
from codeintel_enrich.stages.parse.failure import Failure
from codeintel_enrich.stages.parse.magics import as_python
from codeintel_enrich.stages.parse.text import Source, decode

_SPACE = re.compile(r"[ \t\r\n]*")
_UNIT = re.compile(r'\\u[0-9a-fA-F]{4}|\\.|[^\\"]+', re.DOTALL)
_CODE_KEYS = ("source", "input", "code")
"""Where versions 4, 2 and 3, and 1 of the format have a cell's text."""
_decode = json.JSONDecoder().raw_decode


def read_notebook(data: bytes) -> tuple[str, Notebook, tuple[Diagnostic, ...]]:
    """The module's text, where its lines stand, and what is wrong with single cells.

    A cell that is no Python has empty lines: what the others say stands without it. Raises `Failure` with the rule
    `not-a-notebook`, or those of `decode`.
    """
    file = _decoded(data)
    cells = _cells(file.text)
    places = list(_code_cells(file.text))
    if [kind == "code" for kind, _ in cells] != [kind == "code" for kind, _ in places]:
        raise Failure("not-a-notebook", "its cells are not where the format has them")
    text: list[str] = []
    lines: list[CodeLine] = []
    diagnostics: list[Diagnostic] = []
    for number, ((kind, source), (_, strings)) in enumerate(zip(cells, places, strict=True), 1):
        if kind != "code":
            continue
        # Lone carriage returns would end lines in Python, and end none here.
        written = [(line.replace("\r", " "), pieces) for line, pieces in _lines(file, strings, source)]
        cell = as_python("\n".join(decoded for decoded, _ in written))
        if cell.fault is not None:
            line = len(text) + min(cell.fault.lineno or 1, len(written))
            column = max(0, (cell.fault.offset or 1) - 1)
            diagnostics.append(Diagnostic("parse", "error", "syntax-error", cell.fault.msg, line, column, line, column))
        for index, (_, pieces) in enumerate(written):
            text.append(cell.lines[index] + "\n")
            cut = cell.cut.get(index, 0)
            lines.append(CodeLine(number, index + 1, index not in cell.changed, _without(pieces, cut)))
    return "".join(text), Notebook(tuple(lines)), tuple(diagnostics)


def _decoded(data: bytes) -> Source:
    file = decode(data)
    # JSON is UTF-8 (RFC 8259), whatever a line that looks like a cookie says.
    return file if file.encoding == "utf-8" else Source(data, data.decode("utf-8", "replace"), "utf-8")


def _cells(text: str) -> list[tuple[str, str]]:
    """Kind and text of every cell, as nbformat reads them."""
    # Heavy, and needed for notebooks alone.
    try:
        import nbformat
    except ImportError as error:
        raise Failure("not-a-notebook", "nbformat is not installed: pip install nbformat") from error

    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        raise Failure("not-a-notebook", f"no JSON: {error.msg}", error.lineno, error.colno - 1) from None
    try:
        read: Any = nbformat.reads
        notebook = read(text, as_version=4)
        return [(str(cell["cell_type"]), str(cell["source"])) for cell in notebook["cells"]]
    except Exception as error:
        # What it makes of JSON that is no notebook depends on what is missing.
        raise Failure("not-a-notebook", f"nbformat cannot read it: {str(error).splitlines()[0]}") from None


def _code_cells(text: str) -> Iterator[tuple[str, list[int]]]:
    """Kind of every cell, and where the strings of its text begin; in the order of the file."""
    for key, at in _members(text, _SPACE.match(text).end()):  # type: ignore[union-attr]
        if key == "cells":
            yield from _cells_in(text, at)
        elif key == "worksheets":
            for sheet in _elements(text, at):
                for inner, cells_at in _members(text, sheet):
                    if inner == "cells":
                        yield from _cells_in(text, cells_at)


def _cells_in(text: str, at: int) -> Iterator[tuple[str, list[int]]]:
    for cell in _elements(text, at):
        kind, strings = "", []
        for key, value in _members(text, cell):
            if key == "cell_type":
                kind = str(_decode(text, value)[0])
            elif key in _CODE_KEYS:
                strings = list(_elements(text, value)) if text[value] == "[" else [value]
        yield kind, strings


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Key of each member of the object that begins at a place, and where its value begins. The text is valid JSON."""
    if text[at] != "{":
        return
    at = _skip(text, at + 1)
    while text[at] != "}":
        key, at = _decode(text, at)
        value = _skip(text, _skip(text, at) + 1)
        yield key, value
        at = _skip(text, _decode(text, value)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _elements(text: str, at: int) -> Iterator[int]:
    """Where each element of an array begins."""
    if text[at] != "[":
        return
    at = _skip(text, at + 1)
    while text[at] != "]":
        yield at
        at = _skip(text, _decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    assert found is not None, "it may be empty"
    return found.end()


def _lines(file: Source, strings: list[int], source: str) -> list[tuple[str, tuple[Piece, ...]]]:
    """Each line of a cell: its text, and how and where it is written."""
    lines: list[tuple[str, tuple[Piece, ...]]] = []
    text, pieces = "", []
    # Old versions of the format leave the line ends out of the strings, and nbformat puts them in.
    are_lines = len(strings) > 1 and not str(_decode(file.text, strings[0])[0]).endswith(("\n", "\r"))
    are_lines = are_lines and source.count("\n") >= len(strings) - 1
    for number, start in enumerate(strings):
        end = _decode(file.text, start)[1] - 1
        begin = at = start + 1
        while at < end:
            unit = _UNIT.match(file.text, at, end)
            assert unit is not None, "the string is valid JSON"
            decoded = json.loads(f'"{unit[0]}"', strict=False)
            if decoded == "\n":
                pieces.append(_piece(file, begin, at))
                lines.append((text, tuple(pieces)))
                text, pieces, begin = "", [], unit.end()
            else:
                text += decoded
            at = unit.end()
        if begin < end or not (pieces or lines or number + 1 < len(strings)):
            pieces.append(_piece(file, begin, end))
        if are_lines and number + 1 < len(strings):
            lines.append((text, tuple(pieces) or (_piece(file, end, end),)))
            text, pieces = "", []
    if pieces:
        lines.append((text, tuple(pieces)))
    # Halves of surrogate pairs, each an escape of its own, are one character.
    return [(_joined(text).rstrip("\r"), pieces) for text, pieces in lines]


def _joined(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _piece(file: Source, begin: int, end: int) -> Piece:
    return Piece(file.text[begin:end], *file.position(begin))


def _without(pieces: tuple[Piece, ...], cut: int) -> tuple[Piece, ...]:
    """The pieces of a line that lacks its first code points."""
    if not cut:
        return pieces
    first = pieces[0]
    place = Notebook((CodeLine(1, 1, True, (first,)),)).place(1, cut)
    taken = place[1] - first.col
    return (Piece(first.raw[taken:], *place), *pieces[1:])
