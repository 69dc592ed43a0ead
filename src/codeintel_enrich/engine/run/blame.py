"""Whose fault it is that a job was not done: what may be recorded about a file, and what is the machine's.

Only what is proven to be the file's own doing is recorded, since a record stands until the file changes: its own CPU
time as the kernel counts it, its own limit of memory, a crash that repeats on a fresh worker. Anything else is tried
again at once, on a fresh worker with no other beside it; what cannot be done now is due again at the next build.
"""

import mmap
from collections.abc import Callable, Sequence
from typing import Any, Literal

from codeintel_enrich.engine.run.remote import Limits, WorkerDiedError
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.engine.run.worker import STACK_BYTES
from codeintel_enrich.errors import EnrichError, MachineError, remedy_in

ATTEMPTS = 3

Rule = Literal["time-limit", "memory-limit", "parser-crash"]


class BlameError(EnrichError):
    """The file itself is at fault, for sure; `rule` is the rule of the diagnostic that says so."""

    def __init__(self, rule: Rule, message: str) -> None:
        super().__init__(message)
        self.rule: Rule = rule

    def __reduce__(self) -> tuple[type["BlameError"], tuple[Rule, str]]:
        return type(self), (self.rule, self.message)


def run_fairly(
    pool: Pool,
    stage: str,
    *arguments: Any,
    control: Sequence[Any] = (),
    reply: Callable[[], Any] | None = None,
    is_stopping: Callable[[], bool] = lambda: False,
) -> list[bytes]:
    """Run a job as `Pool.run` does, again where its worker was ended by something else.

    `control`: arguments of the same stage that any worker can do; where it cannot, a crash is nobody's but the
    machine's. Raises BlameError where the job itself ended its workers, MachineError where something else did again and
    again.
    """
    deaths: list[WorkerDiedError] = []
    while True:
        try:
            return pool.run(stage, *arguments, reply=reply, alone=bool(deaths))
        except WorkerDiedError as death:
            if is_stopping():
                raise
            deaths.append(death)
            blame = _blame(deaths, pool.limits)
            if blame is not None and (blame.rule != "parser-crash" or _is_able(pool, stage, control)):
                raise blame from death
            if len(deaths) == ATTEMPTS:
                raise MachineError(_not_done(deaths, pool.limits)) from death


def _blame(deaths: Sequence[WorkerDiedError], limits: Limits) -> BlameError | None:
    """What the last death proves, with those before it."""
    last = deaths[-1]
    if last.cause == "time":
        # A job has CPU time of its own, whatever the worker did before.
        return BlameError("time-limit", f"needs more than {limits.cpu_seconds} s of CPU time")
    # Memory of a file before may not have been given back.
    if last.cause == "memory" and last.is_fresh and limits.memory_megabytes and _is_granted(limits):
        return BlameError("memory-limit", f"needs more than {limits.memory_megabytes} MB of memory")
    if last.cause == "crash" and last.is_fresh and any(death.cause == "crash" for death in deaths[:-1]):
        return BlameError("parser-crash", f"crashes the parser ({last.message})")
    return None


def _is_granted(limits: Limits) -> bool:
    """Whether the machine, and whoever limits this process, would have given a worker all that its own limit allows."""
    try:
        # Asked for and not touched: where it is refused, an allocation may have failed long before the limit.
        size = limits.memory_megabytes * 1024 * 1024 + STACK_BYTES
        mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except (OSError, MemoryError):
        return False
    return True


def _is_able(pool: Pool, stage: str, control: Sequence[Any]) -> bool:
    """Whether a worker can do the stage at all: a damaged library, or a processor it was not made for, kills each."""
    try:
        return bool(control) and bool(pool.run(stage, *control))
    except WorkerDiedError:
        return False


def _not_done(deaths: Sequence[WorkerDiedError], limits: Limits) -> str:
    last = deaths[-1]
    if last.cause == "memory":
        remedy = "free memory or raise `ulimit -v`"
        if limits.memory_megabytes:
            remedy += f", or set memory-megabytes lower than {limits.memory_megabytes}"
    else:
        remedy = remedy_in(last.message) or (
            "free memory if the machine is short of it, which ends processes; should it happen again, exclude the file"
        )
    how = ", then ".join(dict.fromkeys(death.message for death in deaths))
    return (
        f"its worker process ended {len(deaths)} times before it was done ({how}), and nothing proves that the file "
        f"is at fault: nothing is recorded, the next build tries again; {remedy}"
    )
