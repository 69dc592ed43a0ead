"""`explain`: what the last run did with one file and why, and what a build would do with it now."""

from collections.abc import Iterable, Iterator

import msgspec

from codeintel_enrich.commands.forecast import FIRST, PlannedTask, differences, forecast, setting_changes
from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.rules.stages import stages_of
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.run.last_run import LastRun, read_last_run
from codeintel_enrich.engine.state.artifacts import Artifacts, Snapshot
from codeintel_enrich.engine.state.manifest import FileState, load_manifest
from codeintel_enrich.errors import CorruptArtifactError, EnrichError, UsageError
from codeintel_enrich.model.linked import LinkedModule

STAGES = tuple(stage.name for stage in stages_of("module"))


class StageStory(msgspec.Struct, frozen=True):
    """What the last run did with one stage of the file."""

    stage: str
    outcome: str
    """`ran`; `reused` (a result that an earlier run recorded for the same inputs); `kept` (nothing it reads changed);
    `missing` (never done)."""
    why: tuple[str, ...]


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """One file, explained."""

    path: str
    module: str | None
    finished: float
    """When the last run that had something to do ended: seconds since the epoch."""
    was: str
    """What happened to the file before that run: `added`, `changed`, `unchanged`, `removed`."""
    stages: tuple[StageStory, ...]
    meanings: tuple[str, ...]
    """Which of its imported names and exports came to mean something else in that run."""
    now: str
    """`added`, `changed`, `unchanged` or `removed` since."""
    due: tuple[PlannedTask, ...]
    """What a build would run for it now."""


def explain(build: Build, path: str) -> Story:
    """Give the story of a file, named relative to the root. The build is spent by it.

    Raises UsageError for a file that no run knows, EnrichError where nothing was built.
    """
    places = build.state.places
    # Beside the build's own, which the forecast brings up to date: the story is of the last run.
    manifest, _ = load_manifest(places.manifest)
    last = read_last_run(places.last_run)
    if last is None:
        raise EnrichError(f"{places.cache}: nothing was built there yet; run `codeintel-enrich build` first")
    plan = forecast(build)
    state = manifest.files.get(path)
    if state is None and path not in build.state.files and path not in last.removed:
        raise UsageError(f"{path}: no file of that name is indexed{_near(path, build.state.files)}")
    now = next((what for what, paths in _fates(plan.added, plan.changed, plan.removed) if path in paths), "unchanged")
    changed = [name for name, before in last.before.items() if "content" in before]
    was = next((what for what, paths in _fates(last.added, changed, last.removed) if path in paths), "unchanged")
    names = {str(TaskName(stage, path)) for stage in STAGES}
    artifacts = Snapshot(places.artifacts)
    try:
        linked = _linked(artifacts, state.linked) if state is not None else None
        meanings: tuple[str, ...] = ()
        if linked is not None and (old := last.before.get(path, {}).get("linked")):
            meanings = tuple(_meanings(_linked(artifacts, old), linked))
        return Story(
            path=path,
            module=linked.module if linked is not None else None,
            finished=last.finished,
            was=was,
            stages=tuple(_stages(artifacts, last, path, state)) if state is not None else (),
            meanings=meanings,
            now=now,
            due=tuple(task for task in plan.tasks if task.name in names or task.name in ("link", "merge")),
        )
    finally:
        artifacts.close()


def _fates(*paths: Iterable[str]) -> Iterator[tuple[str, Iterable[str]]]:
    return zip(("added", "changed", "removed"), paths, strict=True)


def _stages(artifacts: Artifacts, last: LastRun, path: str, state: FileState) -> Iterator[StageStory]:
    before = last.before.get(path, {})
    for stage in STAGES:
        key = state.stage(stage).key
        settings = setting_changes(last.facts_before.get(stage, {}), last.facts.get(stage, {}))
        old = before.get(stage)
        if not key:
            yield StageStory(stage, "missing", ("the last run did not get that far",))
            continue
        ran = str(TaskName(stage, path)) in last.ran
        # A key that changed although the task did not run: a recorded run had the new key, too.
        if not ran and (old is None or old == key):
            yield StageStory(stage, "kept", ("nothing that it reads changed",))
            continue
        was, now = (artifacts.inputs_of(one) if one else None for one in (old, key))
        if path in last.added:
            why: tuple[str, ...] = ("the file was new",)
        elif was is None or now is None:
            why = (FIRST,)
        else:
            why = differences(was, now, settings) or ("its results were not in the cache any more",)
        yield StageStory(stage, "ran" if ran else "reused", why)


def _linked(artifacts: Artifacts, wanted: str) -> LinkedModule | None:
    try:
        return msgspec.msgpack.decode(artifacts.get(wanted), type=LinkedModule)
    except (CorruptArtifactError, msgspec.DecodeError):
        return None


def _meanings(old: LinkedModule | None, new: LinkedModule) -> Iterator[str]:
    if old is None:
        return
    for name in sorted(old.resolved.keys() | new.resolved.keys()):
        before, after = old.resolved.get(name), new.resolved.get(name)
        # A name that it did not use before, or uses no more, is an edit of the file itself.
        if before is not None and after is not None and before != after:
            means = [" | ".join(target.qualified_names) or f"unknown ({target.reason})" for target in (before, after)]
            change = f"{means[0]} -> {means[1]}" if means[0] != means[1] else f"{means[1]}, but of another kind"
            yield f"{name}: {change}"
    exports = {export.name: export.origin for export in old.exports}
    fresh = {export.name: export.origin for export in new.exports}
    for name in sorted(exports.keys() | fresh.keys()):
        if name not in fresh:
            yield f"export {name}: gone"
        elif name not in exports:
            yield f"export {name}: new"
        elif exports[name] != fresh[name]:
            yield f"export {name}: {exports[name]} -> {fresh[name]}"


def _near(path: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(path, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else "; ignored files and other languages are not"
