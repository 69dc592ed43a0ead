"""Owns external inputs: when an index or a checker's report is made anew, and its split into one slice per file.

A tool that fails is reported and stays due; it never counts as done.
"""

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.rules.keys import Inputs, stage_version
from codeintel_enrich.engine.rules.stages import TaskName
from codeintel_enrich.engine.state.artifacts import Artifact, Trace
from codeintel_enrich.engine.state.manifest import External
from codeintel_enrich.errors import CorruptArtifactError, ToolError, UsageError
from codeintel_enrich.files.programs import executable
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.model.digest import digest

if TYPE_CHECKING:
    from codeintel_enrich.engine.build.build import Build
    from codeintel_enrich.formats.checkers import CheckerReport

ENCODER = msgspec.msgpack.Encoder(order="deterministic")
CONTEXT = frozenset({"coverage", "history", "owners"})
"""External inputs that are context of files."""
CHECKER_CONFIGS = ("pyproject.toml", "pyrefly.toml", "pyrightconfig.json", "setup.cfg", "mypy.ini")
"""Files whose content decides, beside the sources, what a checker says."""


def enabled(build: "Build") -> tuple[str, ...]:
    """Names of the external inputs that a build reads: `index`, checkers, context."""
    options, config = build.options, build.project.config
    names: list[str] = []
    if options.scip is not None or (options.index and config.index.refresh != "never"):
        names.append("index")
    if options.types and config.check.refresh != "never":
        names += config.check.tools
    names += [name for name in options.reports if name not in names]
    if config.coverage_xml is not None and (build.places.root / config.coverage_xml).is_file():
        names.append("coverage")
    if config.owners:
        names += ["history", "owners"]
    return tuple(names)


def task_of(name: str) -> TaskName:
    """The task that makes an external input."""
    return TaskName("index") if name == "index" else TaskName("context" if name in CONTEXT else "check", name)


def handed_in(build: "Build", name: str) -> Path | None:
    """The file a user gave for an external input, if he did."""
    if name == "coverage":
        path: Path | None = build.places.root / (build.project.config.coverage_xml or "")
    else:
        path = build.options.scip if name == "index" else build.options.reports.get(name)
    if path is None:
        return None
    if not path.is_file():
        raise UsageError(f"{path}: no such file; it was given as the {_title(name)}")
    return path.resolve()


def policy(build: "Build") -> object:
    """What decides, beside the files, whether external inputs are made anew: part of a settled build's digest."""
    config = build.project.config
    windows = (config.owners, config.history_window_days, config.commits_window)
    result: list[object] = [config.index, config.check, windows, config.coverage_xml]
    for name in build.enabled:
        given = handed_in(build, name)
        if name in CONTEXT:
            result.append(stage_version("context"))
        if name in CONTEXT and given is None:
            from codeintel_enrich.engine.inputs.context import context_policy

            result.append((name, context_policy(build, name)))
        else:
            # Of a tool the stamp, too: it may be upgraded where it is.
            used = given or executable(_tool(build, name))
            result.append((name, str(used), FileStamp.of(used) if used else None))
    return result


def due_externals(build: "Build") -> list[str]:
    """Those that must be made or split anew now; the others are taken over from recorded runs."""
    names = build.enabled
    for name in [name for name in build.manifest.externals if name not in names]:
        _take(build, name, External())
        del build.manifest.externals[name]
    report = build.project.config.coverage_xml
    if report is not None and "coverage" not in names:
        build.left_out["coverage report"] = f"{report} is not there; `coverage xml` writes one"
    return [name for name in names if not _settle(build, name)]


