"""The manifest: what the last run knew of every file, so that a run that changes nothing opens nothing.

The manifest is only a fast path. Losing it costs hashing, never a wrong answer: what ran is recorded in the
artifact store under content keys.
"""

from pathlib import Path

import msgspec

from codeintel_enrich.engine.state.discovery import Decisions
from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.stat import FileStamp, Found
from codeintel_enrich.model.digest import digest


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
    """Read in the clock tick of its last change: a later write in that tick would leave the signature as it is."""
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
    homes: str = ""
    """An index: digest of its list path -> paths of the documents that define what the file's document mentions."""
    around: str = ""
    """Digest of what an indexer read beside the files: its settings, installed packages."""


class Manifest(msgspec.Struct):
    """Everything remembered between runs beside artifacts and the store."""

    files: dict[str, FileState] = {}
    """Python files."""
    outlined: dict[str, FileState] = {}
    """Other files, which have an outline and nothing else."""
    links: dict[str, str] = {}
    """Symbolic link to a folder of files -> the folder."""
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
    nowhere: dict[str, int] = {}
    """Top-level module that is in neither the tree nor the standard library -> absolute imports of it."""
    stamps: dict[str, FileStamp] = {}
    """Our own files as the last run left them; paths relative to the cache, absolute outside it."""
    folders: dict[str, FileStamp] = {}
    """The same of the folders of published files: whatever comes or goes in one changes its time."""

    def used(self) -> set[str]:
        """Digests of the artifacts that the present state is made of."""
        # What only earlier states of the tree used is not among them: it may go when room is needed.
        used: set[str] = {self.link.output}
        for state in (*self.files.values(), *self.outlined.values()):
            used.add(state.linked)
            for done in state.stages.values():
                used.update(done.outputs)
        for external in self.externals.values():
            used.update((*external.slices.values(), external.homes))
        return used


def load_manifest(path: Path) -> tuple[Manifest, str | None]:
    """The manifest, and a warning when what was there could not be trusted (then an empty one is returned)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Manifest(), None
    except OSError as error:
        return Manifest(), f"{path}: cannot be read ({error.strerror}); every file is hashed anew"
    # A cut file may still decode, into fewer files than there were; the digest before the body notices that first.
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
    replace_file(path, digest(body).encode(), body)
