"""The tasks that doit is handed, and what they do when doit calls them."""

import gc
import inspect
import os
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from doit import create_after
from doit.action import BaseAction
from doit.exceptions import InvalidDodoFile, TaskError, TaskFailed
from doit.reporter import ConsoleReporter

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.plan.due import due_analyses, due_first_stages, is_due, link_is_due, merge_is_due
from codeintel_enrich.engine.rules.stages import ANALYSES, BY_NAME, UPSTREAM, stages_of
from codeintel_enrich.engine.rules.task_name import TaskName, label
from codeintel_enrich.engine.run.executor import FILE_STAGES, Executor
from codeintel_enrich.engine.run.last_run import close_build
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.errors import EnrichError, machine_fault

Task = dict[str, Any]

INPUT_STAGES = tuple(stage.name for stage in stages_of("input"))


class Session:
    """One invocation of doit over one build: plans when doit asks for tasks, runs when it says so."""

    def __init__(
        self,
        build: Build,
        *,
        executes: bool = True,
        selected: Sequence[TaskName] = (),
        executor: Executor | None = None,
    ) -> None:
        self.build = build
        self._state = build.state
        self._executor = executor
        self.executes = executes
        self.selected = selected
        self.errors: list[str] = []
        self.exit_code = 0
        """The gravest of the errors'."""
        self.expected: Counter[str] = Counter()
        """Stage -> tasks handed to doit so far."""
        self.ran: set[str] = set()
        """Names of the tasks that really ran, of those that doit called."""
        self._collects = False
        self._process = os.getpid()
        self._stopping = threading.Event()

    def namespace(self) -> dict[str, Any]:
        """Creator functions by the names doit looks for."""
        return {
            # doit sorts creators by the lines they stand in, so they stand in the order of the flow.
            "task_parse": self.task_parse,
            "task_outline": self.task_outline,
            "task_index": self.task_index,
            "task_check": self.task_check,
            "task_context": self.task_context,
            "task_link": self.task_link,
            "task_inputs": self.task_inputs,
            "task_analysis": self.task_analysis_later if self.executes else self.task_analysis,
        }

    def doit_config(self, reporter: ConsoleReporter) -> dict[str, Any]:
        """doit's settings: threads (work happens in sandboxed processes of ours), and no database of doit's own."""
        return {
            "reporter": reporter,
            "par_type": "thread",
            # In this thread: the executor works ahead with as many workers as there are jobs. More of doit's threads
            # would only wait beside this one, and print in an order that differs from run to run.
            "num_process": 0,
            "backend": "sqlite3",
            # doit's own records are not kept: it takes an equal modification time for an equal file, hashes after the
            # action, and writes at the end of the run only. Ours are asked instead, by each task's `uptodate`.
            "dep_file": ":memory:",
            "default_tasks": ["merge"],
        }

    # --- planning -------------------------------------------------------------------------------------------------

    def begin(self) -> bool:
        """Take the lock and find out what changed, once; returns whether anything may have to run.

        Where nothing is due, neither the lock is taken nor anything written.
        """
        return self._has_work

    @cached_property
    def _has_work(self) -> bool:
        settled = self.build.settled
        if not self.executes:
            return not settled
        if settled and not self.selected:
            return False
        self.executor.warm_up()
        try:
            self.build.begin()
        except BaseException:
            self.executor.stop()
            self.executor.close()
            raise
        # What a build makes lives until its end; looking through all of it for cycles again and again is in vain.
        self._collects = gc.isenabled()
        gc.disable()
        return True

    @property
    def _runs(self) -> bool:
        """Whether tasks are handed out to be run, not only to be looked at."""
        return self.begin() and self.executes

    @property
    def executor(self) -> Executor:
        """Runs tasks; its processes start with the first one."""
        if self._executor is None:
            self._executor = Executor(self.build)
        return self._executor

    @cached_property
    def _wanted(self) -> set[str]:
        """Stages of which every task is asked for, and those of single files that they wait for."""
        if not self._runs:
            return set()
        wanted = {task.stage for task in self.selected if task.path is None} if self.selected else {"merge"}
        if "merge" in wanted:
            wanted.update(("outline", *(stage.name for stage in ANALYSES)))
        # From the last to the first: what a stage needs may need another before it.
        for stage in reversed(ANALYSES):
            if stage.name in wanted:
                wanted.update(UPSTREAM[stage.name])
        return wanted

    @cached_property
    def externals(self) -> list[str]:
        """External inputs to hand out tasks for: those that are due, and those asked for by name."""
        wanted = self.build.inputs.wanted
        if not self.executes:
            return list(wanted)
        due = self._due_externals
        return [name for name, item in wanted.items() if name in due or item.task in self.selected]

    @cached_property
    def _due_externals(self) -> list[str]:
        return self.build.inputs.due() if self._runs else []

    @cached_property
    def _due_outlines(self) -> list[str]:
        return due_first_stages(self._state, "document") if self._runs else []

    def _paths(self, stage: str, due: Sequence[str]) -> list[str]:
        """Paths to hand out tasks for: what is due and what was asked for by name."""
        is_document = BY_NAME[stage].scope == "document"
        if not self.executes:
            self.begin()
            # For `doit list` and its like, which take no lock: they show every task that a build may have.
            return sorted(self._state.tree.seen.outlined if is_document else self._state.tree.seen.files)
        files = self._state.outlined if is_document else self._state.files
        named = {task.path for task in self.selected if task.stage == stage and task.path in files}
        return sorted({*due, *(path for path in named if path is not None)})

    # --- creators, in the order of the flow -----------------------------------------------------------------------

    def task_parse(self) -> Iterator[Task]:
        """Bytes of one file -> syntax and interface."""
        due = due_first_stages(self._state, "module") if self._runs else []
        # Outlines fill the time in which workers would wait for `link`.
        ahead: dict[str, list[str]] = {path: ["parse"] for path in due if not self._wanted.issubset(INPUT_STAGES)}
        if "outline" in self._wanted:
            ahead.update({path: ["outline"] for path in self._due_outlines})
        self.executor.plan(ahead)
        for path in self._paths("parse", due):
            yield self._task("parse", path)

    def task_outline(self) -> Iterator[Task]:
        """Bytes of one file that is not Python -> its rows."""
        for path in self._paths("outline", self._due_outlines):
            yield self._task("outline", path)

    def task_index(self) -> Iterator[Task]:
        """Bring the SCIP index up to date as its refresh policy says, and split it per file."""
        yield from self._external_tasks("index")

    def task_check(self) -> Iterator[Task]:
        """Run the type checkers, and split what they say per file."""
        yield from self._external_tasks("check")

    def task_context(self) -> Iterator[Task]:
        """Read coverage, history and owners, and split them per file."""
        yield from self._external_tasks("context")

    def _external_tasks(self, stage: str) -> Iterator[Task]:
        for name in self.externals:
            task = self.build.inputs.wanted[name].task
            if task.stage == stage:
                yield self._task(stage, task.path)

    def task_link(self) -> Iterator[Task]:
        """Every interface -> each module linked."""
        if not self.executes or self.begin():
            yield self._task("link", waits_for=("parse",))

    def task_inputs(self) -> Task:
        """Everything that the analyses of single files wait for."""
        # A group, since `create_after` names a single task to wait for.
        tasks = [str(self.build.inputs.wanted[name].task) for name in self.externals if name != "index"]
        return {"actions": [], "task_dep": ["parse", "link", "index", *tasks], "doc": "(group) what analyses wait for"}

    def task_analysis(self) -> Iterator[Task]:
        """The stages of single files after link, and the merge."""
        if self.executes and not self.begin():
            return
        due: dict[str, list[str]] = due_analyses(self._state) if self.executes else {}
        if due:
            wanted = self._wanted
            self.executor.plan({path: [s for s in stages if s in wanted] for path, stages in due.items()})
        for stage in ANALYSES:
            yield from self._analysis_tasks(stage.name, due)
        # doit knows no group without tasks. A stage that nothing reads is waited for, too: else it would stay due.
        found = {name for stages in due.values() for name in stages}
        before = [stage.name for stage in ANALYSES if not self.executes or stage.name in found]
        yield self._task("merge", waits_for=[*before, "outline"])

    def _analysis_tasks(self, stage: str, due: Mapping[str, Sequence[str]]) -> Iterator[Task]:
        """The tasks of one stage; `due`: path -> its stages that are due."""
        for path in self._paths(stage, [path for path, stages in due.items() if stage in stages]):
            # What is not due before this stage is done already, and a dependency that is no task is an error of doit's.
            before = [s for s in UPSTREAM[stage] if not self.executes or s in due.get(path, ())]
            yield self._task(stage, path, [f"{s}:{label(path)}" for s in before])

    @create_after(  # type: ignore[untyped-decorator]
        # What it creates is named, so that doit can select such tasks before there are any.
        executed="inputs",
        creates=[*(stage.name for stage in ANALYSES), "merge"],
    )
    def task_analysis_later(self) -> Iterator[Task]:
        """The same, asked for only when `link` and the external inputs are done: only then it is known what is due."""
        return self.task_analysis()

    def _task(self, stage: str, path: str | None = None, waits_for: Sequence[str] = ()) -> Task:
        name = TaskName(stage, path)
        self.expected[stage] += 1
        task: Task = {
            "basename": stage,
            "actions": [_Action(self, name)],
            "uptodate": [_Check(self, name)],
            "task_dep": list(waits_for),
            "doc": BY_NAME[stage].doc,
        }
        if path is not None:
            task["name"] = label(path)
        return task

    # --- what doit calls ------------------------------------------------------------------------------------------

    def is_up_to_date(self, name: TaskName) -> bool:
        """Whether a recorded run has the task's outputs for its present inputs; answers at once, waits for nothing.

        A task of a file that was found due is not: its action waits for the work on the file, and only then it is
        known whether the stage had to run.
        """
        state = self._state
        if not self.executes:
            changed = name.path in self._changed if name.path is not None else bool(self._changed)
            return state.manifest.settled == self.build.fingerprint and not changed
        if name.stage == "link":
            return not link_is_due(state)
        if name.stage == "merge":
            return not merge_is_due(state)
        if name.stage in INPUT_STAGES:
            return (name.path or name.stage) not in self._due_externals
        return not self.executor.is_planned(name) and not is_due(state, name.stage, name.path or "")

    @cached_property
    def _changed(self) -> frozenset[str]:
        return frozenset(self._state.tree.changed())

    def may_need_no_run(self, task: str) -> bool:
        """Whether a task of ours, by its name, may turn out to need no run once the work on its file has ended."""
        return task.partition(":")[0] in FILE_STAGES

    def run(self, name: TaskName) -> TaskFailed | None:
        """Run a task; a failure is returned, as doit wants it, and kept for the summary."""
        # A task in another process would work on a copy of the state, and what it finds out would be lost.
        if os.getpid() != self._process:
            return self._failed("tasks share one state: run doit with threads (-P thread), the default of this dodo.py")
        if self._stopping.is_set():
            return self._failed("stopped")
        try:
            if self.executor.run(name):
                self.ran.add(str(name))
        except Exception as error:
            fault = error if isinstance(error, EnrichError) else machine_fault(error)
            if fault is None:
                raise
            return self._failed(f"{name}: {fault.message}", fault.exit_code)
        return None

    def _failed(self, message: str, exit_code: int = 3) -> TaskFailed:
        self.add_error(message, exit_code)
        return TaskFailed(message)

    def add_error(self, message: str, exit_code: int = 3) -> None:
        """Keep what stopped a task for the summary."""
        self.errors.append(message)
        self.exit_code = max(self.exit_code, exit_code)

    def finish(self) -> Summary:
        """Stop the workers, remember what was done, let go of the cache."""
        self._stopping.set()
        if self._executor is not None:
            self._executor.stop()
        summary = close_build(self.build, tuple(self.errors), self.exit_code)
        if self._executor is not None:
            # Last, since processes take a while to end, and what was done is recorded meanwhile.
            self._executor.close()
        # What the caller had switched off stays off.
        if self._collects:
            gc.enable()
        return summary


