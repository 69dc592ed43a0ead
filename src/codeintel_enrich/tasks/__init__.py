"""From the registry of stages to doit's tasks; the only importer of doit.

doit schedules, selects and reports. What is up to date is decided by our own traces, and doit is handed only what
may have to run. A `dodo.py` takes the whole pipeline over with

    from codeintel_enrich.tasks import creators

    globals().update(creators())
"""

import re
import sys
from collections.abc import Sequence
from typing import Any

import msgspec
from doit.cmd_base import ModuleTaskLoader
from doit.cmd_run import Run
from doit.doit_cmd import DoitMain
from doit.exceptions import InvalidDodoFile

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.rules.stages import BY_NAME
from codeintel_enrich.engine.rules.task_name import TaskName, path_of
from codeintel_enrich.engine.run.executor import Executor
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import EnrichError, machine_fault
from codeintel_enrich.model.plain import plain
from codeintel_enrich.tasks.reporters import Reporter, SilentReporter
from codeintel_enrich.tasks.session import DoitSession, Session

__all__ = ["Reporter", "Session", "SilentReporter", "creators", "run_build"]

DOIT_COMMANDS = frozenset(
    ("clean", "dumpdb", "forget", "help", "ignore", "info", "list", "reset-dep", "strace", "tabcompletion")
)
"""doit's own commands that look at tasks and run none."""


def creators(**options: Any) -> dict[str, Any]:
    """Task creators and DOIT_CONFIG for a `dodo.py`; `options` are those of `Options`.

    doit passes creators neither which command it runs nor what was selected, so both are read from its command line.
    """
    words = sys.argv[1:]
    options.setdefault("jobs", _processes(words))
    executes = DOIT_COMMANDS.isdisjoint(words)
    selected = [name for word in words if (name := _named(word)).stage in BY_NAME]
    if TaskName("index") in selected:
        # Asked for by name, the index is made anew: by its default policy it would stand, whatever changed.
        options["refresh_index"] = True
    try:
        build = Build(Options(**options), notify=lambda message: print(plain(message), file=sys.stderr))
    except EnrichError as error:
        raise InvalidDodoFile(error.message) from error
    session = DoitSession(build, executes=executes, selected=selected)
    return {**session.namespace(), "DOIT_CONFIG": session.doit_config(Reporter(session))}


def run_build(build: Build, reporter: "type[Reporter] | None" = None, executor: Executor | None = None) -> Summary:
    """Run a build with doit, from its first look to its end.

    What stopped it, if anything did, is in the summary's `errors`. Raises EnrichError for what keeps a build from
    beginning.
    """
    session = Session(build, executor=executor)
    # Begun out here: what keeps a build from beginning is the caller's to see, not doit's.
    if not session.begin():
        return session.finish()
    watcher = (reporter or SilentReporter)(session)
    namespace = {**session.namespace(), "DOIT_CONFIG": session.doit_config(watcher)}
    # Without configuration files: a `[tool.doit]` table is meant for the project's own tasks.
    code = _Doit(ModuleTaskLoader(namespace), config_filenames=()).run(["run"])
    summary = watcher.summary or session.finish()
    # No task of ours failed then: doit itself found fault with something, and has said so.
    if code and not summary.errors:
        summary = msgspec.structs.replace(summary, errors=("doit stopped; its message is above",), exit_code=3)
    return summary


class _Run(Run):  # type: ignore[misc]
    """doit's command `run`, in which what the machine lacks is a message and no traceback."""

    name = "run"

    def parse_execute(self, in_args: Sequence[str]) -> Any:
        """Run tasks. Tasks report what they fail of themselves; here arrives what befalls planning and ending."""
        try:
            return super().parse_execute(in_args)
        except Exception as error:
            fault = error if isinstance(error, EnrichError) else machine_fault(error)
            if fault is None:
                raise
            raise InvalidDodoFile(fault.message) from error


class _Doit(DoitMain):  # type: ignore[misc]
    DOIT_CMDS = (_Run,)


def _processes(words: Sequence[str]) -> int | None:
    """What `-n` says: so many workers. doit's own threads would only wait for them."""
    found = re.search(r" (?:-n|--process)[ =]?([1-9][0-9]*)", " " + " ".join(words))
    return int(found[1]) if found else None


def _named(word: str) -> TaskName:
    stage, colon, path = word.partition(":")
    return TaskName(stage, path_of(path) if colon else None)
