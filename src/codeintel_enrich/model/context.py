"""What is known of a file from outside its text: who wrote and owns it, and which of its lines tests reach."""

from collections.abc import Iterable
from typing import Self

import msgspec


class Coverage(msgspec.Struct, frozen=True, array_like=True):
    """The lines of one file that a coverage report counts: those that ran, and those that did not."""

    covered: tuple[int, ...]
    """From 1, sorted."""
    missed: tuple[int, ...]
    """From 1, sorted."""


class Author(msgspec.Struct, frozen=True, array_like=True):
    """What one person did to one file."""

    name: str
    n_commits: int
    n_lines: int
    """Lines added and deleted."""


class History(msgspec.Struct, frozen=True, array_like=True):
    """What version control knows of one file, followed through renames."""

    authors: tuple[Author, ...]
    """Whoever changed it; most lines first, then most commits, then by name."""
    last_commit: str
    """When it was last changed: ISO 8601, UTC."""
    churn_commits: int
    """Commits that changed it within the window of days."""
    churn_lines: int
    """Lines that those added and deleted."""

    @property
    def bus_factor(self) -> int:
        """The fewest authors who together changed more than half of the lines.

        Where no commit changed a line (an empty file), the fewest who made more than half of the commits.
        """
        lines = [author.n_lines for author in self.authors]
        shares = sorted(lines if any(lines) else (author.n_commits for author in self.authors), reverse=True)
        # The "truck factor" of repositories, of one file: how many people would have to leave before most of what was
        # written is nobody's.
        half, reached = sum(shares) / 2, 0
        for number, share in enumerate(shares, 1):
            reached += share
            if reached > half:
                return number
        return 0


class FileContext(msgspec.Struct, frozen=True):
    """What external inputs say of one file; each input gives its own part."""

    coverage: Coverage | None = None
    history: History | None = None
    owners: tuple[str, ...] = ()
    """As CODEOWNERS spells them."""

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> "FileContext":
        """All parts as one."""
        parts = list(parts)
        return FileContext(
            coverage=next((part.coverage for part in parts if part.coverage is not None), None),
            history=next((part.history for part in parts if part.history is not None), None),
            owners=next((part.owners for part in parts if part.owners), ()),
        )
