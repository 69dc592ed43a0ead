"""Owns the watch over our own files: noticing that somebody else wrote, cut or deleted them, and what follows."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from codeintel_enrich.engine.graph import ANALYSIS
from codeintel_enrich.engine.manifest import StageState, stamp_of

if TYPE_CHECKING:
    from codeintel_enrich.engine.build import Build


def own_files_are_as_left(build: "Build") -> bool:
    """Whether every file of ours bears the stamp that the last run left on it."""
    return next(changed_own_files(build), None) is None


def changed_own_files(build: "Build") -> Iterator[str]:
    """The names of the files of ours that the last run did not leave so."""
    for name, stamp in build.manifest.stamps.items():
        if stamp_of(build.places.cache / name) != stamp:
            yield name


def stamp_own_file(build: "Build", path: Path) -> None:
    """Remember one of our own files as it is now."""
    stamp = stamp_of(path)
    if stamp is not None:
        build.manifest.stamps[build.places.name(path)] = stamp


def check_own_files(build: "Build") -> bool:
    """Find out whether artifacts, store and published files are as the last run left them.

    What is damaged is forgotten, so that it is made again. Returns whether any file's stages may be due for that.
    """
    artifacts = build.places.artifacts.name
    expected = build.manifest.stamps.get(artifacts)
    for name in changed_own_files(build):
        build.manifest.merge = StageState()
        if name != artifacts:
            build.warnings.append(f"{build.places.cache / name}: changed or deleted since the last run; checked")
    if not build.artifacts.warnings and (expected is None or stamp_of(build.places.artifacts) == expected):
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
        if state.surface not in present:
            state.parse = StageState()
        if state.environment not in present:
            build.manifest.link = StageState()
    for external in build.manifest.externals.values():
        if not present.issuperset(external.slices.values()):
            external.key = ""
