"""Owns the final rows of one file, packed by column; knows neither where they come from nor what a store is.

Packed, a table costs its readers no Python object a cell: every text of the file stands once in a string pool,
a text cell is its number there, and a column is a machine array. A store can hand such buffers to Arrow as they are.
"""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

import msgspec

from codeintel_enrich.model.tables import Column, Table

Cell = str | int | float | bool | None | Sequence[str]
Row = tuple[Cell, ...]

NULL_INTEGER = -1
"""Stands for null in columns of integers and booleans; in columns of reals NaN does, in columns of texts number 0."""

TYPECODES = {"text": "i", "texts": "i", "integer": "i", "long": "q", "real": "d", "boolean": "b"}
"""Column type -> typecode of the array that holds its cells, in the machine's byte order."""


class FileSummary(msgspec.Struct, frozen=True, array_like=True):
    """What lists of modules say of one file."""

    module: str | None
    package: str
    is_package: bool
    is_stub: bool
    parse_ok: bool
    n_lines: int
    n_nodes: int
    n_defs: int
    tags: tuple[str, ...]
    imports: tuple[str, ...]
    """The files of the tree that it imports, itself apart, sorted."""
    content_hash: str
    """Digest of the file's bytes."""
    tables: int = 0
    """The tables it has rows of: bit i stands for `TABLES[i]`."""
    graphs: tuple[str, ...] = ()
    """What it contributes to each of `GRAPHS`, as a digest."""


class PackedRows(msgspec.Struct, frozen=True):
    """The rows of one file for every table."""

    path: str
    counts: dict[str, int]
    """Table -> number of rows."""
    strings: bytes
    """The string pool, UTF-8, end to end; string 0 is null and takes no bytes."""
    string_lengths: bytes
    """Length of each string of the pool in bytes, 32 bits each."""
    columns: dict[str, tuple[bytes, ...]]
    """Table -> one buffer a column in schema order; a `texts` column has two, the lengths of its lists and their
    cells."""


class FileFragments(msgspec.Struct, frozen=True):
    """What one file contributes to the published files."""

    path: str
    summary: FileSummary
    module_json: bytes
    """The file's line of `modules/modules.jsonl`, newline included."""
    cst_jsonl: bytes
    """The file's lines of `cst/cst.jsonl`; empty where none are wanted."""
    page: bytes
    """The file's own part of its Markdown page."""


class FileRows(msgspec.Struct, frozen=True):
    """Everything `emit` makes of one file; each of its readers decodes the half it needs."""

    packed: PackedRows
    fragments: FileFragments


class _PackedHalf(msgspec.Struct, frozen=True):
    packed: PackedRows


class _FragmentsHalf(msgspec.Struct, frozen=True):
    fragments: FileFragments


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_packed_decoder = msgspec.msgpack.Decoder(_PackedHalf)
_fragments_decoder = msgspec.msgpack.Decoder(_FragmentsHalf)


def encode_rows(rows: FileRows) -> bytes:
    """Bytes of one file's rows; the same rows give the same bytes."""
    return _encoder.encode(rows)


def encode_packed(packed: PackedRows) -> bytes:
    """Bytes of the rows of a file that contributes nothing to the published files."""
    return _encoder.encode(_PackedHalf(packed))


def decode_packed(data: bytes) -> PackedRows:
    """The half that a store needs. Raises msgspec.DecodeError on bytes that no encoder here made."""
    return _packed_decoder.decode(data).packed


def decode_fragments(data: bytes) -> FileFragments:
    """The half that publishers need. Raises msgspec.DecodeError on bytes that `encode_rows` did not make."""
    return _fragments_decoder.decode(data).fragments


