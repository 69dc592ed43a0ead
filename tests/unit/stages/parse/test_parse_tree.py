"""Places of nodes; LibCST's own PositionProvider is the oracle."""

import ast
import webbrowser
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, PositionProvider

from codeintel_enrich.stages.parse.tree import ParsedTree
from codeintel_enrich.stages.parse.tree.generation import WHITESPACE_TYPES
from tests.unit.stages.parse.parse_support import files_of, tree_of, without_collection

SAMPLE = [*files_of("requests", 3), *files_of("flask", 4), *files_of("rich", 20), *files_of("networkx", 90)]
NEW_SYNTAX = {
    "PEP 646": "def f(*args: *Ts) -> A[*Ts]: x[*a, b]\n",
    "PEP 654": "try:\n    pass\nexcept* (A, B) as e:\n    pass\n",
    "PEP 695": "type A[T: int, *Ts, **P] = list[T]\nclass C[T](B, metaclass=M): pass\ndef f[T](x: T) -> T: return x\n",
    "PEP 696": "class C[T = int, *Ts = *tuple[int]]: pass\n",
    "PEP 701": "f'{x!r:>{width}} {'a' + f\"{y}\"}'\n",
    "PEP 750": "t'{x} {y!r}'\n",
    "PEP 758": "try:\n    pass\nexcept A, B:\n    pass\n",
    "match": (
        "match = 1\nmatch x:\n    case [1, *rest] | {'k': v, **kw} if v: pass\n"
        "    case C(a, b=2) as c: pass\n    case _: pass\n"
    ),
    "decorated": "@a.b(1)\n# between\n@c\nasync def f(a, /, b=(1, 2), *, c: int = 3, **kw): await (yield)\n",
    "comprehension": "x = [(a, b) for a in b if c async for d in e]; y = {**a, 1: 2}; del (x), y,\n",
    "operators": "a = b if not c else lambda *x, y=1: (x is not y, x not in y, -x ** ~y, x := 1)\nb @= c\n",
    "statements": (
        "global x\nfrom . import (a as b, c,)\nimport a.b.c as d, e\n"
        "with (a as b, c as d,): pass\nassert a, b\nraise A from B\n"
    ),
    "tabs and continuations": "if x:\n\ty = 1 + \\\n\t  2\n\tfor i in j:\n\t\tpass\n\telse :\n\t\tpass\n# end",
}
MENDED = {
    "trailing lone carriage return": b"x = 1\r",
    "space before the colon of a handler": b"try:\n    a\nexcept X :\n    b\nexcept (Y) as z  :\n    c\n",
    "form feed": b"\x0cx = 1\n\x0c\nclass A:\n    y = 2\n\x0c",
    "continuation and trailing carriage return": b"x = \\\r  1\r",
}


def positions(tree: ParsedTree) -> dict[cst.CSTNode, tuple[int, int, int, int]]:
    found = MetadataWrapper(tree.module, unsafe_skip_copy=True).resolve(PositionProvider)
    return {
        node: (place.start.line, place.start.column, place.end.line, place.end.column)
        for node, place in found.items()
        if type(node) not in WHITESPACE_TYPES and node is not tree.module
    }


def assert_places_are_exact(tree: ParsedTree) -> None:
    expected = positions(tree)
    spans = {node: span for node, span in tree.spans.items() if node is not tree.module}
    assert spans.keys() == expected.keys()
    for node, (start, end) in spans.items():
        first, last = tree.position(start), tree.position(end)
        assert (*first[:2], *last[:2]) == expected[node]
        assert tree.source.data[first[2] : last[2]].decode(tree.source.encoding) == tree.text[start:end]
    assert list(tree.node_of) == tree.recorded
    assert set(tree.recorded) == tree.spans.keys()


