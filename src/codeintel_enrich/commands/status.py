"""`status`, the quick look at a cache: what the last build did, and what changed since; loads no scheduler."""

from collections import Counter

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.run.last_run import read_last_run
from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.stat import read_file
from codeintel_enrich.model.digest import digest


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """A cache and the tree it was made from, compared."""

    root: str
    cache: str
    up_to_date: bool
    """Whether a build like the last one would find nothing to do."""
    finished: float
    """When the last build that had something to do ended: seconds since the epoch."""
    ran: dict[str, int]
    """Stage -> tasks that it ran."""
    seconds: dict[str, float]
    files: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    """Files with other bytes; a file that was only touched is not among them."""
    removed: tuple[str, ...]
    unfinished: bool
    """Whether the last build left something undone."""
    settings: tuple[str, ...]
    """Stages whose settings, code or libraries are not those of the last build."""
    damaged: tuple[str, ...]
    """Files of ours that are not as the last build left them."""
    broken: dict[str, str]
    """Path -> `line: error` of the files that do not parse."""
    left_out: dict[str, str]
    """Path of what may hold Python and is no input -> why."""
    rows: dict[str, int]
    index_behind: int
    """Files that changed since the SCIP index was made."""


def status(build: Build) -> Status:
    """Compare. Writes nothing. Raises EnrichError where nothing was built."""
    state, places = build.state, build.state.places
    last = read_last_run(places.last_run)
    settled = build.settled
    manifest = state.manifest
    # A build of an empty tree leaves no files either, but it is settled.
    if last is None or (not manifest.files and not manifest.settled):
        raise EnrichError(f"{places.cache}: nothing was built there yet; run `codeintel-enrich build` first")
    files = {**state.files, **state.outlined}
    seen = {**state.tree.seen.files, **state.tree.seen.outlined}
    # A build would hash just these: what was only touched comes out as it was.
    suspects = [path for path in state.tree.changed() if path in files]
    contents = {path: _content(f"{places.root}/{path}") for path in suspects}
    known = {**state.contents, **contents}
    changed = tuple(path for path, content in contents.items() if content != files[path].content)
    now = state.settings.spelled_out()
    added = tuple(sorted(seen.keys() - files.keys()))
    removed = tuple(sorted(files.keys() - seen.keys()))
    other = tuple(stage for stage in now if now[stage] != last.facts.get(stage))
    unfinished = state.is_unfinished
    damaged = tuple(state.tampered)
    relinked = state.tree.seen.links != manifest.links
    return Status(
        root=str(places.root),
        cache=str(places.cache),
        # A file that was touched unsettles a build, though it would find nothing to do.
        up_to_date=settled or not any((added, changed, removed, other, unfinished, damaged, relinked)),
        finished=last.finished,
        ran=dict(Counter(name.partition(":")[0] for name in last.ran)),
        seconds={stage: round(seconds, 3) for stage, seconds in sorted(last.seconds.items())},
        files=len(files),
        added=added,
        changed=changed,
        removed=removed,
        unfinished=unfinished,
        settings=other,
        damaged=damaged,
        broken=manifest.broken,
        left_out=dict(sorted(state.tree.seen.left_out.items())),
        rows=manifest.rows,
        index_behind=build.inputs.index_behind({path: known.get(path) for path in state.tree.seen.files}),
    )


def _content(path: str) -> str | None:
    """Digest of a file's bytes as they are now; None where it cannot be read."""
    try:
        return digest(read_file(path)[0])
    except OSError:
        return None
