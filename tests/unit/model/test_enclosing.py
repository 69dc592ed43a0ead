"""The innermost definition around a place: decorators count, and what lies outside falls to the module."""

import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.enclosing import EnclosingDefinitions, enclosing_definition
from codeintel_enrich.model.syntax import Syntax
from tests.support.packages import package_folder
from tests.support.parsed import parsed_once

SOURCE = b"""\
import functools

class Outer:
    limit = 1

    @functools.cache
    @(
        functools.wraps
    )
    def method(self): return lambda: 1

    if limit:
        class Inner(list[int]): pass

after = 1
"""


def syntax_of(source: bytes) -> Syntax:
    return parsed_once(source, ParseConfig()).syntax


@pytest.mark.parametrize(
    ("line", "col", "name"),
    [
        (1, 0, None),
        (3, 0, "Outer"),
        (4, 4, "Outer"),
        (6, 4, "method"),
        (8, 8, "method"),
        (10, 8, "method"),
        (10, 37, "method"),
        (12, 7, "Outer"),
        (13, 20, "Inner"),
        (13, 36, None),
        (15, 0, None),
        (0, 0, None),
        (99, 0, None),
    ],
)
def test_a_place_belongs_to_the_innermost_definition_decorators_included(line: int, col: int, name: str | None) -> None:
    syntax = syntax_of(SOURCE)
    node = syntax.nodes[EnclosingDefinitions(syntax).at((line, col))]
    assert (node.name if node.node_type != "Module" else None) == name


def test_a_node_is_enclosed_by_a_definition_other_than_itself_but_for_the_module() -> None:
    nodes = syntax_of(SOURCE).nodes
    names = {node.name: nodes[enclosing_definition(nodes, index)].name for index, node in enumerate(nodes)}
    assert (names["method"], names["Inner"], names["limit"]) == ("Outer", "Outer", "Outer")
    assert enclosing_definition(nodes, 0) == 0


def test_every_reference_of_real_code_stands_in_the_definition_that_parse_says() -> None:
    compared = 0
    for path in sorted(package_folder("flask").rglob("*.py")):
        syntax = syntax_of(path.read_bytes())
        enclosing = EnclosingDefinitions(syntax)
        for reference in syntax.references:
            assert enclosing.at((reference.line, reference.col)) == reference.node, (path.name, reference)
            compared += 1
    assert compared > 5_000
