"""Atomic replacement of files: readers see the old bytes or the new, never a mixture or a part."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from codeintel_enrich.files.stat import FileStamp

# A link of that name may lead anywhere, and would be written through.
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)

UNFINISHED_SUFFIX = ".codeintel-enrich.tmp"
"""Ends the name of every file that is being written. Nobody else's file has such a name, so what a killed run left may
be written over and removed, wherever it lies."""

Claim = Callable[[Path, Path], None]
"""Called when a file is about to get its place: the place, and where its bytes are until then."""


class Replacement:
    """The next version of a file: written beside it, `commit` puts it in its place, leaving the block drops it."""

    def __init__(self, path: Path, claim: Claim | None = None) -> None:
        """Folders that are missing are made. Raises OSError."""
        self.path = path
        self._claim = claim
        # Beside it, since a rename is atomic within one file system only; one name, so that what a killed run left is
        # written over by the next and does not pile up. Who writes holds the lock on the cache.
        self._fresh = path.with_name(f"{path.name}{UNFINISHED_SUFFIX}")
        try:
            self.descriptor = os.open(self._fresh, _FRESH, 0o644)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.descriptor = os.open(self._fresh, _FRESH, 0o644)
        # Linux (6.13 and later) gives fine times only to files that somebody has asked for their times: without, two
        # versions of equal size that are written within one tick of its clock (4 ms) would bear the same stamp.
        os.fstat(self.descriptor)
        self._is_committed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.descriptor)
        if not self._is_committed:
            self._fresh.unlink(missing_ok=True)

    def write(self, data: bytes | bytearray) -> None:
        """Append bytes; one call of the system may take fewer than it is given."""
        view = memoryview(data)
        while view:
            view = view[os.write(self.descriptor, view) :]

    def commit(self) -> FileStamp:
        """Put it in its place; returns the stamp that it bears there."""
        # No fsync: all that is written here can be made again, and what the next run relies on has a digest or a stamp
        # that cut bytes do not bear. A power cut costs work; waiting for the disk would cost time in every run.
        if self._claim is not None:
            self._claim(self.path, self._fresh)
        self._fresh.replace(self.path)
        self._is_committed = True
        found = os.fstat(self.descriptor)
        return FileStamp(found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)


def replace_file(path: Path, *parts: bytes, claim: Claim | None = None) -> FileStamp:
    """Replace a file by bytes, given in parts; returns its stamp. Raises OSError; the file is as before then."""
    with Replacement(path, claim) as replacement:
        for part in parts:
            replacement.write(part)
        return replacement.commit()


def copy_file(source: Path, target: Path) -> FileStamp:
    """Replace a file by a copy of another, which may lie on another file system. Raises OSError."""
    with Replacement(target) as replacement:
        with source.open("rb") as reads, os.fdopen(replacement.descriptor, "wb", closefd=False) as writes:
            shutil.copyfileobj(reads, writes, 1 << 20)
        return replacement.commit()
