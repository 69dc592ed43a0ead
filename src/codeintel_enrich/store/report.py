"""The questions that the report asks of a store; rows go out as plain dictionaries, column name -> value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

MOST_CHAINS = 24
"""Re-exports listed of one module, the longest chains first."""
MOST_LISTED = 200
"""Rows of a list that is read from its head."""

_MODULES = """
    SELECT m.path, m.module, m.content_hash, m.n_lines AS lines, m.n_defs AS defs, m.parse_ok, m.type_errors, m.tags,
        coalesce(n.n_typable, 0) AS typable, coalesce(n.n_typed, 0) AS typed,
        coalesce(e.exports, 0) AS exports, coalesce(e.reexports, 0) AS reexports
    FROM modules m
    LEFT JOIN nodes n ON n.path = m.path AND n.node_type = 'Module'
    LEFT JOIN (
        SELECT path, count(*) AS exports, count(*) FILTER (kind IN ('reexport', 'star')) AS reexports
        FROM exports GROUP BY path
    ) e ON e.path = m.path
    ORDER BY m.path
"""
# A name that is a module itself leads there, not to its package.
_IMPORTS = """
    WITH hops AS (
        SELECT i.path AS source, coalesce(m.path, i.target_path) AS target, i.kind
        FROM imports i LEFT JOIN modules m ON m.path = i.resolved_path AND m.module = i.resolved AND NOT m.is_stub
    )
    SELECT source, target, min(kind ORDER BY kind = 'runtime' DESC, kind) AS kind, count(*) AS names
    FROM hops WHERE target IS NOT NULL AND target <> source
    GROUP BY source, target ORDER BY source, target
"""
_CHAINS = f"""
    SELECT e.path, e.name, e.chain AS hops
    FROM exports e JOIN modules m ON m.path = e.path
    WHERE e.kind IN ('reexport', 'star') AND e.origin_path IS NOT NULL AND e.origin_path <> e.path
        AND (m.is_package OR len(e.chain) > 1)
    QUALIFY row_number() OVER (PARTITION BY e.path ORDER BY len(e.chain) DESC, e.name) <= {MOST_CHAINS}
    ORDER BY e.path, len(e.chain) DESC, e.name
"""
_KIND_OF_REASON = """
    CASE WHEN qualified_name IS NOT NULL THEN NULL
        WHEN reason LIKE '% has no %' THEN 'not defined where it is looked for'
        WHEN reason LIKE '% decides' THEN 'decided by a module `__getattr__`'
        ELSE reason END
"""
_REFERENCES = f"""
    SELECT {_KIND_OF_REASON} AS reason, count(*) AS count FROM refs GROUP BY ALL ORDER BY count DESC, reason
"""
_UNDEFINED = f"""
    SELECT name, reason, count(*) AS count, count(DISTINCT path) AS files,
        min_by(path || ':' || start_line, (path, start_line)) AS first
    FROM refs WHERE qualified_name IS NULL AND (reason LIKE '% has no %' OR reason = 'unbound name')
    GROUP BY name, reason ORDER BY count DESC, name, reason LIMIT {MOST_LISTED}
"""
_OUTSIDE = f"""
    SELECT split_part(target_module, '.', 1) AS package, count(*) AS names, count(DISTINCT path) AS files
    FROM imports WHERE NOT known AND package NOT IN (SELECT split_part(module, '.', 1) FROM modules WHERE module <> '')
    GROUP BY package ORDER BY files DESC, package LIMIT {MOST_LISTED}
"""
_BROKEN = "SELECT path, error_line AS line, error FROM modules WHERE NOT parse_ok ORDER BY path"

Rows = list[dict[str, Any]]


def report_rows(store: duckdb.DuckDBPyConnection) -> dict[str, Rows]:
    """The rows of each part of the report that the store knows of: part -> rows, in a defined order."""
    queries = {
        "modules": _MODULES,
        "imports": _IMPORTS,
        "chains": _CHAINS,
        "references": _REFERENCES,
        "undefined": _UNDEFINED,
        "outside": _OUTSIDE,
        "broken": _BROKEN,
        "generation": "SELECT value::BIGINT AS generation FROM meta WHERE key = 'generation'",
    }
    return {part: _rows(store, query) for part, query in queries.items()}


def _rows(store: duckdb.DuckDBPyConnection, query: str) -> Rows:
    result = store.execute(query)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
