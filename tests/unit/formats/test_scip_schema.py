"""The compiled schema is that of `scip.proto`, and its numbers are the protocol's."""

import re
from pathlib import Path

from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.model.scip import KIND_NUMBERS

SCHEMA = Path(scip_pb2.__file__).with_name("scip.proto").read_text(encoding="utf-8")


KINDS = {value.name: value.number for value in scip_pb2.SymbolInformation.DESCRIPTOR.enum_types_by_name["Kind"].values}


def written(opening: str) -> dict[str, int]:
    """Names and numbers between the braces that follow, without those of a block inside."""
    body = re.sub(r"//.*", "", SCHEMA[SCHEMA.index(f"{opening} {{") + len(opening) :])
    inside = re.match(r" \{((?:[^{}]|\{[^{}]*\})*)\}", body)
    assert inside is not None
    return {name: int(number) for name, number in re.findall(r"(\w+) = (\d+);", re.sub(r"\{[^{}]*\}", "", inside[1]))}


def test_every_message_and_enum_of_the_file_is_compiled_as_it_stands_there() -> None:
    file, kinds = scip_pb2.DESCRIPTOR, scip_pb2.SymbolInformation.DESCRIPTOR.enum_types_by_name
    compiled = {
        f"message {name}": {field.name: field.number for field in message.fields}
        for name, message in file.message_types_by_name.items()
    }
    for enums in (file.enum_types_by_name, kinds):
        for name, enum in enums.items():
            compiled[f"enum {name}"] = {value.name: value.number for value in enum.values}
    openings = re.findall(r"^ *((?:message|enum) \w+) \{", SCHEMA, re.MULTILINE)
    assert {opening: written(opening) for opening in openings} == compiled


def test_kind_numbers_are_those_of_the_protocol() -> None:
    known = {"Class": 7, "Function": 17, "Method": 26, "Module": 29, "Subscript": 47, "Variable": 61, "Contract": 62}
    known |= {"AbstractMethod": 66, "StaticVariable": 82, "Extension": 84, "Concept": 86}
    assert {name: KINDS[name] for name in known} == known


def test_the_kinds_we_write_have_the_numbers_of_their_names() -> None:
    names = {kind: "".join(word.title() for word in kind.split("-")) for kind in KIND_NUMBERS}
    assert {kind: KINDS[name] for kind, name in names.items()} == KIND_NUMBERS
