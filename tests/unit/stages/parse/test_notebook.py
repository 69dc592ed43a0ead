"""Notebooks: the cells as one module, whatever IPython takes besides Python, and where everything stands."""

import asyncio
import inspect
import json

import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.stages.parse import parse_notebook
from tests.support.notebooks import code, notebook, old_notebook, printed, prose

CONFIG = ParseConfig()


def parsed(text: str) -> Parsed:
    return parse_notebook(text.encode(), CONFIG)


def bound(text: str) -> list[str]:
    """Names that the module binds, in order."""
    syntax = parsed(text).syntax
    assert syntax.parse_ok, syntax.error
    return list(dict.fromkeys(each.name for each in syntax.bindings if each.scope == 0))


def tokens(text: str) -> list[tuple[str, str, int, int]]:
    """Of every reference: its name, what stands at its place in the file, its cell and its line there."""
    found = parsed(text)
    lines = text.split("\n")
    result: list[tuple[str, str, int, int]] = []
    for each in found.syntax.references:
        line, col, byte = found.notebook.place(each.line, each.col)
        end_line, end_col, end_byte = found.notebook.place(each.line, each.end_col)
        assert (line, text.encode()[byte:end_byte].decode()) == (end_line, lines[line - 1][col:end_col])
        written = found.notebook.lines[each.line - 1]
        result.append((each.name, lines[line - 1][col:end_col], written.cell, written.line))
    return result


CELLS = (
    prose("# Title\nx = 1"),
    code("from m import x\n\nprint('é \\t \"q\"', x)", printed("é\n")),
    code(""),
    code("größe = x; '\U0001f680'; y = größe\n# coding: latin-1\nz = y"),
    {"cell_type": "raw", "metadata": {}, "source": "z"},
    code("if x:\n\tz = (x,\n  y)\n"),
)
WANTED = [
    *(("m", 2, 1), ("x", 2, 1), ("print", 2, 3), ("x", 2, 3)),
    *(("größe", 4, 1), ("x", 4, 1), ("y", 4, 1), ("größe", 4, 1), ("z", 4, 3), ("y", 4, 3)),
    *(("x", 6, 1), ("z", 6, 2), ("x", 6, 2), ("y", 6, 3)),
]


@pytest.mark.parametrize("indent", [1, None])
@pytest.mark.parametrize("as_lines", [True, False])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_name_stands_in_the_file_where_it_is_written(indent: int | None, as_lines: bool, line_end: str) -> None:
    cells = [{**cell, "source": cell["source"] if as_lines else "".join(cell["source"])} for cell in CELLS]
    text = notebook(*cells, indent=indent).replace("\n", line_end)
    assert [(name, cell, line) for name, _, cell, line in tokens(text)] == WANTED
    assert all(name == written for name, written, _, _ in tokens(text))


def test_escapes_count_as_they_are_written() -> None:
    written = tokens(notebook(*CELLS, ascii_only=True, indent=None))
    assert [(name, cell, line) for name, _, cell, line in written] == WANTED
    assert {json.loads(f'"{there}"') == name for name, there, _, _ in written} == {True}
    assert ("größe", "gr\\u00f6\\u00dfe", 4, 1) in written


def test_strings_need_not_end_where_lines_do() -> None:
    cell = {**code(""), "source": ["x =", " 1\ny", " = x\n", "", "z = y"]}
    assert [(name, line) for name, _, _, line in tokens(notebook(cell))] == [
        ("x", 1),
        ("y", 2),
        ("x", 2),
        ("z", 3),
        ("y", 3),
    ]


def test_older_formats_are_read() -> None:
    for cells in ((["import m\n", "m.x"], ["y = 1"]), (["import m", "m.x"], ["y = 1"])):
        found = tokens(old_notebook(*cells))
        assert [(name, line) for name, _, _, line in found] == [("m", 1), ("m", 2), ("x", 2), ("y", 1)]


