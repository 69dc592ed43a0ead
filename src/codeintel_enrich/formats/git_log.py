"""What `git log` prints, and what it comes to per file; it knows neither git's command nor any file's text."""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from codeintel_enrich.model.context import Author, History

LOG_FORMAT = "--format=%x01%H%x1f%ct%x1f%aN"
"""What `read_log` reads, together with `-z --numstat`.

No count of lines begins with a control character, so that no change is taken for a commit. `%aN` follows the mailmap.
The committer's time, not the author's: it is the one that says when the commit came into this history.
"""

SECONDS_A_DAY = 86_400


class ChangedFile(NamedTuple):
    """What one commit did to one file."""

    path: str
    """Its name after the commit."""
    before: str | None
    """Its name before, where the commit renamed it."""
    lines: int
    """Added and deleted; none are counted in what git takes for binary."""


class Commit(NamedTuple):
    """One commit and what it changed."""

    name: str
    time: int
    """When it was made: seconds since the epoch."""
    author: str
    """As the repository's mailmap has it."""
    changes: list[ChangedFile]


def read_log(data: bytes) -> Iterator[Commit]:
    """The commits of a log, in its order."""
    tokens = iter(data.split(b"\0"))
    commit: Commit | None = None
    for token in tokens:
        # With -z git still ends the line of the format itself before the first change.
        token = token.removeprefix(b"\n")
        if token.startswith(b"\x01"):
            if commit is not None:
                yield commit
            name, time, author = token[1:].split(b"\x1f", 2)
            commit = Commit(name.decode(), int(time), author.decode(errors="replace"), [])
        elif token and commit is not None:
            added, deleted, path = token.split(b"\t", 2)
            before = None
            # A rename has an empty path here, and its two names behind it.
            if not path:
                before, path = next(tokens).decode(errors="surrogateescape"), next(tokens)
            # Paths are bytes to git; surrogates keep those that are no UTF-8 as Python itself names such files.
            lines = sum(int(count) for count in (added, deleted) if count != b"-")
            commit.changes.append(ChangedFile(path.decode(errors="surrogateescape"), before, lines))
    if commit is not None:
        yield commit


def histories(commits: Iterator[Commit], paths: Collection[str], until: int, days: int) -> dict[str, History]:
    """What the commits (newest first) say of the files that now are at `paths`.

    Churn counts those of the last `days` days before `until` (seconds since the epoch). Renames are followed in the
    order of the log.
    """
    since = until - days * SECONDS_A_DAY
    # Backwards in time: a name is followed from what the file is called today to what it was called before.
    now = {path: path for path in paths}
    """What a file was called at the commit -> what it is called today."""
    tallies: dict[str, _Tally] = {}
    for commit in commits:
        renamed: dict[str, str] = {}
        for change in commit.changes:
            path = now.get(change.path)
            if path is None:
                continue
            tallies.setdefault(path, _Tally()).add(commit, change.lines, commit.time >= since)
            if change.before is not None:
                # Earlier commits mean another file by that name.
                del now[change.path]
                renamed[change.before] = path
        now |= renamed
    return {path: tallies[path].history() for path in sorted(tallies)}


class _Tally:
    """What is counted of one file."""

    def __init__(self) -> None:
        self._authors: dict[str, tuple[int, int]] = {}
        self._last = 0
        self._churn = (0, 0)

    def add(self, commit: Commit, lines: int, counts_as_churn: bool) -> None:
        commits, changed = self._authors.get(commit.author, (0, 0))
        self._authors[commit.author] = (commits + 1, changed + lines)
        self._last = max(self._last, commit.time)
        if counts_as_churn:
            self._churn = (self._churn[0] + 1, self._churn[1] + lines)

    def history(self) -> History:
        authors = sorted(
            (Author(name, *counts) for name, counts in self._authors.items()),
            key=lambda author: (-author.n_lines, -author.n_commits, author.name),
        )
        last = datetime.fromtimestamp(self._last, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return History(tuple(authors), last, *self._churn)