class DoitSession(Session):
    """A session that doit itself opened: what keeps the build from beginning is a message of doit's, no traceback."""

    def begin(self) -> bool:
        """Take the lock and find out what changed."""
        try:
            return super().begin()
        except EnrichError as error:
            raise InvalidDodoFile(error.message) from error


class _Action(BaseAction):  # type: ignore[misc]
    """Runs one task of ours. doit's own PythonAction inspects signatures and swaps stdout, for every task anew."""

    out = err = result = task = None
    values: dict[str, Any] = {}  # noqa: RUF012 - doit only reads it

    def __init__(self, session: Session, name: TaskName) -> None:
        self._session = session
        self._name = name

    def execute(self, out: object = None, err: object = None) -> TaskFailed | TaskError | None:
        """Called by doit, in whatever thread it likes."""
        try:
            return self._session.run(self._name)
        except Exception as error:
            # A bug of ours: with the exception at hand, doit shows its traceback.
            return TaskError(f"{self._name} failed; please report this", error)

    def __str__(self) -> str:
        return f"codeintel-enrich {self._name}"


class _Check:
    """What doit asks whether a task is up to date. The ready signature spares doit inspecting it for every task."""

    __signature__ = inspect.Signature()

    def __init__(self, session: Session, name: TaskName) -> None:
        self._session = session
        self._name = name

    def __call__(self) -> bool:
        return self._session.is_up_to_date(self._name)

    def __repr__(self) -> str:
        return f"{self._name.path or 'something'} changed since the last build"
