"""Whether the store tells what type checkers said: `python -m tests.bench.diagnostics [PACKAGE ...]`.

Runs pyrefly and pyright on a copy of each installed package, builds from the two reports, and then reads reports and
sources once more with nothing of ours. One row a package and checker: findings in the report, those that the store has
at the same place, those that sit on the innermost class or function that holds them (by `ast`, decorators included),
and rows of the store that no report explains. A row more a package compares annotation ratios with a count made with
`ast`. Exits with 1 where anything is missing.
"""

import argparse
import ast
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from tests.support.annotations import annotated_share
from tests.support.packages import copy_package, pyrefly_report, source_files
from tests.support.workspace import build_at

PACKAGES = ("rich", "flask", "networkx")


class Finding(msgspec.Struct, frozen=True):
    """One finding; line from 1, columns from 0 in code points."""

    path: str
    tool: str
    severity: str
    rule: str
    line: int
    col: int
    end_line: int
    end_col: int


def main() -> int:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    missing = 0
    print("| package | checker | findings | same place | innermost definition | unexplained |")
    print("| --- | --- | --- | --- | --- | --- |")
    for package in arguments.parse_args().packages:
        with tempfile.TemporaryDirectory() as folder:
            missing += measure(package, Path(folder).resolve())
    return 1 if missing else 0


def measure(package: str, folder: Path) -> int:
    """Print the rows of one package; returns how many findings or ratios are not as they should be."""
    root = copy_package(package, folder / "repo")
    reports = {"pyrefly": folder / "pyrefly.json", "pyright": folder / "pyright.json"}
    reports["pyrefly"].write_bytes(pyrefly_report(root))
    reports["pyright"].write_bytes(pyright_report(root))
    build_at(root, {"cache_dir": folder / "cache", "index": False, "reports": reports})
    texts = {path: (root / path).read_text(encoding="utf-8") for path in source_files(root)}
    missing = 0
    with duckdb.connect(str(folder / "cache" / "codeintel.duckdb"), read_only=True) as store:
        for tool, report in reports.items():
            reader = of_pyrefly if tool == "pyrefly" else of_pyright
            said = set(reader(json.loads(report.read_bytes()), root, texts))
            stored = placed(store, tool)
            held = sum(stored[each] == innermost(texts[each.path], each) for each in said & stored.keys())
            extra = len(stored.keys() - said)
            print(f"| {package} | {tool} | {len(said)} | {len(said & stored.keys())} | {held} | {extra} |")
            missing += len(said) - held + extra
        ratios = dict(store.execute("select path, annotation_ratio from modules").fetchall())
    wrong = [path for path, text in texts.items() if ratios[path] != annotated_share(text)]
    print(f"| {package} | annotation ratios | {len(texts)} | {len(texts) - len(wrong)} | - | - |", flush=True)
    return missing + len(wrong)


def pyright_report(root: Path) -> bytes:
    """What pyright itself says of a tree."""
    command = [str(Path(sys.executable).parent / "pyright"), "--outputjson"]
    return subprocess.run(command, cwd=root, capture_output=True, check=False).stdout


def of_pyrefly(report: Any, root: Path, texts: dict[str, str]) -> Iterator[Finding]:
    """The findings of a pyrefly report: lines and columns from 1, in code points."""
    for error in report["errors"]:
        path = (root / error["path"]).relative_to(root).as_posix()
        severity = {"warn": "warning"}.get(error["severity"], error["severity"])
        start = error["line"], error["column"] - 1
        yield Finding(path, "pyrefly", severity, error["name"], *start, error["stop_line"], error["stop_column"] - 1)


def of_pyright(report: Any, root: Path, texts: dict[str, str]) -> Iterator[Finding]:
    """The findings of a pyright report: lines and columns from 0, in UTF-16 units."""
    for error in report["generalDiagnostics"]:
        path = Path(error["file"]).relative_to(root).as_posix()
        severity = {"information": "info"}.get(error["severity"], error["severity"])
        start, end = (code_points(texts[path], error["range"][which]) for which in ("start", "end"))
        yield Finding(path, "pyright", severity, error.get("rule", ""), *start, *end)


def code_points(text: str, place: dict[str, int]) -> tuple[int, int]:
    """Line from 1 and column in code points of a pyright position."""
    lines = lines_of(text)
    line = lines[place["line"]] if place["line"] < len(lines) else ""
    before = line.encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le")
    return place["line"] + 1, len(before)


def placed(store: duckdb.DuckDBPyConnection, tool: str) -> dict[Finding, str | None]:
    """The findings of one tool in the store, each with the `__qualname__` of the node it sits on."""
    rows = store.execute(
        "select d.path, tool, severity, rule, line, col, d.end_line, d.end_col, n.local_name"
        " from diagnostics d join nodes n on n.node_id = d.node_id and n.path = d.path where tool = ?",
        [tool],
    ).fetchall()
    return {Finding(*row[:8]): row[8] for row in rows}


parsed = cache(ast.parse)


@cache
def lines_of(text: str) -> list[str]:
    """The lines of a text without their ends."""
    return text.split("\n")


def innermost(text: str, finding: Finding) -> str:
    """`__qualname__` of the innermost class or function that holds a finding; empty for the module."""
    name = ""
    scope: ast.AST = parsed(text)
    while (inner := _holding_child(scope, text, finding)) is not None:
        inside = "<locals>." if isinstance(scope, ast.FunctionDef | ast.AsyncFunctionDef) else ""
        name = f"{name}.{inside}{inner.name}" if name else inner.name
        scope = inner
    return name


def _holding_child(
    scope: ast.AST, text: str, finding: Finding
) -> ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | None:
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            todo.extend(ast.iter_child_nodes(node))
            continue
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        lines = lines_of(text)
        end = len(lines[(node.end_lineno or 0) - 1].encode()[: node.end_col_offset].decode())
        start = len(lines[node.lineno - 1].encode()[: node.col_offset].decode()) if first == node.lineno else 0
        if (first, start) <= (finding.line, finding.col) < (node.end_lineno or 0, end):
            return node
    return None


if __name__ == "__main__":
    sys.exit(main())