class RowPacker:
    """Packs the tables of one file, one after the other, around one string pool."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._numbers: dict[str | None, int] = {None: 0}
        self._counts: dict[str, int] = {}
        self._columns: dict[str, tuple[bytes, ...]] = {}

    def intern(self, texts: Iterable[str | None]) -> list[int]:
        """The pool's number of each text."""
        numbers = self._numbers
        return [numbers.setdefault(text, len(numbers)) for text in texts]

    def add(self, table: Table, columns: Sequence[Sequence[Any]], interned: Iterable[str] = ()) -> None:
        """Pack a table: one sequence of cells a column, in schema order, all equally long.

        The columns named in `interned` are texts that already are numbers of the pool.
        """
        ready = frozenset(interned)
        count = len(columns[0])
        buffers: list[bytes] = []
        for column, cells in zip(table.columns, columns, strict=True):
            if len(cells) != count:
                raise ValueError(f"{table.name}.{column.name} has {len(cells)} cells, not {count}")
            buffers.extend(self._packed(column, cells, column.name in ready))
        self._counts[table.name] = count
        self._columns[table.name] = tuple(buffers)

    def add_rows(self, table: Table, rows: Sequence[Row]) -> None:
        """Pack a table given row by row."""
        self.add(table, list(zip(*rows, strict=True)) if rows else [()] * len(table.columns))

    def _packed(self, column: Column, cells: Sequence[Any], interned: bool) -> tuple[bytes, ...]:
        code = TYPECODES[column.type]
        if column.type == "texts":
            flat = [text for cell in cells for text in cell]
            numbers = flat if interned else self.intern(flat)
            return array("i", map(len, cells)).tobytes(), array(code, numbers).tobytes()
        if column.type == "text":
            return (array(code, cells if interned else self.intern(cells)).tobytes(),)
        if column.optional:
            null = math.nan if column.type == "real" else NULL_INTEGER
            cells = [null if cell is None else cell for cell in cells]
        return (array(code, cells).tobytes(),)

    def finish(self) -> PackedRows:
        """All tables added so far."""
        strings = [text or "" for text in self._numbers]
        joined = "".join(strings)
        encoded = strings if joined.isascii() else [text.encode() for text in strings]
        return PackedRows(
            path=self.path,
            counts=self._counts,
            strings=joined.encode(),
            string_lengths=array("i", map(len, encoded)).tobytes(),
            columns=self._columns,
        )


def unpack_rows(packed: PackedRows, tables: Iterable[Table]) -> Mapping[str, list[Row]]:
    """The rows of each table as Python values, in the order they were added."""
    unpacker = Unpacker(packed)
    return {
        table.name: list(zip(*unpacker.columns(table), strict=True)) for table in tables if table.name in packed.columns
    }


class Unpacker:
    """Tables of one file as Python values, column by column; the strings are decoded once."""

    def __init__(self, packed: PackedRows) -> None:
        self._packed = packed.columns
        ends = accumulate(array("i", packed.string_lengths), initial=0)
        self._strings: list[str | None] = [packed.strings[start:end].decode() for start, end in pairwise(ends)]
        self._strings[0] = None

    def columns(self, table: Table) -> list[Sequence[Any]]:
        """Every column of a table that was added."""
        buffers = iter(self._packed[table.name])
        return [_unpacked(column, buffers, self._strings) for column in table.columns]

    def rows(self, table: Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, cut to the named columns, in the order they were added; none where it was not added."""
        if table.name not in self._packed:
            return iter(())
        buffers = iter(self._packed[table.name])
        found: dict[str, Sequence[Any]] = {}
        for column in table.columns:
            parts = [next(buffers) for _ in range(2 if column.type == "texts" else 1)]
            if column.name in names:
                found[column.name] = _unpacked(column, iter(parts), self._strings)
        return zip(*(found[name] for name in names), strict=True)


def _unpacked(column: Column, buffers: Iterator[bytes], strings: Sequence[str | None]) -> Sequence[Any]:
    cells = array(TYPECODES[column.type], next(buffers))
    if column.type == "text":
        return [strings[number] for number in cells]
    if column.type == "texts":
        texts = [strings[number] for number in array("i", next(buffers))]
        return [texts[start:end] for start, end in pairwise(accumulate(cells, initial=0))]
    if column.type == "boolean":
        return [bool(cell) for cell in cells]
    if column.optional:
        return [None if cell == NULL_INTEGER or cell != cell else cell for cell in cells]
    return list(cells)


def unpack_records(packed: PackedRows, *tables: Table) -> list[list[dict[str, Any]]]:
    """The rows of each table, by column name."""
    unpacked = unpack_rows(packed, tables)
    return [
        [dict(zip([column.name for column in table.columns], row, strict=True)) for row in unpacked.get(table.name, ())]
        for table in tables
    ]
