"""What a store knows of the API of a tree: names to import, definitions behind them, and who uses those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import duckdb

_EXPORTS = """
    SELECT e.module, e.name, e.origin, e.path
    FROM exports e JOIN modules m ON m.path = e.path
    WHERE e.module IS NOT NULL AND NOT m.is_stub AND NOT list_contains(m.tags, 'test')
        AND NOT regexp_matches(e.module, '(^|\\.)_') AND NOT starts_with(e.name, '_')
        AND (e.kind = 'definition' OR (m.has_all AND e.in_star)
            OR (m.is_package AND e.kind IN ('reexport', 'star') AND (e.origin_path IS NOT NULL OR e.origin IS NULL)))
    ORDER BY ALL
"""
_DEFINITIONS = """
    SELECT qualified_names[1], node_type, signature, bases, code_hash, path
    FROM nodes WHERE node_type IN ('ClassDef', 'FunctionDef') AND len(qualified_names) > 0
        AND NOT contains(qualified_names[1], '<locals>')
    ORDER BY path, start_byte
"""
_USERS = """
    SELECT name, list(DISTINCT path ORDER BY path)
    FROM (SELECT path, unnest(qualified_names) AS name FROM refs WHERE role <> 'definition' OR kind = 'import')
    WHERE name IN (SELECT unnest($1)) GROUP BY name
"""


class PublicName(msgspec.Struct, frozen=True):
    """A public name of a public module."""

    module: str
    name: str
    origin: str | None
    path: str


class StoredDefinition(msgspec.Struct, frozen=True):
    """A class or function; of several of one name the last in its file counts."""

    kind: str
    signature: str | None
    """As `nodes.signature` has it; None of a class."""
    bases: tuple[str, ...]
    code_hash: str | None
    path: str


def module_names(store: duckdb.DuckDBPyConnection) -> frozenset[str]:
    """Every module that has a dotted name."""
    found = store.execute("SELECT DISTINCT module FROM modules WHERE module IS NOT NULL").fetchall()
    return frozenset(name for (name,) in found)


def public_exports(store: duckdb.DuckDBPyConnection) -> list[PublicName]:
    """What others may import: definitions, names in `__all__`, and what a package has of its own tree.

    Tests, stubs, and names or modules that start with an underscore are left out.
    """
    return [PublicName(*row) for row in store.execute(_EXPORTS).fetchall()]


def definitions(store: duckdb.DuckDBPyConnection) -> dict[str, StoredDefinition]:
    """Qualified name -> definition."""
    return {
        name: StoredDefinition(kind, signature, tuple(bases), code_hash, path)
        for name, kind, signature, bases, code_hash, path in store.execute(_DEFINITIONS).fetchall()
    }


def users(store: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Qualified name -> the files that refer to it, sorted."""
    return {name: tuple(paths) for name, paths in store.execute(_USERS, [names]).fetchall()}
