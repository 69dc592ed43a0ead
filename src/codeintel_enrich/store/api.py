"""What a store knows of the API of a tree: names to import, definitions behind them, and who uses those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import duckdb

_MODULES = """
    SELECT module, path, is_package, is_stub, list_contains(tags, 'test'), has_all, all_dynamic IS NULL, dynamic_getattr
    FROM modules WHERE module IS NOT NULL ORDER BY path
"""
# `from m import x as x` says that a name is meant for others (PEP 484, "Stub Files", which type checkers hold to).
_EXPORTS = """
    SELECT e.module, e.name, e.kind, e.origin, e.origin_path, e.path, e.in_star, e.typing_only,
        i.path IS NOT NULL
    FROM exports e
    LEFT JOIN (SELECT DISTINCT path, alias FROM imports WHERE alias = name) i ON i.path = e.path AND i.alias = e.name
    WHERE e.module IS NOT NULL
    ORDER BY e.module, e.name, e.path
"""
_IMPORTS = """
    SELECT path, coalesce(alias, name), target_module, name FROM imports WHERE is_from AND kind <> 'local' ORDER BY ALL
"""
_DEFINITIONS = """
    SELECT coalesce(qualified_names[1], ''), node_type, path, start_line, start_col, start_byte, end_byte, scope,
        node_id, parent_id, signature, decorators, bases, code_hash, assign_targets
    FROM nodes
    WHERE node_type IN ('ClassDef', 'FunctionDef')
        OR (node_type IN ('Assign', 'AnnAssign') AND (scope IN ('module', 'class')
            OR (scope = 'function' AND len(list_filter(assign_targets, lambda text: contains(text, '.'))) > 0)))
    ORDER BY path, start_byte
"""
_BASES = "SELECT node_id, source, base, base_path FROM bases ORDER BY node_id, position"
_USERS = """
    SELECT name, list(DISTINCT path ORDER BY path)
    FROM (SELECT path, unnest(qualified_names) AS name FROM refs WHERE role <> 'definition' OR kind = 'import')
    WHERE name IN (SELECT unnest($1)) GROUP BY name
"""


class ModuleFacts(msgspec.Struct, frozen=True, gc=False):
    """What a module says of itself."""

    module: str
    path: str
    is_package: bool
    is_stub: bool
    is_test: bool
    has_all: bool
    is_known: bool
    """Whether it is known what a star of it binds."""
    dynamic_getattr: bool


class ExportedName(msgspec.Struct, frozen=True, gc=False):
    """A name that `from module import name` finds."""

    module: str
    name: str
    kind: str
    origin: str | None
    origin_path: str | None
    path: str
    in_star: bool
    typing_only: bool
    is_meant: bool
    """Imported as itself, which says that it is for others."""


class BoundImport(msgspec.Struct, frozen=True, gc=False):
    """A name that a `from` import binds; `*` for a star."""

    path: str
    bound: str
    target_module: str
    name: str


class StoredDefinition(msgspec.Struct, frozen=True, gc=False):
    """A class, a function, or an assignment outside of functions or on a function's argument (`self.x = 1`)."""

    name: str
    """Qualified; empty of an assignment to several names or to an attribute."""
    kind: str
    """LibCST's class name."""
    path: str
    line: int
    col: int
    start_byte: int
    end_byte: int
    scope: str
    node_id: str
    parent_id: str | None
    signature: str | None
    """As `nodes.signature` has it; None of what is no function."""
    decorators: tuple[str, ...]
    bases: tuple[str, ...]
    code_hash: str | None
    targets: tuple[str, ...]


class StoredBase(msgspec.Struct, frozen=True, gc=False):
    """A base of a class."""

    source: str
    base: str | None
    path: str | None


def modules(store: duckdb.DuckDBPyConnection) -> list[ModuleFacts]:
    """Every file that has a dotted name."""
    return [ModuleFacts(*row) for row in store.execute(_MODULES).fetchall()]


def exported_names(store: duckdb.DuckDBPyConnection) -> list[ExportedName]:
    """Every name of every module."""
    return [ExportedName(*row) for row in store.execute(_EXPORTS).fetchall()]


def bound_imports(store: duckdb.DuckDBPyConnection) -> list[BoundImport]:
    """Every name that a `from` import outside of functions binds."""
    return [BoundImport(*row) for row in store.execute(_IMPORTS).fetchall()]


def definitions(store: duckdb.DuckDBPyConnection) -> list[StoredDefinition]:
    """All definitions, in source order."""
    found = store.execute(_DEFINITIONS)
    names = StoredDefinition.__struct_fields__
    return [StoredDefinition(**dict(zip(names, map(_frozen, row), strict=True))) for row in found.fetchall()]


def class_bases(store: duckdb.DuckDBPyConnection) -> dict[str, list[StoredBase]]:
    """Bases by `node_id` of the class, in order."""
    found: dict[str, list[StoredBase]] = {}
    for node_id, *base in store.execute(_BASES).fetchall():
        found.setdefault(node_id, []).append(StoredBase(*base))
    return found


def users(store: duckdb.DuckDBPyConnection, names: list[str]) -> dict[str, tuple[str, ...]]:
    """Qualified name -> the files that refer to it, sorted."""
    return {name: tuple(paths) for name, paths in store.execute(_USERS, [names]).fetchall()}


def _frozen(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell
