"""What `tree.generation` uses of LibCST's private API is there, and behaves as the counting of places needs it.

Each failure says what changed. A newer LibCST for which these hold, and the tests of places, can be allowed in
`pyproject.toml`.
"""

import importlib
import inspect
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import libcst as cst
import pytest
from packaging.requirements import Requirement

from codeintel_enrich.stages.parse.tree.generation import CLOSE, OPEN, WHITESPACE_TYPES, Edges, generate

STATE = "libcst._nodes.internal.CodegenState"
ASKED = {
    "add_indent_tokens",
    "add_token",
    "after_codegen",
    "before_codegen",
    "decrease_indent",
    "default_indent",
    "default_newline",
    "increase_indent",
    "indent_tokens",
    "pop_trailing_newline",
    "record_syntactic_position",
    "tokens",
}
"""What the stand-in for LibCST's state has."""
NOT_ASKED = {"provider"}
"""What LibCST's state has for its own metadata providers; no node asks for it."""
STATEMENTS = (
    "@d\nclass C(B):\n    def f(self, a=1, *b): return a\nif x: y = 1\nelif z: pass\nelse: pass\n"
    "try:\n    a\nexcept E as e:\n    b\nfinally:\n    c\nfor i in j: k\nwhile l: m\nwith n as o: p\n"
    "match q:\n    case [r]: s\ndel t, u; raise v from w\n[x for y in z if (a := b)]\nimport c.d as e\n"
)


def state_class() -> Any:
    module = importlib.import_module("libcst._nodes.internal")
    return module.CodegenState


def test_the_installed_libcst_is_one_that_is_allowed() -> None:
    project = tomllib.loads((Path(__file__).parents[4] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [Requirement(text) for text in project["dependencies"]]
    (libcst,) = (requirement for requirement in wanted if requirement.name == "libcst")
    assert any(part.operator == "<" for part in libcst.specifier), "a private API is used: cap LibCST's version"
    assert libcst.specifier.contains(metadata.version("libcst"))


def test_libcst_has_a_state_of_code_generation() -> None:
    try:
        state_class()
    except (ImportError, AttributeError) as error:
        pytest.fail(f"{STATE} is gone ({error}): look for what `Module._codegen_impl` takes now")


def test_the_state_is_asked_for_nothing_that_the_stand_in_lacks() -> None:
    has = {name for name in dir(state_class()("", "")) if not name.startswith("_")}
    assert has - ASKED - NOT_ASKED == set(), f"nodes may ask {STATE} for more now; give it to `_EventState`"
    assert ASKED - has == set(), f"{STATE} has less now; nodes may do without it, or by another name"


def test_nodes_record_syntactic_positions_with_these_arguments() -> None:
    parameters = inspect.signature(state_class().record_syntactic_position).parameters
    assert list(parameters) == ["self", "node", "start_node", "end_node"]
    assert {parameters[name].default for name in ("start_node", "end_node")} == {None}
    assert {parameters[name].kind for name in ("start_node", "end_node")} == {inspect.Parameter.KEYWORD_ONLY}


def test_a_module_generates_its_code_without_noting_itself() -> None:
    assert callable(getattr(cst.Module, "_codegen_impl", None)), "`Module._codegen_impl` is gone"
    module = cst.parse_module(STATEMENTS)
    assert not any(event is module for event in generate(module))


@pytest.mark.parametrize("source", ["", "\n", "# c", "x = 1", "x = 1\n", "x = 1\n# c\n", STATEMENTS])
def test_the_tokens_join_to_the_code(source: str) -> None:
    tokens = [event for event in generate(cst.parse_module(source)) if isinstance(event, str)]
    assert "".join(tokens) == source


def test_every_node_begins_and_ends_inside_the_node_around_it() -> None:
    module = cst.parse_module(STATEMENTS)
    begun: list[cst.CSTNode] = []
    seen: list[cst.CSTNode] = []
    for event in generate(module):
        if isinstance(event, cst.CSTNode):
            if begun and begun[-1] is event:
                begun.pop()
            else:
                assert all(event is not node for node in begun), "a node ends while one in it is open"
                begun.append(event)
                seen.append(event)
    assert begun == []
    assert len({id(node) for node in seen}) == len(seen), "a node is generated twice"
    waiting = list(module.children)
    while waiting:
        node = waiting.pop()
        assert type(node) in WHITESPACE_TYPES or any(node is one for one in seen), f"{type(node).__name__} is not noted"
        waiting += node.children


def test_a_syntactic_part_opens_and_closes_inside_its_node() -> None:
    begun: list[tuple[cst.CSTNode, list[str]]] = []
    for event in generate(cst.parse_module(STATEMENTS)):
        if isinstance(event, cst.CSTNode):
            if begun and begun[-1][0] is event:
                assert begun.pop()[1] in ([], ["open", "close"])
            else:
                begun.append((event, []))
        elif isinstance(event, Edges):
            begun[-1][1].append("close")
        elif not isinstance(event, str):
            begun[-1][1].append({OPEN: "open", CLOSE: "close"}[event])


def test_a_compound_statement_ends_where_its_body_ends() -> None:
    edges = [event for event in generate(cst.parse_module(STATEMENTS)) if isinstance(event, Edges)]
    assert edges, "no node gives `end_node` any more"
    assert all(isinstance(event.end_node, cst.CSTNode) for event in edges)


def test_a_module_without_a_final_line_end_takes_back_the_last_token_only() -> None:
    with_end, without = (generate(cst.parse_module(text)) for text in ("x = 1\n", "x = 1"))
    assert [type(event).__name__ for event in without] != []
    tokens = [[event for event in events if isinstance(event, str)] for events in (with_end, without)]
    assert tokens[0] == [*tokens[1], "\n"]
