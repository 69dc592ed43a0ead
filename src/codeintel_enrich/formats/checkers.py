"""Owns the reports of type checkers (pyrefly, pyright) and turns them into facts by file; runs nothing.

What changes from run to run without a change in the code (times, counts, tool-internal codes, the order of the
report, where the tree lies) does not get through.
"""

from collections.abc import Callable, Container, Mapping
from types import MappingProxyType
from typing import TypeVar

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.tree_paths import relative_to
from codeintel_enrich.model.diagnostics import Diagnostic, Severity
from codeintel_enrich.model.types import FileFacts, SymbolCoverage, SymbolKind

__all__ = ["CheckerReport", "join_facts", "read_coverage", "read_pyrefly", "read_pyright", "relative_to"]

_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "warn": "warning"}


class CheckerReport(msgspec.Struct, frozen=True):
    """One checker's findings of the files of a tree."""

    files: dict[str, FileFacts]
    """By path relative to the root, sorted; files without findings are absent."""
    left_out: tuple[tuple[str, str], ...] = ()
    """(path as in the report, why), sorted, each once."""


class _PyreflyError(msgspec.Struct):
    path: str
    line: int
    column: int
    stop_line: int
    stop_column: int
    name: str = ""
    description: str = ""
    concise_description: str = ""
    severity: str = "error"


class _PyreflyReport(msgspec.Struct):
    errors: list[_PyreflyError]


class _Location(msgspec.Struct):
    line: int
    column: int


class _CoverageSymbol(msgspec.Struct):
    kind: SymbolKind
    name: str
    location: _Location
    n_typable: int
    n_typed: int
    n_any: int
    n_untyped: int


class _CoverageModule(msgspec.Struct):
    name: str
    path: str
    symbol_reports: list[_CoverageSymbol]


class _CoverageReport(msgspec.Struct):
    module_reports: list[_CoverageModule]


class _PyrightPosition(msgspec.Struct, frozen=True):
    line: int
    character: int


class _PyrightRange(msgspec.Struct, frozen=True):
    start: _PyrightPosition
    end: _PyrightPosition


class _PyrightDiagnostic(msgspec.Struct):
    message: str
    severity: str = "error"
    file: str = ""
    range: _PyrightRange = _PyrightRange(_PyrightPosition(0, 0), _PyrightPosition(0, 0))
    rule: str = ""


class _PyrightReport(msgspec.Struct, rename="camel"):
    general_diagnostics: list[_PyrightDiagnostic]


_Report = TypeVar("_Report", _PyreflyReport, _PyrightReport, _CoverageReport)


def read_pyrefly(
    data: bytes, root: str, exists: Container[str], name: str = "the pyrefly report", trusted: bool = False
) -> CheckerReport:
    """Read `pyrefly check --output-format json`.

    `root` is the absolute path of the tree in POSIX form, `exists` holds its files' relative paths, `name` is what
    messages call the report. Findings of files that are not in `exists` are left out. `trusted`: the report was made in
    this very tree, so it may well speak of none of `exists`.

    Raises:
        UsageError: no such report, or a report of another tree (it names files, and none of them exists).
    """
    report = _decode(data, _PyreflyReport, name)
    found = [
        (
            error.path,
            Diagnostic(
                "pyrefly",
                _SEVERITIES.get(error.severity, "info"),
                error.name,
                # The long form may list folders of this machine.
                error.concise_description or error.description.partition("\n")[0],
                max(error.line, 1),
                max(error.column - 1, 0),
                max(error.stop_line, 1),
                max(error.stop_column - 1, 0),
            ),
        )
        for error in report.errors
    ]
    return _by_file(found, root, exists, None if trusted else name, lambda facts: FileFacts(diagnostics=facts))


def read_pyright(
    data: bytes, root: str, exists: Container[str], name: str = "the pyright report", trusted: bool = False
) -> CheckerReport:
    """Read `pyright --outputjson`; parameters and errors as in `read_pyrefly`. Columns stay in UTF-16 units."""
    report = _decode(data, _PyrightReport, name)
    found = [
        (
            diagnostic.file,
            Diagnostic(
                "pyright",
                _SEVERITIES.get(diagnostic.severity, "info"),
                diagnostic.rule,
                diagnostic.message,
                diagnostic.range.start.line + 1,
                diagnostic.range.start.character,
                diagnostic.range.end.line + 1,
                diagnostic.range.end.character,
            ),
        )
        for diagnostic in report.general_diagnostics
        if diagnostic.file
    ]
    return _by_file(found, root, exists, None if trusted else name, lambda facts: FileFacts(utf16_diagnostics=facts))


def read_coverage(
    data: bytes, root: str, exists: Container[str], name: str = "the pyrefly coverage report"
) -> dict[str, tuple[SymbolCoverage, ...]]:
    """Read `pyrefly coverage report`: what it says of each file, sorted; parameters as in `read_pyrefly`.

    Raises:
        UsageError: no such report.
    """
    found: dict[str, tuple[SymbolCoverage, ...]] = {}
    for module in _decode(data, _CoverageReport, name).module_reports:
        path = relative_to(module.path, root)
        if path is None or path not in exists:
            continue
        symbols = {
            SymbolCoverage(
                symbol.kind,
                symbol.name.removeprefix(f"{module.name}."),
                max(symbol.location.line, 1),
                max(symbol.location.column - 1, 0),
                symbol.n_typable,
                symbol.n_typed,
                symbol.n_any,
                symbol.n_untyped,
            )
            for symbol in module.symbol_reports
        }
        found[path] = tuple(sorted(symbols, key=lambda symbol: (symbol.line, symbol.col, symbol.name)))
    return {path: found[path] for path in sorted(found)}


def join_facts(
    report: CheckerReport,
    coverage: Mapping[str, tuple[SymbolCoverage, ...]],
    types: Mapping[str, FileFacts] = MappingProxyType({}),
) -> CheckerReport:
    """A report that also tells how much is typed, and where asked for the types of expressions."""
    files = {
        path: msgspec.structs.replace(
            types.get(path, FileFacts()),
            diagnostics=report.files.get(path, FileFacts()).diagnostics,
            coverage=coverage.get(path, ()),
        )
        for path in sorted({*report.files, *coverage, *types})
    }
    return CheckerReport(files, report.left_out)


def _decode(data: bytes, kind: type[_Report], name: str) -> _Report:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} can not be read: {error}. Make it anew.") from error


def _by_file(
    found: list[tuple[str, Diagnostic]],
    root: str,
    exists: Container[str],
    name: str | None,
    facts: Callable[[tuple[Diagnostic, ...]], FileFacts],
) -> CheckerReport:
    kept: dict[str, list[Diagnostic]] = {}
    left_out: set[tuple[str, str]] = set()
    for reported, diagnostic in found:
        path = relative_to(reported, root)
        if path is None:
            left_out.add((reported, "it lies outside the root"))
        elif path not in exists:
            left_out.add((reported, "it is not among the indexed files"))
        else:
            kept.setdefault(path, []).append(diagnostic)
    if name and left_out and not kept:
        example = min(left_out)[0]
        raise UsageError(
            f"{name} is of another tree: none of its files exists below {root} (the first is {example}). "
            "Make it anew from there, or leave it out."
        )
    return CheckerReport({path: facts(_sorted(kept[path])) for path in sorted(kept)}, tuple(sorted(left_out)))


def _sorted(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """In source order, each once."""
    return tuple(
        sorted(
            dict.fromkeys(diagnostics),
            key=lambda d: (d.line, d.col, d.end_line, d.end_col, d.tool, d.rule, d.severity, d.message),
        )
    )
