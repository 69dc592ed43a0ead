"""pyright: its findings in JSON (`--outputjson`), and where it looks for modules."""

import re
from collections.abc import Container, Iterable, Mapping
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
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.types import FileFacts


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


def read_pyright(
    data: bytes, root: str, exists: Container[str], name: str = "the pyright report", trusted: bool = False
) -> CheckerReport:
    """Read `pyright --outputjson`; parameters and errors as in `read_pyrefly`.

    Columns stay in UTF-16 units: only the text of a line, which is not at hand here, can say what they are in ours.
    """
    report = decode_report(data, _PyrightReport, name)
    found = [
        (
            diagnostic.file,
            Diagnostic(
                "pyright",
                severity_of(diagnostic.severity),
                diagnostic.rule,
                diagnostic.message,
                diagnostic.range.start.line + 1,
                diagnostic.range.start.character,
                diagnostic.range.end.line + 1,
                diagnostic.range.end.character,
            ),
        )
        for diagnostic in report.general_diagnostics
        # One without a file is about the configuration or the environment.
        if diagnostic.file
    ]
    return by_file(found, root, exists, None if trusted else name, lambda facts: FileFacts(utf16_diagnostics=facts))


def _runs(request: CheckerRequest) -> tuple[CheckerRun, ...]:
    def findings(printed: bytes, read_file: object) -> CheckerReport:
        return read_pyright(printed, request.root, request.files, "the output of pyright", trusted=True)

    return (CheckerRun(("--outputjson",), (CheckerOutput("report", findings),)),)


_RULES = r"(report|strict|enable|analyze|deprecate|disable)\w*"
_KNOWN = Known(
    re.compile(rf"{_RULES}|typeCheckingMode|pythonVersion|pythonPlatform|defineConstant|useLibraryCodeForTypes"),
    paths=frozenset(("extraPaths", "stubPath", "typeshedPath")),
    globs=frozenset(("include", "exclude", "ignore", "strict")),
    programs=frozenset(("venvPath",)),
    tables={
        "executionEnvironments": Known(
            re.compile(rf"{_RULES}|name|pythonVersion|pythonPlatform"), paths=frozenset(("root", "extraPaths"))
        )
    },
)

_EXCLUDED = ("**/node_modules", "**/__pycache__", "**/.*")
"""What it excludes where nobody says anything."""
_PLATFORMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}


def _configure(request: CheckerRequest, virtual: str) -> dict[str, Any]:
    surroundings = request.surroundings
    found = dict(surroundings.settings or {})
    found.setdefault("pythonVersion", surroundings.python_version)
    found.setdefault("pythonPlatform", _PLATFORMS.get(surroundings.platform, "All"))
    found["exclude"] = [*found.get("exclude", _EXCLUDED), *request.unchecked]
    # It would start an interpreter to ask for version and libraries. Where it is trusted with one, it may.
    if not {"venv", "venvPath"} & found.keys():
        folder, _, name = virtual.rpartition("/")
        found |= {"venvPath": folder, "venv": name}
    return found


def _search(own: Mapping[str, Any] | None, pyproject: Mapping[str, Any], folders: Iterable[str]) -> SearchSettings:
    present = frozenset(folders)
    config = own if own is not None else table_of(pyproject, "pyright")
    extra = [normalised(path) for path in texts_in(config.get("extraPaths"))]
    # pyright looks into `src` by itself only as long as nobody says where to look.
    implied = [SOURCES] if not extra and not config.get("executionEnvironments") and SOURCES in present else []
    stubs = normalised(config["stubPath"]) if isinstance(config.get("stubPath"), str) else STUBS
    return SearchSettings(
        "pyright",
        "pyproject.toml" if own is None else "pyrightconfig.json",
        "tool.pyright" if own is None else None,
        unique([".", *implied, *extra]),
        (stubs,) if stubs in present else (),
        version_of(config.get("pythonVersion")),
        roots_key="extraPaths",
        version_key="pythonVersion",
        searches_root=True,
    )


PYRIGHT = Checker(
    name="pyright",
    runs=_runs,
    read=read_pyright,
    search=_search,
    own_config="pyrightconfig.json",
    known=_KNOWN,
    configure=_configure,
    install="pip install 'pyright[nodejs]'",
)
