"""A repository of several distributions: its roots found, patterns, hints, and commands from a folder inside."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeintel_enrich.cli.app import app
from tests.support.workspace import Workspace

FILES = {
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/a/pyproject.toml": "[project]\nname = 'a'\n",
    "packages/b/pyproject.toml": "[project]\nname = 'b'\n",
    "packages/a/src/a/__init__.py": "def made(): ...\n",
    "packages/b/src/b/__init__.py": "from a import made\nimport numpy\n",
}


def run(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, done.output
    return done.output


def test_imports_that_lead_nowhere_name_the_root_and_init_writes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = Workspace(tmp_path, FILES)
    hint = (
        "1 import of `a` leads nowhere; is `packages/a/src` a root? "
        'In [tool.codeintel-enrich]: roots = ["packages/a/src", "src", "."]'
    )
    assert project.build().warnings == (hint,)
    # Nothing is due, and the hint stays.
    assert project.build().warnings == (hint,)
    found = json.loads(run("doctor", "--root", str(project.root), "--json"))
    assert found["missing_roots"] == ["packages/*/src"]
    assert [each["root"] for each in found["suspects"]] == ["packages/a/src"]
    monkeypatch.chdir(project.root)
    run("init")
    assert 'roots = ["packages/*/src", "."]' in project.read("pyproject.toml").decode()
    assert project.build().warnings == ()
    assert project.query("SELECT target_path FROM imports WHERE target_module = 'a'") == [
        ("packages/a/src/a/__init__.py",)
    ]
    found = json.loads(run("doctor", "--root", str(project.root), "--json"))
    assert (found["missing_roots"], found["suspects"]) == ([], [])
    project.write("packages/c/src/c/__init__.py", "from a import made\n")
    project.build()
    assert project.query("SELECT path FROM modules WHERE module = 'c'") == [("packages/c/src/c/__init__.py",)]
    project.assert_equals_clean()


def test_commands_look_for_the_project_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Workspace(
        tmp_path,
        {
            "pyproject.toml": "[tool.codeintel-enrich]\n",
            "inner/pyproject.toml": "[project]\nname = 'inner'\n",
            "inner/m.py": "x = 1\n",
            "n.py": "",
        },
    )
    project.build()
    inner = project.root / "inner"
    monkeypatch.chdir(inner)
    assert json.loads(run("status", "--json"))["files"] == 4
    # As whoever stands there names it, and as the store does.
    assert json.loads(run("explain", "m.py", "--json"))["path"] == "inner/m.py"
    assert json.loads(run("explain", "inner/m.py", "--json"))["path"] == "inner/m.py"
    # `--root .` says that it is this folder.
    assert json.loads(run("build", "--root", ".", "--no-index", "--no-types", "--json"))["files"] == 1
    # What lies above a git work tree is another project's.
    (project.root / "apart" / ".git").mkdir(parents=True)
    project.write("apart/one.py", "")
    monkeypatch.chdir(project.root / "apart")
    assert json.loads(run("build", "--no-index", "--no-types", "--json"))["files"] == 1
    assert (project.root / "apart" / "cache").is_dir()
