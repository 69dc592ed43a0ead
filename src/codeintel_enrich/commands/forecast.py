"""Owns the forecast of a build: which tasks would run now, and why; runs and writes nothing.

What follows a task that would run cannot be known before it did: such tasks are told as possible, not as certain.
"""

from collections.abc import Iterator

import msgspec

from codeintel_enrich.engine.build.build import Build
from codeintel_enrich.engine.inputs.registry import due_externals, task_of
from codeintel_enrich.engine.rules.settings import settings_facts
from codeintel_enrich.engine.rules.stages import UPSTREAM, FileStage, TaskName
from codeintel_enrich.engine.run.last_run import read_last_run
from codeintel_enrich.engine.state.journal import WHOLE

_WORDS = {
    "path": "it moved",
    "content": "its bytes changed",
    "syntax": "its syntax tree changed",
    "interface": "what other modules see of it, or what it asks of them, changed",
    "linked": "what its imports mean changed",
    "document": "what the SCIP index says of it changed",
    "indexed": "the bytes that the SCIP index was made from are others",
    "qualified": "its qualified names changed",
    "stitched": "its SCIP symbols changed",
    "types": "its types and diagnostics changed",
    "coverage": "which of its lines are covered changed",
    "history": "its history changed",
    "owners": "its owners changed",
    "interfaces": "what some module shows or asks changed, or a module came or went",
}
"""Name of an input -> what to say where its value is another one; other names are those of external tools."""

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
    build.preview()
    try:
        reasons = Reasons(build)
        tasks = tuple(_tasks(build, reasons))
        journal = build.journal
        changed = sorted(path for path, before in journal.before.items() if "content" in before)
        return Plan(
            files=len(build.files) + len(build.outlined),
            added=tuple(sorted(journal.added)),
            changed=tuple(changed),
            removed=tuple(sorted(journal.removed)),
            tasks=tasks,
            warnings=tuple(dict.fromkeys(build.warnings)),
        )
    finally:
        build.artifacts.close()


def _tasks(build: Build, reasons: "Reasons") -> Iterator[PlannedTask]:
    parses = build.due_parses()
    for path in parses:
        yield PlannedTask(str(TaskName("parse", path)), reasons.of("parse", path), True)
    outlines = build.due_outlines()
    for path in outlines:
        yield PlannedTask(str(TaskName("outline", path)), reasons.of("outline", path), True)
    for name in due_externals(build):
        yield PlannedTask(str(task_of(name)), ("no recorded run of it was made from what is there now",), True)
    if parses or not build.settle_link():
        why = (MAY_REACH,) if parses else reasons.of_link()
        yield PlannedTask("link", why, not parses)
    linked = not parses and build.manifest.link.key == build.link_inputs().key
    settled = linked and not due_externals(build)
    emits = False
    for path, stages in build.due_analyses().items():
        is_new = path in parses and reasons.is_new(path)
        for stage in stages:
            first = settled and not any(before in stages for before in UPSTREAM[stage])
            why = reasons.of(stage, path) if first else ("it follows what runs before it",)
            yield PlannedTask(str(TaskName(stage, path)), why, first or is_new)
            emits = emits or stage == "emit"
    if emits or outlines or not build.settle_merge():
        yield PlannedTask("merge", reasons.of_merge(), not emits or any(map(reasons.is_new, parses)))


class Reasons:
    """Compares what tasks read now with what they read when they last were done."""

    def __init__(self, build: Build) -> None:
        self._build = build
        last = read_last_run(build.places.last_run)
        self._facts = last.facts if last is not None else {}

    def changes(self, path: str) -> dict[str, str]:
        """What of a file is not as the last run left it: name -> digest or key before."""
        return self._build.journal.before.get(path, {})

    def is_new(self, path: str) -> bool:
        """Whether the file has bytes that the last run did not see."""
        return path in self._build.journal.added or "content" in self.changes(path)

    def of(self, stage: FileStage, path: str) -> tuple[str, ...]:
        """Why a stage of a file is due, in words. Meaningful once the stages before it are settled."""
        build = self._build
        key = self.changes(path).get(stage) or getattr(build.find(path), stage).key
        if path in build.journal.added:
            return ("the file is new",)
        before = build.artifacts.inputs_of(key) if key else None
        if before is None:
            return (FIRST,)
        return differences(before, build.inputs(stage, path).text, self._settings(stage)) or (
            "its results are not in the cache any more",
        )

    def of_link(self) -> tuple[str, ...]:
        """Why `link` is due."""
        build = self._build
        key = self.changes(WHOLE).get("link") or build.manifest.link.key
        before = build.artifacts.inputs_of(key) if key else None
        if before is None:
            return (FIRST,)
        return differences(before, build.link_inputs().text, self._settings("link"))

    def of_merge(self) -> tuple[str, ...]:
        """Why `merge` is due."""
        journal = self._build.journal
        if not self._build.manifest.merge.key:
            return ("store or published files are not there, or not as they were left",)
        if journal.added or journal.removed or any(journal.before):
            return ("files changed",)
        return ("settings of what is published changed",)

    def _settings(self, stage: str) -> tuple[str, ...]:
        """Which settings of a stage are not those of the last run."""
        return setting_changes(self._facts.get(stage, {}), settings_facts(self._build.stage_settings)[stage])


def differences(before: str, after: str, settings: tuple[str, ...]) -> tuple[str, ...]:
    """What differs between two lists of inputs (`Inputs.text`), in words; `settings` says it of the settings."""
    old, new = _parsed(before), _parsed(after)
    told: list[str] = []
    for name in [*new, *(name for name in old if name not in new)]:
        if old.get(name) == new.get(name):
            continue
        if name == "settings":
            told += settings or ("its settings, its code or a library changed",)
        else:
            told.append(_WORDS.get(name, f"what {name} says of it changed"))
    return tuple(told)


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
