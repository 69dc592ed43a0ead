"""The final rows of one file, packed by column; knows neither where they come from nor what a store is.

Packed, a table costs its readers no Python object a cell: every text of the file stands once in a string pool,
a text cell is its number there, and a column is a machine array. A store can hand such buffers to Arrow as they are.
Whoever packs or unpacks names columns; only the packed form itself depends on their order.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

import msgspec

from codeintel_enrich.model.tables import Column, RowTable, RowType, Table

NULL_INTEGER = -1
"""Stands for null in columns of integers and booleans; in columns of reals NaN does, in columns of texts number 0."""

# Booleans are bytes: a bit would have no room for null.
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


# A decoder skips fields that its type lacks, so the store does not pay for pages, nor publishers for rows.
class _PackedHalf(msgspec.Struct, frozen=True):
    packed: PackedRows


class _FragmentsHalf(msgspec.Struct, frozen=True):
    fragments: FileFragments


_encoder = msgspec.msgpack.Encoder(order="deterministic")
_packed_decoder = msgspec.msgpack.Decoder(_PackedHalf)
_fragments_decoder = msgspec.msgpack.Decoder(_FragmentsHalf)


def encode_packed(packed: PackedRows) -> bytes:
    """Bytes of the rows of a file that contributes nothing to the published files."""
    return _encoder.encode(_PackedHalf(packed))


def decode_packed(data: bytes) -> PackedRows:
    """The half that a store needs. Raises msgspec.DecodeError on bytes that no encoder here made."""
    return _packed_decoder.decode(data).packed


def decode_fragments(data: bytes) -> FileFragments:
    """The half that publishers need. Raises msgspec.DecodeError on bytes that are no encoded `FileRows`."""
    return _fragments_decoder.decode(data).fragments


class Interned(msgspec.Struct, frozen=True):
    """A column of texts, or of lists of texts, given as numbers of the pool."""

    numbers: Sequence[int] | Sequence[Sequence[int]]


class Sparse(msgspec.Struct, frozen=True):
    """A column of which most cells are null (or, of lists, empty), given as the others."""

    places: Sequence[int]
    """Their rows, ascending."""
    cells: Sequence[Any]


Cells = Sequence[Any] | Interned | Sparse
"""A column of one file: a sequence of one cell a row, or one of the forms that are quicker to pack."""


def columns_of(table: RowTable[RowType], rows: Sequence[RowType]) -> dict[str, Sequence[Any]]:
    """The columns of a table by name, in schema order."""
    names = [column.name for column in table.columns]
    cells = zip(*map(msgspec.structs.astuple, rows), strict=True) if rows else [()] * len(names)
    return dict(zip(names, cells, strict=True))


class RowPacker:
    """Packs the tables of one file, one after the other, around one string pool.

    Texts are numbered as they come, so the bytes depend on the order in which tables are added.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        # A text that is new takes the number of texts before it, so interning, the most frequent step of all, runs no
        # Python code for each text.
        self._numbers: defaultdict[str | None, int] = defaultdict()
        self._numbers.default_factory = self._numbers.__len__
        self.intern([None])
        self._counts: dict[str, int] = {}
        self._columns: dict[str, tuple[bytes, ...]] = {}

    def intern(self, texts: Iterable[str | None]) -> list[int]:
        """The pool's number of each text."""
        return list(map(self._numbers.__getitem__, texts))

    def add(self, table: RowTable[RowType], rows: Sequence[RowType]) -> None:
        """Pack a table given row by row."""
        self.add_columns(table, columns_of(table, rows))

    def add_columns(self, table: Table, columns: Mapping[str, Cells]) -> None:
        """Pack a table given by column.

        Raises ValueError unless `columns` are those of the table, and all equally long.
        """
        unlike = columns.keys() ^ {column.name for column in table.columns}
        if unlike:
            raise ValueError(f"{table.name}: unknown or missing columns: {', '.join(sorted(unlike))}")
        first = columns[table.columns[0].name]
        assert not isinstance(first, Sparse), "the first column, the path, stands in every row"
        count = len(_given(first))
        buffers: list[bytes] = []
        for column in table.columns:
            cells = columns[column.name]
            if isinstance(cells, Sparse):
                buffers += self._packed_sparse(column, count, cells)
                continue
            given = _given(cells)
            if len(given) != count:
                raise ValueError(f"{table.name}.{column.name} has {len(given)} cells, not {count}")
            buffers += self._packed(column, given, isinstance(cells, Interned))
        self._counts[table.name] = count
        self._columns[table.name] = tuple(buffers)

    def _packed(self, column: Column, cells: Sequence[Any], interned: bool) -> tuple[bytes, ...]:
        code = TYPECODES[column.type]
        if column.type == "texts":
            flat = chain.from_iterable(cells)
            numbers = flat if interned else self.intern(flat)
            return array("i", map(len, cells)).tobytes(), array(code, numbers).tobytes()
        if column.type == "text":
            return (array(code, cells if interned else self.intern(cells)).tobytes(),)
        if column.optional:
            null = _null_of(column)
            cells = [null if cell is None else cell for cell in cells]
        return (array(code, cells).tobytes(),)

    def _packed_sparse(self, column: Column, count: int, sparse: Sparse) -> tuple[bytes, ...]:
        if len(sparse.cells) == count:
            return self._packed(column, sparse.cells, interned=False)
        if column.type == "texts":
            lengths, numbers = self._packed(column, sparse.cells, interned=False)
            return _spread(array("i", [0]) * count, sparse.places, array("i", lengths)), numbers
        (packed,) = self._packed(column, sparse.cells, interned=False)
        code = TYPECODES[column.type]
        return (_spread(array(code, [_null_of(column)]) * count, sparse.places, array(code, packed)),)

    def finish(self) -> PackedRows:
        """All tables added so far."""
        # Most files are ASCII, where characters are bytes and lengths need no encoding text by text.
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


