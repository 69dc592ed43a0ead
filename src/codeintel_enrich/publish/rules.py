"""Owns the plan of what `merge` publishes: which files are made of which rows, sources and settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import Graph
from codeintel_enrich.model.rows import FileSummary, decode_packed
from codeintel_enrich.publish import NotNowError, Plan, Recipe, graph_recipes
from codeintel_enrich.publish.slice_log import log_slices

if TYPE_CHECKING:
    from codeintel_enrich.engine.run.jobs import PublishJob

METRICS_FILE = "ast/metrics.jsonl"
SLICES_FILE = "slices/slices.jsonl"

Summaries = Mapping[str, FileSummary]
Callers = Mapping[str, Mapping[str, list[str]]]
"""File -> qualified name of what it defines -> the definitions that use it."""


class Stored(NamedTuple):
    """What the store knows once it is up to date."""

    generation: int
    table_of: Callable[[Graph], Any]
    """A graph as an Arrow table."""
    callers: Callable[[], Callers]


def make_plan(job: PublishJob, load: Callable[[str], bytes], after_store: Callable[[], Stored]) -> Plan:
    """What to publish beside the files of every run.

    `after_store` waits for the store; it is called when something is made of what the store says. Raises UsageError
    where the settings ask for a tokenizer that cannot be had.
    """
    from codeintel_enrich.store.arrow import arrow_tables

    wants = job.publish
    parts = {}
    if wants.emit_ast:
        parts[METRICS_FILE] = _metrics(job)
    stored = cache(after_store)
    if wants.slices.enabled:
        parts[SLICES_FILE] = _slices(job, load, stored)

    def files(summaries: Summaries) -> dict[str, Recipe]:
        recipes = _overlays(job, load, summaries) if wants.overlays.enabled else {}
        # Last: they may wait for the store.
        return recipes | graph_recipes(summaries, lambda graph: stored().table_of(graph), stage_version("merge"))

    def log(name: str, made: Mapping[str, bytes], files: Collection[str]) -> None:
        if name == SLICES_FILE:
            log_slices(Path(job.slice_log), stored().generation, made, files)

    return Plan(
        version=stage_version("merge"),
        outlined=job.outlined,
        emit_cst=wants.emit_cst,
        cst_file=job.cst_file,
        emit_pages=wants.emit_pages,
        arrow_tables=arrow_tables if wants.emit_parquet else None,
        files=files,
        parts=parts,
        parts_made=log,
    )


def _source(job: PublishJob, path: str, content_hash: str) -> bytes:
    """The bytes that a file's rows were made of. Raises NotNowError where it was edited since."""
    try:
        source = (Path(job.root) / path).read_bytes()
    except OSError as error:
        raise NotNowError(path) from error
    if digest(source) != content_hash:
        raise NotNowError(path)
    return source


def _overlays(job: PublishJob, load: Callable[[str], bytes], summaries: Summaries) -> dict[str, Recipe]:
    """Stubs, laid out as partial stub packages (PEP 561): `<package>-stubs/...`, or `<module>.pyi` at the top.

    Checkers merge those with the package itself; a folder of the package's own name would hide it.
    """
    from codeintel_enrich.stages.overlay import overlay

    settings = job.publish.overlays
    reasons = {"reexport-hub", "overlay-needed", *(("star-import",) if settings.star_imports else ())}

    def recipe(path: str, summary: FileSummary) -> Recipe:
        inputs = digest(f"{stage_version('merge')}\0{job.wanted[path]}".encode())
        return Recipe(inputs, lambda: overlay(decode_packed(load(path)), _source(job, path, summary.content_hash)))

    wanted: dict[str, Recipe] = {}
    for path, summary in summaries.items():
        has_reason = summary.parse_ok and not reasons.isdisjoint(summary.tags)
        if not has_reason or summary.module is None or summary.is_stub or f"{path}i" in job.wanted:
            continue
        top, *rest = summary.module.split(".")
        if summary.is_package or rest:
            wanted.setdefault(f"overlays/{top}-stubs/py.typed", Recipe("1", lambda: b"partial\n"))
            rest = [*rest, "__init__"] if summary.is_package else rest
            name = "/".join(("overlays", f"{top}-stubs", *rest))
        else:
            name = f"overlays/{top}"
        wanted.setdefault(f"{name}.pyi", recipe(path, summary))
    return wanted


def _metrics(job: PublishJob) -> Callable[[Summaries], Mapping[str, Recipe]]:
    """One line a file that parses: its path, its module and what `measure` counts in it."""
    from codeintel_enrich.stages.measure import encode_metrics, measure

    def make(path: str, summary: FileSummary) -> bytes | None:
        metrics = measure(_source(job, path, summary.content_hash))
        return None if metrics is None else encode_metrics(path, summary.module, metrics)

    def recipes(summaries: Summaries) -> Mapping[str, Recipe]:
        version = stage_version("merge")
        return {
            path: Recipe(
                digest(f"{version}\0{summary.content_hash}\0{summary.module}".encode()),
                partial(make, path, summary),
            )
            for path, summary in summaries.items()
            if summary.parse_ok
        }

    return recipes


def _slices(
    job: PublishJob, load: Callable[[str], bytes], stored: Callable[[], Stored]
) -> Callable[[Summaries], Mapping[str, Recipe]]:
    """The chunks of each file that the filter lets through."""
    from pathspec import GitIgnoreSpec

    from codeintel_enrich.formats.tokens import token_counter
    from codeintel_enrich.stages.slice import slices

    settings = job.publish.slices
    chosen = GitIgnoreSpec.from_lines(settings.filter or ("*",))
    root = Path(job.root)
    count_tokens = lru_cache(maxsize=1 << 14)(token_counter(settings.tokenizer, root))
    named = root / settings.tokenizer
    setting = msgspec.json.encode([settings.max_tokens, settings.tokenizer]).decode()
    version = digest(
        f"{stage_version('merge')}\0{setting}\0".encode() + (named.read_bytes() if named.is_file() else b"")
    )

    def make(path: str, summary: FileSummary, callers: Mapping[str, list[str]]) -> bytes:
        source = _source(job, path, summary.content_hash)
        rows = decode_packed(load(path))
        return slices(rows, source, callers, count_tokens, settings.max_tokens)

    def recipes(summaries: Summaries) -> Mapping[str, Recipe]:
        callers = stored().callers()
        return {
            path: Recipe(
                digest(f"{version}\0{job.wanted[path]}\0".encode() + msgspec.json.encode(callers.get(path, {}))),
                partial(make, path, summary, callers.get(path, {})),
            )
            for path, summary in summaries.items()
            if summary.parse_ok and chosen.match_file(path)
        }

    return recipes
