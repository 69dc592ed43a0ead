"""Indexers and checkers are run such that a failing one is an error, and nothing of the tree is written to."""

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.inputs import tools
from codeintel_enrich.engine.inputs.surroundings import find_surroundings
from codeintel_enrich.engine.inputs.tools import Tool, find_tool, indexable, make_index, run_checker
from codeintel_enrich.errors import ToolError
from codeintel_enrich.formats.checkers import CHECKERS, CheckerReport
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.digest import digest
from tests.support.packages import copy_package, pyrefly_report, source_files


def run(name: str, root: Path, files: list[str], **asked: Any) -> CheckerReport:
    """Run a checker with what surrounds a tree."""
    found = find_surroundings(CHECKERS[name], root, trusted=False)
    return run_checker(CHECKERS[name], root, files, found.surroundings, **asked)


run_pyrefly = partial(run, "pyrefly")
run_pyright = partial(run, "pyright")


StandIn = Callable[[str, str], None]
"""Puts a shell script in the place of the tool of a name."""


def write(root: Path, files: Mapping[str, str | bytes]) -> list[str]:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return [path for path in files if path.endswith((".py", ".pyi"))]


def state(root: Path) -> dict[Path, tuple[int, bytes | bool]]:
    return {path: (path.stat().st_mtime_ns, path.is_file() and path.read_bytes()) for path in sorted(root.rglob("*"))}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> StandIn:
    def install(name: str, script: str) -> None:
        path = tmp_path / f"{name}-stand-in"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setattr(tools, "find_tool", lambda wanted: Tool(wanted, str(path), "1.0"))

    return install


def test_a_tool_beside_the_interpreter_is_found_with_its_version() -> None:
    tool = find_tool("pyrefly")
    assert tool is not None
    assert tool.path == str(Path(sys.executable).parent / "pyrefly")
    assert tool.version[0].isdigit()
    assert find_tool("no-such-tool-anywhere") is None


def test_a_missing_tool_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tools, "find_tool", lambda name: None)
    with pytest.raises(ToolError, match="ty-scip is not installed"):
        make_index(tmp_path, ["a.py"], tmp_path / "o", tmp_path / "s")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("pkg/a.py", True),
        ("src/pkg/__init__.py", True),
        ("pkg/é.py", True),
        ("stubs/foo-stubs/a.pyi", True),
        ("pkg/unicode10-0-0.py", False),
        ("pkg/0001_initial.py", False),
        ("pkg/class.py", False),
        ("my-docs/a.py", False),
        (".hidden/a.py", False),
        ("pkg/a.b.py", False),
    ],
)
def test_only_module_names_can_be_indexed(path: str, answer: bool) -> None:
    assert indexable(path) is answer


ODD: dict[str, str | bytes] = {
    "pkg/__init__.py": "",
    "pkg/a.py": "from pkg.b import f\nf()\n",
    "pkg/b.py": "def f(): pass\n",
    "pkg/broken.py": "def f(:\n",
    "pkg/0001_initial.py": "x = 1\n",
    "pkg/latin.py": b'# coding: latin-1\nx = "\xe9"\n',
    "pkg/no_text.py": b'x = "\xe9"\n',
    "types.py": "x = 1\n",
    "twice.py": "x = 1\n",
    "twice/__init__.py": "y = 1\n",
    "src/shadow/__init__.py": "",
    "shadow/__init__.py": "",
    "shadow/c.py": "x = 1\n",
    "pyproject.toml": '[project]\nname = "odd"\nversion = "3.1"\n',
}


