"""Owns the rows of `nodes` and the lines of `cst/cst.jsonl`, which say the same."""

from typing import Any

import orjson

from codeintel_enrich.model.rows import Row
from codeintel_enrich.model.syntax import Definition, ImportStatement, Signature
from codeintel_enrich.stages.emit.covered import Covered
from codeintel_enrich.stages.emit.layers import HOLDERS, Layers

_NO_DEFINITION = Definition()


def node_rows(layers: Layers, covered: Covered, json_options: int | None) -> tuple[list[Row], bytes]:
    """Rows in schema order, and the JSON lines (empty unless there are options for them), both in source order."""
    syntax = layers.syntax
    path, module = layers.path, layers.linked.module
    node_ids, stable_ids = layers.node_ids, layers.stable_ids
    names, symbols, ratios = layers.qualified.nodes, layers.stitched.nodes, layers.types.definition_ratios
    covers = covered.ratio is not None
    rows: list[Row] = []
    lines: list[bytes] = []
    for index, node in enumerate(syntax.nodes):
        defines = node.definition >= 0
        definition = syntax.definitions[node.definition] if defines else _NO_DEFINITION
        symbol = symbols.get(node.definition)
        holds = node.node_type in HOLDERS
        has_name = definition.name_start_byte >= 0
        statement = syntax.imports[definition.imports] if definition.imports >= 0 else None
        imported = imported_texts(statement) if statement is not None else ()
        signature = signature_value(definition.signature) if definition.signature is not None else None
        qualified_names = names[node.definition] if defines else ()
        parent_id = node_ids[node.parent] if node.parent >= 0 else None
        notes: tuple[str, ...] = ()
        rows.append(
            (
                path,
                node_ids[index],
                stable_ids[index],
                module,
                node.node_type,
                node.name,
                definition.local_name if defines else None,
                qualified_names,
                node.start_line,
                node.start_col,
                node.end_line,
                node.end_col,
                node.start_byte,
                node.end_byte,
                definition.name_line if has_name else None,
                definition.name_col if has_name else None,
                definition.name_start_byte if has_name else None,
                definition.name_end_byte if has_name else None,
                parent_id,
                node.scope,
                orjson.dumps(signature, option=orjson.OPT_SORT_KEYS).decode() if signature is not None else None,
                definition.decorators,
                definition.bases,
                definition.docstring,
                imported,
                definition.assign_targets,
                symbol.symbol if symbol is not None else None,
                symbol.match if symbol is not None else None,
                symbol.repair if symbol is not None else None,
                definition.code_hash or None,
                ratios.get(node.definition),
                definition.n_typable if holds else None,
                definition.n_typed if holds else None,
                covered.ratio_of(index) if holds and covers else None,
                notes,
            )
        )
        if json_options is not None:
            record = {
                "path": path,
                "node_id": node_ids[index],
                "stable_id": stable_ids[index],
                "node_type": node.node_type,
                "name": node.name,
                "qualified_names": qualified_names,
                "span": {
                    "start": {"line": node.start_line, "col": node.start_col},
                    "end": {"line": node.end_line, "col": node.end_col},
                },
                "start_byte": node.start_byte,
                "end_byte": node.end_byte,
                "parent_id": parent_id,
                "scope": node.scope,
                "signature": signature,
                "decorators": definition.decorators,
                "docstring": definition.docstring,
                "bases": definition.bases,
                "imports": import_value(statement, imported) if statement is not None else None,
                "assign_targets": definition.assign_targets or None,
                "scip_symbol": symbol.symbol if symbol is not None else None,
                "scip_match": symbol.match if symbol is not None else None,
                "code_hash": definition.code_hash or None,
                "parse_ok": syntax.parse_ok,
                "notes": notes,
            }
            lines.append(orjson.dumps(record, option=json_options))
    return rows, b"".join(lines)


def signature_value(signature: Signature) -> dict[str, Any]:
    """A signature as JSON has it."""
    return {
        "params": [
            {"name": item.name, "kind": item.kind, "annotation": item.annotation, "default": item.default}
            for item in signature.parameters
        ],
        "returns": signature.returns,
        "is_async": signature.is_async,
    }


def imported_texts(statement: ImportStatement) -> tuple[str, ...]:
    """`module:name as alias` for each name of a `from` import (leading dots kept), `module as alias` for `import`."""
    prefix = f"{'.' * statement.level}{statement.module or ''}:" if statement.is_from else ""
    return tuple(
        f"{prefix}{item.name} as {item.alias}" if item.alias is not None else f"{prefix}{item.name}"
        for item in statement.names
    )


def import_value(statement: ImportStatement, imported: tuple[str, ...]) -> dict[str, Any]:
    """An import statement as JSON has it.

    `aliases` maps names to aliases; `imported` tells also two aliases of one name apart.
    """
    return {
        "module": statement.module,
        "names": [item.name for item in statement.names],
        "aliases": {item.name: item.alias for item in statement.names if item.alias is not None},
        "imported": imported,
        "is_star": any(item.name == "*" for item in statement.names),
        "level": statement.level,
    }