MAGICS = {
    "%matplotlib inline": [],
    "%%time\nx = 1": ["x"],
    "\n%%capture out\nx = 1": ["x"],
    "%%bash\nx=1\nls": [],
    "%%html\n<p>": [],
    "%%writefile x.py\ny = 1": [],
    "%time x = 1": ["x"],
    "%timeit -n 10 -r 3 y": [],
    "%time": [],
    "!ls *.py\nx = 1": ["x"],
    "x = !ls\ny = 1": ["x", "y"],
    "x, y = %sql select 1": ["x", "y"],
    "x = 1\nx?\n??x\nx.__doc__?\nprint??": ["x"],
    "if 1:\n    %pip install y\nelse:\n    !pip \\\n  install\n    x = 1": ["x"],
    "for x in y:\n    !echo {x}": ["x"],
    "x = '''\n%no magic\n!nor this\n'''\n%magic": ["x"],
    "x = (y\n  % 2)\n!ls": ["x"],
    "x = y \\\n  % 2\n!ls": ["x"],
    "x = 'what?'\n# why?\n%magic": ["x"],
    "async with a as x:\n    y = await x\nz = [i async for i in x]": ["x", "y", "z"],
    "x = 1;": ["x"],
    "await asyncio.sleep(0)\nx = 1": ["x"],
}


@pytest.mark.parametrize("cell", MAGICS)
def test_what_ipython_takes_besides_python_leaves_the_rest_as_it_is(cell: str) -> None:
    found = parsed(notebook(code(cell), code("last = 1")))
    assert found.syntax.diagnostics == ()
    assert bound(notebook(code(cell), code("last = 1"))) == [*MAGICS[cell], "last"]
    # Each line of the module is one of the cells'.
    assert [line.line for line in found.notebook.lines] == [*range(1, len(cell.split("\n")) + 1), 1]


def test_the_cells_bind_what_they_bind_when_they_run() -> None:
    cells = (
        "import os, json as j\nfrom os import path",
        "def f(x): return x\nclass C: y = f(1)",
        "a = b = C.y\nawait g(a)",
    )
    space: dict[str, object] = {"g": asyncio.sleep}
    for cell in cells:
        ran = eval(compile(cell, "<cell>", "exec", flags=0x2000), space)  # ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        if inspect.iscoroutine(ran):
            asyncio.run(ran)
    assert bound(notebook(*map(code, cells))) == [name for name in space if name not in ("g", "__builtins__")]


def test_a_cell_that_is_no_python_costs_itself_alone() -> None:
    found = parsed(notebook(code("x = 1"), code("def broken(:\n  y = 1"), code("z = x")))
    assert bound(notebook(code("x = 1"), code("def broken(:\n  y = 1"), code("z = x"))) == ["x", "z"]
    [fault] = found.syntax.diagnostics
    assert (fault.rule, fault.line) == ("syntax-error", 2)


BROKEN = {
    "": (1, 0),
    "{": (1, 1),
    '{"cells": [\n  {"cell_type": }\n]}': (2, 16),
    "[]": (1, 0),
    "null": (1, 0),
    '{"cells": 1, "nbformat": 4}': (1, 0),
    '{"nbformat": 4, "nbformat_minor": 4}': (1, 0),
    '{"nbformat": 17, "cells": []}': (1, 0),
    '{"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [{"cell_type": "code"}]}': (1, 0),
}


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_no_notebook_says_so(text: str) -> None:
    syntax = parsed(text).syntax
    [fault] = syntax.diagnostics
    assert not syntax.parse_ok
    assert (fault.rule, fault.line, fault.col) == ("not-a-notebook", *BROKEN[text])


def test_outputs_change_nothing_but_where_the_code_stands() -> None:
    before = parsed(notebook(code("x = 1"), code("y = x")))
    moved = parsed(notebook(code("x = 1", printed("1\n2\n")), code("y = x")))
    behind = parsed(notebook(code("x = 1"), code("y = x", printed("1\n2\n"))))
    assert before.syntax == moved.syntax == behind.syntax
    assert before.interface == moved.interface
    assert before.notebook != moved.notebook
