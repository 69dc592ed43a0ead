"""The inside of a sandboxed worker process: it reads jobs from stdin, runs pure stages, answers on stdout.

A frame is 8 bytes of length (big endian) and a msgpack body. A job is `[kind, cpu seconds, arguments]` (0 seconds: no
limit), an answer `["ok", used, outputs]`, `["memory", used]`, `["error", used, pickled EnrichError]` or
`["bug", used, traceback]`; `used` is the CPU time of this process so far, in seconds. A job may say `["ask", used]`
before; the next frame then is the reply. Killed or crashed workers simply stop answering.
"""

import fcntl
import gc
import importlib
import math
import os
import pickle
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO

import msgspec

from codeintel_enrich.errors import EnrichError, machine_fault

STACK_BYTES = 512 * 1024 * 1024
"""Virtual; only touched pages count. LibCST recurses once per nesting level, several frames each."""
RECURSION_LIMIT = 60_000
COLLECT_EVERY = 64
"""Syntax trees hold no reference cycles; what little else does is collected now and then."""


def main() -> None:
    """Serve until stdin ends.

    Arguments: memory limit in MB (0: none), the reading end of a pipe whose other end is open as long as the process
    that asks lives, and the modules to load before the first job.
    """
    die_with(int(sys.argv[2]))
    limit_memory(int(sys.argv[1]))
    jobs = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a library prints must not get between the frames.
    os.dup2(2, 1)
    sys.setrecursionlimit(RECURSION_LIMIT)
    # The main thread's stack is what the process was started with; only a new thread can have one of this size.
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(jobs, answers, sys.argv[3:]))
    thread.start()
    # Any other thread would have as much address space taken from what the process may have.
    threading.stack_size(0)
    thread.join()


def serve(jobs: BinaryIO, answers: BinaryIO, needed: list[str]) -> None:
    """Answer jobs one by one."""
    # A collection looks at every object that lives, and a syntax tree has millions and no cycle among them.
    gc.disable()
    # The engine still looks at the tree meanwhile.
    for name in needed:
        importlib.import_module(name)
    served = 0

    def ask() -> Any:
        _write(answers, _frame("ask"))
        return _read(jobs)

    while (job := _read(jobs)) is not None:
        kind, cpu_seconds, arguments = job
        limit_cpu(cpu_seconds)
        is_sound, answer = _answer(ask, kind, arguments)
        _write(answers, answer)
        # Whatever state such a job left behind must not be the next file's: a fresh process costs less than a doubt.
        if not is_sound:
            return
        served += 1
        if served % COLLECT_EVERY == 0:
            gc.collect()
            # What survives is modules and caches: no later collection need look at it again.
            gc.freeze()


def _answer(ask: Callable[[], Any], kind: str, arguments: list[Any]) -> tuple[bool, bytes]:
    """Do a job; whether the process is as good as before, and the answer."""
    try:
        does = job_function(kind)
        return True, _frame("ok", does(ask, *arguments) if kind in ASKING else does(*arguments))
    except MemoryError:
        return False, _frame("memory")
    except EnrichError as error:
        return True, _frame("error", pickle.dumps(error))
    # A panic in Rust, which LibCST's parser is written in, arrives as PyO3's PanicException, and that is no Exception.
    except BaseException as error:
        if (fault := machine_fault(error)) is not None:
            return True, _frame("error", pickle.dumps(fault))
        return False, _frame("bug", traceback.format_exc())


def _frame(kind: str, *what: Any) -> bytes:
    return msgspec.msgpack.encode([kind, time.process_time(), *what])


def _read(stream: BinaryIO) -> Any:
    """The next frame's body; None at the end."""
    head = stream.read(8)
    return msgspec.msgpack.decode(stream.read(int.from_bytes(head, "big"))) if head else None


def _write(stream: BinaryIO, body: bytes) -> None:
    stream.write(len(body).to_bytes(8, "big"))
    # write(2) may take less than it is given, and there is no buffer that would make up for it.
    view = memoryview(body)
    while view:
        view = view[stream.write(view) :]


def die_with(life: int) -> None:
    """Let the kernel end this process as soon as nobody has the other end of a pipe any more.

    Whoever gave the job may be killed, and its lock on the cache is free then: what this process would still write
    might fall into another build's.
    """
    # Linux alone lets one choose the signal. Elsewhere the process ends when it asks for the next job.
    if not hasattr(fcntl, "F_SETSIG"):
        return
    # Not a thread that waits for the end: a job in native code may keep the interpreter's lock for long.
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)
    # What happened before that sends no signal.
    if select.select([life], [], [], 0)[0]:
        os._exit(1)


def limit_memory(megabytes: int) -> None:
    """Bound the address space: too large an analysis ends in MemoryError or an abort, not in a starved machine."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    # A worker that is killed for its memory would write all of it to disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if megabytes:
        # Address space, since RLIMIT_RSS has no effect on Linux (getrlimit(2)). A stack counts as soon as it is mapped,
        # hardly touched as it is, so ours is granted beside what was asked for.
        wanted = megabytes * 1024 * 1024 + STACK_BYTES
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == -1 else min(wanted, hard), hard))


def limit_cpu(seconds: int) -> None:
    """Give the next job so much CPU time; the kernel ends the process (SIGXCPU) when it is used up."""
    if not seconds:
        return
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    # The limit counts the whole process in whole seconds; the one more is for what is used of the present second.
    wanted = math.ceil(time.process_time()) + seconds + 1
    # The soft limit only: it is raised again for the next job, and a hard limit that was lowered stays down.
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == -1 else min(wanted, hard), hard))


JOBS: dict[str, str] = {
    "parse": "codeintel_enrich.engine.run.file_job:parse_job",
    "parse failed": "codeintel_enrich.engine.run.file_job:parse_failed_job",
    "outline": "codeintel_enrich.engine.run.file_job:outline_job",
    "outline failed": "codeintel_enrich.engine.run.file_job:outline_failed_job",
    "analyses": "codeintel_enrich.engine.run.file_job:analysis_job",
    "link": "codeintel_enrich.engine.run.link_job:link_job",
    "store": "codeintel_enrich.engine.run.merge_job:store_job",
    "publish": "codeintel_enrich.engine.run.merge_job:publish_job",
    "publish ahead": "codeintel_enrich.engine.run.merge_job:publish_ahead_job",
}
"""Kind of job -> `module:function` that does it; loaded when first needed, since no process does all of them."""
ASKING = frozenset({"publish"})
"""Those that are given a way to ask, before their arguments."""


@cache
def job_function(kind: str) -> Callable[..., list[bytes]]:
    """The function that does a kind of job."""
    module, _, name = JOBS[kind].partition(":")
    function: Callable[..., list[bytes]] = getattr(importlib.import_module(module), name)
    return function


if __name__ == "__main__":
    main()
