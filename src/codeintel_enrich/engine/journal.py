"""Owns the record of the last run: what was asked for, what ran, and what each file's inputs were before it.

Written when a run ends that had something to do; only those who explain read it. Losing it costs explanations, no work.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from codeintel_enrich.engine.manifest import write_atomically
from codeintel_enrich.engine.options import Options
from codeintel_enrich.engine.settings import settings_facts

if TYPE_CHECKING:
    from codeintel_enrich.engine.build import Build

WHOLE = ""
"""Stands for a path where the repository as a whole is meant."""


class LastRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run, told. Digests and keys that were there before it; those after it are in the manifest."""

    finished: float
    """Seconds since the epoch."""
    options: dict[str, Any]
    """What was asked for; `repeated` makes options of it."""
    ran: tuple[str, ...]
    """Names of the tasks that ran, sorted."""
    seconds: dict[str, float]
    """Stage -> wall seconds, summed over its tasks."""
    added: tuple[str, ...]
    removed: tuple[str, ...]
    before: dict[str, dict[str, str]]
    """Path -> `content`, `surface`, `environment` or a stage -> digest or key, of what the run changed. `link` and
    `merge` stand under the empty path."""
    facts: dict[str, dict[str, str]]
    """Stage -> what its settings were made of."""
    facts_before: dict[str, dict[str, str]]


class Journal:
    """Notes what changes while a build advances."""

    def __init__(self) -> None:
        self.before: dict[str, dict[str, str]] = {}
        self.added: set[str] = set()
        self.removed: set[str] = set()

    def note(self, path: str, what: str, before: str) -> None:
        """Something of a file is not what it was; the first note of a run stands."""
        if before:
            self.before.setdefault(path, {}).setdefault(what, before)


def read_last_run(path: Path) -> LastRun | None:
    """The record; None where there is none that can be read."""
    try:
        return msgspec.msgpack.decode(path.read_bytes(), type=LastRun)
    except (OSError, msgspec.DecodeError):
        return None


def record_run(build: "Build") -> None:
    """Leave what a build did, now that it ended, to those who explain."""
    known = read_last_run(build.places.last_run)
    record = LastRun(
        finished=time.time(),
        options=_recorded(build.options),
        ran=tuple(sorted(build.ran)),
        seconds=build.seconds,
        added=tuple(sorted(build.journal.added)),
        removed=tuple(sorted(build.journal.removed)),
        before=build.journal.before,
        facts=settings_facts(build.stage_settings),
        facts_before=known.facts if known is not None else {},
    )
    write_atomically(build.places.last_run, msgspec.msgpack.encode(record))


def _recorded(options: Options) -> dict[str, Any]:
    """Options as they are recorded: with absolute paths, without what tells one machine or one run from another."""
    asked = {
        "out": options.out,
        "scip": options.scip,
        "reports": dict(options.reports),
        "only": options.only,
        "index": options.index,
        "types": options.types,
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
    return msgspec.structs.replace(options, root=root, cache_dir=cache_dir)
