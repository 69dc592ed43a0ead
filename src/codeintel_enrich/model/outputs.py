"""Owns what is said of a run's outputs, the store and the published files: what was done, and how to recognise them."""

import os
from typing import Self

import msgspec


class FileStamp(msgspec.Struct, frozen=True, array_like=True):
    """What `stat` says of a file that was just written; a file with another stamp is not the one that was written."""

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


class MergeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge did to the store."""

    generation: int
    """Number of merges that changed the store since it was written anew; 1 for a new one."""
    rebuilt: str | None
    """Why the store was written anew; None where it was updated in place or was up to date."""
    changed_files: int
    """Files whose rows were inserted."""
    vanished_files: int
    """Files whose rows were deleted for good."""
    inserted: dict[str, int]
    """Table -> rows inserted."""
    rows: dict[str, int]
    """Table -> rows in the store now."""
    stamp: FileStamp
    seconds: float


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
