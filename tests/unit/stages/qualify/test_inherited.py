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


def test_an_attribute_that_is_assigned_anew_belongs_to_the_nearer_class() -> None:
    assert meaning("plain", "    def m(self): self.plain = 2")[0] == ("pkg.user.User.plain",)


@pytest.mark.parametrize("name", ["foreign", "nowhere"])
def test_what_no_base_has_means_nothing(name: str) -> None:
    assert meaning(name, f"    def m(self): self.{name}") == ((), None)
