"""Running tasks: hands jobs to workers, and records what came out the moment it is there.

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
from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.plan.due import is_due
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.rules.stages import BY_NAME, FIRST, stages_of
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.run.blame import BlameError, run_fairly
from codeintel_enrich.engine.run.jobs import (
    AnalysisJob,
    LinkDone,
    LinkJob,
    PublishDone,
    PublishJob,
    StageCall,
    StageDone,
    StoreDone,
    StoreJob,
)
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.engine.state.discovery import form_of
from codeintel_enrich.engine.state.outlining import language
from codeintel_enrich.engine.state.state import ENCODER
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.files.stat import FileStamp

Ran = frozenset[str]
"""Stages of a file that really ran."""

FILE_STAGES = tuple(stage.name for scope in ("module", "document") for stage in stages_of(scope))
FIRST_STAGES = tuple(stage.name for stage in FIRST.values())


class Executor:
    """Runs tasks of one build; safe to use from several threads."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._state = build.state
        config = self._state.project.config
        jobs = self._state.options.worker_count()
        self._pool = Pool(jobs, config.cpu_seconds, config.memory_megabytes, "codeintel_enrich.stages.parse")
        # One process each: what `link` needed is given back before `merge` needs its own.
        # No limits either: what these need grows with the repository, and no single file is to blame for it.
        self._repository_pools = {
            "link": Pool(1, 0, 0, "codeintel_enrich.stages.link"),
            "store": Pool(1, 0, 0, "codeintel_enrich.store.libraries", "codeintel_enrich.store"),
            "publish": Pool(
                *(1, 0, 0, *(("codeintel_enrich.publish.libraries",) if config.emit_parquet else ())),
                *("codeintel_enrich.store.arrow", "codeintel_enrich.publish.files"),
            ),
        }
        # A thread for each worker process: it does nothing but wait for it.
        self._threads = ThreadPoolExecutor(jobs, "file")
        self._merges_at_once = jobs > 1
        self._mending = threading.RLock()
        self._stopping = threading.Event()
        self._plans: list[Mapping[str, Sequence[str]]] = []
        self._ahead: dict[TaskName, Future[Ran]] = {}
        """Task -> what its file's work ahead came to; the tasks of a file's analyses share one."""

    @property
    def _pools(self) -> tuple[Pool, ...]:
        return self._pool, *self._repository_pools.values()

    def warm_up(self) -> None:
        """Start, beside everything else, what takes long to start: a worker for files and those of the merge."""
        self._pool.warm_up()
        self._repository_pools["store"].warm_up()
        self._repository_pools["publish"].warm_up("publish ahead", str(self._state.places.publish_index))

    def plan(self, due: Mapping[str, Sequence[str]]) -> None:
        """Say which files (path -> due stages) to hand to the workers, in this order, as soon as one is asked for."""
        self._plans.append(due)

    def is_planned(self, task: TaskName) -> bool:
        """Whether the work ahead includes a task, or may turn out to; does not wait for it."""
        return task in self._ahead or any(task.stage in due.get(task.path or "", ()) for due in self._plans)

    def run(self, task: TaskName) -> bool:
        """Run one task, or wait for the work ahead on its file; returns whether it really had to run.

        A task that was found due may turn out not to be: where the stage before it made what it had made before,
        nothing that it reads is new. Raises EnrichError for what stops the build.
        """
        if task.path is not None and task.stage in FILE_STAGES:
            work = self._work(task)
            ran = task.stage in (work.result() if work is not None else self._run_stages(task.path, [task.stage]))
        else:
            started = time.perf_counter()
            self._run_alone(task)
            self._state.account.spend(task.stage, time.perf_counter() - started)
            ran = True
        if ran:
            self._state.account.ran.append(str(task))
        return ran

    def _run_alone(self, task: TaskName) -> None:
        if task.stage == "link":
            self._link()
        elif task.stage == "merge":
            self._merge()
        else:
            self._build.inputs.make(task.path or task.stage)

    def _work(self, task: TaskName) -> Future[Ran] | None:
        """The work ahead that the task is part of, begun if it was only planned; None where there is none."""
        for due in [due for due in self._plans if task.stage in due.get(task.path or "", ())]:
            # Begun with the first task that doit asks for, not when planned: a selection of other tasks may never ask.
            self._plans.remove(due)
            for path, stages in due.items():
                work = self._threads.submit(self._run_stages, path, stages)
                self._ahead.update((TaskName(stage, path), work) for stage in stages)
        return self._ahead.get(task)

    def stop(self) -> None:
        """Drop the work that is still ahead and stop the worker processes."""
        self._stopping.set()
        # In this order: threads that wait for a worker are woken by its end, and must find no more work then.
        self._threads.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools:
            pool.stop()
        self._threads.shutdown()

    def close(self) -> None:
        """Wait until the worker processes have ended, which takes a while after they are stopped."""
        for pool in self._pools:
            pool.close()

    # --- stages of one file ---------------------------------------------------------------------------------------

    def _run_stages(self, path: str, stages: Sequence[str]) -> Ran:
        """Run stages of one file, in their order; returns those that really ran."""
        ran = {stage for stage in stages if stage in FIRST_STAGES and self._run_first(stage, path)}
        analyses = [stage for stage in stages if stage not in FIRST_STAGES]
        if analyses and path in self._state.files:
            ran.update(self._analyse(path, analyses))
        return frozenset(ran)

    def _run_first(self, stage: str, path: str) -> bool:
        """Run a stage that reads a file's bytes; returns whether it had to."""
        state = self._state
        if state.find(path) is None:
            return False
        started = time.perf_counter()
        # Read here, not at hashing time: the key must name the bytes that the stage was given.
        data = state.read(path)
        if not is_due(state, stage, path):
            return False
        inputs = state.task_inputs(stage, path)
        encoded = self._in_worker(stage, path, data) if data is not None else self._unreadable(stage, path)
        state.record(stage, path, inputs, (msgspec.msgpack.decode(layer, type=Artifact) for layer in encoded))
        state.account.spend(stage, time.perf_counter() - started)
        return True

    def _in_worker(self, stage: str, path: str, data: bytes) -> list[bytes]:
        if stage == FIRST["module"].name:
            arguments: tuple[object, ...] = (ENCODER.encode(self._state.settings.values[stage]), form_of(path))
        else:
            arguments = (path, language(path))
        try:
            return self._on_file(stage, data, *arguments, control=(b"", *arguments))
        except BlameError as blame:
            return self._stand_in(stage, path, data, blame.rule, blame.message)

    def _on_file(self, stage: str, *arguments: object, control: Sequence[object] = ()) -> list[bytes]:
        return run_fairly(self._pool, stage, *arguments, control=control, is_stopping=self._stopping.is_set)

    def _unreadable(self, stage: str, path: str) -> list[bytes]:
        file = self._state.find(path)
        assert file is not None, "it was found due"
        rule, message = file.content.split(": ", 1)
        return self._stand_in(stage, path, b"", rule, message)

    def _stand_in(self, stage: str, path: str, data: bytes, rule: str, message: str) -> list[bytes]:
        """What says, in place of what a stage makes of a file, why there is none."""
        if stage != FIRST["module"].name:
            return self._on_file("outline failed", data, path, language(path), message)
        try:
            arguments = (rule, message, form_of(path) == "source")
            return self._on_file("parse failed", data, *arguments, control=(b"", *arguments))
        except BlameError:
            # What killed the parser may kill the outliner, too.
            return self._on_file("parse failed", data, rule, message, False)

    def _analyse(self, path: str, stages: Sequence[str]) -> Ran:
        state = self._state
        done = self._analyse_in_worker(path, stages)
        for one in done:
            if one.made is not None:
                state.record(one.stage, path, one.inputs, one.made)
            else:
                state.take(one.stage, path, one.inputs.key, one.outputs)
            state.account.spend(one.stage, one.seconds)
        return frozenset(one.stage for one in done if one.made is not None)

    def _analyse_in_worker(self, path: str, stages: Sequence[str]) -> list[StageDone]:
        calls = tuple(self._call(stage) for stage in stages)
        # Every round mends the one artifact that the worker stumbled over, and what cannot be mended raises.
        seen: set[str] = set()
        while True:
            job = AnalysisJob(str(self._state.places.artifacts), calls, self._state.file_inputs(path))
            try:
                (answer,) = self._on_file("analyses", msgspec.msgpack.encode(job))
            except BlameError as blame:
                # What nothing can stand in for stops the build, until it is granted more or left out.
                remedy = "raise cpu-seconds or memory-megabytes, or exclude it"
                raise EnrichError(f"{blame.message}; {remedy}") from blame
            except CorruptArtifactError as error:
                self._mend(error, seen)
            else:
                return msgspec.msgpack.decode(answer, type=list[StageDone])

    def _call(self, name: str) -> StageCall:
        stage, settings = BY_NAME[name], self._state.settings
        config = ENCODER.encode(settings.values[name])
        return StageCall(name, stage.run, stage.reads, stage.makes, settings.digests[name], config)

    # --- jobs on the repository -----------------------------------------------------------------------------------

    def _link(self) -> None:
        state = self._state
        config = state.project.config
        state.begin_link()

        def job() -> LinkJob:
            return LinkJob(
                str(state.places.artifacts),
                str(state.places.link_state),
                state.settings.digests["link"],
                state.interfaces(),
                state.manifest.links,
                config.roots,
                config.link_config(state.project.requires_python),
                ENCODER.encode(state.tree.seen.around),
            )

        done = msgspec.msgpack.decode(self._on_repository("link", job), type=LinkDone)
        # Its memory grows with the repository, and the merge is about to need as much.
        self._repository_pools["link"].close()
        state.account.warnings += done.warnings
        state.record_linked(done.linked, done.fresh)

    def _merge(self) -> None:
        """Store and published files, beside each other: hardly any of the files is made of what the store says."""
        state = self._state
        stamps = state.begin_merge()
        with ThreadPoolExecutor(1, "store") as thread:
            storing = thread.submit(self._store, stamps)
            # With one job asked for, one process works at a time, as whoever asks on a small machine means it.
            if not self._merges_at_once:
                storing.result()
            published = self._publish(stamps, lambda: storing.result().generation)
            stored = storing.result()
        state.account.seconds["merge: store"] = stored.seconds
        state.account.seconds["merge: files"] = published.seconds
        out = state.places.name(state.places.out)
        files = {name if os.path.isabs(name) else f"{out}/{name}": stamp for name, stamp in published.files.items()}
        state.end_merge(stored.rows, stored.broken, stored.nowhere, files, complete=not published.postponed)

    def _store(self, stamps: Mapping[str, FileStamp]) -> StoreDone:
        state, places = self._state, self._state.places
        store = places.name(places.store)

        def job() -> StoreJob:
            return StoreJob(
                artifacts=str(places.artifacts),
                store=str(places.store),
                trusted=stamps.get(store),
                version=__version__,
                wanted=state.module_rows() | state.outline_rows(),
                in_bulk=state.project.in_bulk,
            )

        done = msgspec.msgpack.decode(self._on_repository("store", job), type=StoreDone)
        if done.rebuilt and store in stamps:
            state.account.warnings.append(f"{places.store}: {done.rebuilt}; made again")
        return done

    def _publish(self, stamps: Mapping[str, FileStamp], generation: Callable[[], int]) -> PublishDone:
        from codeintel_enrich.publish.outputs import cst_place

        state, places, project = self._state, self._state.places, self._state.project

        def job() -> PublishJob:
            return PublishJob(
                artifacts=str(places.artifacts),
                store=str(places.store),
                out=str(places.out),
                publish_index=str(places.publish_index),
                intact=places.name(places.publish_index) in stamps and not state.tampered,
                compare=state.compare,
                slice_log=str(places.slice_log),
                version=stage_version("merge"),
                wanted=state.module_rows(),
                outlined=state.outline_rows(),
                project=project.name,
                entry_points=project.entry_points,
                root=str(places.root),
                publish=project.config.publish_config(),
                cst_file=str(cst_place(project.config.cst_out, places.root, places.out)),
            )

        return msgspec.msgpack.decode(self._on_repository("publish", job, generation), type=PublishDone)

    def _on_repository(
        self,
        kind: str,
        job: Callable[[], LinkJob | StoreJob | PublishJob],
        reply: Callable[[], int] | None = None,
    ) -> bytes:
        """Run a job; artifacts that it finds damaged are made again, and it is run again."""
        seen: set[str] = set()
        while True:
            try:
                # The job is put together anew for each attempt: mending may have given a file other digests.
                return run_fairly(
                    self._repository_pools[kind],
                    kind,
                    msgspec.msgpack.encode(job()),
                    reply=reply,
                    is_stopping=self._stopping.is_set,
                )[0]
            except CorruptArtifactError as error:
                self._mend(error, seen)

    # --- mending --------------------------------------------------------------------------------------------------

    def _mend(self, error: CorruptArtifactError, seen: set[str]) -> None:
        """Make an artifact again, once for all who find it damaged at the same time.

        `seen`: those that this job has stumbled over before. Raises the error itself where no stage of ours made it, or
        where it was made again and is still not what it should be: then it cannot be mended.
        """
        if error.wanted in seen:
            raise error
        seen.add(error.wanted)
        # A damaged artifact is found by all workers that read it at once; the first to come makes it again for all.
        with self._mending:
            try:
                self._state.artifacts.get(error.wanted)
            except CorruptArtifactError:
                self._make_again(error)

    def _make_again(self, error: CorruptArtifactError) -> None:
        state, wanted = self._state, error.wanted
        state.artifacts.forget((wanted,))
        for path in (*state.files, *state.outlined):
            file = state.find(path)
            assert file is not None, "it is one of those that are known"
            if file.linked == wanted:
                state.account.warnings.append(f"{path}: link: {error.message}; made again")
                # Its state says that the module is linked as it was; without it, all modules are linked anew.
                state.places.link_state.unlink(missing_ok=True)
                self._link()
                return
            for stage, done in list(file.stages.items()):
                if wanted in done.outputs:
                    state.account.warnings.append(f"{path}: {stage}: {error.message}; made again")
                    state.forget(stage, path)
                    self._run_stages(path, [stage])
                    return
        raise error
