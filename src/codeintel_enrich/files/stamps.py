"""Owns what is said of a run's outputs, the store and the published files: what was done, and how to recognise them."""

import os
from typing import Self

import msgspec

_SECOND_NS = 1_000_000_000
_LOST_IN_FLOATS_NS = 1_000

CST_FILE = "cst/cst.jsonl"
"""The lines of syntax nodes, relative to the output folder, unless a user wants them elsewhere."""


class FileStamp(msgspec.Struct, frozen=True, array_like=True, eq=False):
    """What `stat` says of a file that was just written; a file with another stamp is not the one that was written.

    A cache may be moved, archived and restored. So the inode does not count, nor what archives lose of the
    modification time: those that hold it as a float some hundred nanoseconds, others all but whole seconds.
    """

    size: int
    mtime_ns: int
    inode: int

    @classmethod
    def of(cls, path: str | os.PathLike[str]) -> Self | None:
        """The stamp of a file as it is now, None where there is none."""
        try:
            found = os.stat(path)
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ino)

    def is_on(self, path: str | os.PathLike[str]) -> bool:
        """Whether a file bears this stamp now."""
        try:
            found = os.stat(path)
        except OSError:
            return False
        if found.st_size == self.size and found.st_mtime_ns == self.mtime_ns:
            return True
        return self == FileStamp(found.st_size, found.st_mtime_ns, found.st_ino)

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
        return hash(self.size)


class PublishReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did to the published files."""

    written: tuple[str, ...]
    """Files that were replaced, relative to the output folder."""
    regenerated: str | None
    """Why nothing of the old files could be kept; None where what did not change was, or all was up to date."""
    changed_files: int
    """Analysed files whose part was made anew."""
    postponed: tuple[str, ...]
    """What could not be made because a source was edited while the build ran; until it is, the files are not done."""
    stamps: dict[str, FileStamp]
    """Every published file, relative to the output folder."""
    seconds: float
