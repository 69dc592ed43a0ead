"""`report`, one page for a browser: made from what the last build left in the cache, and the history, to one page."""

import contextlib
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.commands.churn import churn
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.run.last_run import LastRun, read_last_run
from codeintel_enrich.engine.state.places import Options, places
from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.sidecar import read_sidecar, write_sidecar
from codeintel_enrich.files.stat import bytes_of
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.report import Complexity, Report, ReportedRun

_FORMAT = b"codeintel-enrich complexities 1\n"


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a report."""

    file: str
    size: int
    """Bytes."""
    modules: int
    measured: int
    """Files whose complexity was counted anew; the others had not changed since the last report."""
    unmeasured: int
    """Files whose complexity is not known, because they were edited since the build."""


class _KeptComplexities(msgspec.Struct):
    """Complexity by content digest, as kept between reports; of one version of what measures it."""

    version: str = ""
    known: dict[str, Complexity | None] = {}


def write_report(options: Options, target: Path | None, days: int, *, dry_run: bool = False) -> Reported:
    """Write one page that shows what the last build found; by default into the cache. A dry run writes nothing.

    `days`: how far back the history is looked at. Raises EnrichError where there is no store, or where the page cannot
    be written.
    """
    from codeintel_enrich.publish.report import render
    from codeintel_enrich.store import open_store, report_rows

    where = places(options)
    with open_store(where.store) as store:
        rows = report_rows(store)
    files = rows["modules"]
    complexities, measured, unmeasured = _complexities(where.root, where.complexities, files, remembers=not dry_run)
    history = churn(where.root, days)
    for file in files:
        file["complexity"] = complexities.get(file.pop("content_hash"))
        file["commits"] = history.commits.get(file["path"], 0)
    # Positions, not paths: a page of a large repository would consist of names of files otherwise.
    position = {file["path"]: index for index, file in enumerate(files)}
    page = render(
        Report(
            name=where.root.name,
            version=__version__,
            generation=rows["generation"][0]["generation"],
            modules=files,
            imports=[
                (position[row["source"]], position[row["target"]], row["kind"], row["names"])
                for row in rows["imports"]
                if row["target"] in position
            ],
            chains=[{"module": position[row.pop("path")], **row} for row in rows["chains"]],
            references=rows["references"],
            undefined=rows["undefined"],
            outside=rows["outside"],
            broken=rows["broken"],
            churn=history,
            unmeasured=unmeasured,
            run=_as_reported(read_last_run(where.last_run)),
        )
    )
    path = target if target is not None else where.cache / "report.html"
    try:
        if not dry_run:
            replace_file(path, page)
    except OSError as error:
        raise EnrichError(f"{path}: cannot be written ({error.strerror or error}); choose another with -o") from error
    return Reported(file=str(path), size=len(page), modules=len(files), measured=measured, unmeasured=unmeasured)


def _as_reported(run: LastRun | None) -> ReportedRun | None:
    if run is None:
        return None
    return ReportedRun(
        ended=datetime.fromtimestamp(run.finished, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        elapsed=round(run.elapsed, 3),
        tasks=dict(Counter(name.split(":", 1)[0] for name in run.ran)),
        seconds=run.seconds,
        up_to_date=run.up_to_date,
        warnings=run.warnings,
        errors=run.errors,
    )


def _complexities(
    root: Path, memory: Path, files: list[dict[str, Any]], *, remembers: bool
) -> tuple[dict[str, Complexity], int, int]:
    """Content digest -> complexity; how many files were measured, and how many are no longer what was built.

    What was measured is remembered where `remembers` says so: content that is known is not opened.
    """
    version = stage_version("merge")
    # A cache of the report's own, by content: the page is made again and again while the store stays as it is.
    kept = read_sidecar(memory, _FORMAT, _KeptComplexities)
    if kept is None or kept.version != version:
        kept = _KeptComplexities(version, {})
    # Of the present files only, so that the record does not grow with every edit.
    known: dict[str, Complexity | None] = {}
    measured = unmeasured = 0
    for file in files:
        wanted = file["content_hash"]
        if wanted in kept.known:
            known[wanted] = kept.known[wanted]
        elif wanted not in known:
            source = bytes_of(root / file["path"]) or b""
            if digest(source) != wanted:
                unmeasured += 1
            else:
                known[wanted] = _complexity(source)
                measured += 1
    if remembers and (measured or known.keys() != kept.known.keys()):
        # What is not remembered is measured again: no reason to have no page, where the cache can only be read.
        with contextlib.suppress(OSError):
            write_sidecar(memory, _FORMAT, _KeptComplexities(version, known))
    return {content: value for content, value in known.items() if value is not None}, measured, unmeasured


def _complexity(source: bytes) -> Complexity | None:
    """What `measure` counts, in short; None where Python's parser refuses the file."""
    from codeintel_enrich.stages.measure import measure

    found = measure(source)
    if found is None:
        return None
    total = found.complexity + sum(item.complexity for item in found.functions)
    if not found.functions:
        return Complexity(total, "", 0, 0)
    hardest = max(found.functions, key=lambda item: (item.complexity, -item.line))
    return Complexity(total, hardest.name, hardest.complexity, hardest.line)
