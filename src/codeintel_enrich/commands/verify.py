"""`verify`, the proof that a store is what a clean build of the same inputs gives: makes one elsewhere and compares."""

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from codeintel_enrich.commands.status import status
from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.rules.trust import trusts
from codeintel_enrich.engine.state.artifacts import Artifact, Artifacts, Reader
from codeintel_enrich.engine.state.intent import Intent, read_intent, write_intent
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.engine.state.manifest import Manifest, load_manifest, save_manifest
from codeintel_enrich.engine.state.places import Options, Places, places
from codeintel_enrich.engine.state.state import State
from codeintel_enrich.errors import CorruptArtifactError, EnrichError, UsageError
from codeintel_enrich.files.stat import bytes_of
from codeintel_enrich.publish.claims import Claims
from codeintel_enrich.publish.index import read_index
from codeintel_enrich.publish.outputs import CST_FILE, cst_place, lying_there
from codeintel_enrich.store.compare import TableDifference, compare_stores
from codeintel_enrich.tasks import run_build

SUSPECTED = "as it is"
"""What an intent names as its generation that asks for a comparison, not for anything new."""
EXAMPLES = 3
"""Differences shown of each table."""


class FileDifference(msgspec.Struct, frozen=True):
    """One published file that is not as it should be."""

    name: str
    what: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a comparison."""

    files: int
    """Source files that the clean build analysed."""
    tables: tuple[TableDifference, ...]
    published: tuple[FileDifference, ...]
    n_published: int
    """Published files that were compared."""
    seconds: float
    """Wall time of the clean build."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.tables and not self.published


def verify(options: Options, notify: Callable[[str], None] = lambda message: None, *, trust: bool = False) -> Verdict:
    """Build the tree from nothing in a temporary folder, and compare every table and published file.

    The clean build gets the same external inputs: index and reports as the cache has them. `options` are those of the
    build to verify. Where something differs, the next build is told to compare all it makes with what is there. Raises
    UsageError where the tree or the settings are not those that the store was made of,
    EnrichError where the clean build fails.
    """
    # The record of that build lies in the tree, and a tree must not vouch for itself.
    if options.trust and not trust and not trusts(places(options).root):
        raise UsageError("the last build was told to trust the tree; say --trust here, too")
    # Sources that changed since would differ in every table, and that says nothing about the store.
    observed = status(Build(options))
    state = Build(options).state
    unfinished = observed.unfinished and not _is_only_suspected(state)
    if observed.added or observed.changed or observed.removed or observed.settings or unfinished:
        raise UsageError(
            "files or settings changed since the last build; run `codeintel-enrich build` first, then verify"
        )
    with CacheLock(state.places.cache) as lock, tempfile.TemporaryDirectory(prefix="codeintel-enrich-") as temporary:
        lock.acquire(state.project.config.lock_wait_seconds, notify)
        verdict = _compare_with_clean(state, Path(temporary) / "cache")
        if not verdict.is_equal:
            out = state.places.name(state.places.out)
            # A cache that cannot be written has no next build.
            with contextlib.suppress(EnrichError):
                write_intent(state.places.intent, Intent("merge", SUSPECTED, out, compare=True))
        return verdict


def _is_only_suspected(state: State) -> bool:
    """Whether nothing is left undone, but an earlier `verify` found that something differs."""
    intent = read_intent(state.places.intent)
    return (
        intent is not None and intent.generation == SUSPECTED and bool(load_manifest(state.places.manifest)[0].settled)
    )


def _compare_with_clean(state: State, cache: Path) -> Verdict:
    """Build into an empty cache, and compare what is there with what that gives."""
    places = state.places
    manifest, _ = load_manifest(places.manifest)
    elsewhere = msgspec.structs.replace(
        state.options,
        cache_dir=cache,
        out=None,
        # The cache of the build that is verified lies in the tree, under a name that the clean build would not skip.
        no_sources=(places.cache, places.out),
        # The clean build must not write over files outside of its own folder.
        overrides={**state.options.overrides, "cst-out": None},
    )
    clean = Build(elsewhere)
    theirs = clean.state.places
    _hand_over(manifest, places.artifacts, theirs)
    summary = run_build(clean)
    if summary.errors:
        raise EnrichError(f"the clean build failed: {summary.errors[0]}")
    _check_tree_stood_still(manifest, load_manifest(theirs.manifest)[0])
    # What lies there and should not counts, too, though our own index may know nothing of it.
    known = _published(theirs.publish_index, places.publish_index)
    cst_out = state.project.config.cst_out
    published = known | set(lying_there(places.root, places.out, cst_out, Claims(places.cache)))
    ours = {name: places.out / name for name in published}
    cst_file = str(cst_place(cst_out, places.root, places.out))
    if cst_file in ours:
        # The clean build has it in its usual place.
        ours[CST_FILE] = ours.pop(cst_file)
    return Verdict(
        files=summary.files,
        tables=tuple(compare_stores(places.store, theirs.store, EXAMPLES)),
        published=tuple(_compare_files(ours, theirs.out)),
        n_published=len(ours),
        seconds=sum(summary.seconds.values()),
    )


def _check_tree_stood_still(ours: Manifest, theirs: Manifest) -> None:
    """Raises EnrichError where the clean build saw other sources."""
    before, after = ({path: file.content for path, file in side.files.items()} for side in (ours, theirs))
    moved = [path for path in before.keys() | after.keys() if before.get(path) != after.get(path)]
    if moved:
        raise EnrichError(f"{min(moved)} changed while the clean build ran; verify again when all is quiet")


def _hand_over(manifest: Manifest, artifacts: Path, places: Places) -> None:
    """Give the clean build the external inputs, and nothing else."""
    places.prepare_cache()
    wanted = {
        piece
        for external in manifest.externals.values()
        for piece in (*external.slices.values(), *filter(None, [external.homes]))
    }
    # Slices alone: every other artifact would spare the clean build the work that is to be verified.
    store = Artifacts(places.artifacts)
    with contextlib.closing(store), contextlib.closing(Reader(artifacts)) as reader:
        try:
            store.record(Artifact.of(reader.get(piece)) for piece in sorted(wanted))
        except CorruptArtifactError as error:
            raise EnrichError(f"{artifacts}: {error.message}; run `codeintel-enrich build` again") from error
    save_manifest(places.manifest, Manifest(externals=manifest.externals))


def _published(*indexes: Path) -> set[str]:
    """The names of all published files, by any index."""
    names: set[str] = set()
    for path in indexes:
        known = read_index(path)
        if known is not None:
            names.update(known.stamps, known.made, known.spliced)
    return names


def _compare_files(here: dict[str, Path], there: Path) -> Iterator[FileDifference]:
    """`here`: by the name that a file has `there`."""
    for name, path in sorted(here.items()):
        ours, theirs = bytes_of(path), bytes_of(there / name)
        if theirs is None and os.path.lexists(path):
            yield FileDifference(name, "should not be there")
        elif ours == theirs:
            continue
        elif ours is None or theirs is None:
            yield FileDifference(name, "missing")
        else:
            yield FileDifference(name, f"differs from byte {_first_difference(ours, theirs)} on")


def _first_difference(ours: bytes, theirs: bytes) -> int:
    """Position of the first byte that differs, from 0, found by halving."""
    # Files of a hundred megabytes: comparing halves is done in C, byte by byte would be done in Python.
    low, high = 0, min(len(ours), len(theirs))
    while low < high:
        middle = (low + high + 1) // 2
        if ours[low:middle] == theirs[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
