"""The forecast of a build: which tasks would run now, and why; runs and writes nothing.

What follows a task that would run cannot be known before it did: such tasks are named as possible, not as certain.
"""

from collections.abc import Iterator, Sequence

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.plan.due import due_analyses, due_first_stages, link_is_due, merge_is_due
from codeintel_enrich.engine.rules.stages import CHANGED, UPSTREAM
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.run.last_run import read_last_run
from codeintel_enrich.engine.state.journal import REPOSITORY

MAY_REACH = "what other modules see of a file may change; files whose imports then mean something else follow"
FIRST = "nothing is recorded of an earlier run of it"


class PlannedTask(msgspec.Struct, frozen=True):
    """One task that would run."""

    name: str
    why: tuple[str, ...]
    is_certain: bool
    """False where it depends on what an earlier task gives."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a build would do now."""

    files: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    tasks: tuple[PlannedTask, ...]
    """In the order in which they would run."""
    warnings: tuple[str, ...] = ()


def forecast(build: Build) -> Plan:
    """What the build would do. The build is spent by it: it must not run any more."""
    # On a snapshot, without the lock: somebody may be building at this moment.
    build.preview()
    state, journal = build.state, build.state.journal
    try:
        tasks = tuple(_tasks(build, Reasons(build)))
        changed = sorted(path for path, before in journal.before.items() if "content" in before)
        return Plan(
            files=len(state.files) + len(state.outlined),
            added=tuple(sorted(journal.added)),
            changed=tuple(changed),
            removed=tuple(sorted(journal.removed)),
            tasks=tasks,
            warnings=tuple(dict.fromkeys(state.account.warnings)),
        )
    finally:
        state.artifacts.close()


def _tasks(build: Build, reasons: "Reasons") -> Iterator[PlannedTask]:
    """What would run, asked in the order in which a build asks; each answer rests on those before it."""
    state = build.state
    parses = due_first_stages(state, "module")
    outlines = due_first_stages(state, "document")
    for stage, paths in (("parse", parses), ("outline", outlines)):
        for path in paths:
            yield PlannedTask(str(TaskName(stage, path)), reasons.of(stage, path), True)
    externals = build.inputs.due()
    for name in externals:
        task = build.inputs.wanted[name].task
        yield PlannedTask(str(task), ("no recorded run of it was made from what is there now",), True)
    links = bool(parses) or link_is_due(state)
    # Whether `link` has to run depends on the interfaces that come out of parsing, if anything is parsed.
    if links:
        yield PlannedTask("link", (MAY_REACH,) if parses else reasons.of_link(), not parses)
    analyses = due_analyses(state)
    for path, stages in analyses.items():
        is_new = path in parses and reasons.is_new(path)
        yield from _analyses(reasons, path, stages, is_known=not links and not externals, is_new=is_new)
    emits = any("emit" in stages for stages in analyses.values())
    # Rows hold the digest of the bytes, so a file with new bytes has new rows whatever its stages come to.
    if emits or outlines or merge_is_due(state):
        yield PlannedTask("merge", reasons.of_merge(), not emits or any(map(reasons.is_new, parses)))


def _analyses(
    reasons: "Reasons", path: str, stages: Sequence[str], *, is_known: bool, is_new: bool
) -> Iterator[PlannedTask]:
    """The stages of one file after `link`.

    `is_known`: what `link` and external inputs say is as it will be. `is_new`: the file has bytes nobody parsed before.
    """
    for stage in stages:
        first = is_known and not any(before in stages for before in UPSTREAM[stage])
        why = reasons.of(stage, path) if first else ("it follows what runs before it",)
        yield PlannedTask(str(TaskName(stage, path)), why, first or is_new)


class Reasons:
    """Compares what tasks read now with what they read when they last were done."""

    def __init__(self, build: Build) -> None:
        self._state = build.state
        last = read_last_run(build.state.places.last_run)
        self._facts = last.facts if last is not None else {}

    def changes(self, path: str) -> dict[str, str]:
        """What of a file is not as the last run left it: name -> digest or key before."""
        return self._state.journal.before.get(path, {})

    def is_new(self, path: str) -> bool:
        """Whether the file has bytes that the last run did not see."""
        return path in self._state.journal.added or "content" in self.changes(path)

    def of(self, stage: str, path: str) -> tuple[str, ...]:
        """Why a stage of a file is due, in words. Meaningful once the stages before it are done."""
        state = self._state
        if path in state.journal.added:
            return ("the file is new",)
        file = state.find(path)
        # By now the file may have taken over a recorded result; the journal has the key of before.
        key = self.changes(path).get(stage) or (file.stage(stage).key if file is not None else "")
        before = state.artifacts.inputs_of(key) if key else None
        if before is None:
            return (FIRST,)
        return differences(before, state.task_inputs(stage, path).text, self._settings(stage)) or (
            "its results are not in the cache any more",
        )

    def of_link(self) -> tuple[str, ...]:
        """Why `link` is due."""
        state = self._state
        key = self.changes(REPOSITORY).get("link") or state.manifest.link.key
        before = state.artifacts.inputs_of(key) if key else None
        if before is None:
            return (FIRST,)
        return differences(before, state.link_inputs().text, self._settings("link"))

    def of_merge(self) -> tuple[str, ...]:
        """Why `merge` is due."""
        journal = self._state.journal
        if not self._state.manifest.merge.key:
            return ("store or published files are not there, or not as they were left",)
        if journal.added or journal.removed or any(journal.before):
            return ("files changed",)
        return ("settings of what is published changed",)

    def _settings(self, stage: str) -> tuple[str, ...]:
        """Which settings of a stage are not those of the last run."""
        return setting_changes(self._facts.get(stage, {}), self._state.settings.spelled_out()[stage])


def differences(before: str, after: str, settings: tuple[str, ...]) -> tuple[str, ...]:
    """What differs between two lists of inputs (`TaskInputs.text`), in words; `settings` says it of the settings."""
    old, new = _parsed(before), _parsed(after)
    words: list[str] = []
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) == new.get(name):
            continue
        if name == "settings":
            words += settings or ("its settings, its code or a library changed",)
        else:
            words.append(CHANGED.get(name, f"what {name} says of it changed"))
    return tuple(words)


def setting_changes(before: dict[str, str], after: dict[str, str]) -> tuple[str, ...]:
    """What differs between the settings of a stage, in words."""
    if not before:
        return ()
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(
        "the code of the stage changed"
        if name == "its code"
        else f"{name}: {before.get(name, 'nothing')} -> {after.get(name, 'nothing')}"
        for name in names
    )


def _parsed(text: str) -> dict[str, str]:
    return dict(line.partition("=")[::2] for line in text.split("\n")[1:])
