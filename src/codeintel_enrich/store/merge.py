"""Brings a store from whatever it holds to the rows that are wanted, in one transaction.

It knows neither where encoded rows come from (`load`) nor what they mean. A store that cannot be trusted is
written anew beside the old one and put in its place; a first build goes the same way.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.tables import FILES, LEDGER, META, MODULES, SCHEMA_POLICY, SCHEMA_VERSION, TABLES, Table
from codeintel_enrich.store.insert import Batch, batches
from codeintel_enrich.store.read import PATIENCE_SECONDS, connect
from codeintel_enrich.store.schema import SHAPE_QUERY, cell_hash, create_statements, has_shape, of_paths

if TYPE_CHECKING:
    import duckdb

_MOST_IN_PLACE = 2_000
"""Changed files, or a quarter of all if that is more, up to which a store is updated in place."""

_CHECKSUM_MODULUS = 1 << 127
"""Sums of 64-bit hashes are kept as HUGEINT, which has a sign."""

Rows = Callable[[Collection[str]], Iterator[Batch]]
"""Files -> their rows, in batches."""


class MergeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge did to the store."""

    generation: int
    """Number of merges that changed the store since it was written anew; 1 for a new one."""
    rebuilt: str | None
    """Why the store was written anew; None where it was updated in place or was up to date."""
    changed_files: int
    """Files whose rows were inserted."""
    vanished_files: int
    """Files whose rows were deleted for good."""
    inserted: dict[str, int]
    """Table -> rows inserted."""
    rows: dict[str, int]
    """Table -> rows in the store now."""
    stamp: FileStamp
    seconds: float


class _UntrustedError(Exception):
    """The store is not what the last merge left; the message says how that shows."""


class _Content(msgspec.Struct):
    """Rows of a table and their checksum."""

    rows: int = 0
    checksum: int = 0


class _State(msgspec.Struct):
    """What a store says of itself."""

    generation: int
    info: dict[str, str]
    ledger: dict[str, str]
    contents: dict[str, _Content]


