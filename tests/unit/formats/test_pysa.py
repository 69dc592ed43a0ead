"""Expression types as pyrefly tells them become facts of one file."""

import json
from typing import Any

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.pysa import read_pysa_index, read_pysa_types
from codeintel_enrich.model.types import FileFacts, InferredSignature, TypedPlace


def expressions(**functions: dict[str, str]) -> bytes:
    """Function -> place -> type."""
    content = {}
    for name, places in functions.items():
        table = list(dict.fromkeys(places.values()))
        content[name] = {
            "type_table": [{"string": text, "is_int": True} for text in table],
            "locations": {place: table.index(text) for place, text in places.items()},
        }
    return json.dumps({"format_version": 1, "functions": content}).encode()


def definitions(**content: Any) -> bytes:
    return json.dumps({"format_version": 1, **content}).encode()


def function(place: str | None, returns: str, *parameters: dict[str, Any], times: int = 1) -> dict[str, Any]:
    signature = {"parameters": {"List": list(parameters)}, "return_annotation": {"string": returns}}
    return {"name": "f", "undecorated_signatures": [signature] * times} | ({"name_location": place} if place else {})


def told(facts: FileFacts) -> list[tuple[int, int, int, int, str]]:
    return [
        (place.line, place.col, place.end_line, place.end_col, facts.type_names[place.type])
        for place in facts.typed_places
    ]


def test_places_come_from_one_and_types_once_each_in_source_order() -> None:
    facts = read_pysa_types(expressions(MTL={"2:1-2:4": "str", "1:5-1:6": "int"}, F={"9:1-10:3": "int"}), definitions())
    assert facts.type_names == ("int", "str")
    assert told(facts) == [(1, 4, 1, 5, "int"), (2, 0, 2, 3, "str"), (9, 0, 10, 2, "int")]
    turned = read_pysa_types(
        expressions(F={"9:1-10:3": "int"}, MTL={"1:5-1:6": "int", "2:1-2:4": "str"}), definitions()
    )
    assert turned == facts


def test_variables_fields_and_functions_are_typed_where_they_are_defined() -> None:
    content = definitions(
        global_variables={"V": {"type": {"string": "int"}, "location": "1:1-1:2"}, "W": {}},
        class_definitions={"0": {"fields": {"x": {"type": {"string": "str"}, "location": "3:5-3:6"}, "y": {}}}},
        function_definitions={
            "F:0": function(
                "4:5-4:6",
                "bool",
                {"PosOnly": {"name": "a", "annotation": {"string": "int"}}},
                {"VarArg": {"annotation": {"string": "Unknown"}, "name": "b"}},
                {"Kwargs": {"name": "c", "annotation": {"string": "str"}}},
            ),
            "F:1": function(None, "None"),
            "F:2": function("9:5-9:6", "int", times=2),
        },
    )
    facts = read_pysa_types(expressions(), content)
    assert told(facts) == [
        (1, 0, 1, 1, "int"),
        (3, 4, 3, 5, "str"),
        (4, 4, 4, 5, "(a: int, *b: Unknown, **c: str) -> bool"),
    ]
    assert facts.signatures == (InferredSignature(4, 4, (("a", "int"), ("b", "Unknown"), ("c", "str")), "bool"),)


def test_parameters_that_are_no_list_are_none() -> None:
    told_function = function("1:5-1:6", "int")
    told_function["undecorated_signatures"][0]["parameters"] = "Ellipsis"
    facts = read_pysa_types(expressions(), definitions(function_definitions={"F:0": told_function}))
    assert facts.signatures == (InferredSignature(1, 4, (), "int"),)


def test_the_index_tells_of_sources_on_disk_alone() -> None:
    modules = {
        "1": {"source_path": {"FileSystem": "/tree/a.py"}, "info_filename": "a:1.json"},
        "2": {"source_path": {"BundledTypeshed": "abc.pyi"}, "info_filename": "abc:2.json"},
        "3": {"source_path": {"FileSystem": "/tree/b.py"}, "info_filename": None},
    }
    assert read_pysa_index(json.dumps({"format_version": 1, "modules": modules}).encode()) == {"/tree/a.py": "a:1.json"}


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"functions": {"F": {}}}'])
def test_what_tells_no_types_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="can not be read"):
        read_pysa_types(data, definitions())
    with pytest.raises(UsageError, match="can not be read"):
        read_pysa_index(data)


def test_a_version_or_a_place_that_is_unknown_is_refused() -> None:
    with pytest.raises(UsageError, match="of version 2, not 1"):
        read_pysa_index(b'{"format_version": 2, "modules": {}}')
    with pytest.raises(UsageError, match="a place that is none"):
        read_pysa_types(expressions(F={"somewhere": "int"}), definitions())


def test_a_place_is_a_line_from_one_and_bytes_from_zero() -> None:
    assert read_pysa_types(expressions(F={"1:1-1:2": "int"}), definitions()).typed_places == (
        TypedPlace(1, 0, 1, 1, 0),
    )
