"""One writer for each cache: a lock of the file system, and the process id of whoever has it, for messages."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from codeintel_enrich.errors import EnrichError, LockedError, machine_fault


class CacheLock:
    """Held while a run may write. The operating system frees it when the process that has it dies."""

    def __init__(self, folder: Path) -> None:
        from filelock import FileLock

        self._pid_file = folder / "lock.pid"
        # Taken by the thread that begins a build and let go by the one that ends it, which need not be the same.
        self._lock = FileLock(folder / "lock", thread_local=False)

    def acquire(self, wait_seconds: float, notify: Callable[[str], None]) -> None:
        """Take the lock, waiting for whoever has it; `notify` gets one message when there is something to wait for.

        Raises LockedError that names the other process when it does not let go in time, EnrichError where there can be
        no lock.
        """
        try:
            self._acquire(wait_seconds, notify)
        except OSError as error:
            file = self._lock.lock_file
            raise machine_fault(error, file) or EnrichError(
                f"{file}: cannot be locked ({error.strerror}); choose another folder with --cache-dir"
            ) from error
        # For the message of whoever waits, and for nothing else: it stays behind, and proves nothing.
        with contextlib.suppress(OSError):
            self._pid_file.write_text(f"{os.getpid()}\n", encoding="ascii")

    def _acquire(self, wait_seconds: float, notify: Callable[[str], None]) -> None:
        from filelock import Timeout

        try:
            # Without waiting at first, so that there is a message only where somebody is in the way.
            self._lock.acquire(timeout=0)
        except Timeout:
            message = f"another run ({self._who()}) holds {self._pid_file.parent}"
            if wait_seconds <= 0:
                raise LockedError(f"{message}; run again when it is done") from None
            notify(f"{message}; waiting for it")
            try:
                self._lock.acquire(timeout=wait_seconds)
            except Timeout:
                raise LockedError(
                    f"{message} and did not finish within {wait_seconds:g} s; "
                    "run again when it is done, or raise lock-wait-seconds"
                ) from None

    def release(self) -> None:
        """Let the next one in; harmless when not held."""
        self._lock.release()

    def _who(self) -> str:
        try:
            return f"process {int(self._pid_file.read_text(encoding='ascii'))}"
        except (OSError, ValueError):
            return "process unknown"

    def __enter__(self) -> "CacheLock":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
