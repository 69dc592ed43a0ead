"""The registry of stages: one entry each, from which all else about them derives.

Keys, settings, the manifest, jobs, doit's tasks, `explain` and the reference read this list and no other. To add a
stage is to write its function and to enter it here.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.engine.rules.config import Project

Scope = Literal["module", "document", "repository", "input"]
"""What a stage has a task for: each Python file, each other file, the repository, each external input."""

IN_EVERY_WORKER = (
    *("__init__", "errors", "model", "files", "stages/__init__", "formats/__init__", "engine/__init__"),
    *("engine/run/__init__", "engine/run/worker", "engine/run/jobs", "engine/state/__init__", "engine/state/artifacts"),
)
"""The modules (or packages) that every worker process runs, whatever its job."""

THE_VERDICT = ("engine/run/remote", "engine/run/blame")
"""What decides whether a file whose worker died has itself to blame: that is recorded as what the stage made of it."""


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of task."""

    name: str
    """Tasks are called `name:path`, or just `name` where there is one for the repository."""
    doc: str
    """What goes in -> what comes out, on one line."""
    scope: Scope
    reads: tuple[str, ...]
    """What it is made from, by name: parameters of `run`, parts of its key. `CHANGED` says what each name means."""
    makes: tuple[str, ...] = ()
    """The names under which later stages read what comes out, in order."""
    run: str = ""
    """`module:function` of a stage that is called with what it reads, by name, and with its settings as `config`."""
    code: tuple[str, ...]
    """The modules (or packages) of ours that decide what comes out, beside those of every worker."""
    libraries: tuple[str, ...] = ()
    """The distributions whose version decides it, too; a grammar of a file counts by itself."""
    settings: Callable[[Project], object] = lambda project: None
    """The settings that it reads."""


STAGES: tuple[Stage, ...] = (
    Stage(
        name="index",
        doc="bring the SCIP index up to date as its refresh policy says, and split it per file",
        scope="input",
        reads=("made from",),
        code=("formats", "engine/inputs"),
    ),
    Stage(
        name="check",
        doc="run the type checkers, and split what they say per file",
        scope="input",
        reads=("made from",),
        code=("formats", "engine/inputs"),
    ),
    Stage(
        name="context",
        doc="read coverage, history and owners, and split them per file",
        scope="input",
        reads=("made from",),
        code=("formats", "engine/inputs"),
        libraries=("codeowners",),
    ),
    Stage(
        name="parse",
        doc="bytes of one file -> syntax, interface, and where the code of a notebook stands",
        scope="module",
        reads=("form", "content"),
        makes=("syntax", "interface", "notebook"),
        # The outliner as well: Python that does not parse gets an outline in the same job.
        code=("engine/run/file_job", *THE_VERDICT, "stages/parse", "stages/outline"),
        libraries=("libcst", "nbformat", "tree-sitter", "tree-sitter-python"),
        settings=lambda project: project.config.parse_config(project.requires_python),
    ),
    Stage(
        name="outline",
        doc="the rows of one file that is not Python",
        scope="document",
        reads=("path", "grammar", "content"),
        makes=("rows",),
        # Its rows are packed by the same code as those of Python files.
        code=("engine/run/file_job", *THE_VERDICT, "stages/outline", "stages/emit"),
        libraries=("tree-sitter",),
        settings=lambda project: project.config.outline_config(),
    ),
    Stage(
        name="link",
        doc="every interface -> each module linked: its exports, and what it refers to elsewhere",
        scope="repository",
        reads=("interfaces", "surroundings"),
        makes=("linked",),
        code=("engine/run/link_job", "engine/state/discovery", "engine/state/surroundings", "stages/link"),
        libraries=("pathspec",),
        settings=lambda project: {
            "link": project.config.link_config(project.requires_python),
            "roots": project.config.roots,
        },
    ),
    Stage(
        name="qualify",
        doc="qualified names for definitions and references",
        scope="module",
        reads=("syntax", "interface", "linked"),
        makes=("qualified",),
        run="codeintel_enrich.stages.qualify:qualify",
        code=("engine/run/file_job", "stages/qualify"),
    ),
    Stage(
        name="stitch",
        doc="SCIP symbols on definitions and references, and one answer to what each reference means",
        scope="module",
        reads=("syntax", "interface", "linked", "qualified", "document", "indexed", "neighbours"),
        makes=("stitched",),
        run="codeintel_enrich.stages.stitch:stitch",
        # The file's slice of the index is kept as the index has it, and decoded in the job.
        code=("engine/run/file_job", "stages/stitch", "formats"),
    ),
    Stage(
        name="types",
        doc="diagnostics and annotation ratios on definitions",
        scope="module",
        reads=("syntax", "facts"),
        makes=("types",),
        run="codeintel_enrich.stages.types:attach_types",
        code=("engine/run/file_job", "stages/types"),
    ),
    Stage(
        name="emit",
        doc="the final rows of one file",
        scope="module",
        reads=("path", "syntax", "interface", "linked", "qualified", "stitched", "types", "notebook", "context"),
        makes=("rows",),
        run="codeintel_enrich.stages.emit:emit",
        code=("engine/run/file_job", "stages/emit"),
        libraries=("docstring-parser",),
        settings=lambda project: project.config.emit_config(project.tag_rules, project.sorts_keys),
    ),
    Stage(
        name="merge",
        doc="rows of changed and vanished files -> the store and the published files",
        scope="repository",
        reads=("out", "rows"),
        code=(
            *("engine/run/merge_job", "store", "publish"),
            *("stages/overlay", "stages/measure", "stages/slice", "formats/tokens"),
        ),
        libraries=("duckdb", "pyarrow", "docstring-parser"),
        settings=lambda project: {
            # It stands in the store and in what is published, so another version of ours is another content.
            "version": __version__,
            "entry-points": project.entry_points,
            "project": project.name,
            "publish": project.config.publish_config(),
        },
    ),
)
"""All of them, in the order of the flow; what comes from outside comes first."""

