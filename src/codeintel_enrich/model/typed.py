"""Owns checker facts (an input) and layer T: what `types` puts on the nodes of layer P."""

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic


class FileFacts(msgspec.Struct, frozen=True):
    """What checkers say of one file, sorted; lines count from 1, ends are exclusive.

    A checker that counts UTF-16 units keeps them until the file's own text can tell what they mean.
    """

    diagnostics: tuple[Diagnostic, ...] = ()
    """Columns from 0 in code points."""
    utf16_diagnostics: tuple[Diagnostic, ...] = ()
    """Columns from 0 in UTF-16 units, a BOM counted as one."""


class Typed(msgspec.Struct, frozen=True):
    """Layer T of one file, aligned with layer P by index."""

    diagnostics: tuple[tuple[Diagnostic, int], ...] = ()
    """Each with the index into `Syntax.nodes` of the innermost definition (Module, ClassDef, FunctionDef) around it."""
    n_errors: int = 0
    annotation_ratio: float | None = None
    """Of the module; None where there is nothing to annotate."""
    definition_ratios: dict[int, float] = {}
    """By index into `Syntax.definitions`: FunctionDef, ClassDef and Module that have something to annotate."""
