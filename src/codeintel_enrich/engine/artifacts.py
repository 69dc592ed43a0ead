"""Owns the artifact store: content-addressed bytes, and traces that say which key gave which outputs.

One SQLite file in write-ahead mode: what a task finished is committed when it finishes, `kill -9` loses only
what was in flight. Bytes are checked against their digest whenever they are read.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from codeintel_enrich.engine.keys import Inputs
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.model.digest import digest

SCHEMA = """
create table if not exists artifact (digest text primary key, data blob not null);
create table if not exists trace (key text primary key, inputs text not null, outputs text not null) without rowid;
"""

OUTSIDE = frozenset(
    (
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_AUTH),
    )
)
"""Primary result codes of faults that lie outside the file: deleting it would mend nothing."""


class Artifacts:
    """Get and put by digest, look up and record by key; safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._lock = threading.RLock()
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return self._connect()
        except sqlite3.DatabaseError as error:
            if not _is_damage(error):
                raise EnrichError(f"{self.path}: {error}; mend that, or use another folder with --cache-dir") from error
            self.warnings.append(f"{self.path}: damaged ({error}); everything in it is made again")
            return self._start_over()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        try:
            connection.execute("pragma journal_mode = wal")
            # Without fsync a power cut can lose the last commits; digests notice, and a rebuild mends it.
            connection.execute("pragma synchronous = off")
            connection.executescript(SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _start_over(self) -> sqlite3.Connection:
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return self._connect()

    def _reset(self, error: sqlite3.DatabaseError) -> None:
        """Start over when SQLite itself finds the file damaged in mid-run. Raises EnrichError for any other fault."""
        if not _is_damage(error):
            raise EnrichError(f"{self.path}: {error}; mend that, or use another folder with --cache-dir") from error
        self.warnings.append(f"{self.path}: damaged ({error}); everything in it is made again")
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()
        self._connection = self._start_over()

    def get(self, wanted: str) -> bytes:
        """The bytes stored under a digest.

        Raises CorruptArtifactError when they are missing or not those bytes; they are forgotten then, so that the
        task that makes them runs again.
        """
        with self._lock:
            try:
                row = self._connection.execute("select data from artifact where digest = ?", (wanted,)).fetchone()
            except sqlite3.DatabaseError as error:
                self._reset(error)
                row = None
        if row is None:
            raise CorruptArtifactError(wanted, "missing")
        data: bytes = row[0]
        if digest(data) != wanted:
            self.forget((wanted,))
            raise CorruptArtifactError(wanted, "damaged")
        return data

    def record(self, inputs: Inputs, outputs: Mapping[str, bytes], listed: Sequence[str] | None = None) -> None:
        """Store outputs (digest -> bytes) and, in the same transaction, that these inputs gave them.

        `listed` (default: all outputs) are the digests that `lookup` returns, in that order.
        """
        listed = list(outputs) if listed is None else listed
        with self._lock:
            try:
                self._record(inputs, outputs, listed)
            except sqlite3.DatabaseError as error:
                self._reset(error)
                self._record(inputs, outputs, listed)

    def _record(self, inputs: Inputs, outputs: Mapping[str, bytes], listed: Sequence[str]) -> None:
        execute = self._connection.execute
        execute("begin immediate")
        try:
            for name, data in outputs.items():
                execute("insert or ignore into artifact values (?, ?)", (name, data))
            execute("insert or replace into trace values (?, ?, ?)", (inputs.key, inputs.text, " ".join(listed)))
            execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                execute("rollback")
            raise

    def lookup(self, key: str) -> tuple[str, ...] | None:
        """Digests that `key` gave before, if all of them are still there."""
        with self._lock:
            try:
                row = self._connection.execute("select outputs from trace where key = ?", (key,)).fetchone()
                if row is None:
                    return None
                outputs = tuple(row[0].split())
                for name in outputs:
                    if not self._connection.execute("select 1 from artifact where digest = ?", (name,)).fetchone():
                        return None
            except sqlite3.DatabaseError as error:
                self._reset(error)
                return None
        return outputs

    def has(self, wanted: str) -> bool:
        """Whether something is stored under a digest."""
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):
            return self._connection.execute("select 1 from artifact where digest = ?", (wanted,)).fetchone() is not None
        return False

    def digests(self) -> set[str]:
        """Everything there is."""
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):
            return {row[0] for row in self._connection.execute("select digest from artifact")}
        return set()

    def forget(self, digests: Iterable[str]) -> None:
        """Drop artifacts; `lookup` then says that the tasks that made them are not done."""
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):
            self._connection.executemany("delete from artifact where digest = ?", ((name,) for name in digests))

    def verify(self) -> list[str]:
        """Read everything; damaged artifacts are dropped and their digests returned."""
        damaged: list[str] = []
        with self._lock:
            try:
                ok = self._connection.execute("pragma quick_check(1)").fetchone()[0]
                if ok != "ok":
                    raise sqlite3.DatabaseError(ok)
                for name, data in self._connection.execute("select digest, data from artifact"):
                    if not isinstance(data, bytes) or digest(data) != name:
                        damaged.append(name)
            except sqlite3.DatabaseError as error:
                self._reset(error)
                return []
        self.forget(damaged)
        return damaged

    def prune(self, used: set[str], spare: int) -> int:
        """Drop the oldest unused artifacts when there are more than `spare` of them; returns how many went."""
        with self._lock:
            total = self._connection.execute("select count(*) from artifact").fetchone()[0]
            if total <= len(used) + spare:
                return 0
            rows = self._connection.execute("select rowid, digest from artifact order by rowid").fetchall()
            unused = [rowid for rowid, name in rows if name not in used]
            victims = unused[: max(0, len(unused) - spare // 2)]
            execute = self._connection.execute
            execute("begin immediate")
            self._connection.executemany("delete from artifact where rowid = ?", ((rowid,) for rowid in victims))
            execute("commit")
            return len(victims)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            self._connection.execute("pragma wal_checkpoint(truncate)")
            self._connection.close()


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault (or of another version), not the disk, a lock or our own use of it."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    # `verify` raises without a code, and only for damage.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF not in OUTSIDE


class Reader:
    """Reads artifacts beside the process that writes them; mends nothing."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=60)

    def get(self, wanted: str) -> bytes:
        """The bytes stored under a digest. Raises CorruptArtifactError when they are missing or not those bytes."""
        try:
            row = self._connection.execute("select data from artifact where digest = ?", (wanted,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise CorruptArtifactError(wanted, f"unreadable ({error})") from error
        if row is None:
            raise CorruptArtifactError(wanted, "missing")
        data: bytes = row[0]
        if digest(data) != wanted:
            raise CorruptArtifactError(wanted, "damaged")
        return data

    def digests(self) -> set[str]:
        """Everything there is; nothing where that cannot be read."""
        with contextlib.suppress(sqlite3.DatabaseError):
            return {row[0] for row in self._connection.execute("select digest from artifact")}
        return set()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
