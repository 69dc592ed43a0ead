"""What one task reads, as names and digests: the one list of which both its key and its explanation are made."""

from collections.abc import Iterable, Sequence

import msgspec

from codeintel_enrich.model.digest import digest

Part = tuple[str, str]
"""Name of something that is read, and its digest (or its short value)."""


class TaskInputs(msgspec.Struct, frozen=True):
    """What one task reads, in order."""

    text: str
    """The task's stage, then a line `name=value` for each part."""

    @classmethod
    def of(cls, stage: str, *parts: Part) -> "TaskInputs":
        """Make the list."""
        return cls(stage + "".join(f"\n{name}={value}" for name, value in parts))

    @property
    def key(self) -> str:
        """Digest of the list."""
        return digest(self.text.encode("utf-8", "surrogateescape"))


class FileInputs(msgspec.Struct):
    """Everything that the stages of one file can read, and what of it there is.

    A name has no part where there is nothing to read, one for what a stage made, and one for each tool that has
    something to say of the file.
    """

    path: str
    parts: dict[str, Sequence[Part]]
    neighbours: dict[str, str] = {}
    """Path of a file that defines something which the index finds in this one -> what its qualified names begin with.
    So few and short that they come with the inputs; `parts` has their digest."""

    def of_stage(self, stage: str, settings: str, reads: Iterable[str]) -> TaskInputs:
        """What a stage that reads these names reads now. Meaningful once the stages before it are done."""
        found = [part for name in reads for part in self.parts.get(name, ())]
        return TaskInputs.of(stage, ("settings", settings), *found)

    def take(self, makes: Iterable[str], outputs: Iterable[str]) -> None:
        """Give the stages that follow what a stage made."""
        for name, output in zip(makes, outputs, strict=True):
            self.parts[name] = ((name, output),)
