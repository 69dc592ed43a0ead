"""The binary form: cut without decoding, decoded document by document, and refused where it is none."""

from typing import Any

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.formats.scip_wire import (
    DocumentSlice,
    cut_slice,
    decode_externals,
    decode_slice,
    encode_document,
    encode_head,
    split_index,
)
from codeintel_enrich.formats.tree_paths import path_fault
from codeintel_enrich.model.scip import Document, IndexMetadata, Occurrence, Relationship, SymbolInformation

DOCUMENT = Document(
    relative_path="pkg/a.py",
    unit="utf-8",
    occurrences=(
        Occurrence(0, 0, 0, 0, "ty-scip python . . pkg/a/", 1),
        Occurrence(3, 4, 3, 9, "ty-scip python . . pkg/a/Alpha#", 1),
        Occurrence(5, 0, 7, 3, "local 0", 0),
    ),
    symbols=(
        SymbolInformation(
            "ty-scip python . . pkg/a/Alpha#",
            ("What it is.",),
            7,
            "Alpha",
            "class Alpha",
            "ty-scip python . . pkg/a/",
            (Relationship("ty-scip python . . pkg/a/Base#", is_implementation=True),),
        ),
    ),
    producer="ty-scip 0.1.0",
    counts_bom=True,
)
TY = IndexMetadata("ty-scip", "0.1.0", "file:///somewhere")


def index_of(*documents: dict[str, Any], tool: str = "ty-scip", root: str = "file:///here") -> bytes:
    """An index in the binary form; documents are keyword dicts of the message."""
    index = scip_pb2.Index()
    index.metadata.tool_info.name = tool
    index.metadata.tool_info.version = "0.1.0"
    index.metadata.project_root = root
    for document in documents:
        index.documents.add(**document)
    return index.SerializeToString()


def only_document(data: bytes) -> Document:
    parts = split_index(data, "x.scip")
    return decode_slice(cut_slice(data, parts, parts.documents[0]))


def test_a_document_survives_encoding_and_decoding() -> None:
    assert decode_slice(encode_head(TY) + encode_document(DOCUMENT)) == DOCUMENT


def test_documents_are_found_without_decoding_them() -> None:
    data = index_of({"relative_path": "b.py"}, {"relative_path": "a.py"})
    parts = split_index(data, "x.scip")
    assert [document.relative_path for document in parts.documents] == ["a.py", "b.py"]
    [(start, end)] = parts.documents[0].spans
    assert scip_pb2.Document.FromString(data[start:end]).relative_path == "a.py"
    assert parts.metadata == IndexMetadata("ty-scip", "0.1.0", "file:///here")


def test_equal_facts_have_equal_slices_wherever_the_index_was_made() -> None:
    document = {"relative_path": "a.py", "position_encoding": 1}
    here = index_of(document, root="file:///here")
    there = index_of({"relative_path": "0.py"}, document, root="file:///there/and/elsewhere")
    slices = []
    for data in (here, there):
        parts = split_index(data, "x.scip")
        slices.append(cut_slice(data, parts, parts.documents[-1]))
    assert slices[0] == slices[1]


def test_concatenated_indexes_are_one_and_documents_of_one_path_are_one() -> None:
    first = {"relative_path": "a.py", "occurrences": [{"range": [0, 0, 1], "symbol": "s"}]}
    second = {"relative_path": "a.py", "occurrences": [{"range": [1, 0, 1], "symbol": "t"}]}
    document = only_document(index_of(first) + index_of(second))
    assert [occurrence.symbol for occurrence in document.occurrences] == ["s", "t"]


@pytest.mark.parametrize(
    ("tool", "encoding", "unit"),
    [
        ("ty-scip", 1, "utf-8"),
        ("ty-scip", 0, "utf-8"),
        ("scip-python", 0, "utf-16"),
        ("scip-python", 2, "utf-16"),
        ("somebody", 3, "code-point"),
        ("somebody", 0, "utf-16"),
    ],
)
def test_the_column_unit_is_what_the_document_says_else_the_habit_of_its_producer(
    tool: str, encoding: int, unit: str
) -> None:
    document = {"relative_path": "a.py", "position_encoding": encoding}
    assert only_document(index_of(document, tool=tool)).unit == unit


