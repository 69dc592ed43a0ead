"""Owns the Parquet datasets `parquet/<table>/package=<package>/part-<bucket>.parquet`.

A partition holds the rows of one package's files, or of a bucket of them where the package is large, so a change
rewrites the partitions of the files whose rows changed and no other. It knows neither how rows are unpacked nor what
they mean.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from operator import or_
from typing import Any
from urllib.parse import quote

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.paths import short_name
from codeintel_enrich.model.rows import NULL_INTEGER, FileSummary, PackedRows, decode_packed
from codeintel_enrich.model.tables import TABLES, Table
from codeintel_enrich.publish.upkeep import Recipe

ArrowTables = Callable[[Sequence[PackedRows], Sequence[Table]], Iterator[tuple[Table, Any]]]
"""Makes one Arrow table for each table that has rows; nulls of integers, reals and booleans may be stand-ins."""

BUCKET_FILES = 64
"""A package with more files is spread over a power of two of buckets, so that each holds about this many or fewer."""

NO_PACKAGE = "."
"""The partition of files outside all packages. (Hive's own sign for null stops readers from inferring a type.)"""

_ROW_GROUP = 1 << 17


def parquet_recipes(
    wanted: Mapping[str, str],
    summaries: Mapping[str, FileSummary],
    load: Callable[[str], bytes],
    arrow_tables: ArrowTables,
    version: str,
) -> dict[str, Recipe]:
    """How every file of the datasets is made, those of one partition one after the other.

    Rows stand in path order, a file's as `emit` gave them. The columns are those of the store, but for `package` of
    `modules`, which the folder's name tells.
    """
    recipes: dict[str, Recipe] = {}
    for (package, bucket), paths in sorted(_partitions(summaries).items()):
        rows = "\n".join(f"{path}\0{wanted[path]}" for path in paths)
        inputs = digest(f"{version}\0{rows}".encode("utf-8", "surrogateescape"))
        held = reduce(or_, (summaries[path].tables for path in paths))
        tables = [table for index, table in enumerate(TABLES) if held >> index & 1]
        partition = _Partition(paths, load, arrow_tables, tables)
        folder = short_name(f"package={quote(package, safe='') or NO_PACKAGE}")
        for table in tables:
            name = f"parquet/{table.name}/{folder}/part-{bucket}.parquet"
            recipes[name] = Recipe(inputs, partition.maker(table))
    return recipes


def _partitions(summaries: Mapping[str, FileSummary]) -> dict[tuple[str, int], list[str]]:
    """(package, bucket) -> its files in path order; depends on nothing but the set of files and their packages."""
    packages: dict[str, list[str]] = {}
    for path, summary in summaries.items():
        packages.setdefault(summary.package, []).append(path)
    partitions: dict[tuple[str, int], list[str]] = {}
    for package, paths in packages.items():
        buckets = 1
        while len(paths) > buckets * BUCKET_FILES:
            buckets *= 2
        for path in sorted(paths):
            bucket = int(digest(path.encode("utf-8", "surrogateescape"))[:8], 16) % buckets if buckets > 1 else 0
            partitions.setdefault((package, bucket), []).append(path)
    return partitions


class _Partition:
    """The tables of one partition, held from the making of its first file to that of its last."""

    def __init__(
        self,
        paths: Sequence[str],
        load: Callable[[str], bytes],
        arrow_tables: ArrowTables,
        tables: Sequence[Table],
    ) -> None:
        """`tables`: those of which the paths have rows."""
        self._paths = paths
        self._load = load
        self._arrow_tables = arrow_tables
        self._wanted = tables
        self._tables: dict[str, Any] | None = None

    def maker(self, table: Table) -> Callable[[], bytes]:
        """Makes the file of a table."""
        return lambda: self._make(table)

    def _make(self, table: Table) -> bytes:
        if self._tables is None:
            files = [decode_packed(self._load(path)) for path in self._paths]
            self._tables = {found.name: rows for found, rows in self._arrow_tables(files, self._wanted)}
        rows = self._tables[table.name]
        if table is self._wanted[-1]:
            self._tables = None
        return _encode(table, rows)


def _encode(table: Table, rows: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        column.name: _with_nulls(rows.column(column.name), column.type, column.optional)
        for column in table.columns
        if not (table.name == "modules" and column.name == "package")
    }
    buffer = io.BytesIO()
    pq.write_table(
        pa.table(columns), buffer, compression="zstd", use_dictionary=True, row_group_size=_ROW_GROUP, version="2.6"
    )
    return buffer.getvalue()


def _with_nulls(cells: Any, kind: str, optional: bool) -> Any:
    """The column with proper types, and null for the stand-ins of null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if optional and kind == "real":
        cells = pc.if_else(pc.is_nan(cells), _null(cells.type), cells)
    elif optional and kind in ("boolean", "integer", "long"):
        cells = pc.if_else(pc.equal(cells, _stand_in(cells.type)), _null(cells.type), cells)
    return pc.cast(cells, pa.bool_()) if kind == "boolean" else cells


# Made once: making a scalar looks for pandas each time.


@cache
def _null(kind: Any) -> Any:
    import pyarrow as pa

    return pa.scalar(None, kind)


@cache
def _stand_in(kind: Any) -> Any:
    import pyarrow as pa

    return pa.scalar(NULL_INTEGER, kind)
