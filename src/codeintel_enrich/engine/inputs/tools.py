"""Running indexers and type checkers: which ones are here, what they are given, whether to believe what they made.

A tool never sees the user's tree, neither to write into it nor to obey what lies there: it works on a copy. One that
crashed, timed out or wrote nothing is a `ToolError`, never an empty result. *When* a tool runs is decided elsewhere.
"""

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from keyword import iskeyword
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import msgspec

from codeintel_enrich.engine.inputs.environment import Environment
from codeintel_enrich.engine.inputs.surroundings import INDEX_SETTINGS, index_settings, usable_environment
from codeintel_enrich.engine.inputs.view import copy_tree, write_settings
from codeintel_enrich.errors import ToolError, UsageError
from codeintel_enrich.files.atomic import copy_file
from codeintel_enrich.files.process import run_program
from codeintel_enrich.files.programs import executable
from codeintel_enrich.formats.checkers import (
    Checker,
    CheckerOutput,
    CheckerReport,
    CheckerRequest,
    CheckerSurroundings,
    joined,
)
from codeintel_enrich.formats.checkers.settings import cover
from codeintel_enrich.formats.scip import open_index
from codeintel_enrich.model.digest import digest

IndexerName = Literal["pyrefly", "ty-scip", "scip-python"]

MOST_ABORTS = 25
"""An indexer that stops at a file is started again without it, this many times at most."""

_VERSION = re.compile(r"\d+\.\d+\S*")
_NO_TEXT = "it is no text in its own encoding"
_NO_MODULE_NAME = "its name is no module name"
_NO_DOCUMENT = "the indexer made no document of it"


class Tool(msgspec.Struct, frozen=True):
    """An external program that was found."""

    name: str
    path: str
    version: str
    """As it says itself; empty where it does not say."""


class IndexRun(msgspec.Struct, frozen=True):
    """What came of one run of an indexer."""

    documents: tuple[str, ...]
    """Relative paths of the files that the index describes, sorted."""
    left_out: tuple[tuple[str, str], ...]
    """(relative path, why) of the files that it does not, sorted."""
    content_hashes: dict[str, str]
    """Path -> digest of the very bytes that the indexer was given."""
    seconds: float


@cache
def find_tool(name: str) -> Tool | None:
    """The program beside the running Python, else on PATH; None where there is none that starts."""
    path = executable(name)
    if path is None:
        return None
    try:
        # Not where we are: that is the tree, and launchers look for settings of theirs where they are started.
        said = _run([path, "--version"], Path(path).parent, 30)
    except ToolError:
        return None
    match = _VERSION.search(said.stdout.decode("utf-8", "replace"))
    return Tool(name, path, match.group() if match else "")


def make_index(
    root: Path,
    files: Iterable[str],
    output: Path,
    scratch: Path,
    *,
    tool: IndexerName = "ty-scip",
    roots: Sequence[str] = ("src", "."),
    trusted: bool = False,
    timeout: float = 1800,
) -> IndexRun:
    """Index `files` (paths relative to `root`) and put the index at `output`, whole or not at all.

    The indexer works on a copy of the files below `scratch`, a folder of ours that is emptied before and removed
    afterwards. The copy lacks what would make it stop: names that are no module names, files that are no text, and
    whatever file it names when it stops. `roots` are the folders that module names
    start from; `trusted` hands it all the settings of the tree. `timeout` counts seconds.

    Raises:
        ToolError: it is not installed, failed for another reason, took too long, or described no file.
    """
    indexer = _needed(tool)
    started = time.monotonic()
    deadline = started + timeout
    # Indexers write caches beside what they index, and stop at the first file that they cannot place: they get a copy
    # that lacks such files, and the user's tree stays as it is.
    view = scratch / "tree"
    made = scratch / "index.scip"
    shutil.rmtree(scratch, ignore_errors=True)
    view.mkdir(parents=True)
    try:
        hashes, left_out = _fill_view(root, files, view, by_name=tool != "pyrefly")
        if not hashes:
            raise ToolError(f"{indexer.name} was given nothing to index: {_examples(left_out)}")
        settings = index_settings(root, trusted=trusted)
        for name, table in settings.items():
            write_settings(view / name, table)
        environment = usable_environment(root, left_out, trusted=trusted)
        command = _index_command(indexer, settings, environment, scratch, view, made, roots)
        _index_without_stoppers(indexer, command, environment, view, hashes, left_out, deadline)
        documents = _check_index(indexer, made, hashes, left_out)
        # Copied, not renamed: the temporary folder may lie on another file system.
        copy_file(made, output)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return IndexRun(
        documents,
        tuple(sorted(left_out.items())),
        {path: hashes[path] for path in documents},
        time.monotonic() - started,
    )


