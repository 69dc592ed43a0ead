"""What is indexed: what git tracks, scripts, no other work trees; what an edit redoes, and that it equals clean."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from codeintel_enrich.store import defined_as, exports_of, open_store
from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.notebooks import code, notebook, printed, prose
from tests.support.workspace import Workspace, all_tasks, later_tasks

LINKED = {"link", "merge"}
TABLES = {
    ".gitignore": "gen/\n",
    "shop/__init__.py": "",
    "shop/core.py": "from shop.gen.tables import TABLE\nprint(TABLE)\n",
}


def used(work: Workspace) -> list[tuple[str, str, str | None]]:
    """What the names of other files mean: (file, name, defining file)."""
    found: list[tuple[str, str, str | None]] = work.query(
        "select path, name, target_path from refs where target_path <> path and role <> 'import' order by all"
    )
    return found


def test_a_file_that_git_tracks_is_indexed_though_it_is_ignored(tmp_path: Path) -> None:
    work = GitRepository(tmp_path, TABLES)
    work.write("shop/gen/tables.py", "TABLE = {}\n")
    work.build()
    assert used(work) == []
    work.git("add", "-f", "shop/gen")
    assert work.ran() == {
        *all_tasks("shop/gen/tables.py"),
        *later_tasks("shop/core.py"),
        # It has a submodule more.
        *later_tasks("shop/__init__.py"),
        *LINKED,
    }
    assert used(work) == [("shop/core.py", "TABLE", "shop/gen/tables.py")]
    work.assert_equals_clean()
    assert work.ran() == set()
    work.git("rm", "-q", "--cached", "shop/gen/tables.py")
    summary = work.build()
    assert summary.left_out["shop/gen/tables.py"] == "ignore rules leave it out, and git does not track it"
    assert used(work) == []
    work.assert_equals_clean()


def test_hook_and_diff_see_what_a_tracked_and_ignored_file_loses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work = GitRepository(tmp_path, TABLES)
    work.write("shop/gen/tables.py", "TABLE = {}\n")
    work.write("bin/tool", "#!/usr/bin/env python3\nfrom shop.gen.tables import TABLE\n")
    work.git("add", "-f", "shop/gen", "bin")
    work.commit("a generated file")
    work.write("shop/gen/tables.py", "OTHER = {}\n")
    work.git("add", "-u")
    command = Command(work.root, monkeypatch, capsys)
    judged = command.run("hook", "--root", str(work.root), "--json", "--fail-on", "broken-export")
    assert judged.code == 1
    assert {found["path"] for found in judged.summary["findings"]} == {"shop/core.py", "bin/tool"}
    work.commit("without the table")
    told = command.run("diff", "HEAD~1..HEAD", "--root", str(work.root), "--json")
    assert "TABLE" in str(told.summary)


def test_a_nested_work_tree_is_another_tree(tmp_path: Path) -> None:
    work = GitRepository(
        tmp_path, {"shop/__init__.py": "", "shop/core.py": "def price(): ...\n", "use.py": "import shop.core\n"}
    )
    work.build()
    work.git("worktree", "add", "-q", "-b", "feat", ".claude/worktrees/feat")
    # What is left out may be what an import means: `link` has to know.
    assert work.ran() == {"link"}
    assert work.build().left_out[".claude/worktrees/feat"] == "another git work tree"
    work.git("worktree", "remove", ".claude/worktrees/feat")
    assert work.ran() == set()


SCRIPTS = {
    "m.py": "x = 1\n",
    "bin/tool": "#!/usr/bin/env python3\nfrom m import x\nprint(x)\n",
    "gui.pyw": "from m import x\nprint(x)\n",
    "LICENSE": "free\n",
}


def test_scripts_are_indexed(tmp_path: Path) -> None:
    work = Workspace(tmp_path, SCRIPTS)
    work.build()
    assert used(work) == [("bin/tool", "x", "m.py"), ("gui.pyw", "x", "m.py")]
    work.append("bin/tool", "def main(): return x\n")
    assert work.ran() == all_tasks("bin/tool") | LINKED
    assert ("bin/tool.main",) in work.query("select qualified_name from refs where path = 'bin/tool'")
    work.assert_equals_clean()
    work.write("bin/tool", "#!/bin/sh\nls\n")
    work.write("run", "#!/usr/bin/env -S python3 -u\nfrom m import x\nx\n")
    assert work.ran() == all_tasks("run") | LINKED
    assert used(work) == [("gui.pyw", "x", "m.py"), ("run", "x", "m.py")]
    work.assert_equals_clean()


NOTEBOOK = {
    "m.py": "def go(): ...\n",
    "nb.ipynb": notebook(prose("# Title"), code("from m import go\n%time x = go()"), code("x", printed("1"))),
    "r.ipynb": notebook(code("x <- 1"), language="R"),
    "bad.ipynb": "{",
}


def test_notebooks_are_indexed_with_places_in_the_file_and_in_cells(tmp_path: Path) -> None:
    work = Workspace(tmp_path, NOTEBOOK)
    summary = work.build()
    assert summary.left_out == {"r.ipynb": "a notebook in R"}
    assert list(summary.broken) == ["bad.ipynb"]
    assert used(work) == [("nb.ipynb", "go", "m.py")]
    found = work.query(
        "select name, cell, line, r.start_byte, r.end_byte from refs r join cells c using (path)"
        " where r.start_byte >= c.start_byte and r.end_byte <= c.end_byte and role in ('read', 'write') order by all"
    )
    assert [row[:3] for row in found] == [("go", 2, 2), ("x", 2, 2), ("x", 3, 1)]
    text = work.read("nb.ipynb")
    assert [text[start:end].decode() for *_, start, end in found] == ["go", "x", "x"]


def test_an_edit_of_outputs_redoes_no_analysis(tmp_path: Path) -> None:
    work = Workspace(tmp_path, NOTEBOOK)
    work.build()
    work.replace("nb.ipynb", '"1"', '"2"')
    assert work.ran() == {"parse:nb.ipynb"}
    work.assert_equals_clean()
    # What stands behind a longer output is elsewhere in the file then, and the rows say where.
    work.replace("nb.ipynb", '"2"', '"12\\n"')
    assert work.ran() == {"parse:nb.ipynb", "emit:nb.ipynb", "merge"}
    work.assert_equals_clean()
    work.replace("nb.ipynb", "x = go()", "x = go")
    assert work.ran() == all_tasks("nb.ipynb") | LINKED
    work.write("r.ipynb", notebook(code("import m")))
    work.write("bad.ipynb", notebook(code("import m\nm")))
    assert {"parse:r.ipynb", "parse:bad.ipynb"} < work.ran()
    work.assert_equals_clean()


LINKED_PACKAGE = {
    "shared/wire/__init__.py": "from .codec import encode\n",
    "shared/wire/codec.py": "def encode(): ...\n",
    "my-libs/pen.py": "def draw(): ...\n",
    "app/__init__.py": "",
    "app/main.py": "from app.wire import encode\nfrom app.wire.codec import encode as e2\nfrom .wire import codec\n"
    "import app.wire.codec\nfrom app.tools.pen import draw\nencode, e2, codec.encode, app.wire.codec.encode, draw\n",
    "other.py": "from shared.wire.codec import encode\nencode\n",
}


def test_a_link_to_a_folder_is_a_package_whose_files_are_indexed_once(tmp_path: Path) -> None:
    work = Workspace(tmp_path, LINKED_PACKAGE)
    work.build()
    before = work.dump()
    (work.root / "app/wire").symlink_to("../shared/wire")
    (work.root / "app/tools").symlink_to("../my-libs")
    ran = work.ran()
    assert ran >= {"link", "emit:app/main.py"}
    assert not any(name.startswith("parse:") for name in ran)
    assert [path for (path,) in work.query("select path from modules order by all")] == sorted(LINKED_PACKAGE)
    codec, pen = "shared/wire/codec.py", "my-libs/pen.py"
    assert work.query("select message from diagnostics where rule = 'unresolved-import'") == []
    meant = "select qualified_name, target_path from refs where path = 'app/main.py' and role = 'read' and name = ?"
    for name in ("encode", "e2"):
        sql = meant.replace("?", f"'{name}'")
        assert set(work.query(sql)) == {("shared.wire.codec.encode", codec)}
    assert set(work.query(meant.replace("?", "'draw'"))) == {("pen.draw", pen)}
    with open_store(work.root / "cache" / "codeintel.duckdb") as store:
        assert exports_of(store, "app.wire") == exports_of(store, "shared.wire") != []
        assert (
            defined_as(store, "app.wire.codec.encode")
            == defined_as(store, "app.wire.encode")
            == "shared.wire.codec.encode"
        )
        assert exports_of(store, "app.nothing") is None
    # The interpreter finds the files by these names, too.
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import app.main as m, os; print(os.path.realpath(m.codec.__file__), m.draw.__module__)",
        ],
        cwd=work.root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    assert said == [str((work.root / codec).resolve()), "app.tools.pen"]
    for folder in work.root.rglob("__pycache__"):
        shutil.rmtree(folder)
    work.assert_equals_clean()
    assert work.ran() == set()
    work.replace(codec, "encode", "decode")
    work.build()
    broken = work.query("select distinct path from diagnostics where rule = 'unresolved-import' order by all")
    assert broken == [("app/main.py",), ("other.py",), ("shared/wire/__init__.py",)]
    work.assert_equals_clean()
    work.replace(codec, "decode", "encode")
    (work.root / "app/wire").unlink()
    (work.root / "app/tools").unlink()
    work.build()
    assert work.dump() == before