def test_files_that_would_stop_the_indexer_are_left_out_with_a_reason_and_no_other_is(tmp_path: Path) -> None:
    root = tmp_path / "tree"
    files = write(root, ODD)
    before = state(root)
    run = make_index(root, [*files, "gone.py"], tmp_path / "out" / "index.scip", tmp_path / "scratch")
    left_out = dict(run.left_out)
    assert set(run.documents) | set(left_out) == {*files, "gone.py"}
    assert not set(run.documents) & set(left_out)
    assert {"pkg/a.py", "pkg/b.py", "pkg/__init__.py", "pkg/broken.py", "twice/__init__.py"} <= set(run.documents)
    assert left_out["pkg/0001_initial.py"] == "its name is no module name"
    assert "pkg/latin.py" in run.documents
    assert left_out["pkg/no_text.py"] == "it is no text in its own encoding"
    assert "can not be read" in left_out["gone.py"]
    assert "ty-scip stops at it" in left_out["twice.py"]
    assert str(tmp_path) not in str(run.left_out)
    assert run.content_hashes == {path: digest((root / path).read_bytes()) for path in run.documents}
    assert state(root) == before
    assert not (tmp_path / "scratch").exists()
    index = SCIPIndex.load(tmp_path / "out" / "index.scip")
    assert "ty-scip python odd 3.1 pkg/b/f()." in index.symbol_to_files()


def test_a_broken_configuration_does_not_stop_the_indexer(tmp_path: Path) -> None:
    files = write(tmp_path / "tree", {"a.py": "x = 1\n", "pyproject.toml": "[tool.ty\n"})
    assert make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s").documents == ("a.py",)
    write(tmp_path / "tree", {"pyproject.toml": "[tool.ty]\nno-such-key = 1\n"})
    assert make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s").documents == ("a.py",)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo all is lost >&2; exit 3", "exit code 3.*all is lost"),
        ("kill -SEGV $$", "exit code -11"),
        ("exit 0", "made no usable index"),
        (": > $4", "is empty"),
        ("printf garbage > $4", "no SCIP index"),
        (r"printf '\022\006\012\004b.py' > $4", "without any document of the 1 files"),
        ("sleep 60", "was stopped after"),
    ],
)
def test_an_indexer_that_fails_is_an_error_and_the_old_index_stays(
    stand_in: StandIn, tmp_path: Path, script: str, message: str
) -> None:
    stand_in("ty-scip", script)
    files = write(tmp_path / "tree", {"a.py": "x = 1\n"})
    (tmp_path / "o.scip").write_bytes(b"old")
    with pytest.raises(ToolError, match=message):
        make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s", timeout=0.5)
    assert (tmp_path / "o.scip").read_bytes() == b"old"
    assert not (tmp_path / "s").exists()


def test_nothing_that_can_be_indexed_is_an_error_that_says_why(tmp_path: Path) -> None:
    files = write(tmp_path / "tree", {"a-b.py": "x = 1\n"})
    with pytest.raises(ToolError, match=r"a-b\.py: its name is no module name"):
        make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s")


def test_a_time_limit_ends_whatever_the_tool_started(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in("ty-scip", f"sh -c 'sleep 1; touch {tmp_path}/survived' & wait")
    files = write(tmp_path / "tree", {"a.py": "x = 1\n"})
    with pytest.raises(ToolError, match="was stopped"):
        make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s", timeout=0.3)
    time.sleep(1.2)
    assert not (tmp_path / "survived").exists()


BAD_TYPES = {"pkg/a.py": 'x: int = "a"\n', "pkg/b.py": "y: int = 1\n", "other/c.py": "z: int = None\n"}


@pytest.mark.parametrize("run", [run_pyrefly, run_pyright])
def test_a_checker_reports_the_indexed_files_and_writes_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    write(tmp_path, BAD_TYPES)
    before = state(tmp_path)
    report = run(tmp_path, ["pkg/a.py", "pkg/b.py"])
    assert [path for path, facts in report.files.items() if facts.diagnostics + facts.utf16_diagnostics] == ["pkg/a.py"]
    facts = report.files["pkg/a.py"]
    [diagnostic] = facts.diagnostics + facts.utf16_diagnostics
    assert (diagnostic.line, diagnostic.col, diagnostic.end_col, diagnostic.severity) == (1, 9, 12, "error")
    assert state(tmp_path) == before


def test_pyrefly_follows_the_configuration_of_the_tree(tmp_path: Path) -> None:
    write(tmp_path, {**BAD_TYPES, "pyrefly.toml": "[errors]\nbad-assignment = false\n"})
    assert not any(facts.diagnostics for facts in run_pyrefly(tmp_path, list(BAD_TYPES)).files.values())


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo '{\"errors\": []}'; exit 101", "exit code 101"),
        ("kill -SEGV $$", "exit code -11"),
        ("exit 0", "gave no report"),
        ("echo 'thread panicked' >&2; exit 1", "thread panicked"),
        ("echo '{\"errors\": '; exit 1", "gave no report"),
        ("sleep 60", "was stopped"),
        ("[ $1 = check ] && echo '{\"errors\": []}' || exit 101", "exit code 101"),
        ("echo '{\"errors\": []}'", "gave no coverage report"),
    ],
)
def test_a_crashed_checker_is_never_no_errors(stand_in: StandIn, tmp_path: Path, script: str, message: str) -> None:
    stand_in("pyrefly", script)
    with pytest.raises(ToolError, match=message):
        run_pyrefly(tmp_path, ["a.py"], timeout=0.5)