def run_checker(
    checker: Checker,
    root: Path,
    files: Iterable[str],
    surroundings: CheckerSurroundings,
    *,
    beside: Iterable[str] = (),
    links: Mapping[str, str] | None = None,
    timeout: float = 600,
    expressions: bool = False,
) -> CheckerReport:
    """Check `files` (paths relative to `root`) with what surrounds them; keep what is said of them.

    The checker works on a copy, which holds these files, those `beside` them, which are there to be imported, and its
    settings, and `links` from one folder to another: nothing else of the tree reaches it, neither our own cache nor a
    program. Each of its runs may take `timeout` seconds. `expressions`: the types of expressions are asked for, too,
    which takes some 50 MB of temporary files.

    Raises:
        ToolError: it is not installed, crashed, took more than `timeout` seconds, or gave no report.
    """
    program = _needed(checker.name).path
    parts: list[CheckerReport] = []
    files, beside = sorted(files), sorted(beside)
    # Outside the tree: tools that run at the same time must not meet the copy.
    with tempfile.TemporaryDirectory(prefix="codeintel-enrich-") as folder:
        # Checkers resolve links: names in their reports are those behind them.
        scratch = Path(folder).resolve()
        view, reports = scratch / "tree", scratch / "reports"
        reports.mkdir()
        copy_tree(root, [*files, *beside], links or {}, view)
        virtual = _stand_in(scratch / "venv", surroundings)
        request = CheckerRequest(
            root=view.as_posix(),
            files=frozenset(files),
            folder=reports.as_posix(),
            surroundings=surroundings,
            unchecked=cover(beside, files),
            expressions=expressions,
        )
        if (configured := checker.configure(request, virtual.as_posix())) is not None:
            write_settings(view / checker.own_config, configured)
        for run in checker.runs(request):
            done = _run([program, *run.words], view, timeout, {"VIRTUAL_ENV": None, "CONDA_PREFIX": None})
            if done.returncode not in run.exit_codes:
                raise ToolError(f"{checker.name} failed (exit code {done.returncode}): {_last_lines(done)}")
            # Where the copy lies is another place every time.
            printed = done.stdout.replace(f"{view}/".encode(), b"")
            parts += [_read_output(checker, output, done, printed, reports) for output in run.outputs]
    return joined(parts)


def _stand_in(folder: Path, surroundings: CheckerSurroundings) -> Path:
    """A virtual environment without an interpreter that has the libraries of another."""
    packages = folder / "lib" / f"python{surroundings.python_version}" / "site-packages"
    packages.mkdir(parents=True)
    (packages / "libraries.pth").write_text("\n".join(surroundings.libraries), encoding="utf-8")
    return folder


def _read_output(
    checker: Checker, output: CheckerOutput, done: "subprocess.CompletedProcess[bytes]", printed: bytes, reports: Path
) -> CheckerReport:
    try:
        return output.read(printed, lambda name: (reports / name).read_bytes())
    except (OSError, UsageError) as error:
        # A checker that crashed half-way may still end with 0: what it said is the best hint at why.
        raise ToolError(f"{checker.name} gave no {output.what}: {_last_lines(done)} ({error})") from error


