"""The stage `types`: checker facts on nodes and references of one file, and how much of it is annotated: layer T."""

from collections.abc import Iterable

import msgspec

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.enclosing import ENCLOSING_TYPES, EnclosingDefinitions
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.model.types import FileFacts, Types
from codeintel_enrich.stages.types.expressions import facts_with_types, inferred_counts, reference_types


def attach_types(syntax: Syntax, facts: Iterable[FileFacts]) -> Types:
    """Place every diagnostic on the innermost Module, ClassDef or FunctionDef around its start.

    `facts` are those of each checker that speaks of the file. Decorators belong to what they decorate. A place that
    lies outside the file falls to the Module: nothing a checker says is lost.
    """
    facts = list(facts)
    enclosing = EnclosingDefinitions(syntax)
    types = facts_with_types(facts)
    symbols = sorted({symbol for fact in facts for symbol in fact.coverage}, key=lambda s: (s.line, s.col, s.name))
    coverage = [(symbol, enclosing.at((symbol.line, symbol.col))) for symbol in symbols]
    # One order for all: which checker spoke first, or in how many slices, must not show in the layer.
    diagnostics = sorted(
        {diagnostic for fact in facts for diagnostic in _in_code_points(syntax, fact)},
        key=lambda d: (d.line, d.col, d.end_line, d.end_col, d.tool, d.rule, d.severity, d.message),
    )
    ratios = {
        node.definition: definition.n_typed / definition.n_typable
        for node in syntax.nodes
        if node.definition >= 0
        and node.node_type in ENCLOSING_TYPES
        and (definition := syntax.definitions[node.definition]).n_typable
    }
    return Types(
        diagnostics=tuple((diagnostic, enclosing.at((diagnostic.line, diagnostic.col))) for diagnostic in diagnostics),
        n_errors=sum(diagnostic.severity == "error" for diagnostic in diagnostics),
        annotation_ratio=ratios.get(syntax.nodes[0].definition),
        definition_ratios=ratios,
        coverage=tuple(
            (symbol, node, n_inferred)
            for (symbol, node), n_inferred in zip(coverage, inferred_counts(syntax, types, coverage), strict=True)
        ),
        type_names=types.type_names,
        reference_types=reference_types(syntax, types),
    )


def _in_code_points(syntax: Syntax, facts: FileFacts) -> list[Diagnostic]:
    columns = Columns(syntax.wide_lines, syntax.has_bom, "utf-16", counts_bom=True)
    return [*facts.diagnostics, *(_converted(columns, diagnostic) for diagnostic in facts.utf16_diagnostics)]


def _converted(columns: Columns, diagnostic: Diagnostic) -> Diagnostic:
    """A diagnostic with its columns in code points; one that fits no character border stays as reported."""
    # Most lines are ASCII, where UTF-16 units are code points.
    if columns.is_plain(diagnostic.line) and columns.is_plain(diagnostic.end_line):
        return diagnostic
    col = columns.code_point(diagnostic.line, diagnostic.col)
    end_col = columns.code_point(diagnostic.end_line, diagnostic.end_col)
    return msgspec.structs.replace(
        diagnostic,
        col=diagnostic.col if col is None else col,
        end_col=diagnostic.end_col if end_col is None else end_col,
    )
