"""What every external input can do: say whether it is wanted, what it is made from, and be made.

An external input is a file or the output of a tool that says something of many source files: a SCIP index, a checker's
report, a coverage report, git's history. It is kept split, one slice per file, so that a file's stages run again only
where what is said of *it* changed.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, NamedTuple

from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.rules.task_name import TaskName
from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.engine.state.manifest import External
from codeintel_enrich.engine.state.state import ENCODER, State
from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.programs import executable
from codeintel_enrich.files.stat import FileStamp, bytes_of
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.task_inputs import TaskInputs


class MadeInput(NamedTuple):
    """An external input, and its slices."""

    external: External
    slices: list[Artifact]


class ExternalInput(ABC):
    """One external input of one build. It only looks at the state; what it makes is for the state to take."""

    name: str
    """As it is called in task names, messages and the manifest."""
    stage: ClassVar[str]
    """The stage that makes it: `index`, `check` or `context`."""

    def __init__(self, state: State) -> None:
        self.state = state

    @property
    def task(self) -> TaskName:
        """The task that makes it."""
        return TaskName(self.stage, self.name)

    @property
    def title(self) -> str:
        """As people call it."""
        return f"{self.name} report"

    @property
    @abstractmethod
    def is_wanted(self) -> bool:
        """Whether the build reads it."""

    def handed_in(self) -> Path | None:
        """The file that the user gave for it."""
        return None

    def given(self) -> Path | None:
        """The same, resolved. Raises UsageError where it is no file."""
        path = self.handed_in()
        if path is None:
            return None
        if not path.is_file():
            raise UsageError(f"{path}: no such file; it was given as the {self.title}")
        return path.resolve()

    def missing(self) -> str | None:
        """Why it cannot be made on this machine, and the remedy; None where it can."""
        return None

    @abstractmethod
    def policy(self) -> object:
        """What decides, beside the source files, whether it is made anew; cheap to find out."""

    @abstractmethod
    def made_from(self) -> str:
        """What it would be made from now: a digest, or a few. It is made anew where that is another."""

    @abstractmethod
    def make(self) -> MadeInput:
        """Run the tool. Raises ToolError where that fails: then it stays due, and what was known before stands."""

    def read(self, given: Path) -> MadeInput:
        """Read the file that was handed in. Raises UsageError where it is not what it should be."""
        raise NotImplementedError(f"nobody can hand in the {self.title}")

    def is_due(self) -> bool:
        """Whether it has to be made now. What a recorded run made from the same is taken over instead."""
        # By content: a report that was written again with the same bytes is no news, although its stamp is another.
        known = self.state.manifest.externals.get(self.name)
        key = self.made_from()
        if known is not None and known.key == key:
            return False
        return self.state.restore_external(self.name, self.task_inputs(key)) is None

    def task_inputs(self, made_from: str) -> TaskInputs:
        """What its task reads."""
        return TaskInputs.of(self.name, ("settings", stage_version(self.stage)), ("made from", made_from))

    def split(
        self,
        made_from: str,
        pieces: Mapping[str, Artifact],
        *,
        producer: str,
        left_out: Mapping[str, str],
        contents: Mapping[str, str] | None = None,
    ) -> MadeInput:
        """The input as the manifest keeps it, with its pieces (path -> slice); equal slices are kept once."""
        slices = {path: piece.digest for path, piece in pieces.items()}
        # Of many files the same is said: one owner, or no finding.
        unique = {piece.digest: piece for piece in pieces.values()}
        external = External(self.stage, made_from, slices, dict(contents or {}), producer, dict(left_out))
        return MadeInput(external, list(unique.values()))


def encoded(parts: Iterable[tuple[str, object]]) -> dict[str, Artifact]:
    """Path -> what is said of the file, as a slice."""
    return {path: Artifact.of(ENCODER.encode(part)) for path, part in parts}


def digest_of_report(given: Path, files: Iterable[str]) -> str:
    """What a report that was handed in is made from: its bytes, and the files that it is read against."""
    return f"file {digest(given.read_bytes())} {config_digest(sorted(files))}"


def digest_of_file(path: Path) -> str | None:
    """Digest of a file's bytes; None where it cannot be read."""
    data = bytes_of(path)
    return None if data is None else digest(data)


def stamped(name: str, used: "str | Path | None") -> object:
    """A tool, or a file that was handed in, with its stamp: either may be replaced where it is."""
    return name, str(used), FileStamp.of(used) if used else None


def tool_policy(name: str, tool: str, given: Path | None) -> object:
    """What decides that something else may be said: the file that was handed in, else the tool."""
    # The program's file, not its version: to ask for that is to start it, in every run.
    return stamped(name, given or executable(tool))
