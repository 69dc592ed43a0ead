"""The near end of a worker process: starting it, exchanging frames with it, and saying how it ended.

It says no more than the kernel does. Whose fault an end is, `blame` decides.
"""

import contextlib
import os
import pickle
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from codeintel_enrich.errors import EnrichError

PATIENCE_SECONDS = 60.0
"""So long a worker may be suspended, or get no CPU time at all for a job that has a limit, before it is given up."""
LOOK_EVERY_SECONDS = 1.0
LAST_WORDS_BYTES = 4000

Cause = Literal["time", "memory", "crash", "outside"]
"""What ended a worker: `time`, its CPU limit; `memory`, an allocation that failed; `crash`, a signal that the kernel
sends for what a process did itself; `outside`, anything else."""

CRASHES = frozenset((signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGTRAP))


class Limits(msgspec.Struct, frozen=True):
    """What one job may use; 0: no limit."""

    cpu_seconds: int
    memory_megabytes: int


class WorkerDiedError(EnrichError):
    """A worker did not survive a job; the message says how it ended, and blames nobody."""

    def __init__(self, cause: Cause, message: str, is_fresh: bool = False) -> None:
        super().__init__(message)
        self.cause: Cause = cause
        self.is_fresh = is_fresh
        """Whether the worker had done nothing before, so that nothing else can have left it as it was."""

    def __reduce__(self) -> tuple[type["WorkerDiedError"], tuple[Cause, str, bool]]:
        return type(self), (self.cause, self.message, self.is_fresh)


class StageBugError(EnrichError):
    """A stage raised: our own bug, reported with its traceback."""


