"""The inside of a sandboxed worker process: it reads jobs from stdin, runs pure stages, answers on stdout.

A frame is 8 bytes of length (big endian) and a msgpack body. A job is `[kind, cpu seconds, arguments]` (0 seconds: no
limit), an answer `["ok", outputs]`, `["memory"]`, `["error", pickled EnrichError]` or `["bug", traceback]`. A job may
say `["ask"]` before; the next frame then is the reply. Killed or crashed workers simply stop answering.
"""

import gc
import importlib
import math
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable
from functools import cache
from typing import Any, BinaryIO

import msgspec

from codeintel_enrich.errors import EnrichError

STACK_BYTES = 512 * 1024 * 1024
"""Virtual; only touched pages count. LibCST recurses once per nesting level, several frames each."""
RECURSION_LIMIT = 60_000
COLLECT_EVERY = 64
"""Syntax trees hold no reference cycles; what little else does is collected now and then."""


def main() -> None:
    """Serve until stdin ends. Arguments: memory limit in MB (0: none), the modules to load before the first job."""
    limit_memory(int(sys.argv[1]))
    jobs = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a library prints must not get between the frames.
    os.dup2(2, 1)
    sys.setrecursionlimit(RECURSION_LIMIT)
    # The main thread's stack is what the process was started with; only a new thread can have one of this size.
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(jobs, answers, sys.argv[2:]))
    thread.start()
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
        _write(answers, ["ask"])
        return _read(jobs)

    while (job := _read(jobs)) is not None:
        kind, cpu_seconds, arguments = job
        limit_cpu(cpu_seconds)
        try:
            does = job_function(kind)
            answer: list[Any] = ["ok", does(ask, *arguments) if kind in ASKING else does(*arguments)]
        except MemoryError:
            answer = ["memory"]
        except EnrichError as error:
            answer = ["error", pickle.dumps(error)]
        # A panic in Rust, which LibCST's parser is written in, arrives as PyO3's PanicException, and that is no
        # Exception.
        except BaseException:
            answer = ["bug", traceback.format_exc()]
        _write(answers, answer)
        # Whatever state such a job left behind must not be the next file's: a fresh process costs less than a doubt.
        if answer[0] not in ("ok", "error"):
            return
        served += 1
        if served % COLLECT_EVERY == 0:
            gc.collect()
            # What survives is modules and caches: no later collection need look at it again.
            gc.freeze()


def _read(stream: BinaryIO) -> Any:
    """The next frame's body; None at the end."""
    head = stream.read(8)
    return msgspec.msgpack.decode(stream.read(int.from_bytes(head, "big"))) if head else None


def _write(stream: BinaryIO, answer: list[Any]) -> None:
    body = msgspec.msgpack.encode(answer)
    stream.write(len(body).to_bytes(8, "big"))
    # write(2) may take less than it is given, and there is no buffer that would make up for it.
    view = memoryview(body)
    while view:
        view = view[stream.write(view) :]


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
    used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    # The limit counts the whole process in whole seconds; the one more is for what is used of the present second.
    wanted = math.ceil(used) + seconds + 1
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
