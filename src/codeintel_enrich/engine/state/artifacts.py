"""The artifact store: content-addressed bytes, and traces that say which key gave which outputs.

One SQLite file in write-ahead mode: what a task finished is committed when it finishes, `kill -9` loses only
what was in flight. Bytes are kept compressed, and checked against their digest whenever they are read.
"""

import contextlib
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from codeintel_enrich.errors import CorruptArtifactError, EnrichError, machine_fault
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.task_inputs import TaskInputs

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# In the head of the file (`pragma user_version`), where SQLite leaves a number to whoever uses it.
FORMAT = 3
"""Of the file; one of another format is made anew."""

# Traces are short and only looked up by key: one tree without rowids. Artifacts keep theirs: rows of many kilobytes
# make a poor index (sqlite.org/withoutrowid.html), and the rowid is their age.
SCHEMA = f"""
pragma user_version = {FORMAT};
create table if not exists artifact (digest text primary key, data blob not null);
create table if not exists trace (key text primary key, inputs text not null, outputs text not null) without rowid;
"""

# Extended codes have the primary one in their lowest byte (sqlite.org/rescode.html).
OUTSIDE = frozenset(
    (
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM),
        *(sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_AUTH),
    )
)
"""Primary result codes of faults that lie outside the file: deleting it would mend nothing."""

LEVEL = 1
"""Of Zstandard: layers shrink to a quarter, in a sixth of the time that zlib takes."""


class _OtherFormatError(sqlite3.DatabaseError):
    """The file is not damaged, but of another format."""


class Artifact(msgspec.Struct, frozen=True, array_like=True):
    """Bytes as they are stored."""

    digest: str
    """Of the bytes themselves."""
    packed: bytes

    @classmethod
    def of(cls, data: bytes, known: str | None = None) -> "Artifact":
        """Make one of plain bytes, whose digest may be known already."""
        # Packed where it is made: compressing is spread over the workers, the one process that writes does without.
        return cls(known or digest(data), zstd.compress(data, LEVEL))


class Trace(msgspec.Struct, frozen=True):
    """That these inputs gave these outputs."""

    inputs: TaskInputs
    outputs: tuple[str, ...]
    """Digests, in the order in which `lookup` returns them."""


def _unpack(wanted: str, row: tuple[bytes] | None) -> bytes:
    """The bytes of a stored row. Raises CorruptArtifactError when it is missing or not what its digest says."""
    if row is None:
        raise CorruptArtifactError(wanted, "missing")
    try:
        data = zstd.decompress(row[0])
    except (zstd.ZstdError, TypeError):
        data = b""
    if digest(data) != wanted:
        raise CorruptArtifactError(wanted, "damaged")
    return data


KEPT_PER_FILE = 20
"""Artifacts kept at most: up to ten are in use, the others are of earlier states, for reverts and branches."""
FEWEST_KEPT = 4000
"""Room for earlier states in small repositories."""


