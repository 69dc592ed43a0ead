"""What edits of names redo, exactly: one test for each way a name can come to mean something else."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.workspace import Workspace, all_tasks, later_tasks

LINKED = {"link", "merge"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def built(folder: Path, files: Mapping[str, str]) -> Workspace:
    """A repository with one module more that has nothing to do with the rest."""
    return Workspace.built(folder, {**files, "lonely.py": "import os\n\nALONE = os.sep\n"})


def check(workspace: Workspace, parsed: set[str], reached: set[str]) -> None:
    """`parsed` are done whole, `reached` from `qualify` on, nothing else; the store is a clean build's and settled."""
    expected = set().union(*map(all_tasks, parsed), *map(later_tasks, reached)) | LINKED
    assert workspace.ran() == expected
    workspace.assert_equals_clean()
    assert workspace.ran() == set()


STARS = {
    "top.py": "from middle import *\n\nshown = f\n",
    "middle.py": "from leaf import *\n",
    "leaf.py": "def f(): ...\ndef g(): ...\n",
    "user.py": "from top import f\n\nf()\n",
    "other.py": "import leaf\n\nleaf.g()\n",
}


def test_a_name_leaves_a_chain_of_stars(folder: Path) -> None:
    workspace = built(folder, STARS)
    workspace.replace("leaf.py", "def f(): ...\n", "")
    check(workspace, {"leaf.py"}, {"middle.py", "top.py", "user.py"})


def test_a_star_leaves_a_chain_of_stars(folder: Path) -> None:
    workspace = built(folder, STARS)
    workspace.replace("middle.py", "from leaf import *", "from leaf import g")
    check(workspace, {"middle.py"}, {"top.py", "user.py"})


def test_a_local_name_hides_what_a_star_gives(folder: Path) -> None:
    workspace = built(folder, STARS)
    workspace.append("middle.py", "\n\ndef f(): ...\n")
    check(workspace, {"middle.py"}, {"top.py", "user.py"})


def test_all_of_another_module_is_edited(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "hub.py": "import part\nfrom part import *\n\n__all__ = ['own']\n__all__ += part.__all__\nown = 1\n",
            "part.py": "__all__ = ['f']\ndef f(): ...\ndef g(): ...\n",
            "user.py": "from hub import *\n\nf, g\n",
            "direct.py": "from part import f\n",
        },
    )
    workspace.replace("part.py", "['f']", "['f', 'g']")
    check(workspace, {"part.py"}, {"hub.py", "user.py"})
    workspace.replace("part.py", "__all__ = ['f', 'g']", "__all__ = ['g']")
    check(workspace, {"part.py"}, {"hub.py", "user.py"})


def test_all_is_edited_and_no_star_reads_it(folder: Path) -> None:
    workspace = built(
        folder, {"part.py": "__all__ = ['f']\ndef f(): ...\ndef g(): ...\n", "user.py": "from part import f\n"}
    )
    workspace.replace("part.py", "['f']", "['f', 'g']")
    check(workspace, {"part.py"}, set())


def test_an_alias_on_the_way_changes(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "a.py": "from b import Public\n\nPublic.m\n",
            "b.py": "from c import One as Public\n",
            "c.py": "class One:\n    def m(self): ...\nclass Two:\n    def m(self): ...\n",
            "past.py": "from c import One\n",
        },
    )
    workspace.replace("b.py", "One as", "Two as")
    check(workspace, {"b.py"}, {"a.py"})


def test_a_failed_import_is_satisfied_through_a_star(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "user.py": "from hub import late\n\nlate()\n",
            "hub.py": "try:\n    from maker import *\nexcept ImportError:\n    pass\n",
            "else_.py": "from hub import other\n",
        },
    )
    workspace.write("maker.py", "def late(): ...\n")
    # Who waited for `other` learns that the module which might have had it has not.
    check(workspace, {"maker.py"}, {"hub.py", "user.py", "else_.py"})
    workspace.delete("maker.py")
    assert not any(task.startswith("parse:") for task in workspace.ran())
    workspace.assert_equals_clean()


def test_a_missing_name_takes_the_handlers_place_back(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "m.py": "try:\n    from fast import f\nexcept ImportError:\n    def f(): ...\n",
            "fast.py": "x = 1\n",
            "user.py": "from m import f\n\nf()\n",
        },
    )
    workspace.append("fast.py", "def f(): ...\n")
    check(workspace, {"fast.py"}, {"m.py", "user.py"})
    workspace.replace("fast.py", "def f(): ...\n", "")
    workspace.build()
    workspace.assert_equals_clean()


