"""The SCIP vocabulary as this project reads it; its numbers are those of `formats/scip.proto`."""

from typing import Literal

import msgspec

ColumnUnit = Literal["utf-8", "utf-16", "code-point"]
"""What a column counts: UTF-8 bytes, UTF-16 units, code points."""

LOCAL = "local "
"""What symbols begin with that mean something in their own document only."""

ROLE_DEFINITION = 1
ROLE_IMPORT = 2
ROLE_WRITE = 4
ROLE_READ = 8

KIND_NUMBERS = {
    "abstract-method": 66,
    "class": 7,
    "constant": 8,
    "constructor": 9,
    "enum": 11,
    "enum-member": 12,
    "field": 15,
    "function": 17,
    "getter": 18,
    "interface": 21,
    "method": 26,
    "module": 29,
    "namespace": 30,
    "package": 35,
    "parameter": 37,
    "property": 41,
    "protocol": 42,
    "self-parameter": 44,
    "setter": 45,
    "static-method": 80,
    "type": 54,
    "type-alias": 55,
    "type-parameter": 58,
    "variable": 61,
}
"""Those of `SymbolInformation.Kind` that Python has a use for."""


class Relationship(msgspec.Struct, frozen=True, array_like=True):
    """How a symbol relates to another."""

    symbol: str
    is_reference: bool = False
    is_implementation: bool = False
    is_type_definition: bool = False
    is_definition: bool = False


class SymbolInformation(msgspec.Struct, frozen=True, array_like=True):
    """What an index says of a symbol."""

    symbol: str
    documentation: tuple[str, ...] = ()
    kind: int = 0
    display_name: str = ""
    signature: str = ""
    enclosing_symbol: str = ""
    relationships: tuple[Relationship, ...] = ()


class Occurrence(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A symbol at a place: 0-based lines and columns in the document's own unit, end exclusive, as in the index.

    A range that the index itself spells wrongly stands at line -1.
    """

    start_line: int
    start_character: int
    end_line: int
    end_character: int
    symbol: str
    roles: int = 0
    enclosing: tuple[int, int, int, int] | None = None
    """`definition`: the range of the whole definition, where it is known."""


class IndexMetadata(msgspec.Struct, frozen=True):
    """Who made an index, and the habits that follow from it."""

    tool: str = ""
    version: str = ""
    project_root: str = ""
    """File URI of the folder that relative paths start from, on the machine that made the index."""


class Document(msgspec.Struct, frozen=True):
    """One file of an index. `unit` is resolved: the producer's habit where the index leaves it open."""

    relative_path: str
    unit: ColumnUnit
    occurrences: tuple[Occurrence, ...] = ()
    symbols: tuple[SymbolInformation, ...] = ()
    producer: str = ""
    """Tool name and version, `ty-scip 0.1.0`."""
    counts_bom: bool = False
    """Whether the producer counts a BOM as part of the first line, in its own unit (3 bytes, or 1)."""
    content_hash: str = ""
    """Digest of the bytes the document was made from, where whoever made the index knows it."""
    homes: dict[str, str] = {}
    """Global symbol of the document -> path of the document that defines it; those that none defines are absent."""


class IndexSlice(msgspec.Struct, frozen=True, array_like=True):
    """What an index says of one file, as it is kept: equal facts have equal bytes."""

    document: bytes
    """An index of this one document."""
    homes: dict[str, tuple[str, ...]]
    """Path of a document -> the symbols of this one that it defines, sorted."""
