"""Which files outside of the cache are ours: those of which it was written down that we made them, bytes included.

A file is written down before it gets its place, so that the list is true of a killed run's files, too. It can be ahead
of the files, which does no harm: what is no more as we made it is never taken for ours. Losing it means that nothing
out there is known to be ours, and that a build refuses to write over it.
"""

import json
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.digest import digest_of_parts

CLAIMS_FILE = "claims.jsonl"
"""Its name in the cache."""

_CHUNK = 1 << 20

Made = dict[str, FileStamp | None]
"""Digest of bytes that we gave a file -> its stamp once it had them, None as long as it may not have its place."""


class Claims:
    """The list. One for each cache: other output folders of the same cache have their files in it as well."""

    def __init__(self, cache: Path) -> None:
        """Lines that are cut or damaged claim nothing."""
        self._path = cache / CLAIMS_FILE
        self._cache = str(cache)
        self._lock = threading.Lock()
        self._outs: dict[str, dict[str, Made]] = {}
        """Output folder -> place of a file made for it -> what it was made to be."""
        try:
            lines = self._path.read_bytes().split(b"\n")
        except OSError:
            lines = []
        for line in lines:
            self._read(line)

    def _read(self, line: bytes) -> None:
        try:
            out, place, content, stamp = json.loads(line)
            made = self._outs.setdefault(out, {}).setdefault(place, {})
            made[content] = FileStamp(*stamp) if stamp else None
        except (ValueError, TypeError, AttributeError):
            return

    def is_needed(self, place: Path) -> bool:
        """Whether a file there is ours only if it was claimed: all that lies in the cache is."""
        return not place.is_relative_to(self._cache)

    def __contains__(self, place: Path) -> bool:
        """Whether a file there was claimed, whatever bytes it has now."""
        return any(str(place) in made for made in self._outs.values())

    def covers(self, place: Path) -> bool:
        """Whether a file is ours and has our bytes."""
        try:
            found = os.lstat(place)
            claimed: Made = {}
            for made in self._outs.values():
                claimed.update(made.get(str(place), {}))
            if not claimed or not stat.S_ISREG(found.st_mode):
                return False
            stamp = FileStamp(found.st_size, found.st_mtime_ns, found.st_ino)
            return stamp in claimed.values() or _digest_of(place) in claimed
        except OSError:
            return False

    def of(self, out: Path) -> Iterator[Path]:
        """The places of the files that were made for an output folder, those that lie elsewhere included."""
        # Copied: threads that put files in their places claim them meanwhile.
        return map(Path, list(self._outs.get(str(out), {})))

    def is_above(self, folder: Path) -> bool:
        """Whether a claimed file lies below a folder."""
        start = f"{folder}/"
        return any(place.startswith(start) for made in list(self._outs.values()) for place in list(made))

    def add(self, out: Path, place: Path, bytes_at: Path) -> None:
        """Claim a file that is about to get its place; its bytes lie elsewhere until then. Raises OSError."""
        if not self.is_needed(place):
            return
        content = _digest_of(bytes_at)
        # The line end comes first: behind a line that a full disk cut short, this one is still a line of its own.
        line = f"\n{json.dumps([str(out), str(place), content, None])}".encode()
        with self._lock:
            self._outs.setdefault(str(out), {}).setdefault(str(place), {})[content] = None
            with open(self._path, "ab", buffering=0) as file:
                if file.write(line) != len(line):
                    raise OSError(f"{self._path}: no room")

    def settle(self, out: Path, stamps: Mapping[Path, FileStamp]) -> None:
        """Claim just these files of an output folder, as they are now, and what else is there for others."""
        before = self._outs.get(str(out), {})
        after: dict[str, Made] = {}
        for place, stamp in stamps.items():
            if self.is_needed(place) and (made := before.get(str(place))):
                # The last line tells what was written last; where nothing was written, the one that has the stamp does.
                content = next((name for name, known in made.items() if known == stamp), [*made][-1])
                after[str(place)] = {content: stamp}
        others = {name: made for name, made in self._outs.items() if name != str(out) and os.path.isdir(name)}
        wanted = {**others, str(out): after} if after else others
        if wanted == self._outs:
            return
        self._outs = wanted
        lines = (
            json.dumps([name, place, content, [*_fields(stamp)]])
            for name, places in sorted(wanted.items())
            for place, made in sorted(places.items())
            for content, stamp in made.items()
        )
        replace_file(self._path, *(f"{line}\n".encode() for line in lines))


def _fields(stamp: FileStamp | None) -> tuple[int, ...]:
    return () if stamp is None else (stamp.size, stamp.mtime_ns, stamp.inode)


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return digest_of_parts(iter(lambda: file.read(_CHUNK), b""))
