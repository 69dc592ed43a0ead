"""How definitions relate: `uses`, `bases` and `overrides`, on small projects and against the running interpreter."""

import importlib
import inspect
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.model.rows import FileRows
from tests.support.rows import as_dicts, emitted

Emitted = tuple[str, Mapping[str, FileRows]]

SHOP = {
    "shop/__init__.py": "from .core import Base, helper as aid\n",
    "shop/core.py": "import os\n\nLIMIT = 3\n\n\nclass Base:\n    rate = 1\n\n    def run(self):\n        return 1\n\n"
    "    def stop(self): ...\n\n\ndef helper(x):\n    y = x + LIMIT + LIMIT\n    return os.path.join(str(y))\n",
    "shop/use.py": """\
import shop
from shop import aid
from typing import Generic, TypeVar

T = TypeVar('T')


@aid
class Sub(shop . Base, Generic[T], metaclass=M):
    rate = 2

    def run(self):
        def inner():
            return aid(self.rate)
        return inner() + super().run()

    def __repr__(self): ...


class Made(make(shop.Base), shop.Base): ...


class Error(ValueError):
    def with_traceback(self, tb): ...
""",
    "9.0.py": "import shop\nclass C(shop.Base):\n    def run(self): return shop.core.LIMIT\n",
}


def rows(path: str, table: str, *columns: str) -> list[tuple[Any, ...]]:
    found = as_dicts(emitted(SHOP)[path], table)
    return [tuple(row[column] for column in columns) for row in found]


def test_each_definition_uses_what_its_own_text_reads_and_locals_do_not_count() -> None:
    uses = rows("shop/core.py", "uses", "source", "target", "target_path", "n_reads", "first_line")
    assert sorted(uses, key=str) == [
        ("shop.core.helper", "builtins.str", None, 1, 17),
        ("shop.core.helper", "os", None, 1, 17),
        ("shop.core.helper", "os.path", None, 1, 17),
        ("shop.core.helper", "os.path.join", None, 1, 17),
        ("shop.core.helper", "shop.core.LIMIT", "shop/core.py", 2, 16),
    ]


def test_callers_are_found_through_other_names() -> None:
    uses = rows("shop/use.py", "uses", "source", "target", "target_kind", "target_path")
    run = "shop.use.Sub.run"
    assert ("shop.use.Sub", "shop.core.helper", "function", "shop/core.py") in uses
    assert (f"{run}.<locals>.inner", "shop.core.helper", "function", "shop/core.py") in uses
    assert (run, f"{run}.<locals>.inner", "function", "shop/use.py") in uses
    assert (run, "shop.core.Base.run", "function", "shop/core.py") in uses
    assert not [use for use in uses if use[1].endswith((".self", ".tb"))]


def test_bases_are_what_the_class_statement_names() -> None:
    found = rows("shop/use.py", "bases", "subclass", "position", "source", "base", "base_path")
    assert found == [
        ("shop.use.Sub", 0, "shop . Base", "shop.core.Base", "shop/core.py"),
        ("shop.use.Sub", 1, "Generic[T]", "typing.Generic", None),
        ("shop.use.Made", 0, "make(shop.Base)", None, None),
        ("shop.use.Made", 1, "shop.Base", "shop.core.Base", "shop/core.py"),
        ("shop.use.Error", 0, "ValueError", "builtins.ValueError", None),
    ]


def test_bases_are_found_through_other_names_for_them() -> None:
    project = {
        "a.py": "class Base:\n    def run(self): ...\nAlias = Base\nInts = Alias[int]\nclass Box:\n    Held = Base\n",
        "p/__init__.py": "from a import *\n",
        "b.py": """\
import a
import p
from a import Alias, Base as B2, Ints
from typing import List, TypeAlias, cast
New = Alias
Twice: TypeAlias = New
Deep = p.Ints[str]
One = Two = a.Alias
Left, Right = Alias, Ints
Cast = cast(type, Alias)
Listed = List[int]
try:
    from fastlib import Base as Fast
except ImportError:
    Fast = B2
Other = Alias if p else Ints
class C1(Alias): ...
class C2(a.Alias):
    def run(self): ...
class C3(New): ...
class C4(Twice): ...
class C5(Ints):
    def run(self): ...
class C6(Deep): ...
class C7(Two, Listed): ...
class C8(Right): ...
class C9(Cast): ...
class D1(Fast): ...
class D2(a.Box.Held):
    def run(self): ...
class D3(p.Alias[int]): ...
class D4(Other): ...
class D5:
    In = Alias
    class Inner(In): ...
""",
    }
    made = emitted(project)["b.py"]
    found = [(row["base"], row["base_path"]) for row in as_dicts(made, "bases")]
    assert found == [("a.Base", "a.py")] * 7 + [("typing.List", None)] + [("a.Base", "a.py")] * 7
    overrides = {row["member"]: row["overridden"] for row in as_dicts(made, "overrides")}
    assert overrides == dict.fromkeys(("b.C2.run", "b.C5.run", "b.D2.run"), "a.Base.run")


def test_a_file_without_a_module_name_still_says_whom_it_uses_and_extends() -> None:
    assert rows("9.0.py", "bases", "subclass", "base") == [("./9.0.py.C", "shop.core.Base")]
    assert ("./9.0.py.C.run", "shop.core.LIMIT") in rows("9.0.py", "uses", "source", "target")


