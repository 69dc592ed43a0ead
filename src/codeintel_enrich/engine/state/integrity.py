"""Owns the watch over our own files: noticing that somebody else wrote, cut or deleted them, and what follows."""

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel_enrich.engine.rules.stages import ANALYSIS
from codeintel_enrich.engine.state.manifest import StageState
from codeintel_enrich.files.stamps import FileStamp

if TYPE_CHECKING:
    from codeintel_enrich.engine.build.build import Build


NAMED = 3
"""Up to so many files are named one by one."""


def strange_files(build: "Build") -> list[str]:
    """The files of ours, by their names in the manifest, that do not bear the stamp which the last run left on them."""
    cache = f"{build.places.cache}/"
    return [
        name
        for name, stamp in build.manifest.stamps.items()
        if not stamp.is_on(name if os.path.isabs(name) else cache + name)
    ]


def remove_leftovers(cache: Path) -> None:
    """Remove temporary files of runs that were killed; the lock is held, so nobody else's are there."""
    for leftover in cache.glob("*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def stamp_own_file(build: "Build", path: Path) -> None:
    """Remember one of our own files as it is now."""
    stamp = FileStamp.of(path)
    if stamp is not None:
        build.manifest.stamps[build.places.name(path)] = stamp


def check_own_files(build: "Build") -> bool:
    """Find out whether artifacts, store and published files are as the last run left them.

    What is damaged is forgotten, so that it is made again. Returns whether any file's stages may be due for that.
    """
    artifacts = build.places.artifacts.name
    if build.strange_files:
        build.manifest.merge = StageState()
        names = [str(build.places.cache / name) for name in build.strange_files if name != artifacts]
        if len(names) <= NAMED:
            build.warnings += [f"{name}: changed or deleted since the last run; checked" for name in names]
        else:
            build.warnings.append(
                f"{names[0]} and {len(names) - 1} more files of ours: changed or deleted since the last run, "
                "or copied without their times; checked"
            )
    if not build.artifacts.warnings and artifacts not in build.strange_files:
        return False
    damaged = build.artifacts.verify()
    if damaged:
        build.warnings.append(f"{build.places.artifacts}: {len(damaged)} artifacts are damaged; they are made again")
    _forget_missing(build, build.artifacts.digests())
    return True


def _forget_missing(build: "Build", present: set[str]) -> None:
    for state in build.files.values():
        for stage in ("parse", *ANALYSIS):
            if getattr(state, stage).output not in present:
                setattr(state, stage, StageState())
        if state.interface not in present:
            state.parse = StageState()
        if state.linked not in present:
            build.manifest.link = StageState()
    for outlined in build.outlined.values():
        if outlined.outline.output not in present:
            outlined.outline = StageState()
    for external in build.manifest.externals.values():
        if not present.issuperset(external.slices.values()):
            external.key = ""
