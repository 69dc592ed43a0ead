"""Packed rows come back as they went in."""

import struct
from collections.abc import Sequence
from typing import Annotated

import msgspec
import pytest

from codeintel_enrich.engine.run.jobs import ENCODER
from codeintel_enrich.model.rows import (
    FileFragments,
    FileRows,
    FileSummary,
    Interned,
    RowPacker,
    Sparse,
    decode_fragments,
    decode_packed,
    unpack_records,
)
from codeintel_enrich.model.tables import LONG, Row, table


class EveryTypeRow(Row, frozen=True, kw_only=True):
    """A table with every type."""

    path: Annotated[str, "File"]
    note: Annotated[str | None, "Text or null"]
    many: Annotated[Sequence[str], "Texts"]
    count: Annotated[int | None, "32 bits or null"]
    size: Annotated[int, LONG, "64 bits"]
    ratio: Annotated[float | None, "Number or null"]
    flag: Annotated[bool, "Yes or no"]


TABLE = table("t", EveryTypeRow, key=("path",))
ROWS = [
    EveryTypeRow(path="a.py", note=None, many=[], count=None, size=0, ratio=None, flag=True),
    EveryTypeRow(path="a.py", note="", many=["x", "x", ""], count=0, size=5_000_000_000, ratio=0.0, flag=False),
    EveryTypeRow(path="a.py", note="méthode 𝒳", many=["a.py"], count=2**31 - 1, size=1, ratio=0.5, flag=True),
]
COLUMNS: dict[str, Sequence[object]] = {
    "path": ["a.py", "a.py", "a.py"],
    "note": [None, "", "méthode 𝒳"],
    "many": [[], ["x", "x", ""], ["a.py"]],
    "count": [None, 0, 2**31 - 1],
    "size": [0, 5_000_000_000, 1],
    "ratio": [None, 0.0, 0.5],
    "flag": [True, False, True],
}


def packed_rows() -> FileRows:
    packer = RowPacker("a.py")
    packer.add(TABLE, ROWS)
    summary = FileSummary(None, "", False, False, True, 0, 0, 0, (), (), "")
    return FileRows(packer.finish(), FileFragments("a.py", summary, b"{}\n", b"", b""))


def test_rows_come_back_as_they_went_in() -> None:
    data = ENCODER.encode(packed_rows())
    (records,) = unpack_records(decode_packed(data), TABLE)
    assert records == [msgspec.structs.asdict(row) for row in ROWS]
    assert decode_fragments(data).module_json == b"{}\n"


def test_null_and_the_empty_text_are_told_apart() -> None:
    (records,) = unpack_records(packed_rows().packed, TABLE)
    assert [row["note"] for row in records] == [None, "", "méthode 𝒳"]


def test_each_text_is_stored_once() -> None:
    packed = packed_rows().packed
    lengths = struct.unpack(f"{len(packed.string_lengths) // 4}i", packed.string_lengths)
    assert lengths[0] == 0
    assert packed.strings == "a.pyméthode 𝒳x".encode()
    assert sum(lengths) == len(packed.strings)


def test_columns_and_rows_are_packed_alike() -> None:
    packer = RowPacker("a.py")
    packer.add_columns(TABLE, COLUMNS)
    assert packer.finish() == packed_rows().packed


def test_a_sparse_column_is_packed_as_if_its_nulls_were_given() -> None:
    packer = RowPacker("a.py")
    sparse = {
        name: Sparse([1, 2], cells[1:]) for name, cells in COLUMNS.items() if name in ("note", "many", "count", "ratio")
    }
    packer.add_columns(TABLE, {**COLUMNS, **sparse})
    assert packer.finish() == packed_rows().packed


def test_a_column_of_numbered_texts_is_packed_as_if_the_texts_were_given() -> None:
    packer = RowPacker("a.py")
    (path,) = packer.intern(["a.py"])
    packer.add_columns(TABLE, {**COLUMNS, "path": Interned([path] * 3)})
    assert packer.finish() == packed_rows().packed


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"t\.note has 1 cells, not 3"):
        RowPacker("a.py").add_columns(TABLE, {**COLUMNS, "note": ["x"]})


def test_a_column_that_is_missing_or_not_of_the_table_is_refused() -> None:
    renamed = {("notes" if name == "note" else name): cells for name, cells in COLUMNS.items()}
    with pytest.raises(ValueError, match="unknown or missing columns: note, notes"):
        RowPacker("a.py").add_columns(TABLE, renamed)


def test_a_table_is_what_its_class_of_rows_says() -> None:
    assert TABLE.doc == "A table with every type"
    assert [(column.name, column.type, column.optional) for column in TABLE.columns] == [
        ("path", "text", False),
        ("note", "text", True),
        ("many", "texts", False),
        ("count", "integer", True),
        ("size", "long", False),
        ("ratio", "real", True),
        ("flag", "boolean", False),
    ]
    assert TABLE.columns[4].doc == "64 bits"


def test_foreign_bytes_are_an_error_and_not_rows() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_packed(b"\x81\xa1x\x01")
