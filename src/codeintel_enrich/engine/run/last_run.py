"""The record of the last build that had something to do: what was asked for, what ran, what was different before.

Only those who explain and report read it. Losing it costs explanations, no work.
"""

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.run.summary import Summary, summarise
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.sidecar import read_sidecar, write_sidecar

_FORMAT = b"codeintel-enrich run 1\n"


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Digests and keys that were there before it; those after it are in the manifest."""

    finished: float
    """Seconds since the epoch."""
    elapsed: float
    """Wall seconds from the first look at the tree to the end."""
    options: dict[str, Any]
    """What was asked for; `repeated` makes options of it."""
    ran: tuple[str, ...]
    """Names of the tasks that ran, sorted."""
    seconds: dict[str, float]
    """Stage -> wall seconds, summed over its tasks."""
    up_to_date: int
    """Tasks that did not have to run."""
    warnings: tuple[str, ...]
    errors: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before: dict[str, dict[str, str]]
    """Path -> `content`, `linked` or a stage -> digest or key, of what the run changed. `link` and
    `merge` stand under the empty path."""
    facts: dict[str, dict[str, str]]
    """Stage -> what its settings were made of."""
    facts_before: dict[str, dict[str, str]]


def close_build(build: Build, errors: tuple[str, ...], exit_code: int) -> Summary:
    """Finish a build, and leave a record of it in the cache if it had something to do.

    The record is for people: where it cannot be written, the build is as good without.
    """
    had_begun = build.has_begun
    try:
        build.finish()
    except (EnrichError, OSError, sqlite3.Error) as error:
        # What could not be remembered is made good by the next build, which finds that this one did not end.
        message = error.message if isinstance(error, EnrichError) else f"{build.state.places.cache}: {error}"
        errors, exit_code = (*errors, message), max(exit_code, 3)
    summary = summarise(build, errors, exit_code)
    if had_begun:
        # A full disk must not turn a build that ended well into one that failed.
        with contextlib.suppress(OSError):
            write_sidecar(build.state.places.last_run, _FORMAT, _record(build, summary))
    return summary


def _record(build: Build, summary: Summary) -> LastRun:
    state, journal = build.state, build.state.journal
    known = read_last_run(state.places.last_run)
    return LastRun(
        finished=time.time(),
        elapsed=time.perf_counter() - build.started,
        options=_recorded(msgspec.structs.replace(state.options, trust=state.trusted)),
        ran=summary.ran,
        seconds=state.account.seconds,
        up_to_date=summary.up_to_date,
        warnings=summary.warnings,
        errors=summary.errors,
        added=tuple(sorted(journal.added)),
        removed=tuple(sorted(journal.removed)),
        before=journal.before,
        facts=state.settings.spelled_out(),
        # The settings that the run found, so that `explain` can say which of them had changed.
        facts_before=known.facts if known is not None else {},
    )


def read_last_run(path: Path) -> LastRun | None:
    """The record; None where there is none, or it is damaged."""
    # Checked by its digest, though it is for people: what it says was asked for is asked for again.
    return read_sidecar(path, _FORMAT, LastRun)


def _recorded(options: Options) -> dict[str, Any]:
    """Options as they are recorded: with absolute paths, without what differs from one machine or run to another."""
    asked = {
        "out": options.out,
        "scip": options.scip,
        "reports": dict(options.reports),
        "only": options.only,
        "index": options.index,
        "types": options.types,
        "trust": options.trust,
        "overrides": dict(options.overrides),
    }
    builtins: dict[str, Any] = msgspec.to_builtins(asked, enc_hook=lambda path: str(path.resolve()))
    return builtins


def repeated(last: LastRun | None, root: Path, cache_dir: Path | None) -> Options:
    """The options that repeat the last run; the defaults where nobody knows of one."""
    asked = last.options if last is not None else {}
    try:
        options = msgspec.convert(asked, Options, dec_hook=lambda kind, value: kind(value))
    except msgspec.ValidationError:
        options = Options()
    # Not from the record: the checkout may have moved since.
    return msgspec.structs.replace(options, root=root, cache_dir=cache_dir)
