"""The watch over our own files: noticing that somebody else wrote, cut or deleted them, and what follows."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from codeintel_enrich.engine.state.manifest import Manifest, StageState
from codeintel_enrich.engine.state.places import Places
from codeintel_enrich.files.stat import FileStamp

NAMED = 3
"""Up to so many files are named one by one."""


class Tampered(NamedTuple):
    """What of ours is not as the last run left it, by its name in the manifest."""

    changed: list[str]
    """Files and folders that do not bear their stamps."""
    disguised: list[str]
    """Files that do, and are others all the same: somebody gave them their old times."""
    moved: list[str]
    """The same where most are: the cache was moved or restored as a whole."""


def tampered_outputs(manifest: Manifest, places: Places) -> Tampered:
    """Compare everything of ours with the stamps that the last run left on it."""
    # Text, not paths: every published page has a stamp, and a run with nothing to do asks for all of them.
    cache = f"{places.cache}/"
    changed: list[str] = []
    copied: list[str] = []
    for name, stamp in manifest.stamps.items():
        found = FileStamp.of(name if os.path.isabs(name) else cache + name)
        if found is None or found != stamp:
            changed.append(name)
        elif not found.is_same_file(stamp):
            copied.append(name)
    # A file of ours that should not be there shows in its folder alone.
    changed += [
        name
        for name, stamp in manifest.folders.items()
        if FileStamp.of_folder(name if os.path.isabs(name) else cache + name) != stamp
    ]
    # Where most are the very ones that we wrote, one that is not was put in the place of ours.
    is_moved = 2 * len(copied) >= len(manifest.stamps)
    return Tampered(changed, [] if is_moved else copied, copied if is_moved else [])


def tampering_warnings(names: Sequence[str], places: Places) -> Iterator[str]:
    """What to say of files that are not as they were left; of the artifacts their own check says more."""
    files = [str(places.cache / name) for name in names if name != places.artifacts.name]
    if len(files) <= NAMED:
        for name in files:
            yield f"{name}: changed or deleted since the last run; checked"
    else:
        yield (
            f"{files[0]} and {len(files) - 1} more files of ours: changed or deleted since the last run, "
            "or copied without their times; checked"
        )


def remove_leftovers(cache: Path) -> None:
    """Remove temporary files of runs that were killed; the lock is held, so nobody else's are there."""
    # Only at the top of our own folder: below it lie trees out of git, whose files of that name are a user's.
    for leftover in (*cache.glob("*.tmp"), *cache.glob("*.tmp.wal")):
        with contextlib.suppress(OSError):
            # DuckDB spills into a folder that it names after the database.
            shutil.rmtree(leftover) if leftover.is_dir() and not leftover.is_symlink() else leftover.unlink()


def forget_missing(manifest: Manifest, present: set[str]) -> None:
    """Forget what was made of artifacts that are not there any more, so that it is made again."""
    for state in (*manifest.files.values(), *manifest.outlined.values()):
        for stage, done in list(state.stages.items()):
            if not present.issuperset(done.outputs):
                del state.stages[stage]
        if state.linked and state.linked not in present:
            # `link` is one task for all modules: what is gone of one is only made again by doing it.
            manifest.link = StageState()
    for name, external in list(manifest.externals.items()):
        if not present.issuperset([*external.slices.values(), *filter(None, [external.homes])]):
            del manifest.externals[name]
