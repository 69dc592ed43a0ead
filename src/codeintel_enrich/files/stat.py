"""What `stat` says of files: of sources, whether they may have changed; of our own, whether they are as we left them.

Two signatures, for two questions. A source is trusted to be unchanged only while everything that the system keeps is as
it was, since nobody announces an edit. A file of ours may come out of an archive, with what archives lose.
"""

import os
import time
from typing import Self

import msgspec

_SECOND_NS = 1_000_000_000
_LOST_IN_FLOATS_NS = 1_000
"""Seconds of our time as a float are exact to 238 ns: 53 bits for what takes 61 bits in nanoseconds."""


CLOCK_GRANULARITY_NS = 20_000_000
"""A kernel stamps files with a clock that ticks every 1 to 10 ms: two writes in one tick look alike."""
COARSE_GRANULARITY_NS = 2_000_000_000
"""What file systems with whole-second stamps need."""


# There is one for every file of the tree, at every run: by position, so that the manifest does not repeat the names of
# fields, and of numbers alone, so that the cyclic garbage collector need not look at it.
class Found(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Stat signature of one file: bytes, nanoseconds, inode."""

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int


class FileStamp(msgspec.Struct, frozen=True, array_like=True, eq=False):
    """What `stat` says of a file that was just written; a file with another stamp is not the one that was written.

    A cache may be moved, archived and restored. So inode and change time do not count, nor what archives lose of the
    modification time: those that hold it as a float some hundred nanoseconds, others all but whole seconds.
    """

    size: int
    mtime_ns: int
    inode: int
    ctime_ns: int = 0
    """Users cannot set it: with the inode it tells whether this is the very file that was written."""

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self | None:
        """The stamp of a file as it is now, None where there is none."""
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino, found.st_ctime_ns)

    @classmethod
    def of_folder(cls, path: str | os.PathLike[str]) -> Self | None:
        """That of a folder, which tells when something last came or went in it; None where there is none."""
        try:
            found = os.stat(path)
        except OSError:
            return None
        # What a folder's size is differs from one file system to another.
        return cls(0, found.st_mtime_ns, found.st_ino)

    def is_same_file(self, other: Self) -> bool:
        """Whether both are of one file that nobody wrote to or replaced in between, though with its old times."""
        return self.inode == other.inode and self.ctime_ns == other.ctime_ns

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileStamp):
            return NotImplemented
        if self.size != other.size or self.mtime_ns == other.mtime_ns:
            return self.size == other.size
        seconds, rest = divmod(self.mtime_ns, _SECOND_NS)
        other_seconds, other_rest = divmod(other.mtime_ns, _SECOND_NS)
        is_cut = 0 in (rest, other_rest) and seconds == other_seconds
        return is_cut or abs(self.mtime_ns - other.mtime_ns) < _LOST_IN_FLOATS_NS

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        # Stamps that are equal may differ in everything else.
        return hash(self.size)


def is_racy(found: Found, read_at_ns: int) -> bool:
    """Whether a file with this signature, read from `read_at_ns` on, may change again without the signature changing.

    The change time cannot be set by users, so only it decides (on POSIX; restored modification times are no danger).
    """
    whole_seconds = found.ctime_ns % 1_000_000_000 == 0 and found.mtime_ns % 1_000_000_000 == 0
    # git's rule for entries that are "racily clean" (its technical/racy-git document), with the time of reading where
    # git has that of writing its index.
    granularity = COARSE_GRANULARITY_NS if whole_seconds else CLOCK_GRANULARITY_NS
    return read_at_ns < found.ctime_ns + granularity


def bytes_of(path: str | os.PathLike[str]) -> bytes | None:
    """A file's bytes; None where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def read_file(path: str) -> tuple[bytes, Found, bool]:
    """Bytes, signature (taken before reading) and raciness of a file.

    A file changed within the last clock tick is waited for, so that it is read settled.
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        now = time.time_ns()
        # Of the open file, and before its bytes: a write that comes in between is then found at the next run, as
        # another signature. The other way round, old bytes would be remembered under the new one.
        wait = status.st_ctime_ns + CLOCK_GRANULARITY_NS - now
        # A change time in the far future is another machine's clock, as network file systems have it: waiting would not
        # end.
        if 0 < wait <= CLOCK_GRANULARITY_NS:
            time.sleep(wait / 1e9)
            status = os.fstat(file.fileno())
            now = time.time_ns()
        data = file.read()
    found = Found(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return data, found, is_racy(found, now)