@pytest.mark.parametrize("path", SAMPLE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_places_on_real_files_equal_position_providers(path: Path) -> None:
    with without_collection():
        assert_places_are_exact(tree_of(path.read_bytes(), "full"))


@pytest.mark.parametrize("name", NEW_SYNTAX)
def test_places_of_every_syntax_equal_position_providers(name: str) -> None:
    tree = tree_of(NEW_SYNTAX[name], "full")
    assert_places_are_exact(tree)


@pytest.mark.parametrize("name", NEW_SYNTAX)
def test_a_span_holds_the_nodes_own_code(name: str) -> None:
    tree = tree_of(NEW_SYNTAX[name], "full")
    for node, (start, end) in tree.spans.items():
        if not isinstance(node, (cst.Annotation, cst.Param)):  # their code depends on where they stand
            own = "".join(tree.module.code_for_node(node).split())
            assert "".join(tree.text[start:end].split()) in own


@pytest.mark.parametrize("name", MENDED)
def test_spans_address_the_original_text_where_libcst_drops_some(name: str) -> None:
    data = MENDED[name]
    tree = tree_of(data, "full")
    assert tree.module.bytes != data
    assert tree.spans[tree.module] == (0, len(tree.text))
    for node, (start, end) in tree.spans.items():
        if node is not tree.module:
            squeezed = "".join(tree.text[start:end].split())
            assert squeezed in "".join(tree.module.code_for_node(node).split())
            assert tree.text[start:end] == tree.text[start:end].strip() or isinstance(node, cst.AsName)
            assert squeezed or isinstance(node, cst.Parameters)


@pytest.mark.parametrize("data", [*MENDED.values(), Path(webbrowser.__file__).read_bytes()])
def test_names_stand_where_ast_finds_them_although_libcst_drops_text(data: bytes) -> None:
    tree = tree_of(data, "full")
    assert tree.module.bytes != data
    theirs = {
        (node.lineno, node.col_offset, node.end_col_offset)
        for node in ast.walk(ast.parse(data))
        if isinstance(node, ast.Name)
    }
    ours = {
        (*tree.position(start)[:2], tree.position(end)[1])
        for node, (start, end) in tree.spans.items()
        if isinstance(node, cst.Name)
    }
    assert theirs <= ours


def test_a_space_that_libcst_drops_belongs_to_the_handler_and_to_none_of_its_parts() -> None:
    tree = tree_of(MENDED["space before the colon of a handler"], "full")
    texts = [tree.text[slice(*tree.spans[node])] for node in tree.recorded]
    assert "except X :\n    b" in texts
    assert "X" in texts
    assert "b" in texts


def test_code_has_the_parentheses_of_an_expression() -> None:
    tree = tree_of("x = ((1, 2) )\n")
    assign = cst.ensure_type(tree.recorded[1], cst.Assign)
    assert tree.code(assign.value) == "((1, 2) )"


def test_level_defs_records_definitions_wherever_they_stand() -> None:
    source = (
        "if a:\n    import b\nelse:\n    try:\n        from c import d\n    finally:\n        e = 1\n"
        "def f():\n    g: int = 1\n    class H: pass\n__all__ += ['x']\nother += 1\ntype T = int\n"
    )
    tree = tree_of(source)
    assert [(type(node).__name__, parent) for node, parent in zip(tree.recorded, tree.parents, strict=True)] == [
        ("Module", -1),
        ("Import", 0),
        ("ImportFrom", 0),
        ("Assign", 0),
        ("FunctionDef", 0),
        ("AnnAssign", 4),
        ("ClassDef", 4),
        ("AugAssign", 0),
        ("TypeAlias", 0),
    ]


def test_recorded_nodes_stand_before_what_they_hold() -> None:
    tree = tree_of(files_of("requests")[5].read_bytes(), "full")
    for index, (node, parent) in enumerate(zip(tree.recorded, tree.parents, strict=True)):
        assert parent < index
        if parent >= 0:
            assert any(child is node for child in tree.recorded[parent].children)