def make_external(build: "Build", name: str) -> None:
    """Make (or read) one external input and split it. A failing tool becomes a warning and stays due."""
    given = handed_in(build, name)
    try:
        if given is not None:
            external, slices = _read_given(build, name, given)
        elif name == "index":
            external, slices = _make_index(build)
        elif name in CONTEXT:
            from codeintel_enrich.engine.inputs.context import make_context

            external, slices = make_context(build, name)
        else:
            external, slices = _run_checker(build, name)
    except ToolError as error:
        build.failed_tools[name] = error.message
        build.warnings.append(f"{_title(name)}: {error.message}; going on with what was known before")
        return
    listing = Artifact.of(ENCODER.encode(external))
    build.artifacts.record([*slices, listing], Trace(_trace(build, name, external), (listing.digest,)))
    _take(build, name, external)


def behind(build: "Build") -> int:
    """How many files changed since the index was made."""
    external = build.manifest.externals.get("index")
    return 0 if external is None or not external.contents else _behind(build, external)


def _behind(build: "Build", external: External) -> int:
    left_out = external.left_out
    return sum(
        1
        for path, state in build.files.items()
        if path not in left_out and external.contents.get(path) != state.content
    )


# --- is it due? -------------------------------------------------------------------------------------------------------


def _settle(build: "Build", name: str) -> bool:
    known = build.manifest.externals.get(name)
    given = handed_in(build, name)
    if given is None and name not in CONTEXT and not executable(_tool(build, name)):
        build.left_out[_title(name)] = f"{_tool(build, name)} is not installed; {_install_hint(name)}"
        return True
    if name == "index" and given is None:
        if build.options.refresh_index:
            return False
        if build.project.config.index.refresh == "missing" and known is not None and known.key:
            return True
        if known is None or not known.key:
            known = _recorded(build, name, External(key=_index_file_key(build)))
            if known is None:
                return False
            _take(build, name, known)
        return build.project.config.index.refresh == "missing" or not _behind(build, known)
    if given is not None:
        key = _given_key(build, name, given)
    elif name in CONTEXT:
        from codeintel_enrich.engine.inputs.context import context_key

        key = context_key(build, name)
    else:
        key = _checker_key(build, name)
    if known is not None and known.key == key:
        return True
    recorded = _recorded(build, name, External(key=key))
    if recorded is None:
        return False
    _take(build, name, recorded)
    return True


def _recorded(build: "Build", name: str, wanted: External) -> External | None:
    """What an earlier run made from the same inputs, if every slice of it is still there."""
    if not wanted.key:
        return None
    outputs = build.artifacts.lookup(_trace(build, name, wanted).key)
    if outputs is None:
        return None
    try:
        external = msgspec.msgpack.decode(build.artifacts.get(outputs[0]), type=External)
    except (CorruptArtifactError, msgspec.DecodeError):
        return None
    return external if all(build.artifacts.has(piece) for piece in external.slices.values()) else None


def _take(build: "Build", name: str, external: External) -> None:
    """Use this external input from now on, and say which files' slices are new."""
    before = build.manifest.externals.get(name, External()).slices
    after = external.slices
    build.touch(path for path in {*before, *after} if before.get(path) != after.get(path))
    build.manifest.externals[name] = external


def _trace(build: "Build", name: str, external: External) -> Inputs:
    return Inputs.of(name, ("settings", stage_version(task_of(name).stage)), ("made from", external.key))


def _given_key(build: "Build", name: str, given: Path) -> str:
    """A report is read against the files there are; an index is not."""
    paths = "" if name == "index" else config_digest(sorted(build.files))
    return f"file {digest(given.read_bytes())} {paths}".rstrip()


def _index_file_key(build: "Build") -> str:
    try:
        return _given_key(build, "index", build.places.index)
    except OSError:
        return ""


def _checker_key(build: "Build", name: str) -> str:
    from codeintel_enrich.engine.inputs.tools import find_tool

    tool = find_tool(name)
    configs = [(file, _file_digest(build.places.root / file)) for file in CHECKER_CONFIGS]
    told = build.project.config.check.types
    return config_digest(name, told, tool.version if tool else None, configs, sorted(_contents(build).items()))


