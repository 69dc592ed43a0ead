"""The log of chunks: in which generation each chunk came, changed or went; knows nothing of what chunks say.

It is history, so no part of what is compared with a clean build. Losing it costs those who follow it one full reading.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

import orjson

from codeintel_enrich.errors import EnrichError

_SCHEMA = """
    CREATE TABLE IF NOT EXISTS chunks (
        path TEXT NOT NULL, id TEXT NOT NULL, text_hash TEXT NOT NULL,
        first INTEGER NOT NULL, last INTEGER NOT NULL, removed INTEGER NOT NULL,
        PRIMARY KEY (path, id)
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS chunks_last ON chunks (last);
    CREATE TABLE IF NOT EXISTS began (generation INTEGER NOT NULL);
"""


class ChunkChange(NamedTuple):
    """What happened to one chunk since a generation."""

    operation: Literal["added", "changed", "removed"]
    path: str
    id: str


class Changes(NamedTuple):
    """Changes since a generation, by path and id. `complete`: the log does not reach back; these are all chunks."""

    generation: int
    complete: bool
    changes: list[ChunkChange]


def log_slices(
    path: Path,
    generation: int,
    made: Mapping[str, bytes] | None,
    wanted: Collection[str],
    every: Callable[[], Mapping[str, bytes]],
) -> None:
    """Note what a run did: `made` are the lines of the analysed files that were cut again, `wanted` all files.

    `made` is None where nothing was cut, and the published file is as it was. A log that is begun takes `every` file's
    lines: whoever asks it for all chunks must get all. It is noted under the store's `generation`, or under the number
    after the last one noted, if that is more: slices also change with settings, and a store that is made anew counts
    from 1. Raises EnrichError where the log cannot be written.
    """
    with _opened(path) as log:
        is_new = log.execute("SELECT 1 FROM began").fetchone() is None
        if made is None and not is_new:
            return
        # A store that is made anew counts from 1; those who follow the log must still see numbers rise.
        generation = max(generation, log.execute("PRAGMA user_version").fetchone()[0] + 1)
        if is_new:
            log.execute("INSERT INTO began VALUES (?)", [generation])
        gone = {item for (item,) in log.execute("SELECT DISTINCT path FROM chunks WHERE NOT removed")}.difference(
            wanted
        )
        noted = every() if is_new else made or {}
        for item, lines in [*noted.items(), *((item, b"") for item in sorted(gone))]:
            _note(log, generation, item, lines)
        log.execute(f"PRAGMA user_version = {int(generation)}")


def _note(log: sqlite3.Connection, generation: int, path: str, lines: bytes) -> None:
    found = {str(chunk["id"]): str(chunk["text_hash"]) for chunk in map(orjson.loads, lines.splitlines())}
    known = {
        item: (text_hash, bool(removed))
        for item, text_hash, removed in log.execute("SELECT id, text_hash, removed FROM chunks WHERE path = ?", [path])
    }
    for item, text_hash in found.items():
        # One that comes back is new to whoever saw it go.
        if item not in known or known[item][1]:
            row = path, item, text_hash, generation, generation
            log.execute("INSERT OR REPLACE INTO chunks VALUES (?, ?, ?, ?, ?, 0)", row)
        elif known[item][0] != text_hash:
            changed = text_hash, generation, path, item
            log.execute("UPDATE chunks SET text_hash = ?, last = ? WHERE path = ? AND id = ?", changed)
    for item, (_, removed) in known.items():
        if item not in found and not removed:
            log.execute("UPDATE chunks SET removed = 1, last = ? WHERE path = ? AND id = ?", [generation, path, item])


def changes_since(path: Path, since: int) -> Changes:
    """What happened after a generation. Raises EnrichError where there is no log."""
    if not path.is_file():
        raise EnrichError(f"{path}: there are no slices; run `codeintel-enrich build --emit-slices` first")
    with _opened(path) as log:
        (generation,) = log.execute("PRAGMA user_version").fetchone()
        began = log.execute("SELECT generation FROM began").fetchone()
        # Whoever followed another log, or one that was begun anew, has a generation that this one cannot answer for.
        if began is None or not began[0] <= since <= generation:
            rows = log.execute("SELECT path, id FROM chunks WHERE NOT removed ORDER BY path, id")
            return Changes(generation, True, [ChunkChange("added", *row) for row in rows])
        rows = log.execute(
            "SELECT path, id, first, removed FROM chunks WHERE last > ?1 AND NOT (removed AND first > ?1)"
            " ORDER BY path, id",
            [since],
        )
        changes = [
            ChunkChange("removed" if removed else "added" if first > since else "changed", item_path, item)
            for item_path, item, first, removed in rows
        ]
        return Changes(generation, False, changes)


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The log in one transaction; a damaged one is begun anew."""
    try:
        try:
            connection = _connect(path)
        except sqlite3.DatabaseError:
            # Losing it costs those who follow it one full reading, no wrong answer.
            path.unlink(missing_ok=True)
            connection = _connect(path)
        with contextlib.closing(connection), connection:
            yield connection
    except (sqlite3.Error, OSError) as error:
        raise EnrichError(f"{path}: the log of slices cannot be used ({error})") from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    try:
        connection.executescript(_SCHEMA)
        connection.execute("SELECT count(*) FROM chunks").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection
