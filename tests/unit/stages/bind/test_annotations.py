"""Names in strings that stand for types are references, at their exact places."""

import pytest

from codeintel_enrich.model.syntax import Reference
from tests.unit.stages.bind.binder_support import Case

TYPES = [
    ('def f(x: "A"): ...', "A"),
    ('def f() -> "A": ...', "A"),
    ('def f(*a: "A", **k: "B"): ...', "A B"),
    ('x: "A" = "B"', "A"),
    ("x: '''A'''", "A"),
    ('x: r"A"', "A"),
    ('x: "p.q.A"', "p q A"),
    ('x: "list[A] | None"', "list A"),
    ('x: "Callable[[A], B]"', "Callable A B"),
    ('x: list["A"]', "A"),
    ('x: list[list["A"]]', "A"),
    ('import typing as t\nx = t.Optional["A"]', "A"),
    ('from typing import Union\nx = Union[list["B"], "A"]', "B A"),
    ('from typing import List\nclass C(List["A"]): ...', "A"),
    ('from typing import cast\ncast("A", "B")', "A"),
    ('from typing import TypeVar\nTypeVar("T", bound="A")', "A"),
    ('from typing import NewType\nNewType("T", "A")', "A"),
    ('from typing import TypeAlias\nx: TypeAlias = "A"', "A"),
    ('type x = "A"', "A"),
    ('def f[T: "A"](): ...', "A"),
    ('x: Annotated["A", "b"]', "A"),
    ('x: "é"', "é"),
    ('x: "dict[é, A]"', "dict é A"),
    ('x: """\nA |\n  B"""', "A B"),
    ("x: \"dict[str, 'A']\"", "dict str A"),
    ("x: \"Annotated['A', 'b']\"", "Annotated A"),
    ("x: \"Callable[['A'], 'B']\"", "Callable A B"),
    ('x: " A"', "A"),
    ('x: "(A | B)"', "A B"),
    ('x: "A" " | B"', "A B"),
    ('x: u"A"', "A"),
    ('def f(*a: "*A"): ...', "A"),
    ('x = list["A"]', "A"),
    ('from collections.abc import Callable\nx = Callable[["A"], "B"]', "A B"),
    ('import collections.abc\nx = collections.abc.Iterator["A"]', "A"),
    ('from typing import Optional\nx = Optional[list["A"]]', "A"),
    ('class C(Base["A"]): ...', "A"),
    ('from typing import cast\ncast(typ="A", val=x)', "A"),
    ("from typing import cast as c\nc(\"list['A']\", x)", "list A"),
    ('import typing\ntyping.NewType(name=f(), tp="A")', "A"),
    ('from typing import TypeVar\nTypeVar("T", "A", "B", default="D")', "A B D"),
    ('from typing_extensions import TypeAliasType\nTypeAliasType("X", "A | B")', "A B"),
    ('from typing import TypeAliasType\nTypeAliasType("X", value="A")', "A"),
    ('from typing import TypedDict\nTypedDict("X", {"a": "A", "b": list["B"]})', "A B"),
    ('from typing import NamedTuple\nNamedTuple("X", [("a", "A"), ("b", "B")])', "A B"),
    ('from typing import NamedTuple\nNamedTuple("X", a="A")', "A"),
    ('from typing import assert_type\nassert_type(x, "A")', "A"),
]
VALUES = [
    'x = "A"',
    'f("A")',
    'd["A"]',
    'x: Literal["A", "B"]',
    'import typing as t\nx: t.Literal["A"]',
    'from typing import Literal\nx = Literal["A"]',
    'def f(x: int = "A"): ...',
    'x: Annotated[int, Field("A")]',
    'cast("A", x)',
    'from m import cast\ncast("A", x)',
    'x: "not valid at all"',
    'x: "A["',
    'x: "a b"',
    'x: "A) + (B"',
    'x: "A\\\\B"',
    'x: rb"A"',
    'x: "A" f"B"',
    "x: \"Literal['A']\"",
    "x: \"Annotated[int, 'A']\"",
    "x: \"Field('A')\"",
    'def list(): ...\nx = list["A"]',
    'TypedDict("D", {"a": "A"})',
    'from typing import TypedDict\nTypedDict("D", {"a": int}, total="A")',
    'from typing import NewType\nNewType(name="A", tp=int)',
    'x: b"A"',
    'x: f"A"',
    'x: ""',
]


def in_strings(case: Case) -> list[Reference]:
    """The references whose token stands behind an odd number of quotes."""
    data = case.source.encode()
    before = [(data[: reference.start_byte], reference) for reference in case.bound.references]
    return [reference for text, reference in before if text.count(b'"') % 2 or text.count(b"'") % 2]


@pytest.mark.parametrize(("source", "names"), TYPES)
def test_a_string_that_is_a_type_mentions_its_names_where_they_stand(source: str, names: str) -> None:
    case = Case(source)
    found = [reference for reference in in_strings(case) if reference.role == "read"]
    lines = case.source.splitlines()
    assert [reference.name for reference in found] == names.split()
    for reference in found:
        assert lines[reference.line - 1][reference.col : reference.end_col] == reference.name
        assert case.source.encode()[reference.start_byte : reference.end_byte].decode() == reference.name
        assert reference.phase == "typing"


@pytest.mark.parametrize("source", VALUES)
def test_any_other_string_mentions_nothing(source: str) -> None:
    names = {reference.name for reference in in_strings(Case(source))}
    assert not names - {"Annotated", "Field", "Literal", "int", "x"}


def test_an_escape_in_a_name_is_a_part_of_it() -> None:
    (found,) = in_strings(Case('x: "\\x41b"'))
    assert (found.name, found.col, found.end_col) == ("Ab", 4, 9)


def test_a_name_broken_over_two_strings_is_none() -> None:
    assert [reference.name for reference in in_strings(Case('x: "A" "b | C"'))] == ["C"]


def test_a_name_in_a_string_means_what_is_defined_later() -> None:
    assert Case('class C:\n    x: "int"\n    int = 1').meanings("int") == ["=C.int", "=C.int"]
    assert Case("class C:\n    x: int\n    int = 1").meanings("int") == ["=builtins.int", "=C.int"]
    assert Case('import m\nx: "m.C.D"').meanings("D") == ["?m.C.D"]
    assert Case('class A:\n    def m(self) -> "A.B": ...\n    class B: ...').meanings("B") == ["=A.B", "=A.B"]


def test_a_chain_in_a_string_has_its_bases() -> None:
    case = Case('x: "list[p.q.A]"')
    places = {reference.name: index for index, reference in enumerate(case.bound.references)}
    assert [case.bound.references[places[name]].base for name in ("p", "q", "A")] == [-1, places["p"], places["q"]]


def test_nesting_without_end_mentions_nothing() -> None:
    deep = f'x: "A{"[B" * 400}{"]" * 400}"'
    assert [reference.name for reference in Case(deep).bound.references] == ["x"]
