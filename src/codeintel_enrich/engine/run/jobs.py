"""What crosses the border between the build's process and its workers: jobs, and what became of them.

The build's process sends digests, a worker reads the bytes itself: what crosses the border is small, and what one stage
of a file made is at hand for the next.
"""

import msgspec

from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.config import LinkConfig, PublishConfig
from codeintel_enrich.model.task_inputs import FileInputs, TaskInputs

ENCODER = msgspec.msgpack.Encoder()
"""Stages build their tables in a defined order; encoding keeps it."""


class StageCall(msgspec.Struct, frozen=True):
    """One stage to run on a file: what the registry says of it, so that workers need not load the registry."""

    name: str
    function: str
    """`module:function`."""
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    settings: str
    """Digest of its version and settings."""
    config: bytes
    """Its settings, encoded."""


class AnalysisJob(msgspec.Struct, frozen=True):
    """The stages of one file that read what earlier stages made."""

    artifacts: str
    """Path of the artifact store."""
    calls: tuple[StageCall, ...]
    """Those to run, in their order."""
    inputs: FileInputs


class StageDone(msgspec.Struct, frozen=True):
    """What became of one stage of a file."""

    stage: str
    inputs: TaskInputs
    outputs: tuple[str, ...]
    """Digests of what came out."""
    made: tuple[Artifact, ...] | None
    """What came out; None where an earlier run had recorded it, so that the stage did not run."""
    seconds: float


class LinkJob(msgspec.Struct, frozen=True):
    """What `link` is given."""

    artifacts: str
    state_file: str
    settings: str
    interfaces: dict[str, str]
    """Path -> digest of its interface."""
    links: dict[str, str]
    """Symbolic link to a folder -> the folder."""
    roots: tuple[str, ...]
    config: LinkConfig
    around: bytes
    """What speaks for modules that are not in the tree: encoded `Surroundings`."""


class LinkDone(msgspec.Struct, frozen=True):
    """What `link` answers."""

    linked: dict[str, str]
    """Path -> digest of what `link` says of it, for every file."""
    fresh: list[Artifact]
    """Encoded linked modules that are new."""
    warnings: list[str]


class StoreJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the half of `merge` that brings the store up to date is given."""

    artifacts: str
    store: str
    trusted: FileStamp | None
    """The stamp that the store bears if nobody else wrote it."""
    version: str
    wanted: dict[str, str]
    """Path of every file -> digest of its encoded rows."""
    in_bulk: bool
    """Whether the store may be given rows of many files at once."""


class StoreDone(msgspec.Struct, frozen=True, kw_only=True):
    """What it answers."""

    generation: int
    rebuilt: str | None
    rows: dict[str, int]
    broken: dict[str, str]
    nowhere: dict[str, int]
    """As `Manifest.nowhere`."""
    seconds: float


class PublishJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the half of `merge` that brings the published files up to date is given."""

    artifacts: str
    store: str
    out: str
    publish_index: str
    intact: bool
    """Whether published files and their index bear the stamps that the last merge left on them."""
    compare: bool
    """Whether each published file is to be compared with what is made now, whatever stamp it bears."""
    slice_log: str
    version: str
    """Of the code that makes published files."""
    wanted: dict[str, str]
    """Path of each Python file -> digest of its encoded rows, in path order."""
    outlined: dict[str, str]
    """The same of every other file."""
    project: str
    """Its name in `[project]`; may be empty."""
    entry_points: dict[str, str]
    root: str
    """Where the analysed files are: some published files are made of their text, too."""
    publish: PublishConfig
    cst_file: str
    """Where the lines of syntax nodes go: relative to `out`, or absolute."""


class PublishDone(msgspec.Struct, frozen=True, kw_only=True):
    """What it answers."""

    files: dict[str, FileStamp]
    """Every published file, relative to the output folder."""
    postponed: list[str]
    """Published files that a later run must make."""
    seconds: float