def most_kept(n_files: int) -> int:
    """How many artifacts are worth keeping for so many files."""
    return max(FEWEST_KEPT, KEPT_PER_FILE * n_files)


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
                raise self._outside(error) from error
            reason = str(error) if isinstance(error, _OtherFormatError) else f"damaged ({error})"
            self.warnings.append(f"{self.path}: {reason}; everything in it is made again")
            return self._start_over()

    def _outside(self, error: sqlite3.DatabaseError) -> EnrichError:
        """What to say of a fault that lies outside the file."""
        known = machine_fault(error, str(self.path))
        return known or EnrichError(f"{self.path}: {error}; mend that, or use another folder with --cache-dir")

    def _connect(self) -> sqlite3.Connection:
        # Python's own handling of transactions is off (`isolation_level`): it would begin them without the lock for
        # writing. SQLite's check of threads is off, too, since our own lock lets in one at a time.
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=60)
        try:
            # Workers read while we write: in this mode neither waits for the other, and a killed writer leaves a log
            # that the next one to open the file takes up.
            connection.execute("pragma journal_mode = wal")
            # Without fsync a power cut can lose the last commits; digests notice, and a rebuild mends it.
            connection.execute("pragma synchronous = off")
            # A file that is empty yet has format 0 as well, so it is asked first whether there is anything in it.
            if connection.execute("select count(*) from sqlite_master").fetchone() != (0,):
                (found,) = connection.execute("pragma user_version").fetchone()
                if found != FORMAT:
                    raise _OtherFormatError(f"made by another version (format {found}, not {FORMAT})")
            connection.executescript(SCHEMA)
        except sqlite3.DatabaseError:
            connection.close()
            raise
        return connection

    def _start_over(self) -> sqlite3.Connection:
        # A log that is left behind would be taken for one of the new file.
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        return self._connect()

    def _reset(self, error: sqlite3.DatabaseError) -> None:
        """Start over when SQLite itself finds the file damaged in mid-run. Raises EnrichError for any other fault."""
        if not _is_damage(error):
            raise self._outside(error) from error
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
        try:
            return _unpack(wanted, row)
        except CorruptArtifactError:
            # While it is listed, every lookup would say that the task which made it need not run.
            self.forget((wanted,))
            raise

    def record(self, artifacts: Iterable[Artifact], *traces: Trace) -> None:
        """Store artifacts and, in the same transaction, which inputs gave them."""
        artifacts = tuple(artifacts)
        with self._lock:
            try:
                self._record(artifacts, traces)
            except sqlite3.DatabaseError as error:
                self._reset(error)
                self._record(artifacts, traces)

    def _record(self, artifacts: tuple[Artifact, ...], traces: tuple[Trace, ...]) -> None:
        execute = self._connection.execute
        # The lock for writing is taken at once: a transaction that begins by reading can lose the race for it, and then
        # fails however long it would have waited.
        execute("begin immediate")
        try:
            for artifact in artifacts:
                # Equal bytes are stored already, and rewriting them would only grow the log.
                execute("insert or ignore into artifact values (?, ?)", (artifact.digest, artifact.packed))
            for trace in traces:
                row = trace.inputs.key, trace.inputs.text, " ".join(trace.outputs)
                execute("insert or replace into trace values (?, ?, ?)", row)
            execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                execute("rollback")
            raise

    def lookup(self, key: str) -> tuple[str, ...] | None:
        """Digests that `key` gave before, if all of them are still there."""
        with self._lock:
            try:
                return _lookup(self._connection, key)
            except sqlite3.DatabaseError as error:
                self._reset(error)
                return None

    def inputs_of(self, key: str) -> str | None:
        """The list of inputs (`TaskInputs.text`) that a key is the digest of; None where it is not recorded."""
        with self._lock, contextlib.suppress(sqlite3.DatabaseError):
            row = self._connection.execute("select inputs from trace where key = ?", (key,)).fetchone()
            return row[0] if row is not None else None
        return None

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
                # The tree of pages first: what is cut off there would simply not be listed below. Bytes are judged by
                # their digests, so the full check of indexes would add nothing.
                ok = self._connection.execute("pragma quick_check(1)").fetchone()[0]
                if ok != "ok":
                    raise sqlite3.DatabaseError(ok)
                for name, data in self._connection.execute("select digest, data from artifact"):
                    try:
                        _unpack(name, (data,))
                    except CorruptArtifactError:
                        damaged.append(name)
            except sqlite3.DatabaseError as error:
                self._reset(error)
                return []
        self.forget(damaged)
        return damaged

    def prune(self, used: Callable[[], set[str]], most: int) -> int:
        """Drop the oldest unused artifacts, and their traces, when there are more than `most`; returns how many went.

        A quarter of `most` is made free, so that not every run prunes.
        """
        with self._lock:
            execute = self._connection.execute
            # An upper bound that needs no counting: rows are numbered, and some were dropped before.
            (bound,) = execute(
                "select (select max(rowid) from artifact) - (select min(rowid) from artifact) + 1"
            ).fetchone()
            if (bound or 0) <= most or execute("select count(*) from artifact").fetchone()[0] <= most:
                return 0
            needed = used()
            # Rowids rise, so this is the order in which they were stored first.
            rows = execute("select rowid, digest from artifact order by rowid").fetchall()
            unused = [(rowid, name) for rowid, name in rows if name not in needed]
            victims = unused[: max(0, len(rows) - most + most // 4)]
            execute("begin immediate")
            self._connection.executemany("delete from artifact where rowid = ?", ((rowid,) for rowid, _ in victims))
            gone = {name for _, name in victims}
            # Lookups would refuse these anyway; they are dropped so that traces do not pile up for ever.
            traces = execute("select key, outputs from trace").fetchall()
            dead = [(key,) for key, outputs in traces if not gone.isdisjoint(outputs.split())]
            self._connection.executemany("delete from trace where key = ?", dead)
            execute("commit")
            return len(victims)

    def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            # So that the one file is everything there is: it can be copied, stamped, and read where nothing may be
            # written.
            self._connection.execute("pragma wal_checkpoint(truncate)")
            self._connection.close()


def _lookup(connection: sqlite3.Connection, key: str) -> tuple[str, ...] | None:
    row = connection.execute("select outputs from trace where key = ?", (key,)).fetchone()
    if row is None:
        return None
    # A trace may outlive its artifacts. A task counts as done only where all that it made is still there.
    outputs = tuple(row[0].split())
    for name in outputs:
        if not connection.execute("select 1 from artifact where digest = ?", (name,)).fetchone():
            return None
    return outputs


def has_log(path: Path) -> bool:
    """Whether results lie beside an artifact store that are not in its file yet: a run is at work, or was killed."""
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    """Whether the file itself is at fault (or of another version), not the disk, a lock or our own use of it."""
    if isinstance(error, sqlite3.ProgrammingError):
        return False
    # `verify` raises without a code, and only for damage.
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return code == sqlite3.SQLITE_IOERR_SHORT_READ or code & 0xFF not in OUTSIDE


class Snapshot(Artifacts):
    """What is there, for those who only look: nothing is written, not even a file beside it."""

    def _connect(self) -> sqlite3.Connection:
        if not self.path.is_file():
            return self._start_over()
        # A log beside it belongs to a run that is at work, and has to be read.
        busy = has_log(self.path)
        # `immutable` spares SQLite the files that it would make beside this one, which a read-only cache cannot hold.
        # It also ignores a log, so it is asked for only where there is none.
        place = f"{self.path.absolute().as_uri()}?mode=ro{'' if busy else '&immutable=1'}"
        return sqlite3.connect(place, uri=True, isolation_level=None, check_same_thread=False, timeout=60)

    def _start_over(self) -> sqlite3.Connection:
        # Nothing may be mended by somebody who only looks: a damaged store is as good as an empty one.
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        connection.executescript(SCHEMA)
        return connection

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class Reader:
    """Reads artifacts beside the process that writes them, from one thread at a time; mends nothing."""

    def __init__(self, path: Path) -> None:
        # Without `immutable`, unlike a snapshot: it must see what the writer commits from job to job.
        place = f"{path.absolute().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(place, uri=True, timeout=60, check_same_thread=False)

    def get(self, wanted: str) -> bytes:
        """The bytes stored under a digest. Raises CorruptArtifactError when they are missing or not those bytes."""
        try:
            row = self._connection.execute("select data from artifact where digest = ?", (wanted,)).fetchone()
        except sqlite3.DatabaseError as error:
            raise CorruptArtifactError(wanted, f"unreadable ({error})") from error
        return _unpack(wanted, row)

    def lookup(self, key: str) -> tuple[str, ...] | None:
        """Digests that `key` gave before, if all of them are still there and can be read."""
        with contextlib.suppress(sqlite3.DatabaseError):
            return _lookup(self._connection, key)
        return None

    def digests(self) -> set[str]:
        """Everything there is; nothing where that cannot be read."""
        with contextlib.suppress(sqlite3.DatabaseError):
            return {row[0] for row in self._connection.execute("select digest from artifact")}
        return set()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