def _given(cells: Sequence[Any] | Interned) -> Sequence[Any]:
    return cells.numbers if isinstance(cells, Interned) else cells


def _null_of(column: Column) -> float:
    """What stands for null in the array of a column."""
    if column.type == "text":
        return 0
    return math.nan if column.type == "real" else NULL_INTEGER


def _spread(cells: "array[Any]", places: Iterable[int], values: Iterable[Any]) -> bytes:
    """The buffer of a column, with some of its cells replaced."""
    for place, value in zip(places, values, strict=True):
        cells[place] = value
    return cells.tobytes()


class Unpacker:
    """Tables of one file as Python values, column by column; the strings are decoded once."""

    def __init__(self, packed: PackedRows) -> None:
        self._packed = packed.columns
        ends = accumulate(array("i", packed.string_lengths), initial=0)
        self._strings: list[str | None] = [packed.strings[start:end].decode() for start, end in pairwise(ends)]
        self._strings[0] = None

    def columns(self, table: Table, names: Iterable[str] | None = None) -> dict[str, Sequence[Any]]:
        """Columns of a table by name, in schema order: all, or the named ones; empty ones if it was not added."""
        wanted = {column.name for column in table.columns} if names is None else set(names)
        if table.name not in self._packed:
            return {column.name: () for column in table.columns if column.name in wanted}
        buffers = iter(self._packed[table.name])
        columns: dict[str, Sequence[Any]] = {}
        for column in table.columns:
            parts = [next(buffers) for _ in range(2 if column.type == "texts" else 1)]
            if column.name in wanted:
                columns[column.name] = _unpacked(column, parts, self._strings)
        return columns

    def rows(self, table: Table, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """The rows of a table, cut to the named columns, in the order they were added; none where it was not added."""
        columns = self.columns(table, names)
        return zip(*(columns[name] for name in names), strict=True)


def _unpacked(column: Column, parts: Sequence[bytes], strings: Sequence[str | None]) -> Sequence[Any]:
    cells = array(TYPECODES[column.type], parts[0])
    if column.type == "text":
        return [strings[number] for number in cells]
    if column.type == "texts":
        texts = [strings[number] for number in array("i", parts[1])]
        return [texts[start:end] for start, end in pairwise(accumulate(cells, initial=0))]
    if column.type == "boolean":
        return [bool(cell) for cell in cells]
    if column.optional:
        # NaN is the one number that is not equal to itself.
        return [None if cell == NULL_INTEGER or cell != cell else cell for cell in cells]
    return list(cells)


def unpack_records(packed: PackedRows, *tables: Table) -> list[list[dict[str, Any]]]:
    """The rows of each table, by column name, in the order they were added."""
    unpacker = Unpacker(packed)
    records: list[list[dict[str, Any]]] = []
    for table in tables:
        columns = unpacker.columns(table)
        records.append([dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)])
    return records
