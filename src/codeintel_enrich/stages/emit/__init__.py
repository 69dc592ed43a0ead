"""The last stage: all layers of one file become its rows for every table and its lines of the published files.

It knows neither how a store keeps rows nor which files are published.
"""

import msgspec
import orjson

from codeintel_enrich.model.config import EmitConfig
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.model.notebook import NO_NOTEBOOK, Notebook
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.rows import FileFragments, FileRows, RowPacker, columns_of
from codeintel_enrich.model.stitched import Stitched
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.model.tables import (
    BASES,
    CELLS,
    DIAGNOSTICS,
    EXPORTS,
    FILES,
    IMPORTS,
    MODULES,
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
from codeintel_enrich.stages.emit.cells import cell_rows
from codeintel_enrich.stages.emit.covered import Covered
from codeintel_enrich.stages.emit.graph import base_rows, graph_digests, override_rows, use_columns
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
from codeintel_enrich.stages.emit.nodes import Nodes
from codeintel_enrich.stages.emit.outlines import emit_outline, outline_rows
from codeintel_enrich.stages.emit.pages import page
from codeintel_enrich.stages.emit.parity import docstring_parity
from codeintel_enrich.stages.emit.placed import in_file
from codeintel_enrich.stages.emit.references import pack_references
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
    notebook: Notebook = NO_NOTEBOOK,
) -> FileRows:
    """Rows and fragments of one file; a file that does not parse has its Module row, its error and an outline.

    All layers are of the same bytes and aligned with `syntax` by index; all text is valid Unicode (no lone
    surrogates).
    """
    syntax, qualified = in_file(syntax, qualified, notebook)
    layers = Layers(path, syntax, interface, linked, qualified, stitched, types, context)
    covered = Covered(layers)
    imports = import_rows(layers)
    nodes = Nodes(layers)
    summary = summarise(layers, tags(layers, covered.ratio, config), imports)
    # What graphs are made of is digested as well as packed.
    shared = {
        IMPORTS.name: columns_of(IMPORTS, imports),
        SYMBOL_CLAIMS.name: columns_of(SYMBOL_CLAIMS, claim_rows(layers)),
        SYMBOL_FILES.name: columns_of(SYMBOL_FILES, symbol_file_rows(layers)),
        USES.name: use_columns(layers),
    }

    packer = RowPacker(path)
    packer.add(MODULES, [module_row(layers, summary, covered)])
    nodes.pack(packer, covered)
    packer.add_columns(IMPORTS, shared[IMPORTS.name])
    packer.add(EXPORTS, export_rows(layers))
    pack_references(packer, layers)
    packer.add_columns(SYMBOL_CLAIMS, shared[SYMBOL_CLAIMS.name])
    packer.add_columns(SYMBOL_FILES, shared[SYMBOL_FILES.name])
    packer.add(SCIP_OUTCOMES, outcome_rows(layers))
    packer.add_columns(USES, shared[USES.name])
    packer.add(BASES, base_rows(layers))
    packer.add(OVERRIDES, override_rows(layers))
    packer.add(DIAGNOSTICS, diagnostic_rows(layers, [*covered.diagnostics, *docstring_parity(layers, summary.tags)]))
    packer.add(TYPE_COVERAGE, coverage_rows(layers))
    packer.add(CELLS, cell_rows(path, notebook))
    packer.add(FILES, [])
    packer.add(OUTLINES, outline_rows(path, syntax.outline) if syntax.outline is not None else [])
    packed = packer.finish()

    summary = msgspec.structs.replace(
        summary,
        tables=sum(1 << index for index, table in enumerate(TABLES) if packed.counts.get(table.name)),
        graphs=graph_digests(shared),
    )
    json_options = orjson.OPT_APPEND_NEWLINE | (orjson.OPT_SORT_KEYS if config.sorts_keys else 0)
    module_json = module_line(layers, summary, imports, covered, json_options)
    cst_jsonl = nodes.lines(json_options) if config.emit_cst else b""
    text = page(layers, summary, imports, covered.ratio)
    return FileRows(packed=packed, fragments=FileFragments(path, summary, module_json, cst_jsonl, text))
