"""Exactly which tasks run after which edit of a real package, with index and report held fixed.

After every step the store and the published files equal those of a clean build at another path.
"""

import ast
import os
from pathlib import Path

import pytest

from tests.support.opened import opened
from tests.support.packages import copy_package, make_scip, pyrefly_report, source_files
from tests.support.workspace import Workspace, all_tasks, later_tasks

pytestmark = pytest.mark.slow

CONSOLE = "rich/console.py"
CELLS = "rich/cells.py"
PACKAGE = "rich/__init__.py"


class Rich(Workspace):
    """A copy of rich that can be put back to how it was installed."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, jobs=2)
        copy_package("rich", self.root)
        report = folder / "pyrefly.json"
        report.write_bytes(pyrefly_report(self.root))
        self.options["scip"] = make_scip(self.root, folder / "index.scip")
        self.options["reports"] = {"pyrefly": report}
        self.original = {path: self.read(path) for path in source_files(self.root)}
        self.paths = set(self.original)
        self.build()

    def restore(self) -> None:
        (self.root / "pyproject.toml").unlink(missing_ok=True)
        for path in source_files(self.root):
            if path not in self.original:
                self.delete(path)
        for path, data in self.original.items():
            if not (self.root / path).exists() or self.read(path) != data:
                self.write(path, data)
        assert self.ran() <= {"merge", "check:pyrefly"}

    def other_files(self) -> set[str]:
        """What runs when the set of files changed, for that alone.

        A package lists its submodules, and a report is read against the files there are (which gives the same facts
        for those that stay).
        """
        return later_tasks(PACKAGE) | {"link", "merge", "check:pyrefly"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Rich:
    return Rich(tmp_path_factory.mktemp("rich"))


@pytest.fixture
def rich(installed: Rich) -> Rich:
    installed.restore()
    return installed


def absolute(path: str, node: ast.ImportFrom) -> str:
    """The module that a `from` import names."""
    if not node.level:
        return node.module or ""
    base = path.split("/")[: -node.level]
    return ".".join([*base, *([node.module] if node.module else [])])


def users_of(workspace: Workspace, names: set[tuple[str, str]]) -> set[str]:
    """Files that import one of these (module, name), directly or through any number of re-exports, by `ast` alone."""
    known = set(names)
    users: set[str] = set()
    trees = {path: ast.parse(workspace.read(path)) for path in source_files(workspace.root)}
    while True:
        before = len(known)
        for path, tree in trees.items():
            module = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
            for node in ast.walk(tree):
                if not isinstance(node, ast.ImportFrom):
                    continue
                target = absolute(path, node)
                for alias in node.names:
                    assert alias.name != "*"
                    if (target, alias.name) in known:
                        users.add(path)
                        known.add((module, alias.asname or alias.name))
        if len(known) == before:
            return users


def tasks(paths: set[str]) -> set[str]:
    return set().union(*map(later_tasks, paths))


def test_nothing_changed_runs_no_task_opens_no_source_and_writes_nothing(rich: Rich) -> None:
    def snapshot() -> dict[Path, tuple[int, int, int]]:
        files = [p for p in rich.folder.rglob("*") if p.is_file()]
        return {p: (s.st_size, s.st_mtime_ns, s.st_ino) for p in files for s in [p.stat()]}

    before = snapshot()
    with opened(rich.root) as seen:
        assert rich.ran() == set()
    assert seen.sources() == set()
    assert snapshot() == before


def test_body_edit_comment_and_line_shift_redo_that_file_only(rich: Rich) -> None:
    for old, new in (
        ("self._record_buffer: List[Segment] = []", "self._record_buffer: List[Segment] = list()"),
        ("class Console:", "# What everything is printed with.\nclass Console:"),
        ("import os\nimport sys\n", "\n\nimport os\nimport sys\n"),
    ):
        rich.replace(CONSOLE, old, new)
        assert rich.ran() == all_tasks(CONSOLE) | {"merge"}, new
        rich.assert_equals_clean()
        assert rich.ran() == set()


def test_a_new_export_that_nobody_uses_redoes_its_file_only(rich: Rich) -> None:
    rich.append(CONSOLE, "\n\ndef never_used(console: Console) -> None:\n    console.print()\n")
    assert rich.ran() == all_tasks(CONSOLE) | {"link", "merge"}
    rich.assert_equals_clean()


def test_a_removed_export_redoes_exactly_those_who_import_it(rich: Rich) -> None:
    users = users_of(rich, {("rich.cells", "cell_len")})
    assert len(users) >= 8
    rich.replace(CELLS, "def cell_len(", "def cell_length(")
    assert rich.ran() == all_tasks(CELLS) | tasks(users) | {"link", "merge"}
    rich.assert_equals_clean()
    assert rich.ran() == set()


def test_a_change_below_a_re_export_reaches_those_who_use_it_and_no_one_else(rich: Rich) -> None:
    rich.write("rich/first.py", "from .second import thing\n")
    rich.write("rich/second.py", "from .third import thing as thing, other as other\n")
    rich.write("rich/third.py", "def thing(): ...\n\n\ndef other(): ...\n")
    rich.write("rich/aside.py", "from .second import other\n")
    rich.build()
    rich.replace("rich/third.py", "def thing(): ...", "class thing: ...")
    users = users_of(rich, {("rich.third", "thing")})
    assert users == {"rich/first.py", "rich/second.py"}
    assert rich.ran() == all_tasks("rich/third.py") | tasks(users) | {"link", "merge"}
    rich.assert_equals_clean()


def test_adding_deleting_and_renaming_a_module(rich: Rich) -> None:
    rich.write("rich/added.py", "from .cells import cell_len\n\nWIDTH = cell_len('added')\n")
    assert rich.ran() == all_tasks("rich/added.py") | rich.other_files()
    rich.assert_equals_clean()

    rich.move("rich/added.py", "rich/renamed.py")
    later = later_tasks("rich/renamed.py")
    assert rich.ran() == later | rich.other_files()
    rich.assert_equals_clean()

    rich.delete("rich/renamed.py")
    # The files are those of the first build again: its results are still known.
    assert rich.ran() == {"merge"}
    rich.assert_equals_clean()


def test_deleting_a_module_redoes_exactly_those_who_import_from_it(rich: Rich) -> None:
    users = users_of(rich, {("rich.constrain", "Constrain")})
    assert len(users) >= 3
    rich.delete("rich/constrain.py")
    assert rich.ran() == tasks(users) | rich.other_files()
    rich.assert_equals_clean()


def test_a_module_that_becomes_a_package_is_not_parsed_again(rich: Rich) -> None:
    users = users_of(rich, {("rich.region", "Region")})
    assert users
    rich.move("rich/region.py", "rich/region/__init__.py")
    moved = later_tasks("rich/region/__init__.py")
    assert rich.ran() == moved | tasks(users) | rich.other_files()
    rich.assert_equals_clean()


def test_a_failed_import_satisfied_later_redoes_who_asked_for_it(rich: Rich) -> None:
    rich.append(CELLS, "\ntry:\n    from .later import thing\nexcept ImportError:\n    thing = None\n")
    rich.build()
    rich.write("rich/later.py", "def thing(): ...\n")
    assert rich.ran() == all_tasks("rich/later.py") | later_tasks(CELLS) | rich.other_files()
    rich.assert_equals_clean()


def test_edit_then_revert_runs_no_stage_again(rich: Rich) -> None:
    before, files = rich.dump(), rich.outputs()
    rich.replace(CELLS, "def cell_len(", "def cell_length(")
    rich.build()
    assert rich.dump() != before
    rich.write(CELLS, rich.original[CELLS])
    assert rich.ran() == {"merge"}
    assert rich.dump() == before
    assert rich.outputs() == files


def test_a_touch_runs_nothing_and_a_restored_mtime_hides_nothing(rich: Rich) -> None:
    target = rich.root / CONSOLE
    os.utime(target)
    assert rich.ran() == set()
    status = target.stat()
    rich.replace(CONSOLE, "JUPYTER_DEFAULT_LINES = 100", "JUPYTER_DEFAULT_LINES = 200")
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert target.stat().st_size == status.st_size
    assert rich.ran() == all_tasks(CONSOLE) | {"merge"}
    rich.assert_equals_clean()


def test_config_of_emit_redoes_emit_only(rich: Rich) -> None:
    rich.write("pyproject.toml", "[tool.codeintel-enrich]\nemit-cst = false\n")
    assert rich.ran() == {f"emit:{path}" for path in rich.paths} | {"outline:pyproject.toml", "merge"}
    rich.assert_equals_clean()
