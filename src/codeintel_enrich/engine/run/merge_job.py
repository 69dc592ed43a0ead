"""The two halves of `merge`, as workers do them: the store, and the published files, each in a process of its own.

What such a job needs in memory grows with the repository; it is given back when its process ends.
"""

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.run.jobs import ENCODER, PublishDone, PublishJob, StoreDone, StoreJob
from codeintel_enrich.engine.state.artifacts import Reader


def store_job(encoded: bytes) -> list[bytes]:
    """An encoded `StoreJob` -> an encoded `StoreDone`."""
    return [ENCODER.encode(run_store(msgspec.msgpack.decode(encoded, type=StoreJob)))]


def publish_job(ask: Callable[[], Any], encoded: bytes) -> list[bytes]:
    """An encoded `PublishJob` -> an encoded `PublishDone`; asks for the store's generation."""
    return [ENCODER.encode(run_publish(msgspec.msgpack.decode(encoded, type=PublishJob), ask))]


def publish_ahead_job(index: str) -> list[bytes]:
    """Take up what publishing will ask for first."""
    from codeintel_enrich.publish.index import read_ahead

    read_ahead(Path(index))
    return []


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
