"""Owns the jobs that look at a whole repository: `link`, and the two halves of `merge`, each in a process of its own.

What such a job needs in memory grows with the repository; it is given back when its process ends.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from codeintel_enrich.engine.state.artifacts import Artifact, Reader
from codeintel_enrich.engine.state.manifest import write_atomically
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.model.config import LinkConfig, PublishConfig
from codeintel_enrich.model.digest import digest


class LinkJob(msgspec.Struct, frozen=True):
    """What `link` is told."""

    artifacts: str
    state_file: str
    settings: str
    interfaces: dict[str, str]
    """Path -> digest of its interface."""
    roots: tuple[str, ...]
    config: LinkConfig


class LinkDone(msgspec.Struct, frozen=True):
    """What `link` answers."""

    linked_modules: dict[str, str]
    """Path -> digest of its linked, for every file."""
    fresh: list[Artifact]
    """Encoded linked_modules that are new."""
    warnings: list[str]


class LinkRecord(msgspec.Struct):
    """What `link` keeps between runs, beside its own state, which follows it in the same file."""

    settings: str
    linked_modules: dict[str, str]
    """Path -> digest of the linked that belongs to that state."""
    state: str
    """Digest of the state's bytes."""


class StoreJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the half of `merge` that brings the store up to date is told."""

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
    seconds: float


class PublishJob(msgspec.Struct, frozen=True, kw_only=True):
    """What the half of `merge` that brings the published files up to date is told."""

    artifacts: str
    store: str
    out: str
    publish_index: str
    intact: bool
    """Whether published files and their index bear the stamps that the last merge left on them."""
    slice_log: str
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


def run_link(job: LinkJob) -> LinkDone:
    """Link all modules. Raises CorruptArtifactError where a interface is missing or damaged."""
    from codeintel_enrich.model.interface import Interface
    from codeintel_enrich.model.modules import module_table
    from codeintel_enrich.stages.link import LinkState, link

    warnings: list[str] = []
    with contextlib.closing(Reader(Path(job.artifacts))) as artifacts:
        record, state = _load_record(job, artifacts, warnings)
        interfaces = msgspec.msgpack.Decoder(Interface)
        result = link(
            LinkState.decode(state) if state else None,
            module_table(job.interfaces, job.roots),
            job.interfaces,
            lambda path: interfaces.decode(artifacts.get(job.interfaces[path])),
            job.config,
        )
    table = {path: name for path, name in record.linked_modules.items() if path not in result.removed}
    fresh: dict[str, Artifact] = {}
    for path, made in result.linked_modules.encoded.items():
        table[path] = made.digest
        fresh[made.digest] = Artifact.of(made.data, made.digest)
    state = result.state.encode()
    head = msgspec.msgpack.encode(LinkRecord(job.settings, table, digest(state)))
    size = len(head).to_bytes(8, "big")
    write_atomically(Path(job.state_file), digest(head).encode(), size, head, state)
    return LinkDone(dict(sorted(table.items())), list(fresh.values()), warnings)


def _load_record(job: LinkJob, artifacts: Reader, warnings: list[str]) -> tuple[LinkRecord, bytes]:
    """What the last `link` kept, and its state; empty ones when there are none, damaged, or of other settings."""
    nothing = LinkRecord(job.settings, {}, ""), b""
    try:
        data = Path(job.state_file).read_bytes()
    except FileNotFoundError:
        return nothing
    end = 40 + int.from_bytes(data[32:40], "big")
    try:
        if data[:32] != digest(data[40:end]).encode():
            raise msgspec.DecodeError
        record = msgspec.msgpack.decode(data[40:end], type=LinkRecord)
        state = data[end:]
        if digest(state) != record.state:
            raise msgspec.DecodeError
    except msgspec.DecodeError:
        warnings.append(f"{job.state_file}: truncated or damaged; everything is linked anew")
        return nothing
    if record.settings == job.settings and artifacts.digests().issuperset(record.linked_modules.values()):
        return record, state
    return nothing


def run_store(job: StoreJob) -> StoreDone:
    """Bring the store to what is wanted. Raises CorruptArtifactError where rows are missing."""
    from codeintel_enrich.store import broken_files, merge_store, open_store

    started = time.perf_counter()
    with contextlib.closing(Reader(Path(job.artifacts))) as artifacts:
        store = Path(job.store)
        merged = merge_store(
            store,
            job.wanted,
            lambda path: artifacts.get(job.wanted[path]),
            {"version": job.version},
            job.trusted,
            in_bulk=job.in_bulk,
        )
    with open_store(store) as connection:
        broken = broken_files(connection)
    return StoreDone(
        generation=merged.generation,
        rebuilt=merged.rebuilt,
        rows=merged.rows,
        broken=broken,
        seconds=time.perf_counter() - started,
    )


def run_publish(job: PublishJob, generation: Callable[[], int]) -> PublishDone:
    """Bring the published files to what is wanted.

    `generation` waits until the store is up to date, and gives its generation. Raises CorruptArtifactError where rows
    are missing.
    """
    from codeintel_enrich.publish import publish_files
    from codeintel_enrich.publish.rules import Stored, make_plan

    with contextlib.ExitStack() as stack:
        artifacts = stack.enter_context(contextlib.closing(Reader(Path(job.artifacts))))

        def load(path: str) -> bytes:
            return artifacts.get(job.wanted.get(path) or job.outlined[path])

        def stored() -> Stored:
            from codeintel_enrich.store import callers_by_path, graph_table, open_store

            reached = generation()
            connection = stack.enter_context(open_store(Path(job.store)))
            return Stored(reached, partial(graph_table, connection), partial(callers_by_path, connection))

        published = publish_files(
            Path(job.out),
            Path(job.publish_index),
            job.wanted,
            load,
            project=job.project,
            entry_points=job.entry_points,
            plan=make_plan(job, load, stored),
            intact=job.intact,
        )
    return PublishDone(files=published.stamps, postponed=list(published.postponed), seconds=published.seconds)
