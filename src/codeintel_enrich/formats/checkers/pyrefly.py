"""pyrefly: its findings, how much of each symbol is typed, types of expressions, and where it looks for modules."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

import msgspec

from codeintel_enrich.formats.checker_config import (
    SOURCES,
    STUBS,
    SearchSettings,
    normalised,
    table_of,
    texts_in,
    unique,
    version_of,
)
from codeintel_enrich.formats.checkers.checker import (
    Checker,
    CheckerOutput,
    CheckerReport,
    CheckerRequest,
    CheckerRun,
    by_file,
    decode_report,
    severity_of,
)
from codeintel_enrich.formats.checkers.settings import Known
from codeintel_enrich.formats.pysa import read_pysa_index, read_pysa_types
from codeintel_enrich.formats.tree_paths import relative_to
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.types import FileFacts, SymbolCoverage, SymbolKind


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
    report = decode_report(data, _PyreflyReport, name)
    found = [
        (
            error.path,
            Diagnostic(
                "pyrefly",
                severity_of(error.severity),
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
    return by_file(found, root, exists, None if trusted else name, lambda facts: FileFacts(diagnostics=facts))


def read_coverage(
    data: bytes, root: str, exists: Container[str], name: str = "the pyrefly coverage report"
) -> dict[str, tuple[SymbolCoverage, ...]]:
    """Read `pyrefly coverage report`: what it says of each file, sorted; parameters as in `read_pyrefly`.

    Raises:
        UsageError: no such report.
    """
    found: dict[str, tuple[SymbolCoverage, ...]] = {}
    for module in decode_report(data, _CoverageReport, name).module_reports:
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


def _read_expressions(read_file: Callable[[str], bytes], root: str, files: Container[str]) -> CheckerReport:
    """The types of expressions in our files, from the folder that pyrefly fills for Pysa."""
    index = read_pysa_index(read_file("pyrefly.pysa.json"))
    return CheckerReport(
        {
            path: read_pysa_types(read_file(f"type_of_expressions/{name}"), read_file(f"definitions/{name}"))
            for absolute, name in sorted(index.items())
            if (path := relative_to(absolute, root)) is not None and path in files
        }
    )


def _runs(request: CheckerRequest) -> tuple[CheckerRun, ...]:
    def findings(printed: bytes, read_file: object) -> CheckerReport:
        return read_pyrefly(printed, request.root, request.files, "the output of pyrefly", trusted=True)

    def expressions(printed: bytes, read_file: Callable[[str], bytes]) -> CheckerReport:
        return _read_expressions(read_file, request.root, request.files)

    def coverage(printed: bytes, read_file: object) -> CheckerReport:
        found = read_coverage(printed, request.root, request.files)
        return CheckerReport({path: FileFacts(coverage=symbols) for path, symbols in found.items()})

    words = ["check", "--output-format", "json", "--progress-bar", "no"]
    outputs = [CheckerOutput("report", findings)]
    options = _options(request)
    if options:
        # Left alone it would take the preset `basic`, which reports next to nothing.
        words += ["--preset", "default", "--min-severity", _MIN_SEVERITY, *options]
    if request.expressions:
        words += ["--report-pysa", request.folder, "--report-pysa-format", "json"]
        outputs.append(CheckerOutput("expression types", expressions))
    # No run of it gives both: `coverage` is a command of its own.
    return (
        CheckerRun(tuple(words), tuple(outputs)),
        CheckerRun(("coverage", "report", *options), (CheckerOutput("coverage report", coverage),)),
    )


_OF_MODULES = re.compile(
    r"errors|(replace|ignore|permissive|enabled|type-ignore|check|infer|disable|strict|spec|legacy|treat|reveal|use|prefer"
    r"|jaxtyping|pytorch|recursion|untyped-def|enable|tensor)[a-z-]*"
)
"""What pyrefly lets one set for all modules, or for some of them."""

_KNOWN = Known(
    re.compile(rf"preset|min-severity|python-version|python-platform|{_OF_MODULES.pattern}"),
    paths=frozenset(("search-path", "site-package-path", "typeshed-path")),
    globs=frozenset(("project-includes", "project-excludes")),
    programs=frozenset(("python-interpreter-path",)),
    tables={
        "sub-config": Known(_OF_MODULES, globs=frozenset(("matches",))),
        "coverage": Known(re.compile("(?!)"), globs=frozenset(("include", "exclude", "includes", "excludes"))),
    },
)
"""Not among them: which interpreter it starts (`python-interpreter-path`, ...), and the command of a `build-system`."""


def _configure(request: CheckerRequest, virtual: str) -> dict[str, Any] | None:
    around = request.surroundings
    # What a file says counts otherwise than what options say: where the user has none, it is given none.
    if around.settings is None:
        return None
    found = dict(around.settings)
    found.setdefault("min-severity", _MIN_SEVERITY)
    found.setdefault("python-version", around.python_version)
    found.setdefault("python-platform", around.platform)
    found["project-excludes"] = [*found.get("project-excludes", ()), *request.unchecked]
    # It would start an interpreter to ask for them. Where it is trusted with one, it may.
    if not _INTERPRETERS & found.keys():
        found["skip-interpreter-query"] = True
        found["site-package-path"] = [*found.get("site-package-path", ()), *around.libraries]
    return found


def _options(request: CheckerRequest) -> list[str]:
    """The same where there is no file."""
    around = request.surroundings
    if around.settings is not None:
        return []
    options = ["--skip-interpreter-query", "--python-version", around.python_version]
    options += ["--python-platform", around.platform]
    options += [word for folder in around.libraries for word in ("--site-package-path", folder)]
    return options + [word for pattern in request.unchecked for word in ("--project-excludes", pattern)]


_MIN_SEVERITY = "warn"
"""Its own default, but not where reports for Pysa are asked for: findings must not depend on that."""
_INTERPRETERS = frozenset(("python-interpreter-path", "fallback-python-interpreter-name", "conda-environment"))


def _search(own: Mapping[str, Any] | None, pyproject: Mapping[str, Any], folders: Iterable[str]) -> SearchSettings:
    present = frozenset(folders)
    table = None if own is not None else "tool.pyrefly"
    # Keys may be spelled with either separator.
    config = {
        key.replace("_", "-"): value for key, value in (table_of(pyproject, "pyrefly") if own is None else own).items()
    }
    roots = [normalised(path) for path in texts_in(config.get("search-path"))]
    if config.get("disable-search-path-heuristics") is not True:
        roots.append(SOURCES if SOURCES in present else ".")
    stubs = [STUBS, *map(normalised, texts_in(config.get("site-package-path")))]
    return SearchSettings(
        "pyrefly",
        "pyproject.toml" if own is None else "pyrefly.toml",
        table,
        unique(roots),
        unique(path for path in stubs if path in present),
        version_of(config.get("python-version")),
        roots_key="search-path",
        version_key="python-version",
    )


PYREFLY = Checker(
    name="pyrefly",
    runs=_runs,
    read=read_pyrefly,
    search=_search,
    own_config="pyrefly.toml",
    known=_KNOWN,
    configure=_configure,
    install="pip install 'codeintel-enrich[types]'",
    tells_expressions=True,
)