class Worker:
    """One process, the pipes to it, and what is known of it."""

    def __init__(self, limits: Limits, needed: tuple[str, ...]) -> None:
        """Start it; `needed`: modules to load. Raises OSError where the system does not give it."""
        self._limits = limits
        self._jobs = 0
        self._is_owing = False
        """Whether an answer is still to come that nobody waits for."""
        self._cpu_seconds = 0.0
        """CPU time it had used at its last answer; at its end, in all."""
        self._reaping = threading.Lock()
        with contextlib.ExitStack() as stack:
            # A file, not a pipe: nobody reads it while a job runs, and a full pipe would stop the worker.
            self._stderr = stack.enter_context(_nameless_file())
            # The kernel ends the worker when the last writing end is closed, however this process ends.
            life, self._life = os.pipe()
            stack.callback(os.close, self._life)
            try:
                self.process = subprocess.Popen(
                    # -P: the folder that is being indexed must not be where imports come from.
                    [
                        *(sys.executable, "-P", "-m", "codeintel_enrich.engine.run.worker"),
                        *(str(limits.memory_megabytes), str(life), *needed),
                    ],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=self._stderr,
                    pass_fds=(life,),
                    # Bytes go past these objects, straight to the descriptors.
                    bufsize=0,
                    # Ctrl-C goes to the whole foreground group: the workers are ours to end, after what is done was
                    # recorded.
                    start_new_session=True,
                )
            finally:
                os.close(life)
            # Closed by `reap` from here on.
            stack.pop_all()

    def run(self, stage: str, arguments: tuple[Any, ...], reply: Callable[[], Any] | None) -> list[bytes]:
        """Run one stage; `reply` answers what it asks meanwhile.

        Raises WorkerDiedError, StageBugError, or the EnrichError that the stage raised.
        """
        is_fresh = self._jobs == 0
        self._jobs += 1
        message: Any = (stage, self._limits.cpu_seconds, arguments)
        while True:
            try:
                # The answer to the job of `begin` comes before the one that is waited for.
                if self._is_owing:
                    self._receive()
                    self._is_owing = False
                self._send(message)
                kind, self._cpu_seconds, *rest = self._receive()
            except (OSError, EOFError) as error:
                raise self._death(error, is_fresh) from None
            if kind != "ask":
                break
            assert reply is not None, "only jobs with a reply at hand ask"
            message = reply()
        if kind == "memory":
            raise WorkerDiedError("memory", "an allocation failed", is_fresh)
        if kind == "error":
            # Pickled, since errors have attributes that their handlers read. The bytes come from our own process.
            meant: EnrichError = pickle.loads(rest[0])
            raise meant
        if kind == "bug":
            raise StageBugError(f"stage {stage} failed; please report this:\n{rest[0]}")
        outputs: list[bytes] = rest[0]
        return outputs

    def begin(self, stage: str, arguments: tuple[Any, ...]) -> None:
        """Send a job without limits whose answer nobody waits for."""
        with contextlib.suppress(OSError):
            self._send((stage, 0, arguments))
            self._is_owing = True

    # --- frames ---------------------------------------------------------------------------------------------------

    def _send(self, message: Any) -> None:
        body = msgspec.msgpack.encode(message)
        assert self.process.stdin is not None
        descriptor = self.process.stdin.fileno()
        # A worker that is suspended takes no more than the pipe holds, and a write that waits cannot be given up.
        os.set_blocking(descriptor, False)
        view = memoryview(len(body).to_bytes(8, "big") + body)
        while view:
            self._wait(descriptor, select.POLLOUT)
            with contextlib.suppress(BlockingIOError):
                view = view[os.write(descriptor, view) :]

    def _receive(self) -> list[Any]:
        answer: list[Any] = msgspec.msgpack.decode(self._read(int.from_bytes(self._read(8), "big")))
        return answer

    def _read(self, size: int) -> bytes:
        """Exactly `size` bytes. Raises EOFError where the other end is gone."""
        assert self.process.stdout is not None
        descriptor = self.process.stdout.fileno()
        chunks: list[bytes] = []
        while size:
            self._wait(descriptor, select.POLLIN)
            chunk = os.read(descriptor, min(size, 1 << 20))
            if not chunk:
                raise EOFError
            chunks.append(chunk)
            size -= len(chunk)
        return b"".join(chunks)

    def _wait(self, descriptor: int, event: int) -> None:
        """Wait for one end of a pipe. Raises TimeoutError where the worker is suspended, or gets no CPU time."""
        poll = select.poll()
        poll.register(descriptor, event)
        idle, used = 0.0, self._cpu_used()
        while True:
            # Not the wall clock: setting that must neither end a worker nor let it run for ever.
            started = time.monotonic()
            if poll.poll(LOOK_EVERY_SECONDS * 1000):
                return
            # What is more than was asked for is time in which this process did not run either: suspended, frozen with
            # its container, or on a machine with too much to do.
            idle += min(time.monotonic() - started, LOOK_EVERY_SECONDS)
            now = self._cpu_used()
            if now != used:
                idle, used = 0.0, now
            # A job without a limit may wait for a slow disk for long.
            may_wait = now is None or not self._limits.cpu_seconds
            if idle >= PATIENCE_SECONDS and (self._is_suspended() or not may_wait):
                raise TimeoutError

    def _cpu_used(self) -> str | None:
        """What the kernel says that it used so far; None where the system does not tell."""
        try:
            with open(f"/proc/{self.process.pid}/stat", encoding="utf-8", errors="replace") as file:
                # Behind the name, which may hold anything: user and system time, in ticks (proc(5), fields 14 and 15).
                return " ".join(file.read().rpartition(")")[2].split()[11:13])
        except OSError:
            return None

    def _is_suspended(self) -> bool:
        with self._reaping:
            try:
                return self.process.returncode is None and bool(
                    os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT)
                )
            except OSError:
                return False

    # --- the end --------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """Make it end; `reap` waits for it."""
        # Not Popen's own: that asks first whether it has ended, and what the kernel says then of its CPU time is lost.
        with self._reaping, contextlib.suppress(OSError):
            if self.process.returncode is None:
                os.kill(self.process.pid, signal.SIGKILL)

    def reap(self) -> None:
        """Wait for its end, and close what leads to it. It must have been told to end."""
        with self._reaping:
            if self.process.returncode is None:
                try:
                    _, status, used = os.wait4(self.process.pid, 0)
                    self.process.returncode = os.waitstatus_to_exitcode(status)
                    self._cpu_seconds = used.ru_utime + used.ru_stime
                # Somebody else waits for all children of this process.
                except ChildProcessError:
                    self.process.returncode = 0
                os.close(self._life)
        for stream in (self.process.stdin, self.process.stdout, self._stderr):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()

    def _death(self, error: BaseException, is_fresh: bool) -> WorkerDiedError:
        before = self._cpu_seconds
        if isinstance(error, TimeoutError):
            self.kill()
            self.reap()
            return WorkerDiedError("outside", f"it stood still for {PATIENCE_SECONDS:g} s", is_fresh)
        last_words = self._end()
        spent, code, limit = self._cpu_seconds - before, self.process.returncode, self._limits.cpu_seconds
        if code >= 0:
            return WorkerDiedError("outside", f"it ended with exit code {code}{_last_line(last_words)}", is_fresh)
        name = signal.Signals(-code).name
        # The kernel sends SIGXCPU at the soft limit of RLIMIT_CPU; so can anybody.
        if code == -signal.SIGXCPU and limit and spent >= limit:
            return WorkerDiedError("time", f"{name} after {spent:.1f} s of CPU time", is_fresh)
        # LibCST's parser is Rust, whose runtime says this and aborts (std::alloc::handle_alloc_error).
        if code == -signal.SIGABRT and "memory allocation of" in last_words:
            return WorkerDiedError("memory", f"an allocation failed ({name})", is_fresh)
        return WorkerDiedError("crash" if -code in CRASHES else "outside", name, is_fresh)

    def _end(self) -> str:
        """Let it end, and return what it wrote last to its standard error."""
        words = b""
        # It closed its pipes; a process that waits for nothing but its end needs no signal, and has none of its own
        # then. One that does not end has a pipe that was closed for it.
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and not self._has_ended():
            time.sleep(0.01)
        with contextlib.suppress(OSError):
            size = os.fstat(self._stderr.fileno()).st_size
            words = os.pread(self._stderr.fileno(), LAST_WORDS_BYTES, max(0, size - LAST_WORDS_BYTES))
        self.kill()
        self.reap()
        return words.decode("utf-8", "replace")

    def _has_ended(self) -> bool:
        with self._reaping:
            try:
                return self.process.returncode is not None or bool(
                    os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                )
            except OSError:
                return True


def _nameless_file() -> Any:
    """A file for nobody but us and the worker."""
    # In memory where there is such a thing: a build needs no folder for temporary files.
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("stderr"), "w+b", buffering=0)
    return tempfile.TemporaryFile(buffering=0)


def _last_line(words: str) -> str:
    lines = words.strip().splitlines()
    return f" ({lines[-1].strip()})" if lines else ""