def _contents(build: "Build") -> dict[str, str]:
    return {path: state.content for path, state in build.files.items()}


def _file_digest(path: Path) -> str | None:
    try:
        return digest(path.read_bytes())
    except OSError:
        return None


def _tool(build: "Build", name: str) -> str:
    return build.project.config.index.tool if name == "index" else name


def _title(name: str) -> str:
    titles = {"index": "SCIP index", "history": "history", "owners": "owners"}
    return titles.get(name, f"{name} report")


def _install_hint(name: str) -> str:
    extra = "scip" if name == "index" else "types"
    switch = "--no-index" if name == "index" else "--no-types"
    return f"pip install 'codeintel-enrich[{extra}]', or say {switch}"


# --- making them ------------------------------------------------------------------------------------------------------


def _make_index(build: "Build") -> tuple[External, list[Artifact]]:
    from codeintel_enrich.engine.inputs.tools import make_index

    run = make_index(
        build.places.root,
        sorted(build.files),
        build.places.index,
        # Outside the tree: checkers that run at the same time must not meet the copy.
        Path(tempfile.mkdtemp(prefix="codeintel-enrich-")),
        tool=build.project.config.index.tool,
        timeout=build.project.config.index.timeout_seconds,
    )
    external, slices = _split_index(build, build.places.index)
    external.contents = run.content_hashes
    external.left_out = {**external.left_out, **dict(run.left_out)}
    return external, slices


def _run_checker(build: "Build", name: str) -> tuple[External, list[Artifact]]:
    from codeintel_enrich.engine.inputs import tools

    key = _checker_key(build, name)
    expressions = build.project.config.check.types == "expressions"
    run = partial(tools.run_pyrefly, expressions=expressions) if name == "pyrefly" else tools.run_pyright
    report = run(build.places.root, sorted(build.files), timeout=build.project.config.check.timeout_seconds)
    return _split_report(name, key, report)


def _read_given(build: "Build", name: str, given: Path) -> tuple[External, list[Artifact]]:
    if name == "index":
        index, documents = _split_index(build, given)
        if build.files and index.slices.keys().isdisjoint(build.files):
            raise UsageError(
                f"{given} is of another tree: it describes none of the files below {build.places.root} "
                f"(but {min(index.slices, default='no file at all')}). Make it anew from there, or leave it out."
            )
        return index, documents
    if name == "coverage":
        from codeintel_enrich.engine.inputs.context import read_coverage

        return read_coverage(build, given, _given_key(build, name, given))
    from codeintel_enrich.formats.checkers import read_pyrefly, read_pyright

    read = read_pyrefly if name == "pyrefly" else read_pyright
    report = read(given.read_bytes(), build.places.root.as_posix(), build.files, str(given))
    return _split_report(name, _given_key(build, name, given), report)


def _split_report(name: str, key: str, report: "CheckerReport") -> tuple[External, list[Artifact]]:
    pieces = {path: Artifact.of(ENCODER.encode(facts)) for path, facts in report.files.items()}
    slices = {path: piece.digest for path, piece in pieces.items()}
    return External(key, slices, producer=name, left_out=dict(report.left_out)), list(pieces.values())


def _split_index(build: "Build", path: Path) -> tuple[External, list[Artifact]]:
    from codeintel_enrich.formats.scip import open_index

    slices: dict[str, str] = {}
    pieces: dict[str, Artifact] = {}
    with open_index(path) as reader:
        left_out = dict(reader.left_out)
        for name, piece in reader.documents():
            # Also of files that are not there now: they may come back while the index stays.
            slices[name] = digest(piece)
            if not build.artifacts.has(slices[name]):
                pieces[name] = Artifact.of(piece)
        producer = f"{reader.metadata.tool} {reader.metadata.version}".strip()
    return External(_given_key(build, "index", path), slices, producer=producer, left_out=left_out), list(
        pieces.values()
    )
