"""The pool of worker processes, in which stages run where they can be killed and limited."""

import contextlib
import math
import os
import pickle
import queue
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

import msgspec

from codeintel_enrich.errors import EnrichError

WALL_FACTOR = 4
"""A worker that got little CPU on a busy machine may take this many times its CPU limit before it is killed."""

LONGEST_WAIT = 3600.0
"""One `select` waits no longer than this; some systems refuse more."""


class WorkerDiedError(EnrichError):
    """A worker did not survive a job; `rule` is a diagnostic rule, the message says what happened."""

    def __init__(self, rule: str, message: str, first_job: bool = False) -> None:
        super().__init__(message)
        self.rule = rule
        self.first_job = first_job

    def __reduce__(self) -> tuple[type["WorkerDiedError"], tuple[str, str, bool]]:
        return type(self), (self.rule, self.message, self.first_job)


class StageBugError(EnrichError):
    """A stage raised: our own bug, reported with its traceback."""


class Pool:
    """At most `size` workers, started when first needed; safe to use from several threads."""

    def __init__(self, size: int, cpu_seconds: int, memory_megabytes: int, *needed: str) -> None:
        """`cpu_seconds` bound each job, `memory_megabytes` each process (0: no bound); `needed`: modules to load."""
        self._needed = needed
        self._cpu_seconds = cpu_seconds
        self._memory = memory_megabytes
        # Last in, first out: the worker that was used last has its caches warm, and few jobs start few workers.
        self._free: queue.LifoQueue[_Worker] = queue.LifoQueue()
        self._room = threading.Semaphore(size)
        self._all: set[_Worker] = set()
        self._lock = threading.Lock()

    def warm_up(self, *job: Any) -> None:
        """Start a worker now, if there is none, so that it is ready when the first job comes.

        `job`: a stage and arguments, run meanwhile for its effect on the worker.
        """
        if not self._all:
            worker = self._start()
            if job:
                worker.begin(job[0], job[1:])
            self._free.put(worker)

    def run(self, stage: str, *arguments: Any, reply: Callable[[], Any] | None = None) -> list[bytes]:
        """Run one stage in some worker and return its encoded outputs; `reply` answers what it asks meanwhile.

        Raises WorkerDiedError when the worker crashed or broke a limit, StageBugError when the stage raised.
        """
        with self._room:
            worker = self._take()
            try:
                outputs = worker.run(stage, self._cpu_seconds, self._memory, arguments, reply)
            except BaseException as error:
                # An error that a stage means to raise leaves the process as good as it was. After anything else, a
                # signal in the middle of an answer included, nobody knows what stands in its pipes.
                if isinstance(error, EnrichError) and not isinstance(error, WorkerDiedError | StageBugError):
                    self._free.put(worker)
                else:
                    self._drop(worker)
                raise
            self._free.put(worker)
            return outputs

    def _take(self) -> "_Worker":
        with contextlib.suppress(queue.Empty):
            return self._free.get_nowait()
        return self._start()

    def _start(self) -> "_Worker":
        worker = _Worker(self._memory, self._needed)
        with self._lock:
            self._all.add(worker)
        return worker

    def _drop(self, worker: "_Worker") -> None:
        worker.kill()
        worker.reap()
        with self._lock:
            self._all.discard(worker)

    def stop(self) -> None:
        """Make every worker end."""
        with self._lock:
            for worker in self._all:
                # They keep nothing: the kindest end is the quickest.
                worker.kill()

    def close(self) -> None:
        """End every worker, and wait for their ends."""
        self.stop()
        with self._lock:
            workers, self._all = list(self._all), set()
        for worker in workers:
            worker.reap()


