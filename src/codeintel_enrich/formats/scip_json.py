"""Owns the JSON form of SCIP, in both casings: `scip print --json` (snake_case) and protobuf's own JSON (camelCase)."""

from collections.abc import Sequence
from types import GenericAlias
from typing import Any, Literal

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.scip_messages import old_range, symbol_of
from codeintel_enrich.formats.scip_schema import POSITION_ENCODINGS, SYMBOL_KINDS
from codeintel_enrich.formats.scip_wire import column_unit, path_fault
from codeintel_enrich.model.scip import Document, IndexMetadata, Occurrence, SymbolInformation

_Fields = Sequence[tuple[str, Any, Any]]
Casing = Literal["camel"] | None


class JsonIndex(msgspec.Struct, frozen=True):
    """A whole index read from JSON."""

    metadata: IndexMetadata
    documents: tuple[Document, ...]
    """Sorted by path."""
    externals: tuple[SymbolInformation, ...]
    left_out: tuple[tuple[str, str], ...]
    """(relative path, why)."""


def read_json(data: bytes, name: str) -> JsonIndex:
    """Read an index; `name` is what messages call it. Zero fields may be absent, enums be names or numbers.

    Raises:
        UsageError: no JSON, or no SCIP index in it; the message names the place inside the document.
    """
    rename: Casing = "camel" if b'"relativePath"' in data or b'"toolInfo"' in data else None
    try:
        index = msgspec.json.decode(data, type=_index_type(rename))
    except msgspec.DecodeError as error:
        raise UsageError(f"{name} is no SCIP index in JSON: {error}") from error
    if not index.documents and not index.metadata.tool_info.name:
        raise UsageError(f"{name} is no SCIP index: it has neither documents nor metadata.")
    tool = index.metadata.tool_info
    documents: dict[str, Document] = {}
    left_out: list[tuple[str, str]] = []
    for raw in index.documents:
        fault = path_fault(raw.relative_path)
        if fault is None:
            document = _document(raw, tool)
            earlier = documents.get(raw.relative_path)
            documents[raw.relative_path] = _joined(earlier, document) if earlier else document
        else:
            left_out.append((raw.relative_path, fault))
    return JsonIndex(
        IndexMetadata(tool.name, tool.version, index.metadata.project_root),
        tuple(documents[path] for path in sorted(documents)),
        tuple(map(_symbol, index.external_symbols)),
        tuple(sorted(left_out)),
    )


def _index_type(rename: Casing) -> Any:
    """The message types, with the fields read here; `rename` is the casing of the JSON keys."""

    def struct(name: str, fields: _Fields) -> Any:
        return msgspec.defstruct(name, fields, rename=rename, frozen=True)

    single = struct("SingleLineRange", [("line", int, 0), ("start_character", int, 0), ("end_character", int, 0)])
    multi = struct(
        "MultiLineRange",
        [("start_line", int, 0), ("start_character", int, 0), ("end_line", int, 0), ("end_character", int, 0)],
    )
    occurrence = struct(
        "Occurrence",
        [
            ("range", list[int], []),
            ("symbol", str, ""),
            ("symbol_roles", int, 0),
            ("single_line_range", single | None, None),
            ("multi_line_range", multi | None, None),
        ],
    )
    relationship = struct(
        "Relationship",
        [
            ("symbol", str, ""),
            ("is_reference", bool, False),
            ("is_implementation", bool, False),
            ("is_type_definition", bool, False),
            ("is_definition", bool, False),
        ],
    )
    signature = struct("Signature", [("text", str, "")])
    symbol = struct(
        "SymbolInformation",
        [
            ("symbol", str, ""),
            ("documentation", list[str], []),
            ("relationships", _list_of(relationship), []),
            ("kind", int | str, 0),
            ("display_name", str, ""),
            ("signature_documentation", signature | None, None),
            ("enclosing_symbol", str, ""),
        ],
    )
    document = struct(
        "Document",
        [
            ("relative_path", str, ""),
            ("occurrences", _list_of(occurrence), []),
            ("symbols", _list_of(symbol), []),
            ("position_encoding", int | str, 0),
        ],
    )
    tool = struct("ToolInfo", [("name", str, ""), ("version", str, "")])
    metadata = struct("Metadata", [("tool_info", tool, tool()), ("project_root", str, "")])
    return struct(
        "Index",
        [
            ("metadata", metadata, metadata()),
            ("documents", _list_of(document), []),
            ("external_symbols", _list_of(symbol), []),
        ],
    )


def _list_of(item: Any) -> Any:
    return GenericAlias(list, (item,))


def _document(raw: Any, tool: Any) -> Document:
    return Document(
        relative_path=raw.relative_path,
        unit=column_unit(_number(raw.position_encoding, POSITION_ENCODINGS), tool.name),
        occurrences=tuple(map(_occurrence, raw.occurrences)),
        symbols=tuple(map(_symbol, raw.symbols)),
        producer=f"{tool.name} {tool.version}".strip(),
        counts_bom=True,
    )


def _joined(first: Document, second: Document) -> Document:
    return msgspec.structs.replace(
        first, occurrences=first.occurrences + second.occurrences, symbols=first.symbols + second.symbols
    )


def _occurrence(raw: Any) -> Occurrence:
    if raw.single_line_range is not None:
        single = raw.single_line_range
        place = (single.line, single.start_character, single.line, single.end_character)
    elif raw.multi_line_range is not None:
        multi = raw.multi_line_range
        place = (multi.start_line, multi.start_character, multi.end_line, multi.end_character)
    else:
        place = old_range(raw.range)
    return Occurrence(*place, raw.symbol, raw.symbol_roles)


def _symbol(raw: Any) -> SymbolInformation:
    return symbol_of(raw, _number(raw.kind, SYMBOL_KINDS))


def _number(value: int | str, names: Sequence[str]) -> int:
    """An enum's number; a name that is not in the table counts as unspecified."""
    if isinstance(value, int):
        return value
    return names.index(value) if value in names else 0
