import json

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.scip_json import read_json
from codeintel_enrich.formats.scip_schema import SYMBOL_KINDS
from codeintel_enrich.model.scip import IndexMetadata, Occurrence

SNAKE = {
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


def camel(value):
    if isinstance(value, list):
        return [camel(item) for item in value]
    if not isinstance(value, dict):
        return value
    head = lambda key: key.split("_")[0] + "".join(part.title() for part in key.split("_")[1:])  # noqa: E731
    return {head(key): camel(item) for key, item in value.items()}


def test_both_casings_say_the_same():
    assert read_json(json.dumps(SNAKE).encode(), "x.json") == read_json(json.dumps(camel(SNAKE)).encode(), "x.json")


def test_documents_come_with_unit_producer_and_places():
    index = read_json(json.dumps(SNAKE).encode(), "x.json")
    first, second = index.documents
    assert index.metadata == IndexMetadata("scip-python", "0.6.6", "file:///x")
    assert (first.relative_path, first.unit, first.producer) == ("pkg/a.py", "utf-16", "scip-python 0.6.6")
    assert first.occurrences == (Occurrence(3, 0, 3, 4, ""),)
    assert second.occurrences == (Occurrence(1, 2, 1, 5, "s", 1),)
    assert second.symbols[0].signature == "class S"
    assert second.symbols[0].relationships[0].is_implementation
    assert [symbol.symbol for symbol in index.externals] == ["e"]


def test_enums_may_be_names():
    named = camel(SNAKE)
    named["documents"][0]["positionEncoding"] = "UTF8CodeUnitOffsetFromLineStart"
    named["documents"][0]["symbols"][0]["kind"] = "Class"
    document = read_json(json.dumps(named).encode(), "x.json").documents[1]
    assert document.unit == "utf-8"
    assert SYMBOL_KINDS[document.symbols[0].kind] == "Class"


def test_a_hostile_path_is_left_out():
    index = read_json(
        json.dumps({"documents": [{"relative_path": "../x"}, {"relative_path": "a.py"}]}).encode(), "x.json"
    )
    assert [document.relative_path for document in index.documents] == ["a.py"]
    assert [path for path, _ in index.left_out] == ["../x"]


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b'{"documents": [{"relative_path": 3}]}', r"documents\[0\]\.relative_path"),
        (b'{"documents": [', "truncated"),
        (b"{}", "neither documents nor metadata"),
    ],
)
def test_what_is_no_index_is_refused_with_the_place(data, place):
    with pytest.raises(UsageError, match=rf"x\.json .*{place}"):
        read_json(data, "x.json")
