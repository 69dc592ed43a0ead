"""Attributes of `self` that another module's class gives."""

import pytest

from tests.unit.stages.stitch.stitch_support import Project

BASE = """\
class Base:
    declared: int

    def __init__(self):
        self.plain = self.chained = 1
        self.first, (self.second, *self.rest) = [], []
        self.annotated: int = 3
        with open("f") as self.opened:
            for self.item in []:
                pass

        def inner():
            self.late = 1

    @staticmethod
    def tool(self):
        self.foreign = 1
"""
NAMES = ("declared", "plain", "chained", "first", "second", "rest", "annotated", "opened", "item", "late", "tool")


def meaning(name: str, body: str) -> tuple[tuple[str, ...], str | None]:
    """What the last reference to a name means, and where it is defined."""
    project = Project(
        {
            "pkg/__init__.py": b"from pkg.base import Base as Shared",
            "pkg/base.py": BASE.encode(),
            "pkg/user.py": f"from pkg import Shared\nclass Middle(Shared): ...\nclass User(Middle):\n{body}".encode(),
        }
    )
    references, layer = project.syntax("pkg/user.py").references, project.qualified["pkg/user.py"]
    last = [index for index, reference in enumerate(references) if reference.name == name][-1]
    target = layer.targets[layer.references[last]]
    return target.qualified_names, target.path


@pytest.mark.parametrize("name", NAMES)
def test_self_finds_what_a_base_in_another_module_assigns_on_its_own(name: str) -> None:
    assert meaning(name, f"    def m(self): self.{name}") == ((f"pkg.base.Base.{name}",), "pkg/base.py")


@pytest.mark.parametrize("name", NAMES)
def test_what_a_method_assigns_is_the_bases_where_a_base_has_it(name: str) -> None:
    assert meaning(name, f"    def m(self): self.{name} = 2") == ((f"pkg.base.Base.{name}",), "pkg/base.py")
    assert meaning(name, f"    def m(self): self.{name} = 2\n    def n(self): return self.{name}")[0] == (
        f"pkg.base.Base.{name}",
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_the_body_of_a_class_defines_is_its_own(name: str) -> None:
    body = f"    {name} = 1\n    def m(self): self.{name} = 2"
    assert meaning(name, body)[0] == (f"pkg.user.User.{name}",)


def test_what_no_base_has_is_the_class_that_assigns_it() -> None:
    assert meaning("own", "    def m(self): self.own = 2") == (("pkg.user.User.own",), "pkg/user.py")


def test_what_several_bases_assign_is_the_farthest_ones_or_that_of_the_first_body() -> None:
    source = """\
class A:
    def m(self): self.x = self.y = 1
class B(A):
    x = 2
class C(B):
    def m(self):
        self.x = self.y = 3
"""
    project = Project({"m.py": source.encode()})
    references, layer = project.syntax("m.py").references, project.qualified["m.py"]
    found = {
        reference.name: layer.targets[layer.references[index]].qualified_names
        for index, reference in enumerate(references)
        if reference.line == 7 and reference.kind == "attribute"
    }
    assert found == {"x": ("m.B.x",), "y": ("m.A.y",)}


def test_a_base_that_nobody_sees_defines_nothing_and_a_builtin_one_what_it_has() -> None:
    source = """\
from other import Unknown
class A(Unknown):
    def m(self): self.x = 1
class B(Exception):
    def m(self): self.args = self.x = 1
"""
    project = Project({"m.py": source.encode()})
    references, layer = project.syntax("m.py").references, project.qualified["m.py"]
    found = [
        layer.targets[layer.references[index]].qualified_names
        for index, reference in enumerate(references)
        if reference.kind == "attribute"
    ]
    assert found == [("m.A.x",), ("builtins.BaseException.args",), ("m.B.x",)]


@pytest.mark.parametrize("name", ["foreign", "nowhere"])
def test_what_no_base_has_means_nothing(name: str) -> None:
    assert meaning(name, f"    def m(self): self.{name}") == ((), None)