def indexable(path: str) -> bool:
    """Whether an indexer that thinks in module names can place a file: every part of its path is an identifier."""
    pure = PurePosixPath(path)
    if pure.suffix not in (".py", ".pyi"):
        return False
    folders = [folder.removesuffix("-stubs") for folder in pure.parent.parts]
    return all(part.isidentifier() and not iskeyword(part) for part in [*folders, pure.stem])


def _needed(name: str) -> Tool:
    tool = find_tool(name)
    if tool is None:
        raise ToolError(f"{name} is not installed")
    return tool


def _fill_view(root: Path, files: Iterable[str], view: Path, *, by_name: bool) -> tuple[dict[str, str], dict[str, str]]:
    """Copy what can be indexed; (path -> digest of the copied bytes, path -> why it was left out).

    `by_name`: the indexer thinks in dotted module names, and has no place for a file that has none.
    """
    hashes: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for path in sorted(files):
        if by_name and not indexable(path):
            left_out[path] = _NO_MODULE_NAME
            continue
        # ty-scip ends without any output at a file that is no text.
        try:
            source = (root / path).read_bytes()
            text = _as_utf8(source)
        except OSError as error:
            left_out[path] = f"it can not be read: {error.strerror or error}"
            continue
        except (SyntaxError, UnicodeError, LookupError):
            left_out[path] = _NO_TEXT
            continue
        target = view / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
        hashes[path] = digest(source)
    return hashes, left_out


def _as_utf8(source: bytes) -> bytes:
    """The text of a file in the encoding that indexers read, lines and characters as they are.

    Raises SyntaxError or LookupError for an unknown encoding, UnicodeError for bytes that do not fit it.
    """
    # Nearly every file is: that spares it the search for a cookie.
    if source.isascii():
        return source
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    text = source.decode(encoding)
    return source if encoding.startswith("utf-8") else text.encode()


def _index_command(
    tool: Tool,
    settings: Mapping[str, Mapping[str, Any]],
    environment: Environment | None,
    scratch: Path,
    view: Path,
    made: Path,
    roots: Sequence[str],
) -> list[str]:
    if tool.name == "pyrefly":
        return [
            *(tool.path, "check", *_pyrefly_words(environment, scratch, view, roots)),
            "--report-scip",
            str(made),
            str(view),
        ]
    if tool.name == "ty-scip":
        return [tool.path, "index", str(view), "--output", str(made), "--quiet"]
    known = settings.get("pyproject.toml", {}).get("project", {})
    # Without a list it asks pip for every installed package, which takes long and makes the index depend on them.
    packages = scratch / "environment.json"
    packages.write_text(json.dumps([]), encoding="utf-8")
    return [
        *(tool.path, "index", "--quiet", "--output", str(made), "--environment", str(packages)),
        *("--project-name", str(known.get("name", "project")), "--project-version", str(known.get("version", "0"))),
    ]


def _pyrefly_words(environment: Environment | None, scratch: Path, view: Path, roots: Sequence[str]) -> list[str]:
    """What makes pyrefly look at the view alone: a configuration without settings, search paths that are ours."""
    config = scratch / "pyrefly.toml"
    config.write_text("", encoding="utf-8")
    searched = [view / place for place in roots if (view / place).is_dir()]
    libraries = environment.folders if environment is not None else ()
    return [
        *("--config", str(config), "--summary", "none", "--output-format", "omit-errors"),
        *("--use-ignore-files", "false", "--disable-search-path-heuristics"),
        *(word for place in searched for word in ("--search-path", str(place))),
        # To ask an interpreter is to run it, and the first on PATH need not be the project's.
        "--skip-interpreter-query",
        *(word for place in libraries for word in ("--site-package-path", str(place))),
    ]