@pytest.mark.parametrize(
    ("occurrence", "place"),
    [
        ({"range": [4, 1, 3]}, (4, 1, 4, 3)),
        ({"range": [4, 1, 5, 3]}, (4, 1, 5, 3)),
        ({"single_line_range": {"line": 7, "start_character": 2, "end_character": 6}}, (7, 2, 7, 6)),
        ({"range": [4, 1, 3], "single_line_range": {"line": 7, "start_character": 2}}, (7, 2, 7, 0)),
        ({"range": [4, 1, 3], "single_line_range": {}}, (0, 0, 0, 0)),
        (
            {"multi_line_range": {"start_line": 1, "start_character": 2, "end_line": 3, "end_character": 4}},
            (1, 2, 3, 4),
        ),
        ({"range": [4, 1]}, (-1, 0, -1, 0)),
        ({}, (-1, 0, -1, 0)),
    ],
)
def test_typed_ranges_are_preferred_and_wrong_ones_marked(
    occurrence: dict[str, Any], place: tuple[int, int, int, int]
) -> None:
    [decoded] = only_document(index_of({"relative_path": "a.py", "occurrences": [occurrence]})).occurrences
    assert (decoded.start_line, decoded.start_character, decoded.end_line, decoded.end_character) == place


@pytest.mark.parametrize(
    "path", ["../a.py", "/etc/a.py", "a/../../b.py", "a//b.py", "./a.py", "", "C:/a.py", "a\\b.py"]
)
def test_a_document_outside_the_tree_is_left_out_with_a_reason_and_nothing_else_is_lost(path: str) -> None:
    assert path_fault(path)
    parts = split_index(index_of({"relative_path": path}, {"relative_path": "a.py"}), "x.scip")
    assert [document.relative_path for document in parts.documents] == ["a.py"]
    assert parts.left_out == ((path, path_fault(path)),)


def test_an_empty_index_is_refused() -> None:
    with pytest.raises(UsageError, match=r"x\.scip is empty"):
        split_index(b"", "x.scip")


def test_every_truncation_is_refused_or_loses_whole_documents_only() -> None:
    documents = [{"relative_path": f"{name}.py", "occurrences": [{"range": [0, 0, 1]}]} for name in "abc"]
    data = index_of(*documents)
    whole = {len(index_of(*documents[:count])) for count in range(4)}
    for size in range(1, len(data)):
        if size in whole:
            split_index(data[:size], "x.scip")
        else:
            with pytest.raises(UsageError, match=r"x\.scip"):
                split_index(data[:size], "x.scip")


@pytest.mark.parametrize(
    "data", [b"hello world, this is no index", b"\x00" * 50, b"\xff" * 50, b"PK\x03\x04" + b"\0" * 40]
)
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match=r"x\.scip"):
        split_index(data, "x.scip")


def test_a_document_that_cannot_be_decoded_is_refused_by_itself() -> None:
    parts = split_index(index_of({"relative_path": "a.py"}), "x.scip")
    blob = index_of() + b"\x12\x06\x0a\x04a.py"[:-1] + b"\xff"
    with pytest.raises(UsageError, match="can not be decoded"):
        decode_slice(blob)
    assert parts.documents == (DocumentSlice("a.py", parts.documents[0].spans),)


def test_external_symbols_are_read_on_demand() -> None:
    index = scip_pb2.Index()
    index.external_symbols.add(symbol="ty-scip python python-stdlib 3.11 os/", kind=scip_pb2.SymbolInformation.Module)
    data = index.SerializeToString()
    [symbol] = decode_externals(data, split_index(data, "x.scip"))
    assert (symbol.symbol, symbol.kind) == ("ty-scip python python-stdlib 3.11 os/", scip_pb2.SymbolInformation.Module)
