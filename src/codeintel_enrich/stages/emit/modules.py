"""The row of `modules`, the rows of `exports` and `diagnostics`, and the line of `modules/modules.jsonl`."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

import orjson

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.enclosing import ENCLOSING_TYPES
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.model.tables import DiagnosticRow, ExportRow, ImportRow, ModuleRow, TypeCoverageRow
from codeintel_enrich.stages.emit.covered import Covered
from codeintel_enrich.stages.emit.layers import Layers
from codeintel_enrich.stages.emit.outlines import outline_value

_DEFINING = ENCLOSING_TYPES - {"Module"}
_MAIN_AUTHORS = 3
"""More names say little of who knows a file, and would change with every commit."""


def summarise(layers: Layers, tags: tuple[str, ...], imports: Sequence[ImportRow]) -> FileSummary:
    """What lists of modules say of the file; `imports` are its rows of that table."""
    linked, syntax = layers.linked, layers.syntax
    return FileSummary(
        module=linked.module,
        package=linked.package,
        is_package=linked.is_package,
        is_stub=linked.is_stub,
        parse_ok=syntax.parse_ok,
        n_lines=syntax.n_lines,
        n_nodes=len(syntax.nodes),
        n_defs=sum(node.node_type in _DEFINING for node in syntax.nodes),
        tags=tags,
        imports=_imported_files(layers, imports),
        content_hash=syntax.content_hash,
    )


def _imported_files(layers: Layers, imports: Sequence[ImportRow]) -> tuple[str, ...]:
    """The files that import statements name: target modules, and submodules imported as names."""
    # `from package import module` names a file that is not the target module: that is the package.
    named = {row.resolved for row in imports}
    found = {row.target_path for row in imports}
    found.update(
        target.path
        for target in layers.answers.targets
        if target.kind == "module" and not named.isdisjoint(target.qualified_names)
    )
    return tuple(sorted(path for path in found if path is not None and path != layers.path))


def module_row(layers: Layers, summary: FileSummary, covered: Covered) -> ModuleRow:
    """The file's row of `modules`."""
    linked, syntax, stitched, types = layers.linked, layers.syntax, layers.stitched, layers.types
    return ModuleRow(
        path=layers.path,
        module=summary.module,
        package=summary.package,
        is_package=summary.is_package,
        is_stub=summary.is_stub,
        content_hash=syntax.content_hash,
        n_bytes=syntax.n_bytes,
        n_lines=syntax.n_lines,
        encoding=syntax.encoding,
        parse_ok=syntax.parse_ok,
        error=syntax.error,
        error_line=syntax.error_line,
        docstring=syntax.definitions[0].docstring,
        has_all=linked.has_all,
        all_dynamic=linked.all_dynamic,
        star_modules=linked.star_modules,
        dynamic_getattr=linked.is_open,
        n_defs=summary.n_defs,
        annotation_ratio=types.annotation_ratio,
        type_errors=types.n_errors,
        scip_indexed=stitched.has_document,
        scip_stale=stitched.is_stale,
        scip_occurrences=stitched.n_occurrences,
        scip_attached=stitched.n_attached,
        tags=summary.tags,
        **_context(layers, covered),
    )


def _context(layers: Layers, covered: Covered) -> dict[str, Any]:
    """What is known from outside the file's text, by column of `modules`."""
    history = layers.context.history
    return {
        "coverage_ratio": covered.ratio,
        "owners": layers.context.owners,
        "main_authors": tuple(author.name for author in history.authors[:_MAIN_AUTHORS]) if history else (),
        "n_authors": len(history.authors) if history else None,
        "bus_factor": history.bus_factor if history else None,
        "churn_commits": history.churn_commits if history else None,
        "churn_lines": history.churn_lines if history else None,
        "last_commit": history.last_commit if history else None,
    }


def export_rows(layers: Layers) -> list[ExportRow]:
    """The file's rows of `exports`, by name."""
    module = layers.linked.module
    return [
        ExportRow(
            path=layers.path,
            module=module,
            name=item.name,
            kind=item.kind,
            origin=item.origin,
            origin_path=item.origin_path,
            in_star=item.in_star,
            typing_only=item.typing_only,
            chain=item.chain,
        )
        for item in sorted(layers.linked.exports, key=lambda item: item.name)
    ]


