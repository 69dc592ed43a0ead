"""Types of expressions on references, against what pyrefly itself says of a real package."""

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from codeintel_enrich.engine.inputs.tools import find_tool
from tests.support.packages import OUR_PACKAGES, copy_package
from tests.support.workspace import Workspace, build_at

pytestmark = pytest.mark.slow

_LAST_NAME = re.compile(r"\.\s*([^\W\d]\w*)$")


def told(report: Path, root: Path) -> Iterator[tuple[tuple[str, int, int], str]]:
    """What the report says of names and attributes: (path, first and last byte of the identifier), type."""
    for file in (report / "type_of_expressions").iterdir():
        content = json.loads(file.read_bytes())
        source = Path(content["source_path"].get("FileSystem", "/"))
        if not source.is_relative_to(root):
            continue
        data = source.read_bytes()
        starts = [0, *(match.end() for match in re.finditer(rb"\n", data))]
        for function in content["functions"].values():
            for place, number in function["locations"].items():
                line, col, end_line, end_col = map(int, re.findall(r"\d+", place))
                start, end = starts[line - 1] + col - 1, starts[end_line - 1] + end_col - 1
                tree = ast.parse(f"({data[start:end].decode()})", mode="eval").body
                if isinstance(tree, ast.Attribute) and _is_dotted(tree):
                    name = _LAST_NAME.search(data[start:end].decode())
                    assert name is not None
                    start = end - len(name[1].encode())
                elif not isinstance(tree, ast.Name):
                    continue
                path = source.relative_to(root).as_posix()
                yield (path, start, end), function["type_table"][number]["string"]


def _is_dotted(tree: ast.expr) -> bool:
    while isinstance(tree, ast.Attribute):
        tree = tree.value
    return isinstance(tree, ast.Name)


def test_every_name_that_pyrefly_types_has_that_type_and_no_other_has_one(tmp_path: Path) -> None:
    root = copy_package("requests", tmp_path / "repo").resolve()
    tool = find_tool("pyrefly")
    assert tool is not None
    report = ("--report-pysa", str(tmp_path / "report"), "--report-pysa-format", "json")
    command = [tool.path, "check", "--preset", "default", *report]
    subprocess.run(command, cwd=root, env=OUR_PACKAGES, capture_output=True, check=False)
    cache = tmp_path / "cache"
    build_at(root, {"cache_dir": cache, "index": False, "jobs": 2, "overrides": {"check": {"types": "expressions"}}})
    with duckdb.connect(str(cache / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute(
            "select path, start_byte, end_byte, type, role from refs where kind != 'keyword'"
        ).fetchall()
    stored = {row[:3]: row[3] for row in rows}
    said = dict(told(tmp_path / "report", root))
    assert len(said) > 1_000
    assert {key: kind for key, kind in said.items() if stored.get(key) != kind} == {}
    reads = {row[:3] for row in rows if row[4] == "read" and row[3] is not None}
    assert reads <= said.keys()


def test_findings_are_the_same_whether_types_are_asked_for_or_not(tmp_path: Path) -> None:
    root = copy_package("flask", tmp_path / "repo")
    found = []
    for types in ("findings", "expressions"):
        cache = tmp_path / types
        build_at(root, {"cache_dir": cache, "index": False, "jobs": 2, "overrides": {"check": {"types": types}}})
        with duckdb.connect(str(cache / "codeintel.duckdb"), read_only=True) as store:
            question = "select severity, * from diagnostics where tool = 'pyrefly' order by all"
            found.append(store.execute(question).fetchall())
    assert found[0] == found[1]
    # Not only errors: those were told all along.
    assert {row[0] for row in found[0]} > {"error"}


def test_asking_for_types_runs_the_checker_and_types_and_nothing_before(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\ny = x\n", "b.py": "from a import y\nz = y\n"}, types=True)
    workspace.build()
    expressions = {"overrides": {"check": {"types": "expressions"}}}
    wanted = {f"{stage}:{path}" for stage in ("types", "emit") for path in ("a.py", "b.py")}
    assert workspace.ran(**expressions) == {"check:pyrefly", "merge", *wanted}
    assert workspace.ran(**expressions) == set()
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select name, type from refs where path = 'b.py' order by start_byte").fetchall()
    assert rows == [("a", None), ("y", None), ("z", "int"), ("y", "int")]
    # A type that changes in one file changes references in another.
    workspace.replace("a.py", "x = 1", "x = ''")
    assert {"types:a.py", "types:b.py"} <= workspace.ran(**expressions)
    workspace.assert_equals_clean(**expressions)
