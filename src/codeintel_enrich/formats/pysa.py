"""The types of expressions that pyrefly reports for Pysa (`--report-pysa`), as facts of one file.

Places in the report count lines and columns from 1, columns in UTF-8 bytes. Two of its files speak of a module: one of
expressions, one of definitions. It says nothing of the targets of assignments inside functions, nor of parameters.
"""

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.types import FileFacts, InferredSignature, TypedPlace

FORMAT_VERSION = 1


class _Type(msgspec.Struct):
    string: str


class _Expressions(msgspec.Struct):
    type_table: list[_Type]
    locations: dict[str, int]


class _ExpressionFile(msgspec.Struct):
    functions: dict[str, _Expressions]


class _PysaSignature(msgspec.Struct):
    return_annotation: _Type
    parameters: Any = None


class _Function(msgspec.Struct):
    name_location: str | None = None
    """Functions that no line defines (a dataclass's `__init__`) have none."""
    undecorated_signatures: list[_PysaSignature] = []


class _Variable(msgspec.Struct):
    type: _Type | None = None
    location: str | None = None


class _Class(msgspec.Struct):
    fields: dict[str, _Variable] = {}


class _DefinitionFile(msgspec.Struct):
    function_definitions: dict[str, _Function] = {}
    class_definitions: dict[str, _Class] = {}
    global_variables: dict[str, _Variable] = {}


class _Module(msgspec.Struct):
    source_path: dict[str, str]
    info_filename: str | None = None
    """None for a module that pyrefly found and did not look into."""


class _Index(msgspec.Struct):
    format_version: int
    modules: dict[str, _Module]


_Report = TypeVar("_Report", _Index, _ExpressionFile, _DefinitionFile)


def read_pysa_index(data: bytes) -> dict[str, str]:
    """Read `pyrefly.pysa.json`: absolute path of each source on disk -> what the files that speak of it are called.

    Raises:
        UsageError: no such index, or one of a version that we do not know.
    """
    index = _decode(data, _Index)
    if index.format_version != FORMAT_VERSION:
        raise UsageError(f"the expression types are of version {index.format_version}, not {FORMAT_VERSION}")
    return {
        path: name
        for module in index.modules.values()
        if (path := module.source_path.get("FileSystem")) is not None and (name := module.info_filename) is not None
    }


def read_pysa_types(expressions: bytes, definitions: bytes) -> FileFacts:
    """Read what the two files of one module say; equal content gives equal facts, in whatever order.

    Raises:
        UsageError: no such files.
    """
    defined = _decode(definitions, _DefinitionFile)
    found = {
        (*_place(location), table.type_table[number].string)
        for table in _decode(expressions, _ExpressionFile).functions.values()
        for location, number in table.locations.items()
    }
    variables = [
        *defined.global_variables.values(),
        *(field for each in defined.class_definitions.values() for field in each.fields.values()),
    ]
    found |= {
        (*_place(variable.location), variable.type.string)
        for variable in variables
        if variable.location is not None and variable.type is not None
    }
    signatures: list[InferredSignature] = []
    for function in defined.function_definitions.values():
        # An overloaded function has several signatures, and none of them is that of the place.
        if function.name_location is not None and len(function.undecorated_signatures) == 1:
            place = _place(function.name_location)
            signature = function.undecorated_signatures[0]
            parameters = tuple(_parameters(signature.parameters))
            returns = signature.return_annotation.string
            signatures.append(
                InferredSignature(*place[:2], tuple((name, kind) for name, kind, _ in parameters), returns)
            )
            listed = ", ".join(f"{stars}{name}: {kind}" for name, kind, stars in parameters)
            found.add((*place, f"({listed}) -> {returns}"))
    # Types are long and few: each is kept once, with its number at the places. All of it is sorted, since objects of
    # JSON have no order that a later version of pyrefly would have to keep.
    names = sorted({each[4] for each in found})
    numbers = {name: number for number, name in enumerate(names)}
    return FileFacts(
        type_names=tuple(names),
        typed_places=tuple(TypedPlace(*each[:4], numbers[each[4]]) for each in sorted(found)),
        signatures=tuple(sorted(signatures, key=lambda signature: (signature.line, signature.col))),
    )


def _parameters(described: object) -> Iterator[tuple[str, str, str]]:
    """Name, type and stars of each parameter; none where they are no list (`...`)."""
    listed = described.get("List") if isinstance(described, dict) else None
    for item in listed if isinstance(listed, list) else ():
        for kind, parameter in item.items():
            annotation = parameter.get("annotation", {}).get("string", "Unknown")
            yield parameter.get("name", "_"), annotation, {"VarArg": "*", "Kwargs": "**"}.get(kind, "")


def _place(location: str) -> tuple[int, int, int, int]:
    """`line:column-line:column` from 1 -> line from 1, column from 0, and so for the end."""
    start, _, end = location.partition("-")
    line, _, column = start.partition(":")
    end_line, _, end_column = end.partition(":")
    try:
        return int(line), int(column) - 1, int(end_line), int(end_column) - 1
    except ValueError as error:
        raise UsageError(f"the expression types have a place that is none: {location!r}") from error


def _decode(data: bytes, kind: type[_Report]) -> _Report:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"the expression types can not be read: {error}") from error
