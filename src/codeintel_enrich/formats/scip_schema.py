"""Owns the SCIP message classes and enum names (scip-code/scip, scip.proto); knows nothing of files or of Python code.

The descriptors are built from the tables below, so that no generated module and no compiler is needed. protobuf is
imported on first use only.
"""

from functools import cache
from importlib import import_module
from typing import Any

_TABLE: dict[str, tuple[tuple[str, int, str], ...]] = {
    "Index": (
        ("metadata", 1, "Metadata"),
        ("documents", 2, "Document*"),
        ("external_symbols", 3, "SymbolInformation*"),
    ),
    "Metadata": (
        ("version", 1, "int32"),
        ("tool_info", 2, "ToolInfo"),
        ("project_root", 3, "string"),
        ("text_document_encoding", 4, "int32"),
    ),
    "ToolInfo": (("name", 1, "string"), ("version", 2, "string"), ("arguments", 3, "string*")),
    "Document": (
        ("relative_path", 1, "string"),
        ("occurrences", 2, "Occurrence*"),
        ("symbols", 3, "SymbolInformation*"),
        ("language", 4, "string"),
        ("text", 5, "string"),
        ("position_encoding", 6, "int32"),
    ),
    "SymbolInformation": (
        ("symbol", 1, "string"),
        ("documentation", 3, "string*"),
        ("relationships", 4, "Relationship*"),
        ("kind", 5, "int32"),
        ("display_name", 6, "string"),
        ("signature_documentation", 7, "Signature"),
        ("enclosing_symbol", 8, "string"),
    ),
    "Signature": (("occurrences", 2, "Occurrence*"), ("language", 4, "string"), ("text", 5, "string")),
    "Relationship": (
        ("symbol", 1, "string"),
        ("is_reference", 2, "bool"),
        ("is_implementation", 3, "bool"),
        ("is_type_definition", 4, "bool"),
        ("is_definition", 5, "bool"),
    ),
    "Occurrence": (
        ("range", 1, "int32*"),
        ("symbol", 2, "string"),
        ("symbol_roles", 3, "int32"),
        ("override_documentation", 4, "string*"),
        ("syntax_kind", 5, "int32"),
        ("enclosing_range", 7, "int32*"),
        ("single_line_range", 8, "SingleLineRange"),
        ("multi_line_range", 9, "MultiLineRange"),
        ("single_line_enclosing_range", 10, "SingleLineRange"),
        ("multi_line_enclosing_range", 11, "MultiLineRange"),
    ),
    "SingleLineRange": (("line", 1, "int32"), ("start_character", 2, "int32"), ("end_character", 3, "int32")),
    "MultiLineRange": (
        ("start_line", 1, "int32"),
        ("start_character", 2, "int32"),
        ("end_line", 3, "int32"),
        ("end_character", 4, "int32"),
    ),
}
"""Message -> (field, number, type); a star marks a repeated field. Enums are read as the integers they are."""

POSITION_ENCODINGS = (
    "UnspecifiedPositionEncoding",
    "UTF8CodeUnitOffsetFromLineStart",
    "UTF16CodeUnitOffsetFromLineStart",
    "UTF32CodeUnitOffsetFromLineStart",
)
"""`PositionEncoding` by number."""

_SYMBOL_KINDS = (
    "UnspecifiedKind Array Assertion AssociatedType Attribute Axiom Boolean Class Constant Constructor DataFamily "
    "Enum EnumMember Event Fact Field File Function Getter Grammar Instance Interface Key Lang Lemma Macro Method "
    "MethodReceiver Message Module Namespace Null Number Object Operator Package PackageObject Parameter "
    "ParameterLabel Pattern Predicate Property Protocol Quasiquoter SelfParameter Setter Signature Subscript String "
    "Struct Tactic Theorem ThisParameter Trait Type TypeAlias TypeClass TypeFamily TypeParameter Union Value Variable "
    "Contract Error Library Modifier AbstractMethod MethodSpecification ProtocolMethod PureVirtualMethod TraitMethod "
    "TypeClassMethod Accessor Delegate MethodAlias SingletonClass SingletonMethod StaticDataMember StaticEvent "
    "StaticField StaticMethod StaticProperty StaticVariable UnspecifiedKind Extension Mixin Concept"
)
SYMBOL_KINDS = tuple(_SYMBOL_KINDS.split())
"""`SymbolInformation.Kind` by number; 83 was never given out."""


@cache
def message_class(name: str) -> Any:
    """The class of a SCIP message; its instances follow the protobuf API."""
    factory = import_module("google.protobuf.message_factory")
    return factory.GetMessageClass(_pool().FindMessageTypeByName(f"scip.{name}"))


@cache
def _pool() -> Any:
    descriptors = import_module("google.protobuf.descriptor_pb2")
    field_type = descriptors.FieldDescriptorProto
    scalars = {"int32": field_type.TYPE_INT32, "string": field_type.TYPE_STRING, "bool": field_type.TYPE_BOOL}
    file = descriptors.FileDescriptorProto(name="scip.proto", package="scip", syntax="proto3")
    for message_name, fields in _TABLE.items():
        message = file.message_type.add(name=message_name)
        for name, number, kind in fields:
            base = kind.rstrip("*")
            field = message.field.add(name=name, number=number)
            field.label = field_type.LABEL_REPEATED if kind.endswith("*") else field_type.LABEL_OPTIONAL
            if base in scalars:
                field.type = scalars[base]
            else:
                field.type, field.type_name = field_type.TYPE_MESSAGE, f".scip.{base}"
    pool = import_module("google.protobuf.descriptor_pool").DescriptorPool()
    pool.Add(file)
    return pool
