"""The binary form of SCIP: cutting an index at document borders, decoding and encoding one document.

An index is never decoded as a whole: one pass over the top-level fields finds where each document lies. What leaves
this module for a file is an index of that one document, without the paths of the machine that made it, so that equal
facts have equal bytes. Nothing here looks at Python code.

How fields are laid out: https://protobuf.dev/programming-guides/encoding/
"""

from mmap import mmap

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats import scip_pb2
from codeintel_enrich.formats.scip_messages import occurrence_of, put_occurrence, put_symbol, symbol_of
from codeintel_enrich.formats.tree_paths import path_fault
from codeintel_enrich.model.scip import LOCAL, ROLE_DEFINITION, ColumnUnit, Document, IndexMetadata, SymbolInformation

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_METADATA, _DOCUMENTS, _EXTERNAL_SYMBOLS = 1, 2, 3
_DOCUMENT_TAG = b"\x12"
_UNITS: dict[int, ColumnUnit] = {1: "utf-8", 2: "utf-16", 3: "code-point"}
_ENCODINGS = {unit: number for number, unit in _UNITS.items()}

Span = tuple[int, int]


class DocumentSlice(msgspec.Struct, frozen=True):
    """Where the document of one file lies in an index: usually one span; one each where several have its path."""

    relative_path: str
    spans: tuple[Span, ...]


class IndexParts(msgspec.Struct, frozen=True):
    """The table of contents of an index."""

    metadata: IndexMetadata
    documents: tuple[DocumentSlice, ...]
    """Sorted by path."""
    externals: tuple[Span, ...] = ()
    """Spans of the external symbols."""
    left_out: tuple[tuple[str, str], ...] = ()
    """(relative path, why) of documents that can belong to no file of a tree."""


def split_index(data: bytes | mmap, name: str) -> IndexParts:
    """Cut an index at its top-level borders. `name` is what messages call it.

    Concatenated indexes are one index; the last metadata wins, as protobuf has it.

    Raises:
        UsageError: the data is empty, cut short, or no SCIP index.
    """
    if not len(data):
        raise UsageError(f"{name} is empty: the indexer wrote nothing. Make the index anew.")
    metadata = IndexMetadata()
    spans: dict[str, list[Span]] = {}
    externals: list[Span] = []
    left_out: list[tuple[str, str]] = []
    # Any bytes may look like fields: only one that SCIP defines makes an index of them.
    found = False
    position, size = 0, len(data)
    while position < size:
        number, start, end = _field(data, position, size, name)
        if number == _METADATA:
            metadata = _decode_metadata(data[start:end], name)
            found = True
        elif number == _DOCUMENTS:
            path = _relative_path(data, start, end, name)
            fault = path_fault(path)
            if fault is None:
                spans.setdefault(path, []).append((start, end))
            else:
                left_out.append((path, fault))
            found = True
        elif number == _EXTERNAL_SYMBOLS:
            externals.append((start, end))
            found = True
        position = end
    if not found:
        raise UsageError(f"{name} is no SCIP index: none of its fields is one that SCIP defines.")
    documents = tuple(DocumentSlice(path, tuple(spans[path])) for path in sorted(spans))
    return IndexParts(metadata, documents, tuple(externals), tuple(sorted(left_out)))


def cut_slice(data: bytes | mmap, parts: IndexParts, document: DocumentSlice) -> bytes:
    """The index of one document alone; equal for equal facts, wherever and however often the index was made."""
    # protobuf merges a message that comes in pieces, repeated fields end to end: joining the bytes does the same.
    body = b"".join(data[start:end] for start, end in document.spans)
    # The metadata decides how the document is read (the unit of columns); of it only what every machine has in common.
    return _encode_metadata(parts.metadata) + _DOCUMENT_TAG + _encode_varint(len(body)) + body


def decode_slice(blob: bytes) -> Document:
    """Decode what `cut_slice` made, or metadata and one encoded document end to end.

    Raises:
        UsageError: the bytes are no document; the caller leaves it out and says so.
    """
    try:
        index = scip_pb2.Index.FromString(blob)
        [document] = index.documents
    except Exception as error:  # protobuf's implementations (C, Python) raise different ones for the same bytes.
        raise UsageError(f"a document of the SCIP index can not be decoded: {error}") from error
    tool = index.metadata.tool_info
    return Document(
        relative_path=document.relative_path,
        unit=column_unit(document.position_encoding, tool.name),
        occurrences=tuple(map(occurrence_of, document.occurrences)),
        symbols=tuple(symbol_of(symbol) for symbol in document.symbols),
        producer=f"{tool.name} {tool.version}".strip(),
        counts_bom=True,
    )


class Symbols(msgspec.Struct, frozen=True):
    """The global symbols of one document."""

    mentioned: frozenset[str] = frozenset()
    defined: frozenset[str] = frozenset()
    """Those that have an occurrence with the role of a definition."""


