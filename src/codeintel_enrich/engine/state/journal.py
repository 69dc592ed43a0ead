"""Notes of what was different before a build: of what it changes, the digests and keys that were there."""

REPOSITORY = ""
"""Stands for a path where the repository itself is meant."""


class Journal:
    """Notes what changes while a build advances."""

    def __init__(self) -> None:
        self.before: dict[str, dict[str, str]] = {}
        """Path -> `content`, `linked` or a stage -> the digest or the key that was there before."""
        self.added: set[str] = set()
        self.removed: set[str] = set()

    def note(self, path: str, what: str, before: str) -> None:
        """Something of a file is not what it was; the first note of a run stands."""
        if before:
            self.before.setdefault(path, {}).setdefault(what, before)
