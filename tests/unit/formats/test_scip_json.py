"""The JSON form says the same as the binary one, in either casing, and what is no index is refused."""

import json
from typing import Any

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.formats.scip import IndexReader
from codeintel_enrich.formats.scip_json import binary_of
from codeintel_enrich.formats.scip_wire import decode_slice
from codeintel_enrich.model.scip import Document, IndexMetadata, Occurrence

SNAKE: dict[str, Any] = {
    "metadata": {"tool_info": {"name": "scip-python", "version": "0.6.6"}, "project_root": "file:///x"},
    "documents": [
        {
            "relative_path": "pkg/b.py",
            "language": "python",
            "position_encoding": 2,
            "occurrences": [{"range": [1, 2, 5], "symbol": "s", "symbol_roles": 1}],
            "symbols": [
                {
                    "symbol": "s",
                    "documentation": ["d"],
                    "kind": 7,
                    "display_name": "S",
                    "signature_documentation": {"text": "class S"},
                    "relationships": [{"symbol": "t", "is_implementation": True}],
                }
            ],
        },
        {"relative_path": "pkg/a.py", "occurrences": [{"single_line_range": {"line": 3, "end_character": 4}}]},
    ],
    "external_symbols": [{"symbol": "e"}],
}


def camel(value: Any) -> Any:
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    spelled = {key: key.split("_")[0] + "".join(part.title() for part in key.split("_")[1:]) for key in value}
    return {spelled[key]: camel(item) for key, item in value.items()}


def read(index: Any) -> IndexReader:
    return IndexReader(json.dumps(index).encode(), "x.json")


def documents(index: Any) -> list[Document]:
    return [decode_slice(blob) for _, blob in read(index).documents()]


def test_both_casings_say_the_same() -> None:
    assert binary_of(json.dumps(SNAKE).encode(), "x.json") == binary_of(json.dumps(camel(SNAKE)).encode(), "x.json")


def test_the_json_of_an_index_has_the_slices_of_its_binary_form() -> None:
    index = scip_pb2.Index(**SNAKE)
    binary = IndexReader(index.SerializeToString(deterministic=True), "x.scip")
    assert list(read(SNAKE).documents()) == list(binary.documents())
    assert read(SNAKE).externals() == binary.externals()


def test_documents_come_with_unit_producer_and_places() -> None:
    first, second = documents(SNAKE)
    assert read(SNAKE).metadata == IndexMetadata("scip-python", "0.6.6", "file:///x")
    assert (first.relative_path, first.unit, first.producer) == ("pkg/a.py", "utf-16", "scip-python 0.6.6")
    assert first.occurrences == (Occurrence(3, 0, 3, 4, ""),)
    assert second.occurrences == (Occurrence(1, 2, 1, 5, "s", 1),)
    assert second.symbols[0].signature == "class S"
    assert second.symbols[0].relationships[0].is_implementation
    assert [symbol.symbol for symbol in read(SNAKE).externals()] == ["e"]


def test_enums_may_be_names() -> None:
    named = camel(SNAKE)
    named["documents"][0]["positionEncoding"] = "UTF8CodeUnitOffsetFromLineStart"
    named["documents"][0]["symbols"][0]["kind"] = "Class"
    document = documents(named)[1]
    assert document.unit == "utf-8"
    assert document.symbols[0].kind == 7


def test_names_and_fields_that_nobody_knows_yet_are_left_out_and_numbers_are_kept() -> None:
    newer = camel(SNAKE)
    newer["metadata"]["version"] = "Later"
    newer["documents"][0]["positionEncoding"] = "Furlongs"
    newer["documents"][0]["novelty"] = {"deep": [1]}
    newer["documents"][0]["symbols"] = [{"symbol": "s", "kind": "Oracle"}, {"symbol": "t", "kind": 1234}]
    document = documents(newer)[1]
    assert document.unit == "utf-16"
    assert [symbol.kind for symbol in document.symbols] == [0, 1234]


def test_a_hostile_path_is_left_out() -> None:
    index = read({"documents": [{"relative_path": "../x"}, {"relative_path": "a.py"}]})
    assert index.paths == ("a.py",)
    assert [path for path, _ in index.left_out] == ["../x"]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'{"documents": [{"relative_path": 3}]}', "documents .*relative_path"),
        (b'{"documents": [{"occurrences": [{"range": [0, 0, "x"]}]}]}', "documents.*occurrences.*range"),
        (b'{"documents": [{"occurrences": [{"symbol_roles": 99999999999}]}]}', "symbol_roles .*out of range"),
        (b'{"documents": [{"relative_path": "\\ud800"}]}', "documents .*relative_path"),
        (b'{"documents": [3]}', "documents"),
        (b'{"documents": [', r"\(char 1\d\)"),
        (b'{"documents": "\xff"}', "position 15"),
        (b'{"documents": ' + b"[" * 200_000, "recursion"),
        (b"{}", "neither documents nor metadata"),
        (b'{"name": "something else"}', "neither documents nor metadata"),
    ],
)
def test_what_is_no_index_is_refused_with_the_place(data: bytes, place: str) -> None:
    with pytest.raises(UsageError, match=rf"x\.json .*{place}"):
        IndexReader(data, "x.json")
