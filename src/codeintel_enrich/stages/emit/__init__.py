"""Owns the last stage: all layers of one file become its rows for every table and its lines of the published files.

It knows neither how a store keeps rows nor which files are published.
"""

import msgspec
import orjson

from codeintel_enrich.model.config import EmitConfig
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.rows import FileFragments, FileRows, RowPacker
from codeintel_enrich.model.stitched import Stitched
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.model.tables import (
    BASES,
    DIAGNOSTICS,
    EXPORTS,
    FILES,
    IMPORTS,
    MODULES,
    NODES,
    OUTLINES,
    OVERRIDES,
    SCIP_OUTCOMES,
    SYMBOL_CLAIMS,
    SYMBOL_FILES,
    TABLES,
    TYPE_COVERAGE,
    USES,
)
from codeintel_enrich.model.types import Types
from codeintel_enrich.stages.emit.covered import Covered
from codeintel_enrich.stages.emit.graph import base_rows, graph_digests, override_rows, use_rows
from codeintel_enrich.stages.emit.imports import import_rows
from codeintel_enrich.stages.emit.layers import Layers
from codeintel_enrich.stages.emit.modules import (
    coverage_rows,
    diagnostic_rows,
    export_rows,
    module_line,
    module_row,
    summarise,
)
from codeintel_enrich.stages.emit.nodes import node_rows
from codeintel_enrich.stages.emit.outlines import emit_outline, outline_rows
from codeintel_enrich.stages.emit.pages import page
from codeintel_enrich.stages.emit.parity import docstring_parity
from codeintel_enrich.stages.emit.references import add_references
from codeintel_enrich.stages.emit.symbols import claim_rows, outcome_rows, symbol_file_rows
from codeintel_enrich.stages.emit.tags import tags

__all__ = ["emit", "emit_outline"]


def emit(
    path: str,
    syntax: Syntax,
    interface: Interface,
    linked: LinkedModule,
    qualified: Qualified,
    stitched: Stitched,
    types: Types,
    context: FileContext,
    config: EmitConfig,
) -> FileRows:
    """Rows and fragments of one file; a file that does not parse has its Module row, its error and an outline.

    All layers are of the same bytes and aligned with `syntax` by index; all text is valid Unicode (no lone
    surrogates).
    """
    layers = Layers(path, syntax, interface, linked, qualified, stitched, types, context)
    imports = import_rows(layers)
    covered = Covered(layers)
    json_options = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_SORT_KEYS if config.sorts_keys else 0)
    summary = summarise(layers, tags(layers, covered.ratio, config), imports)
    claims, symbol_files, uses = claim_rows(layers), symbol_file_rows(layers), use_rows(layers)
    nodes, cst_jsonl = node_rows(layers, covered, json_options if config.emit_cst else None)

    packer = RowPacker(path)
    packer.add_rows(MODULES, [module_row(layers, summary, covered)])
    packer.add_rows(NODES, nodes)
    packer.add_rows(IMPORTS, imports)
    packer.add_rows(EXPORTS, export_rows(layers))
    add_references(packer, layers)
    packer.add_rows(SYMBOL_CLAIMS, claims)
    packer.add_rows(SYMBOL_FILES, symbol_files)
    packer.add_rows(SCIP_OUTCOMES, outcome_rows(layers))
    packer.add_rows(USES, uses)
    packer.add_rows(BASES, base_rows(layers))
    packer.add_rows(OVERRIDES, override_rows(layers))
    packer.add_rows(
        DIAGNOSTICS, diagnostic_rows(layers, [*covered.diagnostics, *docstring_parity(layers, summary.tags)])
    )
    packer.add_rows(TYPE_COVERAGE, coverage_rows(layers))
    packer.add_rows(FILES, [])
    packer.add_rows(OUTLINES, outline_rows(path, syntax.outline) if syntax.outline is not None else [])
    packed = packer.finish()
    tables = sum(1 << index for index, table in enumerate(TABLES) if packed.counts.get(table.name))
    shared = {"imports": imports, "symbol_claims": claims, "symbol_files": symbol_files, "uses": uses}
    graphs = graph_digests(shared)
    summary = msgspec.structs.replace(summary, tables=tables, graphs=graphs)
    return FileRows(
        packed=packed,
        fragments=FileFragments(
            path,
            summary,
            module_line(layers, summary, imports, covered, json_options),
            cst_jsonl,
            page(layers, summary, imports, covered.ratio),
        ),
    )
