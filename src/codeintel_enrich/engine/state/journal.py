"""Owns the notes of what was different before a build: of what the build changes, the digests and keys of before."""

WHOLE = ""
"""Stands for a path where the repository as a whole is meant."""


class Journal:
    """Notes what changes while a build advances."""

    def __init__(self) -> None:
        self.before: dict[str, dict[str, str]] = {}
        self.added: set[str] = set()
        self.removed: set[str] = set()

    def note(self, path: str, what: str, before: str) -> None:
        """Something of a file is not what it was; the first note of a run stands."""
        if before:
            self.before.setdefault(path, {}).setdefault(what, before)
