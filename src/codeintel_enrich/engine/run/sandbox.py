"""The pool of worker processes, in which stages run where they can be killed and limited."""

import contextlib
import errno
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from codeintel_enrich.engine.run.remote import Limits, StageBugError, Worker, WorkerDiedError
from codeintel_enrich.errors import EnrichError, machine_fault

LOOK_AGAIN_SECONDS = 0.2


class Pool:
    """At most `size` workers, started when first needed; safe to use from several threads."""

    def __init__(self, size: int, cpu_seconds: int, memory_megabytes: int, *needed: str) -> None:
        """`cpu_seconds` bound each job, `memory_megabytes` each process (0: no bound); `needed`: modules to load."""
        self.limits = Limits(cpu_seconds, memory_megabytes)
        self._needed = needed
        self._size = size
        # Last in, first out: the worker that was used last has its caches warm, and few jobs start few workers.
        self._free: queue.LifoQueue[Worker] = queue.LifoQueue()
        self._room = threading.Semaphore(size)
        self._turnstile = threading.Lock()
        self._all: set[Worker] = set()
        self._n_starting = 0
        self._lock = threading.Lock()

    def warm_up(self, *job: Any) -> None:
        """Start a worker now, if there is none, so that it is ready when the first job comes.

        `job`: a stage and arguments, run meanwhile for its effect on the worker.
        """
        # Where none is to be had now, the first job says so, or there is one by then.
        with contextlib.suppress(OSError):
            if not self._all:
                worker = self._start()
                if job:
                    worker.begin(job[0], job[1:])
                self._free.put(worker)

    def run(
        self, stage: str, *arguments: Any, reply: Callable[[], Any] | None = None, alone: bool = False
    ) -> list[bytes]:
        """Run one stage in some worker and return its encoded outputs; `reply` answers what it asks meanwhile.

        `alone`: in a worker that has done nothing before, with no other of the pool beside it. Raises WorkerDiedError
        when the worker ended before it answered, StageBugError when the stage raised, MachineError where no worker can
        be started.
        """
        with self._all_slots() if alone else self._one_slot():
            worker = self._take()
            try:
                outputs = worker.run(stage, arguments, reply)
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

    @contextlib.contextmanager
    def _one_slot(self) -> Iterator[None]:
        # Whoever wants all of them collects them behind the turnstile, and nobody slips in meanwhile.
        with self._turnstile:
            self._room.acquire()
        try:
            yield
        finally:
            self._room.release()

    @contextlib.contextmanager
    def _all_slots(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._turnstile)
            for _ in range(self._size):
                self._room.acquire()
                stack.callback(self._room.release)
            # What idle workers hold, caches and memory that was not given back, is not there for this one.
            with contextlib.suppress(queue.Empty):
                while True:
                    self._drop(self._free.get_nowait())
            yield

    def _take(self) -> Worker:
        """A worker that is free, or a new one; where the system gives no more of them, one that becomes free."""
        while True:
            with contextlib.suppress(queue.Empty):
                return self._free.get_nowait()
            try:
                return self._start()
            except OSError as error:
                # Fewer at once take longer, and that is all.
                if not (self._all or self._n_starting) or error.errno not in (
                    errno.EAGAIN,
                    errno.EMFILE,
                    errno.ENFILE,
                    errno.ENOMEM,
                ):
                    raise machine_fault(error, "a worker process cannot be started") or error from error
            with contextlib.suppress(queue.Empty):
                return self._free.get(timeout=LOOK_AGAIN_SECONDS)

    def _start(self) -> Worker:
        with self._lock:
            self._n_starting += 1
        try:
            worker = Worker(self.limits, self._needed)
            with self._lock:
                self._all.add(worker)
        finally:
            with self._lock:
                self._n_starting -= 1
        return worker

    def _drop(self, worker: Worker) -> None:
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
