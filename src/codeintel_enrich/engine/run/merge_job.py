"""The two halves of `merge`, as workers do them: the store, and the published files, each in a process of its own.

What such a job needs in memory grows with the repository; it is given back when its process ends.
"""

import contextlib
import time
from collections.abc import Callable, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from codeintel_enrich.engine.run.jobs import ENCODER, PublishDone, PublishJob, StoreDone, StoreJob
from codeintel_enrich.engine.state.artifacts import Reader
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import Graph
from codeintel_enrich.model.rows import FileSummary, PackedRows

if TYPE_CHECKING:
    from codeintel_enrich.publish.rules import Chunker, Tools


def store_job(encoded: bytes) -> list[bytes]:
    """An encoded `StoreJob` -> an encoded `StoreDone`."""
    return [ENCODER.encode(run_store(msgspec.msgpack.decode(encoded, type=StoreJob)))]


def publish_job(ask: Callable[[], Any], encoded: bytes) -> list[bytes]:
    """An encoded `PublishJob` -> an encoded `PublishDone`; asks for the store's generation."""
    return [ENCODER.encode(run_publish(msgspec.msgpack.decode(encoded, type=PublishJob), ask))]


def publish_ahead_job(index: str) -> list[bytes]:
    """Take up what publishing will ask for first."""
    # While files are still being analysed, this process has nothing else to do.
    from codeintel_enrich.publish.index import read_ahead

    read_ahead(Path(index))
    return []


def run_store(job: StoreJob) -> StoreDone:
    """Bring the store to what is wanted. Raises CorruptArtifactError where rows are missing."""
    from codeintel_enrich.store import broken_files, imported_from_nowhere, merge_store, open_store

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
        broken, nowhere = broken_files(connection), imported_from_nowhere(connection)
    return StoreDone(
        generation=merged.generation,
        rebuilt=merged.rebuilt,
        rows=merged.rows,
        broken=broken,
        nowhere=nowhere,
        seconds=time.perf_counter() - started,
    )


def run_publish(job: PublishJob, generation: Callable[[], int]) -> PublishDone:
    """Bring the published files to what is wanted.

    `generation` waits until the store is up to date, and gives its generation. Raises CorruptArtifactError where rows
    are missing.
    """
    from codeintel_enrich.publish.files import publish_files
    from codeintel_enrich.publish.outputs import wanted_outputs
    from codeintel_enrich.publish.rules import Materials

    with contextlib.ExitStack() as stack:
        artifacts = stack.enter_context(contextlib.closing(Reader(Path(job.artifacts))))
        materials = Materials(
            wanted=job.wanted,
            outlined=job.outlined,
            load=lambda path: artifacts.get(job.wanted.get(path) or job.outlined[path]),
            config=job.publish,
            version=job.version,
            project=job.project,
            entry_points=job.entry_points,
            cst_file=job.cst_file,
            slice_log=job.slice_log,
            tools=_tools(job, generation, stack),
        )
        published = publish_files(
            *(Path(job.out), Path(job.publish_index), wanted_outputs(job.publish), materials),
            intact=job.intact,
            compare=job.compare,
        )
    return PublishDone(files=published.stamps, postponed=list(published.postponed), seconds=published.seconds)


def _tools(job: PublishJob, generation: Callable[[], int], stack: contextlib.ExitStack) -> "Tools":
    """What publishing needs of stages and of the store, each loaded when it is first called."""
    from codeintel_enrich.publish.rules import Tools
    from codeintel_enrich.store.arrow import arrow_tables

    @cache
    def store() -> tuple[int, Any]:
        """The generation of the store and a connection to it, once it is up to date."""
        from codeintel_enrich.store.read import open_store

        # The store is written by another process, which excludes readers while it writes.
        reached = generation()
        return reached, stack.enter_context(open_store(Path(job.store)))

    # Imports stand in the functions: which of these are called depends on what has changed, and DuckDB alone takes a
    # tenth of a second to load.
    def graph_table(graph: Graph) -> Any:
        from codeintel_enrich.store.graphs import graph_table

        return graph_table(store()[1], graph)

    def callers() -> Mapping[str, Mapping[str, list[str]]]:
        from codeintel_enrich.store.queries import callers_by_path

        return callers_by_path(store()[1])

    def overlay(rows: PackedRows, source: bytes) -> bytes | None:
        from codeintel_enrich.stages.overlay import overlay

        return overlay(rows, source)

    def metrics(path: str, module: str | None, source: bytes) -> bytes | None:
        from codeintel_enrich.stages.measure import encode_metrics, measure

        found = measure(source)
        return None if found is None else encode_metrics(path, module, found)

    return Tools(
        arrow_tables=arrow_tables,
        graph_table=graph_table,
        callers=callers,
        generation=lambda: store()[0],
        source=partial(_source, Path(job.root)),
        overlay=overlay,
        metrics=metrics,
        chunker=partial(_chunker, job),
    )


def _source(root: Path, path: str, summary: FileSummary) -> bytes:
    """The bytes that a file's rows were made of. Raises NotNowError where it was edited since."""
    from codeintel_enrich.publish.rules import NotNowError

    try:
        source = (root / path).read_bytes()
    except OSError as error:
        raise NotNowError(path) from error
    # By its bytes, not its stamp: rows hold positions in exactly these.
    if digest(source) != summary.content_hash:
        raise NotNowError(path)
    return source


def _chunker(job: PublishJob) -> "Chunker":
    """Cuts files into chunks as the settings say. Raises UsageError for a tokenizer that cannot be had."""
    from codeintel_enrich.formats.tokens import token_counter
    from codeintel_enrich.publish.rules import Chunker
    from codeintel_enrich.stages.slice import slices

    settings, root = job.publish.slices, Path(job.root)
    # Texts recur: signatures and headers of methods are counted once for each of their chunks.
    count_tokens = lru_cache(maxsize=1 << 14)(token_counter(settings.tokenizer, root))
    named = root / settings.tokenizer
    setting = msgspec.json.encode([settings.max_tokens, settings.tokenizer])
    version = digest(setting + b"\0" + (named.read_bytes() if named.is_file() else b""))

    def cut(rows: PackedRows, source: bytes, using: Mapping[str, list[str]]) -> bytes:
        return slices(rows, source, using, count_tokens, settings.max_tokens)

    return Chunker(version, cut)
