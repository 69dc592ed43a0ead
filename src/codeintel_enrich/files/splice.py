"""Files that consist of one part for each of many things, in their order, and making the next version from the last.

What did not change is copied inside the kernel, range by range; knows nothing of what the parts mean.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from codeintel_enrich.files.atomic import Claim, Replacement
from codeintel_enrich.files.stat import FileStamp

_WRITE_BYTES = 1 << 20
"""Parts are gathered up to this size before they are written."""


class Splicer(Replacement):
    """Writes the next version of a file of bytes that are new and of ranges of the last version."""

    def __init__(self, path: Path, *, keeps: bool, claim: Claim | None = None) -> None:
        """`keeps`: there is a last version whose ranges `keep` may name. Raises OSError."""
        # Opened before the new one exists, and open until the end: ranges stay readable although the name leads to
        # other bytes.
        self._old = os.open(path, os.O_RDONLY) if keeps else -1
        super().__init__(path, claim)
        self._range = (0, 0)
        self._pending = bytearray()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if self._old >= 0:
            # Whoever closes a replaced file last waits until the system has taken it apart.
            threading.Thread(target=os.close, args=(self._old,), daemon=True).start()

    def keep(self, start: int, end: int) -> None:
        """Append a range of the last version. Ranges that touch are copied as one."""
        # Most of a file is as it was: one call of the system for a long run of parts, in the order of the bytes.
        if self._pending:
            self._write_pending()
        if start == self._range[1]:
            self._range = (self._range[0], end)
        else:
            self._copy_range()
            self._range = (start, end)

    def add(self, part: bytes) -> None:
        """Append new bytes."""
        if self._range[0] != self._range[1]:
            self._copy_range()
        self._pending += part
        if len(self._pending) >= _WRITE_BYTES:
            self._write_pending()

    def commit(self) -> FileStamp:
        """Replace the last version; readers see the one or the other."""
        self._write_pending()
        self._copy_range()
        return super().commit()

    def _write_pending(self) -> None:
        self.write(self._pending)
        self._pending = bytearray()

    def _copy_range(self) -> None:
        start, end = self._range
        self._range = (end, end)
        while start < end:
            start += self._copy_some(start, end - start)

    def _copy_some(self, start: int, count: int) -> int:
        """Copy at most `count` bytes from `start`; returns how many. Raises OSError where the old file is too short."""
        copied = 0
        # Python has it on Linux alone. It may copy less than it is asked for, and copies nothing at the end of a file.
        if hasattr(os, "copy_file_range"):
            try:
                # Some file systems share the blocks then and copy nothing; all spare two trips through user space.
                copied = os.copy_file_range(self._old, self.descriptor, count, start)
            except OSError:
                copied = 0  # Not every file system can.
        if not copied:
            part = os.pread(self._old, min(count, _WRITE_BYTES), start)
            copied = os.write(self.descriptor, part)
        if not copied:
            raise OSError(f"{self.path} ended at byte {start}")
        return copied


def splice(
    splicers: Sequence[Splicer],
    names: Iterable[str],
    last: Mapping[str, Sequence[int]],
    fresh: Callable[[str], Sequence[bytes] | None],
    start: int = 0,
) -> dict[str, Sequence[int]]:
    """Write the next version of files that hold one part for each name, in the same order; several at once.

    `last`: name -> the lengths in bytes of its parts in the last version of each file, in the order in which they
    stand there from byte `start` on. `fresh` gives the new parts of a name, one for each file;
    None where the last ones stand. Returns the same of the next version. Raises OSError.
    """
    starts: dict[str, list[int]] = {}
    at = [start for _ in splicers]
    for name, lengths in last.items():
        starts[name] = at
        at = [begin + length for begin, length in zip(at, lengths, strict=True)]
    written: dict[str, Sequence[int]] = {}
    # Written as they come: all parts together are as large as the files, which may be larger than memory.
    for name in names:
        parts = fresh(name)
        if parts is None:
            written[name] = last[name]
            for splicer, begin, length in zip(splicers, starts[name], last[name], strict=True):
                splicer.keep(begin, begin + length)
        else:
            written[name] = [len(part) for part in parts]
            for splicer, part in zip(splicers, parts, strict=True):
                splicer.add(part)
    return written
