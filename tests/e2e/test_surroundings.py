"""What checkers read beside the indexed files is an input like them: excluded files, settings, installed packages."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codeintel_enrich.engine.inputs.environment import find_environment
from tests.support.workspace import Workspace

Edit = Callable[[Workspace], None]

INT, STR = "def f(x: int) -> int: return x\n", "def f(x: str) -> str: return x\n"
LIBRARY = ".venv/lib/python3.11/site-packages/lib.py"
RECORDED = ".venv/lib/python3.11/site-packages/pack/deep/code.py"
RECORD = ".venv/lib/python3.11/site-packages/pack-1.dist-info/RECORD"
MAIN = "from vendor.lib import f\nfrom lib import f as g\nfrom pack.deep.code import f as h\nf(1)\ng(1)\nh(1)\n"
FILES = {
    "main.py": MAIN,
    "vendor/__init__.py": "",
    "vendor/lib.py": INT,
    ".venv/pyvenv.cfg": "home = /usr/bin\n",
    LIBRARY: INT,
    RECORDED: INT,
    ".venv/lib/python3.11/site-packages/pack/__init__.py": "",
    ".venv/lib/python3.11/site-packages/pack/deep/__init__.py": "",
    RECORD: "pack/deep/code.py,sha256=1,31\n",
    "pyproject.toml": '[tool.codeintel-enrich]\nexclude = ["vendor/"]\n',
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    workspace = Workspace(tmp_path / "above", FILES, types=True)
    workspace.build()
    assert found(workspace) == set()
    assert workspace.ran() == set()
    return workspace


def found(workspace: Workspace) -> set[tuple[int, str]]:
    rows = workspace.query("select line, rule from diagnostics where tool = 'pyrefly' and path = 'main.py'")
    return {tuple(row) for row in rows}


def upgrade(workspace: Workspace) -> None:
    workspace.write(RECORDED, STR)
    workspace.write(RECORD, "pack/deep/code.py,sha256=2,31\n")


def settings_above(workspace: Workspace) -> None:
    (workspace.root.parent / "pyrefly.toml").write_text("[errors]\nimplicit-any = true\n", encoding="utf-8")
    workspace.write("main.py", f"{MAIN}x = []\n")


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda workspace: workspace.write("vendor/lib.py", STR), 4),
        (lambda workspace: workspace.write(LIBRARY, STR), 5),
        (upgrade, 6),
        (lambda workspace: workspace.delete(LIBRARY), 2),
        (lambda workspace: workspace.delete("vendor"), 1),
    ],
    ids=["excluded", "installed", "upgraded", "uninstalled", "excluded-and-gone"],
)
def test_a_change_beside_the_files_is_seen_and_nothing_happens_twice(project: Workspace, edit: Edit, line: int) -> None:
    edit(project)
    assert project.ran() == {"check:pyrefly", "types:main.py", "emit:main.py", "merge"}
    assert {at for at, _ in found(project)} == {line}
    project.assert_equals_clean()
    assert project.ran() == set()


def test_settings_of_a_checker_count_wherever_they_lie(project: Workspace) -> None:
    (project.root.parent / "pyrefly.toml").write_text("[errors]\nbad-argument-type = false\n", encoding="utf-8")
    project.write("vendor/lib.py", STR)
    assert project.ran() == {"check:pyrefly"}
    assert found(project) == set()
    (project.root.parent / "pyrefly.toml").unlink()
    assert "check:pyrefly" in project.ran()
    assert found(project) == {(4, "bad-argument-type")}
    # The nearest one counts, and of it what concerns the checker.
    project.append("pyproject.toml", "[tool.pyrefly.errors]\nbad-argument-type = false\n")
    # What was found under such settings before is taken over.
    assert "check:pyrefly" not in project.ran()
    assert found(project) == set()
    project.append("pyproject.toml", "[tool.other]\nx = 1\n")
    assert project.ran() == {"outline:pyproject.toml", "merge"}
    project.assert_equals_clean()


def test_settings_that_others_go_by_count(tmp_path: Path) -> None:
    files = {
        "main.py": "x: int = ''\n",
        "pyrightconfig.json": '{"extends": "base/strict.json", /* ours */ }\n',
        "base/strict.json": '{"reportAssignmentType": false} // theirs\n',
    }
    pyright = {"overrides": {"check": {"tools": ["pyright"]}}}
    workspace = Workspace(tmp_path, files, types=True, **pyright)
    workspace.build()
    assert workspace.query("select * from diagnostics") == []
    workspace.write("base/strict.json", "{}")
    assert "check:pyright" in workspace.ran()
    assert workspace.query("select rule from diagnostics") == [("reportAssignmentType",)]
    assert workspace.ran() == set()
    workspace.assert_equals_clean()


def test_no_checker_reads_what_we_made(tmp_path: Path) -> None:
    files = {"main.py": "import cache.enriched\n", "star.py": "from main import *\n"}
    workspace = Workspace(tmp_path, files, types=True)
    workspace.build()
    (workspace.root / "cache/git/tree").mkdir(parents=True)
    workspace.write("cache/git/tree/wrong.py", "x: int = ''\n")
    workspace.append("main.py", "# once more\n")
    left_out = workspace.build().left_out
    assert [name for name in left_out if "cache" in name] == []
    assert workspace.query("select path, rule from diagnostics where tool = 'pyrefly'") == [
        ("main.py", "missing-import")
    ]
    workspace.assert_equals_clean()


def test_an_index_that_is_always_fresh_follows_the_installed_packages(project: Workspace) -> None:
    fresh = {"types": False, "index": True, "overrides": {"index": {"refresh": "always"}}}
    assert "index" in project.ran(**fresh)
    assert project.ran(**fresh) == set()
    upgrade(project)
    assert "index" in project.ran(**fresh)
    assert project.ran(**fresh) == set()


def test_packages_are_found_without_an_interpreter(
    project: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_environment(project.root).prefix == project.root / ".venv"
    # One that is active is the user's word.
    active = tmp_path / "active"
    (active / "lib/python3.12/site-packages").mkdir(parents=True)
    (tmp_path / "added").mkdir()
    lines = f"import sys; sys.exit(1)\n{tmp_path / 'added'}\n{project.root}\n/no/such/folder\n"
    (active / "lib/python3.12/site-packages/more.pth").write_text(lines, encoding="utf-8")
    monkeypatch.setenv("VIRTUAL_ENV", str(active))
    environment = find_environment(project.root)
    assert environment.version == "3.12"
    assert environment.folders == (active / "lib/python3.12/site-packages", tmp_path / "added")