def symbols_of(blob: bytes) -> Symbols:
    """The symbols of what `cut_slice` made; none where that cannot be decoded, which is told where it is needed."""
    try:
        index = scip_pb2.Index.FromString(blob)
        occurrences = [each for document in index.documents for each in document.occurrences]
    except Exception:  # As in `decode_slice`.
        return Symbols()
    mentioned = {each.symbol for each in occurrences}
    defined = {each.symbol for each in occurrences if each.symbol_roles & ROLE_DEFINITION}
    return Symbols(frozenset(filter(_is_global, mentioned)), frozenset(filter(_is_global, defined)))


def _is_global(symbol: str) -> bool:
    return bool(symbol) and not symbol.startswith(LOCAL)


def decode_externals(data: bytes | mmap, parts: IndexParts) -> tuple[SymbolInformation, ...]:
    """What the index says of symbols that other packages define, in its own order."""
    decode = scip_pb2.SymbolInformation.FromString
    symbols = (decode(data[start:end]) for start, end in parts.externals)
    return tuple(symbol_of(symbol) for symbol in symbols)


def encode_document(document: Document) -> bytes:
    """An index that has one document and no metadata; end to end, such parts are an index of all of them."""
    index = scip_pb2.Index()
    encoded = index.documents.add(
        relative_path=document.relative_path, position_encoding=_ENCODINGS[document.unit], language="python"
    )
    for occurrence in document.occurrences:
        put_occurrence(encoded.occurrences.add(symbol=occurrence.symbol, symbol_roles=occurrence.roles), occurrence)
    for symbol in document.symbols:
        put_symbol(encoded.symbols.add(symbol=symbol.symbol), symbol)
    return index.SerializeToString(deterministic=True)


def encode_external(symbol: SymbolInformation) -> bytes:
    """An index that has one external symbol and nothing else."""
    index = scip_pb2.Index()
    put_symbol(index.external_symbols.add(symbol=symbol.symbol), symbol)
    return index.SerializeToString(deterministic=True)


def encode_head(metadata: IndexMetadata) -> bytes:
    """An index that has metadata and nothing else."""
    index = scip_pb2.Index()
    index.metadata.tool_info.name = metadata.tool
    index.metadata.tool_info.version = metadata.version
    index.metadata.project_root = metadata.project_root
    index.metadata.text_document_encoding = scip_pb2.UTF8
    return index.SerializeToString(deterministic=True)


def column_unit(position_encoding: int, tool: str) -> ColumnUnit:
    """The unit of a document's columns: what it says, else its producer's habit (UTF-16 where nobody knows)."""
    return _UNITS.get(position_encoding) or ("utf-8" if tool == "ty-scip" else "utf-16")


def _field(data: bytes | mmap, position: int, size: int, name: str) -> tuple[int, int, int]:
    """Field number and the span of its value, for the field that starts at `position`."""
    begin = position
    tag, position = _varint(data, position, size, name)
    wire_type = tag & 7
    if wire_type == _LENGTH:
        length, position = _varint(data, position, size, name)
        end = position + length
    elif wire_type == _VARINT:
        _, end = _varint(data, position, size, name)
    elif wire_type in (_FIXED64, _FIXED32):
        end = position + (8 if wire_type == _FIXED64 else 4)
    else:
        # Groups, which proto3 does not have, or no wire type at all: bytes that are no protobuf mostly end here.
        raise UsageError(f"{name} is no SCIP index: byte {begin} starts no protobuf field.")
    if end > size:
        raise UsageError(
            f"{name} is cut short: the field at byte {begin} ends {end - size} bytes past the end. Make the index anew."
        )
    return tag >> 3, position, end


def _varint(data: bytes | mmap, position: int, size: int, name: str) -> tuple[int, int]:
    """A base-128 number and the position behind it."""
    # 64 bits take ten bytes at most: a file full of 0xff is refused at once, not read as one number.
    value = shift = 0
    while position < size and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise UsageError(f"{name} is no SCIP index, or cut short, at byte {position}. Make the index anew.")


def _relative_path(data: bytes | mmap, start: int, end: int, name: str) -> str:
    """`relative_path` of the document at a span, without decoding the rest of it."""
    position = start
    while position < end:
        number, value, position = _field(data, position, end, name)
        # Real paths are UTF-8; one that is not is kept readable here and fails when its document is decoded.
        if number == 1:
            return data[value:position].decode("utf-8", "replace")
    return ""


def _decode_metadata(blob: bytes, name: str) -> IndexMetadata:
    try:
        metadata = scip_pb2.Metadata.FromString(blob)
    except Exception as error:  # As in `decode_slice`.
        raise UsageError(f"{name} is no SCIP index: its metadata can not be decoded ({error}).") from error
    return IndexMetadata(metadata.tool_info.name, metadata.tool_info.version, metadata.project_root)


def _encode_metadata(metadata: IndexMetadata) -> bytes:
    index = scip_pb2.Index()
    index.metadata.tool_info.name = metadata.tool
    index.metadata.tool_info.version = metadata.version
    return index.SerializeToString(deterministic=True)


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
