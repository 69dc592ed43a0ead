"""Puts rows into tables: many through Arrow, a few as bound lists.

Loading Arrow takes longer than all the rest of a merge of a few files.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol, TypeVar

from codeintel_enrich.model.rows import NULL_INTEGER, PackedRows, Unpacker, decode_packed
from codeintel_enrich.model.tables import TABLES, Column, Table
from codeintel_enrich.store.arrow import arrow_tables
from codeintel_enrich.store.schema import SQL_TYPES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

_BATCH_BYTES = 16_000_000
"""Encoded rows of one insert, at least one file's. While it runs, the next are loaded: twice this is in memory."""

FEW_BYTES = 400_000
"""Encoded rows up to which lists of values are quicker than loading Arrow."""

Item = TypeVar("Item")
_END = object()


class Batch(Protocol):
    """Rows of some files."""

    def insert(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Put them into their tables; returns how many by table."""


def batches(paths: Collection[str], load: Callable[[str], bytes], *, in_bulk: bool = True) -> Iterator[Batch]:
    """The files' rows in path order, so that a table's zones of rows tell paths apart. `in_bulk`: Arrow may be used."""
    return _ahead(_batches(paths, load, in_bulk))


def _batches(paths: Collection[str], load: Callable[[str], bytes], in_bulk: bool) -> Iterator[Batch]:
    batch: list[PackedRows] = []
    size = 0
    full = 0
    for path in paths:
        data = load(path)
        batch.append(decode_packed(data))
        size += len(data)
        if not in_bulk:
            yield ValueBatch(batch)
        elif size >= _BATCH_BYTES:
            yield ArrowBatch(batch)
            full += 1
        else:
            continue
        batch, size = [], 0
    if batch:
        yield ValueBatch(batch) if size <= FEW_BYTES and not full else ArrowBatch(batch)


def _ahead(items: Iterable[Item]) -> Iterator[Item]:
    """The items, each made while the one before is used. What making one raises, is raised when it would come."""
    made = iter(items)
    # DuckDB lets go of the interpreter's lock while it inserts, so decoding and joining cost no time of their own.
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, made, _END)
        while (item := coming.result()) is not _END:
            coming = thread.submit(next, made, _END)
            yield item  # type: ignore[misc]


class ArrowBatch:
    """A batch as Arrow tables."""

    def __init__(self, files: list[PackedRows]) -> None:
        self.tables: list[tuple[Table, pa.Table]] = list(arrow_tables(files, TABLES))

    def insert(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Have DuckDB read the Arrow tables."""
        for table, rows in self.tables:
            connection.register("incoming", rows)
            values = ", ".join(_incoming_value(column) for column in table.columns)
            connection.execute(f"INSERT INTO {table.name} SELECT {values} FROM incoming")
            connection.unregister("incoming")
        return {table.name: rows.num_rows for table, rows in self.tables}


class ValueBatch:
    """A batch as Python values."""

    def __init__(self, files: list[PackedRows]) -> None:
        self.files = files

    def insert(self, connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
        """Bind the values as lists."""
        counts = {table.name: 0 for table in TABLES}
        files = [(file, Unpacker(file)) for file in self.files]
        for table in TABLES:
            cells: list[list[object]] = [[] for _ in table.columns]
            for file, rows in files:
                if count := file.counts.get(table.name, 0):
                    for column, more in zip(cells, rows.columns(table).values(), strict=True):
                        column.extend(more)
                    counts[table.name] += count
            if counts[table.name]:
                # Lists bound as parameters: `executemany` runs its statement once a row, and what a statement costs is
                # mostly that it is planned, so the rows of all files go with one.
                values = ", ".join(f"unnest(?::{SQL_TYPES[column.type]}[])" for column in table.columns)
                connection.execute(f"INSERT INTO {table.name} SELECT {values}", cells)
        return counts


def _incoming_value(column: Column) -> str:
    """SQL that turns the packed stand-ins of null into null."""
    if column.type == "boolean":
        return f"{column.name}::BOOLEAN"
    if column.optional and column.type == "real":
        return f"CASE WHEN isnan({column.name}) THEN NULL ELSE {column.name} END"
    if column.optional and column.type in ("integer", "long"):
        return f"nullif({column.name}, {NULL_INTEGER})"
    return column.name
