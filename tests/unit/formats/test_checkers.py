"""Reports of checkers come by file, in our units, and without what changes from run to run."""

import json
from typing import Any

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.checkers import CheckerReport, joined, read_pyrefly, read_pyright
from codeintel_enrich.formats.checkers.pyrefly import read_coverage
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.types import FileFacts, SymbolCoverage


def pyrefly_error(path: str = "pkg/a.py", line: int = 3, column: int = 5, **more: Any) -> dict[str, Any]:
    place = {"line": line, "column": column, "stop_line": line, "stop_column": column + 2}
    texts = {"name": "bad-return", "description": "long", "concise_description": "short", "severity": "error"}
    return {"path": path, "code": -2, **place, **texts, **more}


def pyright_error(file: str = "/tree/pkg/a.py", line: int = 2, character: int = 4, **more: Any) -> dict[str, Any]:
    end = {"line": line, "character": character + 2}
    place = {"start": {"line": line, "character": character}, "end": end}
    return {"file": file, "severity": "error", "message": "m", "range": place, "rule": "reportX", **more}


def pyrefly(*errors: dict[str, Any], trusted: bool = False) -> CheckerReport:
    return read_pyrefly(json.dumps({"errors": errors}).encode(), "/tree", {"pkg/a.py", "b.py"}, trusted=trusted)


def pyright(*errors: dict[str, Any], time: str = "1") -> CheckerReport:
    report = {"version": "1", "time": time, "generalDiagnostics": errors, "summary": {"timeInSec": float(time)}}
    return read_pyright(json.dumps(report).encode(), "/tree", {"pkg/a.py", "b.py"})


def test_pyrefly_places_come_in_our_units() -> None:
    facts = pyrefly(pyrefly_error()).files["pkg/a.py"]
    assert facts.diagnostics == (Diagnostic("pyrefly", "error", "bad-return", "short", 3, 4, 3, 6),)


def test_pyright_lines_come_in_our_units_and_columns_wait_for_the_text() -> None:
    facts = pyright(pyright_error()).files["pkg/a.py"]
    assert facts.diagnostics == ()
    assert facts.utf16_diagnostics == (Diagnostic("pyright", "error", "reportX", "m", 3, 4, 3, 6),)


def test_order_repetition_and_times_of_a_report_do_not_matter() -> None:
    first, second = pyrefly_error(line=9), pyrefly_error(path="/tree/b.py")
    assert pyrefly(first, second) == pyrefly(second, {**first, "code": 7}, first)
    assert list(pyrefly(first, second).files) == ["b.py", "pkg/a.py"]
    assert pyright(pyright_error(), time="1") == pyright(pyright_error(), pyright_error(), time="2")


def test_findings_outside_the_root_or_the_index_are_left_out_with_a_reason() -> None:
    report = pyright(pyright_error(), pyright_error("/treetop/a.py"), pyright_error("/tree/new.py"))
    assert list(report.files) == ["pkg/a.py"]
    assert report.left_out == (
        ("/tree/new.py", "it is not among the indexed files"),
        ("/treetop/a.py", "it lies outside the root"),
    )


@pytest.mark.parametrize("path", ["../x.py", "/elsewhere/x.py", "x.py"])
def test_a_report_of_another_tree_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match=r"is of another tree.*x\.py"):
        pyrefly(pyrefly_error(path))
    assert pyrefly(pyrefly_error(path), trusted=True).files == {}


def test_a_report_without_findings_is_no_other_tree() -> None:
    assert pyrefly().files == {}
    assert pyright().files == {}


@pytest.mark.parametrize("data", [b"", b"Traceback", b"{}", b'{"errors": [{}]}', b'{"errors": {}}', b"\xff"])
def test_what_is_no_report_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"r\.json can not be read"):
        read_pyrefly(data, "/tree", set(), "r.json")
    with pytest.raises(UsageError, match=r"r\.json can not be read"):
        read_pyright(data, "/tree", set(), "r.json")


def test_every_severity_has_a_place() -> None:
    severities = [
        pyrefly_error(line=line, severity=name) for line, name in enumerate(["error", "warn", "info", "?"], 1)
    ]
    found = pyrefly(*severities).files["pkg/a.py"].diagnostics
    assert [diagnostic.severity for diagnostic in found] == ["error", "warning", "info", "info"]


def coverage(*modules: dict[str, Any]) -> bytes:
    return json.dumps({"schema_version": "0.2", "module_reports": modules, "summary": {}}).encode()


def covered_module(path: str, name: str, *symbols: tuple[str, int]) -> dict[str, Any]:
    counts = {"n_typable": 3, "n_typed": 1, "n_any": 1, "n_untyped": 1}
    listed = [
        {"kind": "function", "name": f"{name}.{symbol}", "location": {"line": line, "column": 5}, **counts}
        for symbol, line in symbols
    ]
    return {"name": name, "path": path, "names": [], "symbol_reports": listed, "coverage": 0.5}


def test_coverage_comes_by_file_in_our_units_whatever_the_module_is_called() -> None:
    listed = [("C.m", 9), ("f", 2)]
    for name in ("pkg.a", "a", "__unknown__"):
        found = read_coverage(coverage(covered_module("/tree/pkg/a.py", name, *listed)), "/tree", {"pkg/a.py"})
        assert found == {
            "pkg/a.py": (
                SymbolCoverage("function", "f", 2, 4, 3, 1, 1, 1),
                SymbolCoverage("function", "C.m", 9, 4, 3, 1, 1, 1),
            )
        }


def test_coverage_of_other_files_is_left_out_and_of_no_report_refused() -> None:
    assert read_coverage(coverage(covered_module("/elsewhere/a.py", "a", ("f", 1))), "/tree", {"pkg/a.py"}) == {}
    for data in (b"", b"{}", b'{"module_reports": [{}]}'):
        with pytest.raises(UsageError, match="coverage report can not be read"):
            read_coverage(data, "/tree", set())


def test_outputs_of_a_checker_join_file_by_file() -> None:
    symbol = SymbolCoverage("attr", "x", 1, 0, 1, 0, 0, 1)
    finding = Diagnostic("pyrefly", "error", "r", "m")
    findings = CheckerReport({"b.py": FileFacts((finding,))}, (("c.py", "why"),))
    coverage = CheckerReport({"b.py": FileFacts(coverage=(symbol,)), "a.py": FileFacts(coverage=(symbol,))})
    types = CheckerReport({"b.py": FileFacts(type_names=("int",))}, (("c.py", "why"), ("a.pyi", "why")))
    report = joined([findings, types, coverage])
    assert report == CheckerReport(
        {
            "a.py": FileFacts(coverage=(symbol,)),
            "b.py": FileFacts((finding,), coverage=(symbol,), type_names=("int",)),
        },
        (("a.pyi", "why"), ("c.py", "why")),
    )
    assert list(report.files) == ["a.py", "b.py"]