def _index_without_stoppers(
    tool: Tool,
    command: Sequence[str],
    environment: Environment | None,
    view: Path,
    hashes: Mapping[str, str],
    left_out: dict[str, str],
    deadline: float,
) -> None:
    """Run the indexer; each time it stops at a file, start it again without that file (or package)."""
    for _ in range(MOST_ABORTS + 1):
        # The virtual environment of the tree counts also for a copy. Where there is none, none must be taken for one.
        active = {"VIRTUAL_ENV": str(environment.prefix)} if environment and environment.is_given else {}
        done = _run(command, view, max(deadline - time.monotonic(), 0.1), active)
        # pyrefly is a checker, and says with 1 that it found something.
        if done.returncode == 0 or (tool.name == "pyrefly" and done.returncode == 1):
            return
        said = _last_lines(done)
        stoppers = _named(said, view, hashes.keys() - left_out.keys())
        if stoppers:
            for path in stoppers:
                (view / path).unlink(missing_ok=True)
                left_out[path] = f"{tool.name} stops at it: {said.replace(str(view) + os.sep, '')}"
        # It names no file: a configuration that only the whole tree satisfies may be what it stumbles over.
        elif not _drop_config(view):
            break
    raise ToolError(f"{tool.name} failed (exit code {done.returncode}): {said}")


def _named(said: str, view: Path, candidates: Iterable[str]) -> list[str]:
    """The files that an error message names; all of a package where it names the package's `__init__`."""
    candidates = sorted(candidates)
    named = [path for path in candidates if re.search(re.escape(str(view / path)) + r"(?![\w.])", said)]
    packages = tuple(f"{PurePosixPath(path).parent}/" for path in named if PurePosixPath(path).stem == "__init__")
    return [path for path in candidates if path in named or path.startswith(packages)]


def _drop_config(view: Path) -> bool:
    """Take the configuration out of the view: it may be what the indexer stumbles over. False where none is left."""
    dropped = False
    for name in INDEX_SETTINGS:
        with contextlib.suppress(FileNotFoundError):
            (view / name).unlink()
            dropped = True
    return dropped


def _check_index(tool: Tool, made: Path, hashes: Mapping[str, str], left_out: dict[str, str]) -> tuple[str, ...]:
    """The files that the index describes. Raises ToolError when there is no index, or nothing of ours in it."""
    try:
        with open_index(made) as index:
            documents = tuple(path for path in index.paths if path in hashes and path not in left_out)
    except UsageError as error:
        raise ToolError(f"{tool.name} made no usable index: {error.message}") from error
    if not documents:
        raise ToolError(f"{tool.name} made an index without any document of the {len(hashes)} files it was given")
    # An exit code of 0 proves nothing: scip-python, for one, writes an empty index where it finds no files.
    for path in hashes.keys() - left_out.keys() - set(documents):
        left_out[path] = _NO_DOCUMENT
    return documents


def _run(
    command: Sequence[str], cwd: Path, timeout_seconds: float, environment: Mapping[str, str | None] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a tool; it prints no colours, and its launcher looks for no newer version of it."""
    plain = {
        "NO_COLOR": "1",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        # It may lead to the tree itself: an indexer would resolve imports there, and name files that the copy lacks.
        "PYTHONPATH": "",
        # An interpreter that a tool starts in the copy must not take a module of the tree for one of its own.
        "PYTHONSAFEPATH": "1",
        **dict.fromkeys(name for name in os.environ if name.startswith("PYREFLY_")),
    }
    return run_program(command, cwd, timeout_seconds, {**plain, **(environment or {})})


def _last_lines(done: "subprocess.CompletedProcess[bytes]", most: int = 5) -> str:
    """What a tool said last, on one line."""
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return " | ".join(line.strip() for line in said[-most:] if line.strip()) or "it said nothing"


def _examples(left_out: Mapping[str, str]) -> str:
    return "; ".join(f"{path}: {why}" for path, why in sorted(left_out.items())[:3]) or "there are no files"