def diagnostic_rows(layers: Layers, own: Iterable[Diagnostic]) -> list[DiagnosticRow]:
    """What every stage and checker found in the file, by place; each on its innermost definition. `own`: of `emit`."""
    unplaced = (*layers.syntax.diagnostics, *layers.qualified.diagnostics, *layers.stitched.diagnostics, *own)
    placed: list[tuple[Diagnostic, int]] = [
        *layers.types.diagnostics,
        *((item, layers.enclosing.at((item.line, item.col))) for item in unplaced),
    ]
    node_ids = layers.node_ids
    rows = [
        DiagnosticRow(
            path=layers.path,
            tool=item.tool,
            severity=item.severity,
            rule=item.rule,
            message=item.message,
            line=item.line,
            col=item.col,
            end_line=item.end_line,
            end_col=item.end_col,
            node_id=node_ids[node],
        )
        for item, node in placed
    ]
    # By all that tells findings apart, since checkers report in no promised order.
    return sorted(rows, key=attrgetter("line", "col", "tool", "rule", "message", "end_line", "end_col"))


def coverage_rows(layers: Layers) -> list[TypeCoverageRow]:
    """How much of each symbol is typed, by place."""
    node_ids = layers.node_ids
    return [
        TypeCoverageRow(
            path=layers.path,
            module=layers.linked.module,
            tool="pyrefly",
            kind=symbol.kind,
            name=symbol.name,
            line=symbol.line,
            col=symbol.col,
            n_typable=symbol.n_typable,
            n_typed=symbol.n_typed,
            n_any=symbol.n_any,
            n_untyped=symbol.n_untyped,
            n_inferred=n_inferred,
            node_id=node_ids[node],
        )
        for symbol, node, n_inferred in layers.types.coverage
    ]


def module_line(
    layers: Layers, summary: FileSummary, imports: Sequence[ImportRow], covered: Covered, json_options: int
) -> bytes:
    """The file's line of `modules/modules.jsonl`; `imports` are its rows of that table."""
    linked, syntax = layers.linked, layers.syntax
    exports = sorted(linked.exports, key=lambda item: item.name)
    record = {
        "path": layers.path,
        "module": summary.module,
        "package": summary.package,
        "is_package": summary.is_package,
        "is_stub": summary.is_stub,
        "content_hash": syntax.content_hash,
        "n_bytes": syntax.n_bytes,
        "n_lines": syntax.n_lines,
        "docstring": syntax.definitions[0].docstring,
        "imports": [
            {
                "line": row.start_line,
                "target_module": row.target_module,
                "name": row.name,
                "alias": row.alias,
                "level": row.level,
                "is_from": row.is_from,
                "is_star": row.is_star,
                "kind": row.kind,
                "resolved": row.resolved,
            }
            for row in imports
        ],
        "defs": _definitions(layers),
        "exports": [item.name for item in exports if item.in_star],
        "exports_resolved": {item.name: item.origin for item in exports},
        "reexports": {item.name: item.origin for item in exports if item.kind in ("reexport", "star")},
        "has_all": linked.has_all,
        "outline": outline_value(syntax.outline) if syntax.outline is not None else [],
        "parse_ok": syntax.parse_ok,
        "errors": [] if syntax.error is None else [syntax.error],
        "annotation_ratio": layers.types.annotation_ratio,
        "type_errors": layers.types.n_errors,
        **_context(layers, covered),
        "tags": summary.tags,
    }
    return orjson.dumps(record, option=json_options)


def _definitions(layers: Layers) -> list[dict[str, object]]:
    """The classes and functions of the file in source order."""
    syntax = layers.syntax
    ratios = layers.types.definition_ratios
    return [
        {
            "name": syntax.definitions[node.definition].local_name,
            "kind": "class" if node.node_type == "ClassDef" else "function",
            "line": node.start_line,
            "end_line": node.end_line,
            "qualified_names": layers.qualified.nodes[node.definition],
            "docstring": syntax.definitions[node.definition].docstring,
            "annotation_ratio": ratios.get(node.definition),
            "node_id": layers.node_ids[index],
        }
        for index, node in enumerate(syntax.nodes)
        if node.node_type in _DEFINING
    ]