class _Task(msgspec.Struct):
    """What a merge has to do."""

    wanted: Mapping[str, str]
    info: Mapping[str, str]
    changed: list[str]
    vanished: list[str]

    def is_done(self, state: _State) -> bool:
        """Whether the store already is as wanted."""
        return not self.changed and not self.vanished and bool(state.generation) and state.info == self.info

    def rewrites(self, state: _State) -> bool:
        """Whether writing the store anew is cheaper, keeps memory bounded and its rows in path order."""
        return len(self.changed) + len(self.vanished) > max(_MOST_IN_PLACE, len(state.ledger) // 4)


class _Change(msgspec.Struct):
    """What one merge did."""

    state: _State
    changed: int
    vanished: int
    inserted: dict[str, int]


def merge_store(
    path: Path,
    wanted: Mapping[str, str],
    load: Callable[[str], bytes],
    info: Mapping[str, str],
    trusted: FileStamp | None = None,
    patience_seconds: float = PATIENCE_SECONDS,
    *,
    in_bulk: bool = True,
) -> MergeReport:
    """Make the store hold exactly the rows of the wanted files.

    `wanted` maps every file to the digest of its encoded rows, `load` gives those bytes for a file, `info` is put into
    `meta` (it must not depend on the place, time or history of a run). A store that does not bear the stamp `trusted`
    is checked cell by cell first. What changed is found from the store's own ledger, so a merge that never happened
    is made good by the next. `in_bulk`: rows of many files may go through Arrow.

    Raises LockedError where another process keeps the store open, EnrichError where it cannot be written, and whatever
    `load` raises; the store is as before then.
    """
    import duckdb

    started = time.perf_counter()
    change: _Change | None = None
    generation = 0
    rebuilt: str | None = None
    rows = partial(batches, load=load, in_bulk=in_bulk)
    try:
        if not path.is_file():
            raise _UntrustedError("there was no store")
        stamp = FileStamp.of(path)
        with connect(path, read_only=False, patience_seconds=patience_seconds) as connection:
            state = _read_state(connection)
            _check(connection, state, every_cell=stamp != trusted)
            generation = state.generation
            task = _compare(state, wanted, info)
            if not task.rewrites(state):
                change = _apply(connection, state, task, rows)
    except (_UntrustedError, duckdb.Error) as error:
        rebuilt = str(error).partition("\n")[0]
    if change is None:
        change = _write_anew(path, wanted, rows, info, generation)
    stamp = FileStamp.of(path)
    assert stamp is not None, "the store was just written"
    return MergeReport(
        generation=change.state.generation,
        rebuilt=rebuilt,
        changed_files=change.changed,
        vanished_files=change.vanished,
        inserted=change.inserted,
        rows={name: content.rows for name, content in change.state.contents.items()},
        stamp=stamp,
        seconds=time.perf_counter() - started,
    )


def _compare(state: _State, wanted: Mapping[str, str], info: Mapping[str, str]) -> _Task:
    return _Task(
        wanted=wanted,
        info=info,
        changed=[path for path in sorted(wanted) if state.ledger.get(path) != wanted[path]],
        vanished=sorted(state.ledger.keys() - wanted.keys()),
    )


def _write_anew(path: Path, wanted: Mapping[str, str], rows: Rows, info: Mapping[str, str], generation: int) -> _Change:
    fresh = path.with_name(f"{path.name}.tmp")
    empty = _State(generation, {}, {}, {table.name: _Content() for table in TABLES})
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(fresh)
        try:
            with connect(fresh, read_only=False, patience_seconds=0) as connection:
                # In one transaction and one call: statements that commit one by one take longer than filling the store.
                connection.execute(";".join(["BEGIN", *create_statements(), "COMMIT"]))
                change = _apply(connection, empty, _compare(empty, wanted, info), rows)
            # A log is replayed, silently, into whatever database has its name; the old store's must not be.
            _log_of(path).unlink(missing_ok=True)
            fresh.replace(path)
        finally:
            _remove(fresh)
    except OSError as error:
        raise EnrichError(
            f"{path}: the store cannot be written ({error}); free the place or use --cache-dir"
        ) from error
    return change


def _apply(connection: duckdb.DuckDBPyConnection, state: _State, task: _Task, rows: Rows) -> _Change:
    """Fill or update an open store in one transaction.

    A store that is being filled for the first time is not in its place yet, so nobody can see it half done, and every
    batch is committed: until then DuckDB keeps the batch's Arrow buffers.
    """
    inserted = {table.name: 0 for table in TABLES}
    if task.is_done(state):
        return _Change(state, 0, 0, inserted)
    is_new = not state.ledger
    contents = {name: _Content(content.rows, content.checksum) for name, content in state.contents.items()}
    connection.execute("BEGIN")
    try:
        _delete(connection, [*(path for path in task.changed if path in state.ledger), *task.vanished], contents)
        for batch in rows(task.changed):
            for name, count in batch.insert(connection).items():
                inserted[name] += count
            if is_new:
                connection.execute("COMMIT")
                connection.execute("BEGIN")
        _count_inserted(connection, inserted, None if is_new else task.changed, contents)
        digests = [task.wanted[path] for path in task.changed]
        connection.execute(f"INSERT INTO {LEDGER.name} SELECT unnest($1), unnest($2)", [task.changed, digests])
        after = _State(state.generation + 1, dict(task.info), dict(task.wanted), contents)
        _write_meta(connection, after)
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    # DuckDB opens a log that was cut short without a word and loses what it held. After this there is none.
    connection.execute("CHECKPOINT")
    return _Change(after, len(task.changed), len(task.vanished), inserted)


def _delete(connection: duckdb.DuckDBPyConnection, paths: list[str], contents: dict[str, _Content]) -> None:
    if not paths:
        return
    # DELETE and INSERT, not MERGE: on a million rows, that of one file took 2 ms, a MERGE that also deletes what is no
    # longer in its source 43 ms.
    where = of_paths(len(paths))
    for table in TABLES:
        content = contents[table.name]
        if content.rows:
            deleted = connection.execute(f"DELETE FROM {table.name} {where} RETURNING {cell_hash(table)}", paths)
            hashes = deleted.fetchall()
            content.rows -= len(hashes)
            content.checksum = (content.checksum - sum(value for (value,) in hashes)) % _CHECKSUM_MODULUS
    connection.execute(f"DELETE FROM {LEDGER.name} {where}", paths)


def _count_inserted(
    connection: duckdb.DuckDBPyConnection,
    inserted: Mapping[str, int],
    paths: list[str] | None,
    contents: dict[str, _Content],
) -> None:
    """Add to the contents what was inserted for `paths`, or in a new store (None)."""
    for table in TABLES:
        if not inserted[table.name]:
            continue
        rows, checksum = _content(connection, table, paths)
        contents[table.name].rows += rows
        contents[table.name].checksum = (contents[table.name].checksum + checksum) % _CHECKSUM_MODULUS


def _content(connection: duckdb.DuckDBPyConnection, table: Table, paths: list[str] | None = None) -> tuple[int, int]:
    """Rows and checksum of a table, of some paths or of all (None)."""
    where = "" if paths is None else of_paths(len(paths))
    query = f"SELECT count(*), coalesce(sum({cell_hash(table)}::HUGEINT), 0) FROM {table.name} {where}"
    found = connection.execute(query, paths or []).fetchone()
    assert found is not None, "an aggregate has one row"
    return found[0], found[1] % _CHECKSUM_MODULUS


def _read_state(connection: duckdb.DuckDBPyConnection) -> _State:
    meta: dict[str, str] = dict(connection.execute(f"SELECT key, value FROM {META.name}").fetchall())
    version = meta.pop("schema_version", "none")
    if version != SCHEMA_VERSION:
        raise _UntrustedError(f"its schema version is {version}, not {SCHEMA_VERSION}")
    meta.pop("schema_policy", None)
    try:
        generation = int(meta.pop("generation"))
        contents = {
            table.name: _Content(int(meta.pop(f"rows:{table.name}")), int(meta.pop(f"content:{table.name}")))
            for table in TABLES
        }
    except (KeyError, ValueError) as error:
        raise _UntrustedError(f"its meta table is not whole ({error})") from error
    ledger = dict(connection.execute(f"SELECT path, rows_digest FROM {LEDGER.name}").fetchall())
    return _State(generation, meta, ledger, contents)


def _write_meta(connection: duckdb.DuckDBPyConnection, state: _State) -> None:
    meta = {
        "schema_version": SCHEMA_VERSION,
        "schema_policy": SCHEMA_POLICY,
        "generation": str(state.generation),
        **state.info,
    }
    for name, content in state.contents.items():
        meta[f"rows:{name}"] = str(content.rows)
        meta[f"content:{name}"] = str(content.checksum)
    connection.execute(f"DELETE FROM {META.name}")
    connection.execute(
        f"INSERT INTO {META.name} SELECT unnest($1), unnest($2)", [sorted(meta), [meta[key] for key in sorted(meta)]]
    )


def _check(connection: duckdb.DuckDBPyConnection, state: _State, *, every_cell: bool) -> None:
    """Raises _UntrustedError where the tables are not what the last merge left."""
    # Counts cost nothing to ask for, and a lost transaction or a truncated table shows in them; cells are read only
    # where the file is not the one that the last merge left.
    counts = " UNION ALL ".join(f"SELECT '{table.name}', count(*) FROM {table.name}" for table in TABLES)
    for name, rows in connection.execute(counts).fetchall():
        if rows != state.contents[name].rows:
            raise _UntrustedError(f"its table {name} has {rows} rows, not {state.contents[name].rows}")
    if every_cell:
        if not has_shape(connection.execute(SHAPE_QUERY).fetchall()):
            raise _UntrustedError("its tables do not have the columns that they should")
        for table in TABLES:
            if _content(connection, table)[1] != state.contents[table.name].checksum:
                raise _UntrustedError(f"its table {table.name} does not have the cells that the last merge left")
    if len(state.ledger) != state.contents[MODULES.name].rows + state.contents[FILES.name].rows:
        raise _UntrustedError("its ledger does not match its modules and files")


def _remove(database: Path) -> None:
    database.unlink(missing_ok=True)
    _log_of(database).unlink(missing_ok=True)


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")