class _Worker:
    """One process and its pipes."""

    def __init__(self, memory_megabytes: int, needed: tuple[str, ...]) -> None:
        self.jobs = 0
        self._is_owing = False
        """Whether an answer is still to come that nobody waits for."""
        # A file, not a pipe: nobody reads it while a job runs, and a full pipe would stop the worker.
        self.stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed in reap
        # -P: the folder that is being indexed must not be where imports come from.
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "codeintel_enrich.engine.run.worker", str(memory_megabytes), *needed],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.stderr,
            # Ctrl-C goes to the whole foreground group: the workers are ours to end, after what is done was recorded.
            start_new_session=True,
        )

    def run(
        self,
        stage: str,
        cpu_seconds: int,
        memory: int,
        arguments: tuple[Any, ...],
        reply: Callable[[], Any] | None,
    ) -> list[bytes]:
        first_job = self.jobs == 0
        self.jobs += 1
        message: Any = (stage, cpu_seconds, arguments)
        while True:
            timed_out = False
            try:
                # The answer to the job of `warm_up` comes before the one that is waited for.
                if self._is_owing:
                    self._receive(math.inf)
                    self._is_owing = False
                # CPU time is what is limited. Wall time only ends a worker that waits for ever, so it is generous.
                answer = self._exchange(message, cpu_seconds * WALL_FACTOR + 10 if cpu_seconds else math.inf)
            except TimeoutError:
                timed_out = True
                answer = None
            except OSError:
                answer = None
            if answer is None:
                self.kill()
                self.reap()
                raise _death(self.process.returncode, timed_out, cpu_seconds, memory, first_job)
            kind, *rest = answer
            if kind != "ask":
                break
            assert reply is not None, "only jobs with a reply at hand ask"
            message = reply()
        if kind == "memory":
            raise WorkerDiedError("memory-limit", f"needs more than {memory} MB of memory", first_job)
        if kind == "error":
            # Pickled, since errors have attributes that their handlers read. The bytes come from our own process.
            error: EnrichError = pickle.loads(rest[0])
            raise error
        if kind == "bug":
            raise StageBugError(f"stage {stage} failed; please report this:\n{rest[0]}")
        outputs: list[bytes] = rest[0]
        return outputs

    def begin(self, stage: str, arguments: tuple[Any, ...]) -> None:
        """Send a job without limits whose answer nobody waits for."""
        with contextlib.suppress(OSError):
            self._send((stage, 0, arguments))
            self._is_owing = True

    def _exchange(self, message: Any, seconds: float) -> list[Any] | None:
        self._send(message)
        return self._receive(seconds)

    def _send(self, message: Any) -> None:
        body = msgspec.msgpack.encode(message)
        assert self.process.stdin is not None
        self.process.stdin.write(len(body).to_bytes(8, "big"))
        self.process.stdin.write(body)
        self.process.stdin.flush()

    def _receive(self, seconds: float) -> list[Any] | None:
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        # Past Popen's buffered reader: `select` knows what the system holds, not what a buffer has taken already.
        descriptor = self.process.stdout.fileno()
        head = _read(descriptor, 8, deadline)
        answer = None if head is None else _read(descriptor, int.from_bytes(head, "big"), deadline)
        return None if answer is None else msgspec.msgpack.decode(answer)

    def kill(self) -> None:
        """Make it end; `reap` waits for it."""
        with contextlib.suppress(OSError):
            self.process.kill()

    def reap(self) -> None:
        """Wait for its end, and close its pipes."""
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()


def _read(descriptor: int, size: int, deadline: float) -> bytes | None:
    """Exactly `size` bytes; None when the other end is gone. Raises TimeoutError."""
    chunks: list[bytes] = []
    while size:
        # Not the wall clock: setting that must neither kill a worker nor let it run for ever.
        remaining = deadline - time.monotonic()
        if remaining <= 0 or not select.select([descriptor], [], [], min(remaining, LONGEST_WAIT))[0]:
            if remaining > LONGEST_WAIT:
                continue
            raise TimeoutError
        chunk = os.read(descriptor, min(size, 1 << 20))
        if not chunk:
            return None
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)


def _death(code: int | None, timed_out: bool, cpu_seconds: int, memory: int, first_job: bool) -> WorkerDiedError:
    # The kernel sends SIGXCPU at the soft limit of RLIMIT_CPU.
    if timed_out or code == -signal.SIGXCPU:
        return WorkerDiedError("time-limit", f"needs more than {cpu_seconds} s of CPU time", first_job)
    # LibCST's parser is Rust, which aborts where an allocation fails; Python raises MemoryError, which is an answer.
    if code == -signal.SIGABRT:
        return WorkerDiedError("memory-limit", f"needs more than {memory} MB of memory", first_job)
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    return WorkerDiedError("parser-crash", f"crashes the parser ({name})", first_job)
