"""What a store knows that a user can ask a build to fail on: kind, file, line and message."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# What was given up for its size, its time, its memory or a weakness of the parser may well be Python.
_PARSE_ERRORS = """
    SELECT path, coalesce(error_line, 1), error FROM modules m WHERE NOT parse_ok AND NOT EXISTS (
        SELECT 1 FROM diagnostics d WHERE d.path = m.path AND d.tool = 'parse' AND d.rule IN
            ('too-large', 'time-limit', 'memory-limit', 'unreadable', 'parser-crash', 'too-deep', 'not-lossless')
    )
    UNION ALL
    SELECT d.path, d.line, d.message FROM diagnostics d JOIN modules m ON m.path = d.path AND m.parse_ok
    WHERE d.tool = 'parse' AND d.severity = 'error'
"""
_BROKEN_EXPORTS = """
    SELECT DISTINCT d.path, d.line, d.message
    FROM diagnostics d JOIN imports i ON i.path = d.path AND i.start_line = d.line
    WHERE d.tool = 'link' AND d.rule = 'unresolved-import' AND i.target_path IS NOT NULL
        AND contains(d.message, format('`{}` has no `{}`', i.target_module, i.name))
    UNION ALL
    SELECT path, line, message FROM diagnostics WHERE tool = 'link' AND rule = 'broken-all'
    UNION ALL
    SELECT e.path, coalesce(n.line, 1), format('`__all__` lists `{}`, which nothing binds', e.name)
    FROM exports e JOIN modules m ON m.path = e.path
    LEFT JOIN (
        SELECT path, min(start_line) AS line FROM nodes WHERE list_contains(assign_targets, '__all__') GROUP BY path
    ) n ON n.path = e.path
    WHERE e.in_star AND e.origin IS NULL AND e.kind = 'dynamic' AND m.has_all AND m.all_dynamic IS NULL
        AND NOT m.dynamic_getattr
        AND NOT EXISTS (SELECT 1 FROM diagnostics d WHERE d.path = e.path AND d.rule = 'dynamic-names')
"""
_LOST_MODULES = """
    SELECT DISTINCT path, line, message FROM diagnostics
    WHERE tool = 'link' AND rule = 'unresolved-import'
        AND regexp_extract(message, '^no module `([^`]+)`', 1) IN (SELECT name FROM unnest($1) AS gone(name))
"""
_CYCLIC_NAMES = "SELECT path, line, message FROM diagnostics WHERE tool = 'link' AND rule = 'import-cycle'"
_LOADS = """
    SELECT i.path, coalesce(s.path, i.target_path) AS target, min(i.start_line)
    FROM imports i LEFT JOIN modules s
        ON i.is_from AND s.path = i.resolved_path AND s.module = i.resolved AND NOT s.is_stub
    WHERE i.kind = 'runtime' AND target IS NOT NULL AND target <> i.path AND NOT ends_with(i.path, '.pyi')
    GROUP BY ALL ORDER BY ALL
"""

Place = tuple[str, int, str]
"""File, line from 1, message."""


def parse_errors(store: duckdb.DuckDBPyConnection) -> list[Place]:
    """Files that are no Python, and statements that CPython parses and does not compile."""
    return _places(store, _PARSE_ERRORS)


def broken_exports(store: duckdb.DuckDBPyConnection) -> list[Place]:
    """Names imported from a module of the tree that does not have them, or listed in `__all__` and bound by nothing; an
    `__all__` of which no star can be taken."""
    return _places(store, _BROKEN_EXPORTS)


def lost_modules(store: duckdb.DuckDBPyConnection, gone: Collection[str]) -> list[Place]:
    """Imports of modules that are gone."""
    return sorted(store.execute(_LOST_MODULES, [sorted(gone)]).fetchall()) if gone else []


def cyclic_names(store: duckdb.DuckDBPyConnection) -> list[Place]:
    """Names that go round in a cycle of imports without ever being bound."""
    return _places(store, _CYCLIC_NAMES)


def module_loads(store: duckdb.DuckDBPyConnection) -> dict[str, dict[str, int]]:
    """File -> the files that loading it loads, by its own statements -> line of the first such statement."""
    loads: dict[str, dict[str, int]] = {}
    for path, target, line in store.execute(_LOADS).fetchall():
        loads.setdefault(path, {})[target] = line
    return loads


def _places(store: duckdb.DuckDBPyConnection, query: str) -> list[Place]:
    return sorted(store.execute(query).fetchall())
