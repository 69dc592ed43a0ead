"""Python's own tree of files with lazy imports, on versions that do not know them."""

import ast

import pytest

from codeintel_enrich.model.python_source import parse_python

SOURCE = """\
# -*- coding: latin-1 -*-
'lazy import x'
lazy import a.b as c; lazy from .d import (e,
    f as g)
if c:
    lazy   from h import i
lazy = 1
text = '''
lazy import j
'''  # \xe9
"""


def test_a_lazy_import_becomes_an_import_and_nothing_moves() -> None:
    tree = parse_python(SOURCE.encode("latin-1"))
    found = {
        (alias.name, alias.lineno, alias.col_offset): type(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    lines = SOURCE.splitlines()
    assert [name for name, _, _ in sorted(found)] == ["a.b", "e", "f", "i"]
    assert all(lines[line - 1][column:].startswith(name) for name, line, column in found)
    (text,) = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.lineno == 8]
    assert isinstance(text, ast.Constant)
    assert text.value == "\nlazy import j\n"
    assert ast.get_docstring(tree) == "lazy import x"


@pytest.mark.parametrize("source", ["lazy imports", "def f(:\n    lazy import a", "lazy import", "'lazy", "\0lazy"])
def test_what_is_wrong_stays_wrong(source: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        parse_python(source.encode())
