"""The Parquet datasets `parquet/<table>/package=<package>/part-<bucket>.parquet`.

A partition holds the rows of one package's files, or of a bucket of them where the package is large, so a change
rewrites the partitions of the files whose rows changed and no other. It knows neither how rows are unpacked nor what
they mean.
"""

import io
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial, reduce
from operator import or_
from typing import Any
from urllib.parse import quote

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.paths import short_name
from codeintel_enrich.model.rows import NULL_INTEGER, decode_packed
from codeintel_enrich.model.tables import OUTLINE_TABLES, TABLES, Table
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules

BUCKET_FILES = 64
"""A package with more files is spread over a power of two of buckets, so that each holds about this many or fewer."""

NO_PACKAGE = "."
"""The partition of files outside all packages. (Hive's own sign for null stops readers from inferring a type.)"""

_ROW_GROUP = 1 << 17


def partition_rules(materials: Materials) -> Rules:
    """How every file of the datasets, or of `only` some files' packages, is made: one partition after the other.

    Rows stand in path order, a file's as `emit` gave them. The columns are those of the store, but for `package` of
    `modules`, which stands in the folder's name.
    """
    summaries, only = materials.summaries, materials.only
    packages: dict[str, list[str]] = {}
    chosen = None if only is None else {summaries[path].package for path in only}
    for path, summary in summaries.items():
        if chosen is None or summary.package in chosen:
            packages.setdefault(summary.package, []).append(path)
    rules: dict[str, BuildRule] = {}
    for package, files in sorted(packages.items()):
        for bucket, paths in sorted(_buckets(files).items()):
            # A bit for each table: which datasets the partition has is known without loading any rows.
            held = reduce(or_, (summaries[path].tables for path in paths))
            tables = [table for index, table in enumerate(TABLES) if held >> index & 1]
            partition = _Partition(materials, {path: materials.wanted[path] for path in paths}, tables)
            rules.update(partition.rules(f"{_folder(package)}/part-{bucket}.parquet"))
    return rules


def standing_partitions(materials: Materials, known: Iterable[str]) -> Iterator[str]:
    """The partitions of packages that none of the changed files is in."""
    folders = {_folder(materials.summaries[path].package) for path in materials.only or ()}
    for name in known:
        if name.split("/")[-2] not in folders:
            yield name


def _folder(package: str) -> str:
    # As Hive and Arrow write values in names of folders: readers take the escapes back.
    return short_name(f"package={quote(package, safe='') or NO_PACKAGE}")


def outlined_rules(materials: Materials) -> Rules:
    """The same for files that are not Python: beside the files outside all packages, but apart from them."""
    rules: dict[str, BuildRule] = {}
    for bucket, paths in sorted(_buckets(materials.outlined).items()):
        partition = _Partition(materials, {path: materials.outlined[path] for path in paths}, OUTLINE_TABLES)
        rules.update(partition.rules(f"{_folder('')}/other-{bucket}.parquet"))
    return rules


def _buckets(files: Collection[str]) -> dict[int, list[str]]:
    """Bucket -> its files in path order; depends on nothing but the set of files."""
    count = 1
    # Powers of two: growing past a border splits each bucket in two and leaves no file's bucket to chance.
    while len(files) > count * BUCKET_FILES:
        count *= 2
    buckets: dict[int, list[str]] = {}
    for path in sorted(files):
        # By the path's digest, not by its place in the list: a file that comes or goes moves no other, unless the
        # number of buckets changes.
        bucket = int(digest(path.encode("utf-8", "surrogateescape"))[:8], 16) % count if count > 1 else 0
        buckets.setdefault(bucket, []).append(path)
    return buckets


class _Partition:
    """The tables of one partition, held from the making of its first file to that of its last."""

    def __init__(self, materials: Materials, wanted: Mapping[str, str], tables: Sequence[Table]) -> None:
        self._materials = materials
        self._wanted = wanted
        self._tables = tables
        self._made: dict[str, Any] | None = None

    def rules(self, name: str) -> dict[str, BuildRule]:
        """How the file `name` of each table's dataset is made; None where the partition has no rows of it."""
        rows = "\n".join(f"{path}\0{wants}" for path, wants in self._wanted.items())
        inputs = digest(f"{self._materials.version}\0{rows}".encode("utf-8", "surrogateescape"))
        return {f"parquet/{table.name}/{name}": BuildRule(inputs, partial(self._make, table)) for table in self._tables}

    def _make(self, table: Table) -> bytes | None:
        if self._made is None:
            files = [decode_packed(self._materials.load(path)) for path in self._wanted]
            self._made = {found.name: rows for found, rows in self._materials.tools.arrow_tables(files, self._tables)}
        rows = self._made.get(table.name)
        # Rules run in the order in which they were made, so this was the partition's last file.
        if table is self._tables[-1]:
            self._made = None
        return None if rows is None else _encode(table, rows)


def _encode(table: Table, rows: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        column.name: _with_nulls(rows.column(column.name), column.type, column.optional)
        for column in table.columns
        if not (table.name == "modules" and column.name == "package")
    }
    # Through memory: the writer names no temporary file, and the bytes are compared with those on disk first.
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