def test_a_member_overrides_what_follows_in_the_order_of_resolution() -> None:
    project = {
        "a.py": "class A:\n    x = 1\n    def f(self): ...\n    def g(self): ...\n",
        "b.py": "from a import A\nclass B(A):\n    def f(self): ...\nclass C(A):\n    def f(self): ...\n    x = 2\n"
        "class D(B, C):\n    def f(self): ...\n    def g(self): ...\n    def __repr__(self): ...\n    x: int = 3\n"
        "    class Inner(A):\n        def g(self): ...\n",
    }
    found = as_dicts(emitted(project)["b.py"], "overrides")
    assert {row["member"]: (row["overridden"], row["overridden_path"]) for row in found} == {
        "b.B.f": ("a.A.f", "a.py"),
        "b.C.f": ("a.A.f", "a.py"),
        "b.C.x": ("a.A.x", "a.py"),
        "b.D.f": ("b.B.f", "b.py"),
        "b.D.g": ("a.A.g", "a.py"),
        "b.D.x": ("b.C.x", "b.py"),
        "b.D.Inner.g": ("a.A.g", "a.py"),
    }
    nodes = {row["member"]: row["node_id"] for row in found}
    assert (nodes["b.D.f"], nodes["b.D.x"]) == ("b.py:8:4:FunctionDef:f", None)


def test_what_is_private_or_an_instances_overrides_nothing() -> None:
    project = {
        "a.py": "class A:\n    @property\n    def size(self): ...\n    def __h(self): ...\n    __k = limit = 1\n",
        "b.py": """\
from a import A as Base
class B(Base):
    def __init__(self): self.size = self.limit = 3
    def __h(self): ...
    def _A__h(self): ...
    __k = 2
class A(Base):
    def __h(self): ...
class C(Base):
    size = 3
    limit: int = 4
""",
    }
    found = as_dicts(emitted(project)["b.py"], "overrides")
    assert {row["member"]: row["overridden"] for row in found} == {
        "b.A.__h": "a.A.__h",
        "b.B._A__h": "a.A.__h",
        "b.C.limit": "a.A.limit",
        "b.C.size": "a.A.size",
    }


def test_builtin_bases_count_and_unknown_ones_are_not_guessed_at() -> None:
    assert rows("shop/use.py", "overrides", "member", "overridden") == [
        ("shop.use.Error.with_traceback", "builtins.BaseException.with_traceback"),
        ("shop.use.Sub.rate", "shop.core.Base.rate"),
        ("shop.use.Sub.run", "shop.core.Base.run"),
    ]
    unknown = {"a.py": "import threading\nclass T(threading.Thread):\n    def run(self): ...\n    def new(self): ...\n"}
    assert as_dicts(emitted(unknown)["a.py"], "overrides") == []


@pytest.fixture(scope="module", params=["rich", "flask"])
def package(request: pytest.FixtureRequest) -> Emitted:
    """Rows of a whole installed package, and its name."""
    folder = Path(str(resources.files(request.param)))
    sources = {p.relative_to(folder.parent).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*.py"))}
    return request.param, emitted(sources)


def true_overrides(package: str, rows: Mapping[str, FileRows]) -> dict[str, str]:
    """Function -> function that it hides, by the `__mro__` of every class that can be imported."""
    found: dict[str, str] = {}
    for file in rows.values():
        for row in as_dicts(file, "nodes"):
            name = row["qualified_names"][0] if row["qualified_names"] else ""
            if row["node_type"] != "ClassDef" or "<locals>" in name or "_win" in row["path"]:
                continue
            value: Any = importlib.import_module(row["module"])
            for part in row["local_name"].split("."):
                value = getattr(value, part, None)
            if not inspect.isclass(value) or f"{value.__module__}.{value.__qualname__}" != name:
                continue
            for member, own in vars(value).items():
                hidden = next((base for base in value.__mro__[1:] if member in vars(base)), object)
                is_written = inspect.isfunction(own) and own.__qualname__ == f"{value.__qualname__}.{member}"
                if is_written and hidden.__module__.partition(".")[0] == package:
                    found[f"{name}.{member}"] = f"{hidden.__module__}.{hidden.__qualname__}.{member}"
    return found


def test_the_interpreter_finds_the_same_overrides(package: Emitted) -> None:
    name, rows = package
    said = {row["member"]: row["overridden"] for file in rows.values() for row in as_dicts(file, "overrides")}
    true = true_overrides(name, rows)
    written = {
        row["qualified_names"][0] for f in rows.values() for row in as_dicts(f, "nodes") if row["qualified_names"]
    }
    expected = {member: hidden for member, hidden in true.items() if member in written}
    assert len(expected) > 20
    assert {member: said.get(member) for member in expected} == expected


def test_the_interpreter_finds_the_same_bases(package: Emitted) -> None:
    name, rows = package
    checked = 0
    for file in rows.values():
        bases: dict[str, list[str]] = {}
        for row in as_dicts(file, "bases"):
            if row["base"] and row["base"].startswith(f"{name}."):
                bases.setdefault(row["subclass"], []).append(row["base"])
        for subclass, expected in bases.items():
            if "<locals>" in subclass or "_win" in subclass:
                continue
            module, _, cls = subclass.rpartition(".")
            value = getattr(importlib.import_module(module), cls)
            found = [f"{base.__module__}.{base.__qualname__}" for base in value.__bases__]
            assert [base for base in found if base.startswith(f"{name}.")] == expected
            checked += 1
    assert checked > 15
