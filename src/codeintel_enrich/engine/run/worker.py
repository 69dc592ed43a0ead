"""Owns the inside of a sandboxed worker process: it reads jobs from stdin, runs pure stages, answers on stdout.

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
from typing import Any, BinaryIO

import msgspec

from codeintel_enrich.errors import EnrichError

STACK_BYTES = 512 * 1024 * 1024
"""Virtual; only touched pages count. LibCST recurses once per nesting level, several frames each."""
RECURSION_LIMIT = 60_000
COLLECT_EVERY = 64
"""Syntax trees hold no reference cycles; what little else does is collected now and then."""

ENCODER = msgspec.msgpack.Encoder()
"""Stages build their tables in a defined order; encoding keeps it."""


def main() -> None:
    """Serve until stdin ends. Arguments: memory limit in MB (0: none), the modules to load before the first job."""
    limit_memory(int(sys.argv[1]))
    jobs = os.fdopen(os.dup(0), "rb", buffering=1 << 20)
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Whatever a library prints must not get between the frames.
    os.dup2(2, 1)
    sys.setrecursionlimit(RECURSION_LIMIT)
    threading.stack_size(STACK_BYTES)
    thread = threading.Thread(target=serve, args=(jobs, answers, sys.argv[2:]))
    thread.start()
    thread.join()


def serve(jobs: BinaryIO, answers: BinaryIO, needed: list[str]) -> None:
    """Answer jobs one by one."""
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
            answer: list[Any] = ["ok", ASKING[kind](ask, *arguments) if kind in ASKING else JOBS[kind](*arguments)]
        except MemoryError:
            answer = ["memory"]
        except EnrichError as error:
            answer = ["error", pickle.dumps(error)]
        except BaseException:
            answer = ["bug", traceback.format_exc()]
        _write(answers, answer)
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
    view = memoryview(body)
    while view:
        view = view[stream.write(view) :]


def limit_memory(megabytes: int) -> None:
    """Bound the address space: too large an analysis ends in MemoryError or an abort, not in a starved machine."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if megabytes:
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
    wanted = math.ceil(used) + seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == -1 else min(wanted, hard), hard))


def run_parse(source: bytes, config: bytes) -> list[bytes]:
    """Bytes of a Python file -> its syntax and interface, as encoded artifacts; one that does not parse is outlined."""
    from codeintel_enrich.model.config import ParseConfig
    from codeintel_enrich.stages.parse import parse

    settings = msgspec.msgpack.decode(config, type=ParseConfig)
    parsed = parse(source, settings)
    return _parsed(parsed, source if not parsed.syntax.parse_ok and len(source) <= settings.max_file_bytes else None)


def run_parse_failed(source: bytes, rule: str, message: str, outlined: bool) -> list[bytes]:
    """What stands in for a Python file whose analysis was killed."""
    from codeintel_enrich.stages.parse import failed

    return _parsed(failed(source, rule, message), source if outlined else None)


def _parsed(parsed: Any, broken: bytes | None) -> list[bytes]:
    """The layers as encoded artifacts, with the outline of broken bytes."""
    syntax = parsed.syntax
    if broken is not None:
        from codeintel_enrich.stages.outline import PYTHON, outline

        syntax = msgspec.structs.replace(syntax, outline=outline(PYTHON, broken))
    return [_artifact(ENCODER.encode(layer)) for layer in (syntax, parsed.interface)]


def run_outline(source: bytes, path: str) -> list[bytes]:
    """Bytes of any other file -> its rows, as an encoded artifact."""
    from codeintel_enrich.stages.outline import outline

    return _outlined(path, outline(_language(path), source))


def run_outline_failed(source: bytes, path: str, message: str) -> list[bytes]:
    """What stands in for such a file when it cannot be read, or its analysis was killed."""
    from codeintel_enrich.stages.outline import failed

    return _outlined(path, failed(_language(path), source, message))


def _language(path: str) -> str:
    from codeintel_enrich.engine.state.outlining import language

    return language(path)


def _outlined(path: str, outline: Any) -> list[bytes]:
    from codeintel_enrich.model.rows import encode_packed
    from codeintel_enrich.stages.emit import emit_outline

    return [_artifact(encode_packed(emit_outline(path, outline)))]


def _artifact(layer: bytes) -> bytes:
    from codeintel_enrich.engine.state.artifacts import Artifact

    return ENCODER.encode(Artifact.of(layer))


def run_analyse_job(job: bytes) -> list[bytes]:
    """An encoded `AnalyseJob` -> an encoded list of `StageDone`."""
    from codeintel_enrich.engine.run.file_job import AnalyseJob, analyse

    return [ENCODER.encode(analyse(msgspec.msgpack.decode(job, type=AnalyseJob)))]


def run_link_job(job: bytes) -> list[bytes]:
    """An encoded `LinkJob` -> an encoded `LinkDone`."""
    from codeintel_enrich.engine.run.repository_jobs import LinkJob, run_link

    return [ENCODER.encode(run_link(msgspec.msgpack.decode(job, type=LinkJob)))]


def run_store_job(job: bytes) -> list[bytes]:
    """An encoded `StoreJob` -> an encoded `StoreDone`."""
    from codeintel_enrich.engine.run.repository_jobs import StoreJob, run_store

    return [ENCODER.encode(run_store(msgspec.msgpack.decode(job, type=StoreJob)))]


def run_publish_job(ask: Callable[[], Any], job: bytes) -> list[bytes]:
    """An encoded `PublishJob` -> an encoded `PublishDone`; asks for the store's generation."""
    from codeintel_enrich.engine.run.repository_jobs import PublishJob, run_publish

    return [ENCODER.encode(run_publish(msgspec.msgpack.decode(job, type=PublishJob), ask))]


def run_publish_ahead(index: str) -> list[bytes]:
    """Take up what publishing will ask for first."""
    from pathlib import Path

    from codeintel_enrich.publish.index import read_ahead

    read_ahead(Path(index))
    return []


JOBS: dict[str, Callable[..., list[bytes]]] = {
    "parse": run_parse,
    "parse failed": run_parse_failed,
    "outline": run_outline,
    "outline failed": run_outline_failed,
    "analyse": run_analyse_job,
    "link": run_link_job,
    "store": run_store_job,
    "publish ahead": run_publish_ahead,
}
ASKING: dict[str, Callable[..., list[bytes]]] = {"publish": run_publish_job}
"""Those that are given a way to ask, before their arguments."""

if __name__ == "__main__":
    main()
