"""Owns the account of the last build that had something to do, as it is kept in the cache."""

import contextlib
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from codeintel_enrich.engine.build import Build
from codeintel_enrich.engine.manifest import write_atomically
from codeintel_enrich.engine.summary import Summary, summarise
from codeintel_enrich.model.report import LastRun


def close_build(build: Build, errors: tuple[str, ...], exit_code: int) -> Summary:
    """Finish a build, and keep its account in the cache if it had something to do.

    The account is for people to read: where it cannot be written, the build is as good without.
    """
    begun = build.begun
    build.finish()
    summary = summarise(build, errors, exit_code)
    if begun:
        run = LastRun(
            ended=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            elapsed=round(time.perf_counter() - build.started, 3),
            tasks=summary.ran_by_stage(),
            seconds=summary.seconds,
            up_to_date=summary.up_to_date,
            warnings=summary.warnings,
            errors=summary.errors,
        )
        with contextlib.suppress(OSError):
            write_atomically(build.places.last_run, msgspec.json.encode(run))
    return summary


def read_last_run(path: Path) -> LastRun | None:
    """The account; None where there is none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=LastRun)
    except (OSError, msgspec.DecodeError):
        return None
