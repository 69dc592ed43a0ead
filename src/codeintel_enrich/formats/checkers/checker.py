"""What there is to say of a type checker: how it is run, how what it says is read, and what steers it.

Nothing here knows a checker by name, and nothing runs one. Whoever does goes through the runs of a checker, gives each
of their outputs what was printed, and joins what comes back.

What changes from run to run without a change in the code (times, counts, tool-internal codes, the order of a report,
where the tree lies) does not get into a report.
"""

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.checker_config import SearchSettings
from codeintel_enrich.formats.checkers.settings import Known
from codeintel_enrich.formats.tree_paths import relative_to
from codeintel_enrich.model.diagnostics import Diagnostic, Severity
from codeintel_enrich.model.types import FileFacts

_SEVERITIES: dict[str, Severity] = {"error": "error", "warning": "warning", "warn": "warning"}

_Decoded = TypeVar("_Decoded")


class CheckerReport(msgspec.Struct, frozen=True):
    """One checker's findings of the files of a tree."""

    files: dict[str, FileFacts]
    """By path relative to the root, sorted; files without findings are absent."""
    left_out: tuple[tuple[str, str], ...] = ()
    """(path as in the report, why), sorted, each once."""


class CheckerSurroundings(msgspec.Struct, frozen=True):
    """What decides, beside the modules of a tree, what a checker says."""

    settings: dict[str, Any] | None
    """Of its own, as far as they are handed on; paths in them are relative to the root. None where there are none."""
    python_version: str
    """`3.N`, of the installed packages."""
    platform: str
    """As `sys.platform` has it."""
    libraries: tuple[str, ...]
    """Folders of installed packages, absolute, in the order in which they are searched."""


class CheckerRequest(msgspec.Struct, frozen=True):
    """What a build asks of a checker."""

    root: str
    """A copy of the tree, or as much of it as is its business: absolute, forward slashes. Every run is started there,
    with the content of `Checker.configure` as the checker's own configuration file."""
    files: Collection[str]
    """Paths relative to the root; what is said of others is left out."""
    folder: str
    """An empty folder, absolute, for what a run does not print. It outlives all runs of one request."""
    surroundings: CheckerSurroundings
    unchecked: Collection[str] = ()
    """Patterns of files that are there to be imported but not to be checked."""
    expressions: bool = False
    """Whether the types of expressions are asked for, too."""


class CheckerOutput(msgspec.Struct, frozen=True):
    """One thing that comes of a run."""

    what: str
    """What messages call it: "the checker gave no WHAT"."""
    read: Callable[[bytes, Callable[[str], bytes]], CheckerReport]
    """From what the run printed, and a function that reads a file of the request's folder by its path in it, to a part
    of the report. Raises UsageError (or the function's OSError) where the run did not give it."""


class CheckerRun(msgspec.Struct, frozen=True):
    """One start of the checker's program."""

    words: tuple[str, ...]
    """Of its command line, behind the program."""
    outputs: tuple[CheckerOutput, ...]
    exit_codes: tuple[int, ...] = (0, 1)
    """Those with which it has done its work; by custom 1 means that there are findings. Any other is a failure."""


class ReadReport(Protocol):
    """Reads a report of a checker's findings; see `read_pyrefly`."""

    def __call__(self, data: bytes, root: str, exists: Container[str], name: str, /) -> CheckerReport:
        """Raises UsageError for what is no such report, or one of another tree."""
        ...


class Checker(msgspec.Struct, frozen=True, kw_only=True):
    """A type checker, as much of it as a build needs to know."""

    name: str
    """Also that of its program, of its table in `[tool]`, and of what `diagnostics` calls its findings."""
    runs: Callable[[CheckerRequest], tuple[CheckerRun, ...]]
    """The runs that answer a request, in order; one after the other, since checkers take all processors there are."""
    read: ReadReport
    """Reads a report that a user gives."""
    search: Callable[[Mapping[str, Any] | None, Mapping[str, Any], Iterable[str]], SearchSettings]
    """Where it looks for modules: from the content of its own configuration file (None where there is none) and of
    `pyproject.toml`, and the folders that exist."""
    own_config: str
    """Name of its own configuration file, in TOML or JSON as its suffix says."""
    known: Known
    """Which of its settings are handed on to it."""
    configure: Callable[[CheckerRequest, str], dict[str, Any] | None]
    """What its configuration file says in the copy of the tree, if it needs one; the other argument is the path of a
    virtual environment that has the libraries."""
    install: str
    """The command that installs it."""
    tells_expressions: bool = False
    """Whether it gives the types of expressions when asked to."""


def joined(parts: Iterable[CheckerReport]) -> CheckerReport:
    """The outputs of a checker as one report. Each kind of fact comes of one output only."""
    parts = list(parts)
    merged: dict[str, dict[str, Any]] = {}
    for part in parts:
        for path, facts in part.files.items():
            fields = merged.setdefault(path, {})
            for field in FileFacts.__struct_fields__:
                if value := getattr(facts, field):
                    fields.setdefault(field, value)
    left_out = sorted({item for part in parts for item in part.left_out})
    return CheckerReport({path: FileFacts(**merged[path]) for path in sorted(merged)}, tuple(left_out))


def decode_report(data: bytes, kind: type[_Decoded], name: str) -> _Decoded:
    """Decode a report in JSON; `name` is what messages call it.

    Raises:
        UsageError: no JSON, or not of that kind.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{name} can not be read: {error}. Make it anew.") from error


def severity_of(said: str) -> Severity:
    """Ours for a checker's: what is neither an error nor a warning (hints, notes) is an info."""
    return _SEVERITIES.get(said, "info")


def by_file(
    found: Iterable[tuple[str, Diagnostic]],
    root: str,
    exists: Container[str],
    name: str | None,
    facts: Callable[[tuple[Diagnostic, ...]], FileFacts],
) -> CheckerReport:
    """Findings (path as reported, finding) by file. `facts` makes the facts of one file; `name` is None for a report
    that was made in this very tree, which may well speak of none of its files.

    Raises:
        UsageError: a report of another tree: it names files, and none of them is in `exists`.
    """
    kept: dict[str, list[Diagnostic]] = {}
    left_out: set[tuple[str, str]] = set()
    for reported, diagnostic in found:
        path = relative_to(reported, root)
        # A checker follows imports out of the tree, into site-packages and our own overlays.
        if path is None:
            left_out.add((reported, "it lies outside the root"))
        elif path not in exists:
            left_out.add((reported, "it is not among the indexed files"))
        else:
            kept.setdefault(path, []).append(diagnostic)
    # It would pass as a report that finds nothing, and the findings of every file would be gone.
    if name and left_out and not kept:
        example = min(left_out)[0]
        raise UsageError(
            f"{name} is of another tree: none of its files exists below {root} (the first is {example}). "
            "Make it anew from there, or leave it out."
        )
    return CheckerReport({path: facts(_in_order(kept[path])) for path in sorted(kept)}, tuple(sorted(left_out)))


def _in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """In source order, each once: checkers that work in parallel report in another order each time."""
    return tuple(
        sorted(
            dict.fromkeys(diagnostics),
            key=lambda d: (d.line, d.col, d.end_line, d.end_col, d.tool, d.rule, d.severity, d.message),
        )
    )
