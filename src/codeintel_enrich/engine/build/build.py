"""Owns one build: what is there, what is due, and the state that tasks advance; runs nothing itself.

    look (no lock) -> settled? done
                      -> begin (lock, hash what changed) -> due tasks -> [run] -> finish (remember)

A stage of a file is due when no recorded run has the key of its present inputs.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import msgspec

from codeintel_enrich.engine.inputs.facts import Facts
from codeintel_enrich.engine.rules.config import config_digest, read_project
from codeintel_enrich.engine.rules.keys import Inputs, Sources, stage_version
from codeintel_enrich.engine.rules.settings import Settings, settings_digests, stage_settings
from codeintel_enrich.engine.rules.stages import ANALYSIS, UPSTREAM, AnalysisStage, BytesStage, FileStage
from codeintel_enrich.engine.state.artifacts import Artifacts, Snapshot, most_kept
from codeintel_enrich.engine.state.integrity import check_own_files, remove_leftovers, stamp_own_file, strange_files
from codeintel_enrich.engine.state.journal import WHOLE, Journal
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.engine.state.manifest import (
    BytesState,
    FileState,
    OutlinedState,
    StageState,
    load_manifest,
    save_manifest,
)
from codeintel_enrich.engine.state.outlining import language
from codeintel_enrich.engine.state.places import Options, places
from codeintel_enrich.engine.state.tree import look
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.model.digest import digest

if TYPE_CHECKING:
    from codeintel_enrich.engine.inputs.context import Tip

ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class Build:
    """One repository, one cache, one run."""

    def __init__(self, options: Options, tell: Callable[[str], None] = lambda message: None) -> None:
        self.started = time.perf_counter()
        self.options = options
        self.places = places(options)
        self.tell = tell
        self.project = read_project(self.places.root, options.overrides)
        self.warnings: list[str] = []
        self.ran: list[str] = []
        """Names of the tasks that ran, in the order in which they ended."""
        self.seconds: dict[str, float] = {}
        """Stage -> wall seconds its tasks took, summed."""
        self.left_out: dict[str, str] = {}
        self.failed_tools: dict[str, str] = {}
        """External inputs that could not be made -> why; they are due again at the next run."""
        self.grammars: dict[str, str] = {}
        """Language of files that have an outline only -> its grammar and that one's version."""
        self.journal = Journal()
        self.begun = False
        self._ledgers: dict[str, str] = {}
        """Digests of `_ledger` for the present state of all files."""
        self._touched: set[str] = set()
        """Files for which anything that a later stage reads is new in this run."""
        self._all_due = False
        self._clock = threading.Lock()
        self._lock = CacheLock(self.places.cache)
        self._open_tasks: set[tuple[str, str]] = set()

    # --- settings -------------------------------------------------------------------------------------------------

    @cached_property
    def settings(self) -> dict[str, str]:
        """Stage -> digest of its own version and settings, and of nobody else's."""
        return settings_digests(self.stage_settings)

    @cached_property
    def stage_settings(self) -> Settings:
        """Stage -> the settings that it reads."""
        return stage_settings(self.project)

    @property
    def overall(self) -> str:
        """Digest of everything but files that decides what a finished build looks like."""
        return config_digest(self._asked, self.grammars)

    @cached_property
    def _asked(self) -> str:
        from codeintel_enrich.engine.inputs.registry import policy

        return config_digest(
            self.settings,
            policy(self),
            [stage_version("index"), stage_version("check")],
            (self.options.only, self.project.config.include, self.project.config.exclude),
            self.places.name(self.places.out),
        )

    # --- observe --------------------------------------------------------------------------------------------------

    @cached_property
    def settled(self) -> bool:
        """Whether there is nothing to do, found out without a lock and without opening a source file."""
        return self._observe()

    def _observe(self) -> bool:
        self.manifest_stamp = FileStamp.of(self.places.manifest)
        self.manifest, warning = load_manifest(self.places.manifest)
        if warning:
            self.warnings.append(warning)
        self.tree = look(self.places, self.project.config, self.options.only, self.manifest, self.journal)
        self.grammars = self.tree.grammars
        self.left_out = dict(self.tree.seen.left_out)
        for of_manifest in ("strange_files", "_facts"):
            self.__dict__.pop(of_manifest, None)
        return (
            self.manifest.settled == self.overall
            and not self.options.refresh_index
            and self.tree.is_as_known()
            and not self.strange_files
        )

    @cached_property
    def strange_files(self) -> list[str]:
        """Files of ours that were changed or deleted since the last run, by their names in the manifest."""
        return strange_files(self)

    @property
    def files(self) -> dict[str, FileState]:
        """Path of a Python file -> what is known of it."""
        return self.manifest.files

    @property
    def outlined(self) -> dict[str, OutlinedState]:
        """Path of a file that has an outline only -> what is known of it."""
        return self.manifest.outlined

    def find(self, path: str) -> FileState | OutlinedState | None:
        """What is known of a file of either kind."""
        return self.tree.find(path)

    # --- begin ----------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Take the lock, hash what changed, and find out which files parse is due for.

        Raises LockedError, or UsageError when the cache folder is not ours.
        """
        started = time.perf_counter()
        self.places.prepare_cache()
        self._lock.acquire(self.project.config.lock_wait_seconds, self.tell)
        if FileStamp.of(self.places.manifest) != self.manifest_stamp:
            # Another run finished while this one waited: what it learned is the starting point now.
            self.warnings.clear()
            self._observe()
        self.begun = True
        remove_leftovers(self.places.cache)
        _ = self.strange_files  # To open the artifacts is to change their file.
        self.artifacts = Artifacts(self.places.artifacts)
        self._take_in()
        self.spend("hash", time.perf_counter() - started)

    def preview(self) -> None:
        """Begin without lock and without writing anything: enough to find out what is due, not to do it."""
        self._observe()
        self.artifacts = Snapshot(self.places.artifacts)
        self._take_in()

    def _take_in(self) -> None:
        """Look at everything that changed since the manifest was written."""
        self._all_due = self.manifest.settled != self.overall
        if check_own_files(self):
            self._all_due = True
        if self.tree.forget_vanished():
            self._ledgers.clear()
        for path in self.tree.changed():
            self.hash_file(path)

    def hash_file(self, path: str) -> bytes | None:
        """Read one file and remember signature and digest; None when it cannot be read (or is gone: then forgotten)."""
        data, is_new = self.tree.read(path)
        if is_new:
            self._ledgers.clear()
            self._touched.add(path)
        return data

    # --- keys -----------------------------------------------------------------------------------------------------

    def inputs(self, stage: FileStage, path: str) -> Inputs:
        """What a stage of a file reads now. Meaningful once the stages before it are settled."""
        settings = ("settings", self.settings[stage])
        if stage == "parse":
            return Inputs.of("parse", settings, ("content", self.files[path].content))
        if stage == "outline":
            grammar, content = self.grammars[language(path)], self.outlined[path].content
            return Inputs.of("outline", ("path", path), settings, ("grammar", grammar), ("content", content))
        return self.sources(path).inputs(stage, self.settings[stage])

    def sources(self, path: str) -> Sources:
        """What the stages of a file after `link` read now."""
        state = self.files[path]
        document, indexed = self._facts.document(path)
        return Sources(
            *(path, state.parse.output, state.interface, state.linked),
            facts=self._facts.pieces("check", path),
            context=self._facts.pieces("context", path),
            document=document,
            indexed=indexed,
            qualified=state.qualify.output,
            stitched=state.stitch.output,
            types=state.types.output,
        )

    @cached_property
    def enabled(self) -> tuple[str, ...]:
        """Names of the external inputs that this build reads: `index`, checkers, context."""
        from codeintel_enrich.engine.inputs.registry import enabled

        return enabled(self)

    @cached_property
    def tip(self) -> "Tip":
        """Where the history stood when this build first asked."""
        from codeintel_enrich.engine.inputs.context import find_tip

        return find_tip(self.places.root)

    @cached_property
    def _facts(self) -> Facts:
        return Facts(self.enabled, self.manifest.externals)

    def settle(self, stage: FileStage, path: str) -> bool:
        """Whether a stage's output for its present inputs is at hand, from this state or from any recorded run."""
        key = self.inputs(stage, path).key
        known: StageState = getattr(self.find(path), stage)
        if known.key == key:
            return True
        outputs = self.artifacts.lookup(key)
        if outputs is None:
            return False
        self.remember(stage, path, key, outputs)
        return True

    def remember(self, stage: str, path: str, key: str, outputs: Iterable[str]) -> None:
        """Take over the outputs of a stage of a file."""
        state = self.find(path)
        first, *rest = outputs
        self.journal.note(path, stage, getattr(state, stage).key)
        setattr(state, stage, StageState(key, first))
        if rest:
            self.journal.note(path, "interface", self.files[path].interface)
            self.files[path].interface = rest[0]
        self._ledgers.pop("interface" if rest else "rows", None)
        self._touched.add(path)
        self._open_tasks.discard((stage, path))

    # --- due ------------------------------------------------------------------------------------------------------

    def due_parses(self) -> list[str]:
        """Python files that must be parsed, in path order."""
        return self._due("parse", self.files)

    def due_outlines(self) -> list[str]:
        """Other files whose outline must be made, in path order."""
        return self._due("outline", self.outlined)

    def _due(self, stage: BytesStage, known: Mapping[str, BytesState]) -> list[str]:
        candidates = known if self._all_due else self._touched
        due = [path for path in sorted(candidates) if path in known and not self.settle(stage, path)]
        self._open_tasks.update((stage, path) for path in due)
        return due

    def link_inputs(self) -> Inputs:
        """What `link` reads: every module's path and interface."""
        return Inputs.of("link", ("settings", self.settings["link"]), ("interfaces", self._ledger("interface")))

    def _ledger(self, kind: Literal["interface", "rows"]) -> str:
        """Digest of every path with its interface, or its rows."""
        if kind not in self._ledgers:
            interfaces = {path: state.interface for path, state in self.files.items()}
            told = interfaces if kind == "interface" else {**self.module_rows(), **self.outline_rows()}
            lines = [f"{path}\0{name}" for path, name in sorted(told.items())]
            self._ledgers[kind] = digest("\n".join(lines).encode("utf-8", "surrogateescape"))
        return self._ledgers[kind]

    def module_rows(self) -> dict[str, str]:
        """Path of each Python file -> digest of its rows, in path order."""
        return {path: state.emit.output for path, state in sorted(self.files.items())}

    def outline_rows(self) -> dict[str, str]:
        """Path of each file that has an outline only -> digest of its rows, in path order."""
        return {path: state.outline.output for path, state in sorted(self.outlined.items())}

    def settle_link(self) -> bool:
        """Whether every module's linked is at hand."""
        key = self.link_inputs().key
        if self.manifest.link.key == key:
            return True
        outputs = self.artifacts.lookup(key)
        if outputs is None:
            return False
        table = msgspec.msgpack.decode(self.artifacts.get(outputs[0]), type=dict[str, str])
        fresh = {name for path, name in table.items() if self.files[path].linked != name}
        if not all(self.artifacts.has(name) for name in fresh):
            return False
        self.take_linked(key, outputs[0], table)
        return True

    def take_linked(self, key: str, output: str, table: dict[str, str]) -> None:
        """Give every file its linked (path -> digest)."""
        for path, name in table.items():
            state = self.files[path]
            if state.linked != name:
                self.journal.note(path, "linked", state.linked)
                state.linked = name
                self._touched.add(path)
        self.journal.note(WHOLE, "link", self.manifest.link.key)
        self.manifest.link = StageState(key, output)

    def touch(self, paths: Iterable[str]) -> None:
        """Say that something which later stages of these files read is new."""
        self._touched.update(paths)

    def due_analyses(self) -> dict[str, list[AnalysisStage]]:
        """Path -> its stages after `link` that are due, or may turn out to be when those before them ran."""
        result: dict[str, list[AnalysisStage]] = {}
        for path in sorted(self.files if self._all_due else self._touched):
            if path not in self.files:
                continue
            due: list[AnalysisStage] = []
            for stage in ANALYSIS:
                if any(before in due for before in UPSTREAM[stage]) or not self.settle(stage, path):
                    due.append(stage)
            if due:
                result[path] = due
                self._open_tasks.update((stage, path) for stage in due)
        return result

    def merge_inputs(self) -> Inputs:
        """What `merge` reads: the rows of every file."""
        return Inputs.of(
            "merge",
            ("settings", self.settings["merge"]),
            ("out", self.places.name(self.places.out)),
            ("rows", self._ledger("rows")),
        )

    def settle_merge(self) -> bool:
        """Whether store and published files already say what the rows say."""
        return self.manifest.merge.key == self.merge_inputs().key

    # --- finish ---------------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """Remember what was learned, and let go of the cache. Harmless when the build never began."""
        if not self.begun:
            return
        self.begun = False
        started = time.perf_counter()
        try:
            self.manifest.settled = self.overall if self._everything_done() else ""
            self.manifest.decisions = self.tree.seen.decisions
            self.artifacts.prune(self.manifest.used, most_kept(len(self.files) + len(self.outlined)))
            self.warnings += self.artifacts.warnings
            self.artifacts.close()
            stamp_own_file(self, self.places.artifacts)
            save_manifest(self.places.manifest, self.manifest)
        finally:
            self._lock.release()
        self.spend("remember", time.perf_counter() - started)

    def _everything_done(self) -> bool:
        """Whether nothing is due; a run of selected tasks may have left out what others would have found due."""
        from codeintel_enrich.engine.inputs.registry import due_externals, task_of

        return (
            not self._open_tasks
            and not self.failed_tools
            and all(str(task_of(name)) in self.ran for name in due_externals(self))
            and not self.due_parses()
            and not self.due_outlines()
            and self.manifest.link.key == self.link_inputs().key
            and not self.due_analyses()
            and self.settle_merge()
        )

    def spend(self, stage: str, seconds: float) -> None:
        """Add wall time to a stage."""
        with self._clock:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
