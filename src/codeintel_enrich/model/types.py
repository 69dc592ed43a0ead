"""Checker facts (an input) and layer T: what `types` puts on the nodes of layer P."""

from typing import Literal

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic

SymbolKind = Literal["function", "property", "attr", "class"]


class SymbolCoverage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How much of one symbol is typed, as a checker counts it.

    A function's parameters and return (`self`, `cls` and the return of `__init__` apart), an attribute's own type.
    """

    kind: SymbolKind
    name: str
    """Qualified name inside the module."""
    line: int
    """From 1; that of the first decorator, where there is one."""
    col: int
    """From 0 in code points."""
    n_typable: int
    n_typed: int
    """Annotated, or of a type that needs no annotation, and not `Any`."""
    n_any: int
    """Annotated with `Any`, or with something that amounts to it."""
    n_untyped: int


class TypedPlace(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The type of what stands at one place: an expression, or the name of a definition.

    Lines count from 1, columns from 0 in UTF-8 bytes, a BOM counted as three.
    """

    line: int
    col: int
    end_line: int
    end_col: int
    type: int
    """Index into `FileFacts.type_names`."""


class InferredSignature(msgspec.Struct, frozen=True, array_like=True):
    """The types of a function's parameters and return, annotated or inferred; `line` and `col` are its name's."""

    line: int
    col: int
    """From 0 in UTF-8 bytes, a BOM counted as three."""
    parameters: tuple[tuple[str, str], ...]
    """Name and type of each in source order; none where they can not be listed."""
    returns: str


class FileFacts(msgspec.Struct, frozen=True):
    """What checkers say of one file, sorted; lines count from 1, ends are exclusive.

    A checker that counts UTF-16 units keeps them until the file's own text can tell what they mean.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    """Columns from 0 in code points."""
    utf16_diagnostics: tuple[Diagnostic, ...] = ()
    """Columns from 0 in UTF-16 units, a BOM counted as one."""
    coverage: tuple[SymbolCoverage, ...] = ()
    type_names: tuple[str, ...] = ()
    typed_places: tuple[TypedPlace, ...] = ()
    """Only where expression types were asked for."""
    signatures: tuple[InferredSignature, ...] = ()


class Types(msgspec.Struct, frozen=True):
    """Layer T of one file, aligned with layer P by index."""

    diagnostics: tuple[tuple[Diagnostic, int], ...] = ()
    """Each with the index into `Syntax.nodes` of the innermost definition (Module, ClassDef, FunctionDef) around it."""
    n_errors: int = 0
    annotation_ratio: float | None = None
    """Of the module; None where there is nothing to annotate."""
    definition_ratios: dict[int, float] = {}
    """By index into `Syntax.definitions`: FunctionDef, ClassDef and Module that have something to annotate. Counts
    parameters (without the first of a method that is no static one) and returns of all functions inside."""
    coverage: tuple[tuple[SymbolCoverage, int, int | None], ...] = ()
    """Each with the index into `Syntax.nodes` of the function or class itself, of an attribute of the definition around
    it, and how many of its untyped parameters and return the checker infers; None where that was not asked for."""
    type_names: tuple[str, ...] = ()
    reference_types: tuple[int, ...] = ()
    """Per reference the index of its type in `type_names`, -1 where it is not known; empty where none was asked for."""
