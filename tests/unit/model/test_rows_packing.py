"""Packed rows come back as they went in."""

import math
import struct

import msgspec
import pytest

from codeintel_enrich.model.rows import (
    FileFragments,
    FileRows,
    FileSummary,
    RowPacker,
    decode_fragments,
    decode_packed,
    encode_rows,
    unpack_rows,
)
from codeintel_enrich.model.tables import Column, Table

TABLE = Table(
    "t",
    ("path",),
    "A table with every type",
    (
        Column("path", "text", ""),
        Column("note", "text", "", optional=True),
        Column("many", "texts", ""),
        Column("count", "integer", "", optional=True),
        Column("size", "long", ""),
        Column("ratio", "real", "", optional=True),
        Column("flag", "boolean", ""),
    ),
)
ROWS = [
    ("a.py", None, [], None, 0, None, True),
    ("a.py", "", ["x", "x", ""], 0, 5_000_000_000, 0.0, False),
    ("a.py", "méthode 𝒳", ["a.py"], 2**31 - 1, 1, 0.5, True),
]


def packed_rows() -> FileRows:
    packer = RowPacker("a.py")
    packer.add_rows(TABLE, ROWS)
    summary = FileSummary(None, "", False, False, True, 0, 0, 0, (), (), "")
    return FileRows(packer.finish(), FileFragments("a.py", summary, b"{}\n", b"", b""))


def test_rows_come_back_as_they_went_in() -> None:
    data = encode_rows(packed_rows())
    assert unpack_rows(decode_packed(data), [TABLE])["t"] == ROWS
    assert decode_fragments(data).module_json == b"{}\n"


def test_null_and_the_empty_text_are_told_apart() -> None:
    rows = unpack_rows(packed_rows().packed, [TABLE])["t"]
    assert [row[1] for row in rows] == [None, "", "méthode 𝒳"]


def test_each_text_is_stored_once() -> None:
    packed = packed_rows().packed
    lengths = struct.unpack(f"{len(packed.string_lengths) // 4}i", packed.string_lengths)
    assert lengths[0] == 0
    assert packed.strings == "a.pyméthode 𝒳x".encode()
    assert sum(lengths) == len(packed.strings)


def test_columns_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"t\.note has 1 cells, not 2"):
        RowPacker("a.py").add(TABLE, [["a", "b"], ["x"], [[], []], [1, 1], [1, 1], [1.0, math.nan], [True, False]])


def test_foreign_bytes_are_an_error_and_not_rows() -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_packed(b"\x81\xa1x\x01")
