"""Owns the doing: runs the stages that a build found due, and records what came out the moment it is there.

Work goes ahead of the scheduler: as soon as it is known what is due, every file is handed to the workers, and a task
only waits for its file. What one task asked for by name needs is done when it is asked for.
"""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.engine.build.build import ENCODER, Build
from codeintel_enrich.engine.inputs.registry import make_external
from codeintel_enrich.engine.rules.stages import ANALYSIS, AnalysisStage, BytesStage, FileStage, TaskName
from codeintel_enrich.engine.run.file_job import AnalyseJob, StageDone
from codeintel_enrich.engine.run.repository_jobs import LinkDone, LinkJob, PublishDone, PublishJob, StoreDone, StoreJob
from codeintel_enrich.engine.run.sandbox import Pool, WorkerDiedError
from codeintel_enrich.engine.state.artifacts import Artifact, Trace
from codeintel_enrich.engine.state.integrity import stamp_own_file
from codeintel_enrich.engine.state.manifest import FileState, StageState
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.files.stamps import FileStamp

Stages = frozenset[FileStage]

FILE_STAGES: tuple[FileStage, ...] = ("parse", "outline", *ANALYSIS)


class Executor:
    """Runs tasks of one build; safe to use from several threads."""

    def __init__(self, build: Build) -> None:
        self.build = build
        config = build.project.config
        jobs = build.options.worker_count()
        self.pool = Pool(jobs, config.cpu_seconds, config.memory_megabytes, "codeintel_enrich.stages.parse")
        # One process each: what `link` needed is given back before `merge` needs its own.
        self.whole = {
            "link": Pool(1, 0, 0, "codeintel_enrich.stages.link"),
            "store": Pool(1, 0, 0, "codeintel_enrich.store.libraries", "codeintel_enrich.store"),
            "publish": Pool(
                *(1, 0, 0, *(("codeintel_enrich.publish.libraries",) if config.emit_parquet else ())),
                *("codeintel_enrich.store.arrow", "codeintel_enrich.publish.rules"),
            ),
        }
        self._threads = ThreadPoolExecutor(jobs, "file")
        self._merges_at_once = jobs > 1
        self._mending = threading.RLock()
        self._stopping = threading.Event()
        self._plans: list[Mapping[str, Sequence[FileStage]]] = []
        self._ahead: dict[TaskName, Future[Stages]] = {}
        """Task -> what its file's work ahead came to; the tasks of a file's analyses share one."""

    def warm_up(self) -> None:
        """Start, beside everything else, what takes long to start: a worker for files and those of the merge."""
        self.pool.warm_up()
        self.whole["store"].warm_up()
        self.whole["publish"].warm_up("publish ahead", str(self.build.places.publish_index))

    def plan(self, due: Mapping[str, Sequence[FileStage]]) -> None:
        """Say which files (path -> due stages) to hand to the workers, in this order, as soon as one is asked for."""
        self._plans.append(due)

    def _work(self, task: TaskName) -> Future[Stages] | None:
        """The work ahead that the task is part of; None where there is none."""
        for due in [due for due in self._plans if task.stage in due.get(task.path or "", ())]:
            self._plans.remove(due)
            for path, stages in due.items():
                work = self._threads.submit(self._stages, path, stages)
                self._ahead.update((TaskName(stage, path), work) for stage in stages)
        return self._ahead.get(task)

    def ran_ahead(self, task: TaskName) -> bool | None:
        """Whether the work ahead really ran this task, or was stopped by a fault; None where it is not among it.

        Waits for the work on the task's file.
        """
        if (work := self._work(task)) is None:
            return None
        return work.exception() is not None or task.stage in work.result()

    def run(self, task: TaskName) -> None:
        """Run one task and record it. Raises EnrichError for what stops the build."""
        if task.path is not None and task.stage in FILE_STAGES:
            if (work := self._work(task)) is not None:
                work.result()
            elif self.build.find(task.path) is not None:
                self._stages(task.path, [task.stage])
        else:
            started = time.perf_counter()
            if task.stage == "link":
                self._link()
            elif task.stage == "merge":
                self._merge()
            else:
                make_external(self.build, task.path or "index")
            self.build.spend(task.stage, time.perf_counter() - started)
        self.build.ran.append(str(task))

    def stop(self) -> None:
        """Drop the work that is still ahead and stop the worker processes."""
        self._stopping.set()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in (self.pool, *self.whole.values()):
            pool.stop()
        self._threads.shutdown()

    def close(self) -> None:
        """Wait until the worker processes have ended, which takes a while after they are stopped."""
        for pool in (self.pool, *self.whole.values()):
            pool.close()

    # --- stages of one file ---------------------------------------------------------------------------------------

    def _stages(self, path: str, stages: Sequence[FileStage]) -> Stages:
        """Run stages of one file, in their order; returns those that really ran."""
        analyses: list[AnalysisStage] = []
        ran: set[FileStage] = set()
        for stage in stages:
            if stage != "parse" and stage != "outline":
                analyses.append(stage)
            elif self._of_bytes(stage, path):
                ran.add(stage)
        if analyses and path in self.build.files:
            ran.update(self._analyse(path, analyses))
        return frozenset(ran)

    def _of_bytes(self, stage: BytesStage, path: str) -> bool:
        """Run a stage that reads nothing but the file's bytes; returns whether it had to."""
        build = self.build
        started = time.perf_counter()
        # Read here, not at hashing time: the key must name the bytes that the stage was given.
        data = build.hash_file(path)
        state = build.find(path)
        if state is None or build.settle(stage, path):
            return False
        inputs = build.inputs(stage, path)
        if data is None:
            rule, message = state.content.split(": ", 1)
            encoded = self._stand_in(stage, path, b"", rule, message)
        else:
            encoded = self._in_worker(stage, path, data)
        layers = [msgspec.msgpack.decode(layer, type=Artifact) for layer in encoded]
        outputs = tuple(layer.digest for layer in layers)
        build.artifacts.record(layers, Trace(inputs, outputs))
        build.remember(stage, path, inputs.key, outputs)
        build.spend(stage, time.perf_counter() - started)
        return True

    def _in_worker(self, stage: BytesStage, path: str, data: bytes) -> list[bytes]:
        project = self.build.project
        parse_config = project.config.parse_config(project.requires_python)
        told = ENCODER.encode(parse_config) if stage == "parse" else path
        for attempt in (1, 2):
            try:
                return self.pool.run(stage, data, told)
            except WorkerDiedError as death:
                if self._stopping.is_set():
                    raise
                # A worker that had done other files may have died of them: the file gets one fresh worker.
                if attempt == 2 or death.first_job or death.rule == "time-limit":
                    return self._stand_in(stage, path, data, death.rule, death.message)
        raise AssertionError("two attempts always return")

    def _stand_in(self, stage: BytesStage, path: str, data: bytes, rule: str, message: str) -> list[bytes]:
        """What says, in place of a file's layers, why there are none."""
        if stage == "outline":
            return self.pool.run("outline failed", data, path, message)
        try:
            return self.pool.run("parse failed", data, rule, message, True)
        except WorkerDiedError:
            return self.pool.run("parse failed", data, rule, message, False)

    def _analyse(self, path: str, stages: Sequence[AnalysisStage]) -> Stages:
        build = self.build
        done = self._analyse_in_worker(path, stages)
        made = [one for one in done if one.made is not None]
        build.artifacts.record(
            [one.made for one in made if one.made is not None], *(Trace(one.inputs, (one.output,)) for one in made)
        )
        for one in done:
            build.remember(one.stage, path, one.inputs.key, (one.output,))
            build.spend(one.stage, one.seconds)
        return frozenset(one.stage for one in made)

    def _analyse_in_worker(self, path: str, stages: Sequence[AnalysisStage]) -> list[StageDone]:
        build = self.build
        config = build.project.config
        while True:
            job = AnalyseJob(
                str(build.places.artifacts),
                list(stages),
                {stage: build.settings[stage] for stage in stages},
                build.sources(path),
                config.emit_config(build.project.tag_rules, build.project.sorts_keys),
            )
            try:
                (answer,) = self.pool.run("analyse", msgspec.msgpack.encode(job))
            except WorkerDiedError as death:
                raise EnrichError(f"{path}: {', '.join(stages)}: {death.message}") from death
            except CorruptArtifactError as error:
                self._mend(error)
            else:
                return msgspec.msgpack.decode(answer, type=list[StageDone])

    # --- jobs on the whole repository -----------------------------------------------------------------------------

    def _link(self) -> None:
        build = self.build
        config = build.project.config

        def job() -> LinkJob:
            return LinkJob(
                str(build.places.artifacts),
                str(build.places.link_state),
                build.settings["link"],
                {path: state.interface for path, state in build.files.items()},
                config.roots,
                config.link_config(build.project.requires_python),
            )

        done = msgspec.msgpack.decode(self._on_whole("link", job), type=LinkDone)
        self.whole["link"].close()
        build.warnings += done.warnings
        listing = Artifact.of(ENCODER.encode(done.linked_modules))
        inputs = build.link_inputs()
        build.artifacts.record([*done.fresh, listing], Trace(inputs, (listing.digest,)))
        build.take_linked(inputs.key, listing.digest, done.linked_modules)

    def _merge(self) -> None:
        """Store and published files, beside each other: hardly any of the files is made of what the store says."""
        build = self.build
        stamps, build.manifest.stamps = build.manifest.stamps, {}
        with ThreadPoolExecutor(1, "store") as thread:
            storing = thread.submit(self._store, stamps)
            if not self._merges_at_once:
                storing.result()
            published = self._publish(stamps, lambda: storing.result().generation)
            stored = storing.result()
        build.manifest.rows, build.manifest.broken = stored.rows, stored.broken
        build.seconds["merge: store"] = stored.seconds
        build.seconds["merge: files"] = published.seconds
        stamp_own_file(build, build.places.store)
        stamp_own_file(build, build.places.publish_index)
        out = build.places.name(build.places.out)
        build.manifest.stamps.update(
            (name if os.path.isabs(name) else f"{out}/{name}", stamp) for name, stamp in published.files.items()
        )
        build.manifest.merge = StageState() if published.postponed else StageState(build.merge_inputs().key, "done")

    def _store(self, stamps: Mapping[str, FileStamp]) -> StoreDone:
        places = self.build.places
        store = places.name(places.store)

        def job() -> StoreJob:
            return StoreJob(
                artifacts=str(places.artifacts),
                store=str(places.store),
                trusted=stamps.get(store),
                version=__version__,
                wanted=self.build.module_rows() | self.build.outline_rows(),
                in_bulk=self.build.project.in_bulk,
            )

        done = msgspec.msgpack.decode(self._on_whole("store", job), type=StoreDone)
        if done.rebuilt and store in stamps:
            self.build.warnings.append(f"{places.store}: {done.rebuilt}; made again")
        return done

    def _publish(self, stamps: Mapping[str, FileStamp], generation: Callable[[], int]) -> PublishDone:
        build, places = self.build, self.build.places

        def job() -> PublishJob:
            return PublishJob(
                artifacts=str(places.artifacts),
                store=str(places.store),
                out=str(places.out),
                publish_index=str(places.publish_index),
                intact=places.name(places.publish_index) in stamps and not build.strange_files,
                slice_log=str(places.slice_log),
                wanted=build.module_rows(),
                outlined=build.outline_rows(),
                project=build.project.name,
                entry_points=build.project.entry_points,
                root=str(places.root),
                publish=build.project.config.publish_config(),
                cst_file=str(build.project.config.cst_file(places.root)),
            )

        return msgspec.msgpack.decode(self._on_whole("publish", job, generation), type=PublishDone)

    def _on_whole(
        self,
        stage: str,
        job: Callable[[], LinkJob | StoreJob | PublishJob],
        reply: Callable[[], int] | None = None,
    ) -> bytes:
        """Run a job; artifacts that it finds damaged are made again, and it is run again."""
        while True:
            try:
                return self.whole[stage].run(stage, msgspec.msgpack.encode(job()), reply=reply)[0]
            except WorkerDiedError as death:
                raise EnrichError(f"{stage} {death.message}") from death
            except CorruptArtifactError as error:
                self._mend(error)

    def _mend(self, error: CorruptArtifactError) -> None:
        """Make an artifact again, once for all who find it damaged at the same time.

        Raises the error itself where no stage of ours made it: then it cannot be mended.
        """
        with self._mending:
            try:
                self.build.artifacts.get(error.wanted)
            except CorruptArtifactError:
                self._make_again(error)

    def _make_again(self, error: CorruptArtifactError) -> None:
        build, wanted = self.build, error.wanted
        build.artifacts.forget((wanted,))
        for path in (*build.files, *build.outlined):
            state = build.find(path)
            if isinstance(state, FileState) and state.linked == wanted:
                build.warnings.append(f"{path}: linked: {error.message}; made again")
                build.places.link_state.unlink(missing_ok=True)
                self._link()
                return
            for stage in FILE_STAGES:
                known: StageState = getattr(state, stage, StageState())
                if wanted == known.output or (stage == "parse" and wanted == getattr(state, "interface", None)):
                    build.warnings.append(f"{path}: {stage}: {error.message}; made again")
                    setattr(state, stage, StageState())
                    self._stages(path, [stage])
                    return
        raise error