def test_a_stub_appears_and_disappears(folder: Path) -> None:
    workspace = built(
        folder,
        {"user.py": "from m import f\n\nf()\n", "typed.pyi": "from m import f as f\n", "m.py": "def f(): ...\n"},
    )
    workspace.write("m.pyi", "def f() -> int: ...\n")
    # At run time the module answers, so only another stub sees the stub.
    check(workspace, {"m.pyi"}, {"typed.pyi"})
    workspace.delete("m.pyi")
    # As it was before: everything has a trace.
    assert workspace.ran() == {"merge"}
    workspace.assert_equals_clean()


def test_a_namespace_package_becomes_regular_and_again_a_namespace(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "space/m.py": "def f(): ...\n",
            "user.py": "import space\nfrom space.m import f\n\nf, space\n",
            "q.py": "x = 1\n",
        },
    )
    workspace.write("space/__init__.py", "def g(): ...\n")
    check(workspace, {"space/__init__.py"}, {"user.py"})
    workspace.delete("space/__init__.py")
    assert workspace.ran() == {"merge"}
    workspace.assert_equals_clean()


def test_an_attribute_comes_before_a_submodule_of_its_name(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "pkg/__init__.py": "y = 1\n",
            "pkg/x.py": "def inner(): ...\n",
            "user.py": "from pkg import x\n\nx\n",
            "deep.py": "from pkg.x import inner\n",
        },
    )
    workspace.append("pkg/__init__.py", "from .x import inner as x\n")
    check(workspace, {"pkg/__init__.py"}, {"user.py"})


def test_a_submodule_is_seen_because_another_file_imports_it(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "pkg/__init__.py": "",
            "pkg/sub.py": "def f(): ...\n",
            "user.py": "import pkg\n\npkg.sub.f()\n",
            "loader.py": "x = 1\n",
        },
    )
    workspace.append("loader.py", "import pkg.sub\n")
    check(workspace, {"loader.py"}, {"user.py"})
    workspace.replace("loader.py", "import pkg.sub\n", "")
    workspace.build()
    workspace.assert_equals_clean()


def test_a_cycle_is_made_and_broken(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "a.py": "from b import x\n",
            "b.py": "from c import x\n",
            "c.py": "def x(): ...\n",
            "user.py": "from a import x\n\nx()\n",
        },
    )
    workspace.write("c.py", "from a import x\n")
    check(workspace, {"c.py"}, {"a.py", "b.py", "user.py"})
    workspace.write("b.py", "def x(): return 1\n")
    check(workspace, {"b.py"}, {"a.py", "c.py", "user.py"})


def test_a_new_file_shadows_the_standard_library_and_not_a_file_of_the_importers_own_root(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "pyproject.toml": '[tool.codeintel-enrich]\nroots = ["one", "two"]\n',
            "two/m.py": "def f(): ...\n",
            "two/user.py": "import m\nimport colorsys\n\nm.f(), colorsys.f()\n",
        },
    )
    workspace.write("one/m.py", "def f(): return 1\n")
    check(workspace, {"one/m.py"}, {"two/m.py"})
    workspace.write("one/colorsys.py", "def f(): return 2\n")
    check(workspace, {"one/colorsys.py"}, {"two/user.py"})


def test_a_base_class_moves(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "base.py": "class Base:\n    def m(self): ...\n",
            "old.py": "x = 1\n",
            "child.py": "from base import Base\n\n\nclass Child(Base):\n    pass\n",
            "user.py": "from child import Child\n\nChild.m\n",
            "names_it.py": "from child import Child\n\nChild\n",
        },
    )
    workspace.write("old.py", "x = 1\nclass Base:\n    def m(self): ...\n")
    check(workspace, {"old.py"}, set())
    workspace.write("base.py", "from old import Base\n")
    check(workspace, {"base.py"}, {"child.py", "user.py"})


def test_a_condition_of_another_module_changes_side(folder: Path) -> None:
    workspace = built(
        folder,
        {
            "compat.py": "import sys\nNEW = sys.version_info >= (3, 0)\n",
            "m.py": "from compat import NEW\nif NEW:\n    from one import f\nelse:\n    from two import f\n",
            "one.py": "def f(): ...\n",
            "two.py": "def f(): ...\n",
            "user.py": "from m import f\n\nf()\n",
        },
    )
    workspace.replace("compat.py", ">= (3, 0)", "< (3, 0)")
    check(workspace, {"compat.py"}, {"m.py", "user.py"})


def test_positions_alone_redo_no_importer(folder: Path) -> None:
    workspace = built(folder, STARS)
    workspace.write("leaf.py", '"""New."""\n# moved\n\n' + STARS["leaf.py"])
    assert workspace.ran() == all_tasks("leaf.py") | {"merge"}
    workspace.assert_equals_clean()