CHANGED: dict[str, str] = {
    "path": "it moved",
    "form": "it became a notebook, or is none any more",
    "content": "its bytes changed",
    "syntax": "its syntax tree changed",
    "interface": "what other modules see of it, or what it asks of them, changed",
    "notebook": "its code stands elsewhere in the file",
    "linked": "what its imports mean changed",
    "document": "what the SCIP index says of it changed",
    "indexed": "the bytes that the SCIP index was made from are others",
    "qualified": "its qualified names changed",
    "neighbours": "the modules that the SCIP index finds in it have other names",
    "stitched": "its SCIP symbols, or what its references mean, changed",
    "types": "its types and diagnostics changed",
    "coverage": "which of its lines are covered changed",
    "history": "its history changed",
    "owners": "its owners changed",
    "surroundings": "what is ignored, compiled or named by build files changed",
    "interfaces": "what some module shows or asks changed, or a module came or went",
}
"""Name of something that is read -> what to say where it is another than it was; checkers go by their own names."""

BY_NAME: dict[str, Stage] = {stage.name: stage for stage in STAGES}

FIRST: dict[Scope, Stage] = {"module": BY_NAME["parse"], "document": BY_NAME["outline"]}
"""The stages that read a file's bytes: of a Python file, and of any other."""

ANALYSES: tuple[Stage, ...] = tuple(
    stage for stage in STAGES if stage.scope == "module" and stage is not FIRST["module"]
)
"""The stages of a Python file that read no bytes; they follow `link`."""

UPSTREAM: dict[str, tuple[str, ...]] = {
    stage.name: tuple(before.name for before in ANALYSES if not set(before.makes).isdisjoint(stage.reads))
    for stage in ANALYSES
}
"""Analysis -> the analyses of the same file whose output it reads."""


def stages_of(scope: Scope) -> tuple[Stage, ...]:
    """The stages that have a task for each thing of a kind, in their order."""
    return tuple(stage for stage in STAGES if stage.scope == scope)
