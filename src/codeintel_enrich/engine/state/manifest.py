"""The manifest: what the last run knew of every file, so that a run that changes nothing opens nothing.

The manifest is only a fast path. Losing it costs hashing, never a wrong answer: what ran is recorded in the
artifact store under content keys.
"""

import os
import time
from pathlib import Path

import msgspec

from codeintel_enrich.engine.state.discovery import Decisions, Found
from codeintel_enrich.files.atomic import write_atomically
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.model.digest import digest

CLOCK_GRANULARITY_NS = 20_000_000
"""A kernel stamps files with a clock that ticks every 1 to 10 ms: two writes in one tick look alike."""
COARSE_GRANULARITY_NS = 2_000_000_000
"""What file systems with whole-second stamps need."""


class StageState(msgspec.Struct, frozen=True, array_like=True):
    """One stage of one file: the key it was last done for, and the digests of what came out."""

    key: str = ""
    outputs: tuple[str, ...] = ()

    @property
    def output(self) -> str:
        """Digest of the first thing that came out; empty where it was never done."""
        return self.outputs[0] if self.outputs else ""


NOT_DONE = StageState()


class FileState(msgspec.Struct, array_like=True):
    """What is known of one file, be it Python or not."""

    found: Found
    racy: bool
    """Read in the clock tick of its last change: the signature cannot tell a later write in that tick."""
    content: str
    """Digest of its bytes."""
    linked: str = ""
    """Digest of what `link` says of it; empty for a file that is not Python."""
    stages: dict[str, StageState] = {}
    """Stage -> what came of it."""

    def stage(self, name: str) -> StageState:
        """What came of a stage."""
        return self.stages.get(name, NOT_DONE)


class External(msgspec.Struct, frozen=True):
    """One external input (an index, a checker's report), split per file."""

    stage: str = ""
    """Which stage makes it: `index`, `check` or `context`."""
    key: str = ""
    """What it was made from; empty when there is none."""
    slices: dict[str, str] = {}
    """Path -> digest of its slice."""
    contents: dict[str, str] = {}
    """Path -> content digest at the time it was made; empty for one that was handed in."""
    producer: str = ""
    left_out: dict[str, str] = {}
    """Path -> why the tool was not shown it, or what it says was refused."""


class Manifest(msgspec.Struct):
    """Everything remembered between runs beside artifacts and the store."""

    files: dict[str, FileState] = {}
    """Python files."""
    outlined: dict[str, FileState] = {}
    """Other files, which have an outline and nothing else."""
    decisions: Decisions = msgspec.field(default_factory=Decisions)
    link: StageState = msgspec.field(default_factory=StageState)
    externals: dict[str, External] = {}
    settled: str = ""
    """Digest of settings and versions for which everything is done; empty while anything is left to do."""
    merge: StageState = msgspec.field(default_factory=StageState)
    rows: dict[str, int] = {}
    """Table -> rows in the store."""
    broken: dict[str, str] = {}
    """Path -> `line: error` of the files that do not parse."""
    stamps: dict[str, FileStamp] = {}
    """Our own files as the last run left them; paths relative to the cache, absolute outside it."""

    def used(self) -> set[str]:
        """Digests of the artifacts that the present state is made of."""
        used: set[str] = {self.link.output}
        for state in (*self.files.values(), *self.outlined.values()):
            used.add(state.linked)
            for done in state.stages.values():
                used.update(done.outputs)
        for external in self.externals.values():
            used.update(external.slices.values())
        return used


def load_manifest(path: Path) -> tuple[Manifest, str | None]:
    """The manifest, and a warning when what was there could not be trusted (then an empty one is returned)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Manifest(), None
    except OSError as error:
        return Manifest(), f"{path}: cannot be read ({error.strerror}); every file is hashed anew"
    head, body = data[:32], data[32:]
    if head != digest(body).encode():
        return Manifest(), f"{path}: truncated or damaged; every file is hashed anew"
    try:
        return msgspec.msgpack.decode(body, type=Manifest), None
    except msgspec.DecodeError:
        return Manifest(), f"{path}: written by another version; every file is hashed anew"


def save_manifest(path: Path, manifest: Manifest) -> None:
    """Replace the manifest atomically."""
    body = msgspec.msgpack.encode(manifest)
    write_atomically(path, digest(body).encode(), body)


def is_racy(found: Found, read_at_ns: int) -> bool:
    """Whether a file with this signature, read from `read_at_ns` on, may change again without the signature changing.

    The change time cannot be set by users, so only it decides (on POSIX; restored modification times are no danger).
    """
    whole_seconds = found.ctime_ns % 1_000_000_000 == 0 and found.mtime_ns % 1_000_000_000 == 0
    granularity = COARSE_GRANULARITY_NS if whole_seconds else CLOCK_GRANULARITY_NS
    return read_at_ns < found.ctime_ns + granularity


def read_file(path: str) -> tuple[bytes, Found, bool]:
    """Bytes, signature (taken before reading) and raciness of a file.

    A file changed within the last clock tick is waited for, so that it is read settled.
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        now = time.time_ns()
        wait = status.st_ctime_ns + CLOCK_GRANULARITY_NS - now
        if 0 < wait <= CLOCK_GRANULARITY_NS:
            time.sleep(wait / 1e9)
            status = os.fstat(file.fileno())
            now = time.time_ns()
        data = file.read()
    found = Found(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    return data, found, is_racy(found, now)
