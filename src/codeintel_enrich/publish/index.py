"""The sidecar index: what the published files are made of, part by part, and how to recognise them."""

from pathlib import Path

import msgspec

from codeintel_enrich.files.sidecar import read_sidecar, write_sidecar
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.spliced import Parts
from codeintel_enrich.publish.upkeep import Made

_FORMAT = b"codeintel-enrich index 4\n"


class Part(msgspec.Struct, frozen=True, array_like=True):
    """What one analysed file contributes; lengths are in bytes."""

    rows_digest: str
    lengths: tuple[int, ...]
    """In each of the files that are spliced of fragments."""
    summary: FileSummary


class Index(msgspec.Struct, frozen=True):
    """What every published file is made of."""

    parts: dict[str, Part] = {}
    """By path, in path order."""
    stamps: dict[str, FileStamp] = {}
    """Of the files that are spliced of fragments, by name relative to the output folder."""
    made: dict[str, Made] = {}
    """The files that are made one by one, by name relative to the output folder."""
    spliced: dict[str, Parts] = {}
    """The files whose parts have inputs of their own, by name relative to the output folder."""
    version: str = ""
    """What decided, beside analysed files, how they were made."""
    out: str = ""
    """The folder that they lie in: relative to the index where it lies beside or below it, else as it is."""


# Kept in the process: the one that reads ahead is the one that publishes.
_ahead: dict[Path, tuple[FileStamp, Index | None]] = {}


def read_ahead(path: Path) -> None:
    """Read the index now, for a `read_index` that will come."""
    stamp = FileStamp.of(path)
    if stamp is not None:
        _ahead[path] = stamp, read_sidecar(path, _FORMAT, Index)


def read_index(path: Path) -> Index | None:
    """The index, None where there is none or it is damaged."""
    # Read ahead while files were being analysed, if nobody has changed it since.
    stamp, index = _ahead.pop(path, (None, None))
    return index if stamp is not None and stamp == FileStamp.of(path) else read_sidecar(path, _FORMAT, Index)


def write_index(path: Path, index: Index) -> None:
    """Replace the index, atomically."""
    write_sidecar(path, _FORMAT, index)
