"""Owns checker facts (an input) and layer T: what `types` puts on the nodes of layer P."""

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic


class FileFacts(msgspec.Struct, frozen=True):
    """What checkers say of one file, in our units (lines from 1, columns from 0 in code points), sorted."""

    diagnostics: tuple[Diagnostic, ...] = ()


class Typed(msgspec.Struct, frozen=True):
    """Layer T of one file, aligned with layer P by index."""

    diagnostics: tuple[tuple[Diagnostic, int], ...] = ()
    """Each with the index into `Syntax.nodes` of the innermost definition (Module, ClassDef, FunctionDef) around it."""
    n_errors: int = 0
    annotation_ratio: float | None = None
    """Of the module; None where there is nothing to annotate."""
    definition_ratios: dict[int, float] = {}
    """By index into `Syntax.definitions`: FunctionDef, ClassDef and Module that have something to annotate."""