def test_every_finding_of_pyrefly_on_a_real_package_gets_through(tmp_path: Path) -> None:
    copy_package("requests", tmp_path)
    report = run_pyrefly(tmp_path, source_files(tmp_path))
    raw = json.loads(pyrefly_report(tmp_path))["errors"]
    assert raw
    assert sorted((e["path"], e["line"], e["column"] - 1, e["name"]) for e in raw) == sorted(
        (path, d.line, d.col, d.rule) for path, facts in report.files.items() for d in facts.diagnostics
    )


def test_the_coverage_of_every_symbol_of_a_real_package_gets_through(tmp_path: Path) -> None:
    copy_package("requests", tmp_path)
    report = run_pyrefly(tmp_path, source_files(tmp_path))
    tool = find_tool("pyrefly")
    assert tool is not None
    done = subprocess.run([tool.path, "coverage", "report"], cwd=tmp_path, capture_output=True, check=False, timeout=60)
    raw = json.loads(done.stdout)
    assert raw["summary"]["n_typable"] > 100
    for name in ("n_typable", "n_typed", "n_any", "n_untyped"):
        told = sum(getattr(symbol, name) for facts in report.files.values() for symbol in facts.coverage)
        assert told == raw["summary"][name]


def test_expression_types_are_told_where_asked_for_and_leave_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "tree", {"pkg/a.py": "x = 1\ny = x\n"})
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    [facts] = run_pyrefly(tmp_path / "tree", ["pkg/a.py"], expressions=True).files.values()
    assert [(place.line, place.col, facts.type_names[place.type]) for place in facts.typed_places] == [
        (1, 0, "int"),
        (2, 0, "int"),
        (2, 4, "int"),
    ]
    assert list((tmp_path / "scratch").iterdir()) == []
    [facts] = run_pyrefly(tmp_path / "tree", ["pkg/a.py"]).files.values()
    assert facts.typed_places == ()


def test_expression_types_that_are_not_made_are_an_error(stand_in: StandIn, tmp_path: Path) -> None:
    stand_in("pyrefly", "echo '{\"errors\": []}'")
    with pytest.raises(ToolError, match="gave no expression types"):
        run_pyrefly(tmp_path, ["a.py"], expressions=True)


def test_the_virtual_environment_of_the_tree_counts_for_the_copy(
    stand_in: StandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    stand_in("ty-scip", 'echo "$VIRTUAL_ENV" >&2; exit 3')
    files = write(tmp_path / "tree", {"a.py": "", ".venv/pyvenv.cfg": ""})
    (tmp_path / "tree/.venv/lib/python3.11/site-packages").mkdir(parents=True)
    with pytest.raises(ToolError, match=f"tree{os.sep}.venv"):
        make_index(tmp_path / "tree", files, tmp_path / "o.scip", tmp_path / "s")


def test_a_python_path_that_leads_to_the_same_package_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    files = write(tmp_path / "repo", {"src/pkg/__init__.py": "", "src/pkg/a.py": "A = 1\n"})
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "repo" / "src"))
    run = make_index(tmp_path / "repo", files, tmp_path / "index.scip", tmp_path / "scratch")
    assert run.left_out == ()
    assert set(run.documents) == set(files)
