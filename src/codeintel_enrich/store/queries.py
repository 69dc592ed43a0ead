"""The questions that commands ask of a store; rows go out as plain dictionaries, column name -> value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import duckdb

Row = dict[str, Any]

_EXPORTS = """
    SELECT name, kind, origin, origin_path, in_star, typing_only, chain, path FROM exports
    WHERE module = ? ORDER BY name, path
"""
_REFS = """
    SELECT path, start_line, start_col, end_col, role, name, qualified_name AS means, via, certainty, agreement, node_id
    FROM refs WHERE list_contains(qualified_names, $1) OR (certainty = 'dispatch' AND qualified_name IN (
        SELECT member FROM overriders WHERE overrider = $1)) ORDER BY path, start_byte, role
"""
_UNDECIDED = """
    SELECT path, start_line, start_col, end_col, role, reason, node_id FROM refs
    WHERE name = $1 AND via IS NULL AND kind IN ('name', 'attribute') ORDER BY path, start_byte, role
"""
_OTHERS = """
    SELECT count(*) FROM refs
    WHERE name = $2 AND kind = 'attribute' AND via IS NOT NULL AND NOT list_contains(qualified_names, $1)
"""
_NEAR_MODULES = """
    SELECT DISTINCT module FROM modules WHERE module IS NOT NULL
    ORDER BY jaro_winkler_similarity(module, ?) DESC, module LIMIT 3
"""
# Who forgets where something is defined knows its last name: what is called so comes first, then what looks like it.
_NEAR_NAMES = """
    SELECT qualified_name FROM refs WHERE qualified_name IS NOT NULL GROUP BY qualified_name
    ORDER BY ends_with('.' || qualified_name, '.' || $1) DESC,
        ends_with(qualified_name, '.' || split_part($1, '.', -1)) DESC,
        ends_with(lower(qualified_name), '.' || lower(split_part($1, '.', -1))) DESC,
        jaro_winkler_similarity(qualified_name, $1) DESC, qualified_name LIMIT 5
"""
_IS_NAMED = "SELECT 1 FROM refs WHERE list_contains(qualified_names, ?) LIMIT 1"
_IS_MODULE = "SELECT 1 FROM modules WHERE module = ? LIMIT 1"
_IMPORTED_AS = """\
SELECT m.module FROM imports i JOIN modules m ON m.path = i.target_path
WHERE i.target_module = ? AND m.module <> i.target_module ORDER BY m.module LIMIT 1"""
_EXPORTED = """
    SELECT e.origin || substr($1, len(e.module) + len(e.name) + 2) FROM exports e
    WHERE starts_with($1 || '.', e.module || '.' || e.name || '.') AND e.origin IS NOT NULL
    ORDER BY len(e.module) + len(e.name) DESC, e.path LIMIT 1
"""
_CALLERS = """
    SELECT target_path, qualified_name, list(DISTINCT caller ORDER BY caller)
    FROM (
        SELECT refs.target_path, refs.qualified_name, nodes.qualified_names[1] AS caller
        FROM refs JOIN nodes ON nodes.path = refs.path AND nodes.node_id = refs.node_id
        WHERE refs.role = 'read' AND refs.target_path IS NOT NULL
            AND refs.target_kind IN ('class', 'function', 'variable', 'type-alias')
            AND NOT contains(refs.qualified_name, '<locals>')
    )
    WHERE caller IS NOT NULL AND caller <> qualified_name
    GROUP BY target_path, qualified_name ORDER BY target_path, qualified_name
"""


def exports_of(store: duckdb.DuckDBPyConnection, module: str) -> list[Row] | None:
    """What `from module import name` finds, by name; None where there is no such module."""
    if not store.execute(_IS_MODULE, [module]).fetchone():
        linked = _through_links(store, module)
        return None if linked is None else exports_of(store, linked)
    return _rows(store, _EXPORTS, module)


class KnownReferences(msgspec.Struct, frozen=True):
    """What refers to one thing, and how far that is all. Lines from 1, columns from 0 in code points."""

    references: list[Row]
    """Every identifier that means it, in path order; with `certainty` `dispatch` and another meaning, a call of what it
    overrides, which may run it."""
    undecided: list[Row]
    """Identifiers of its name of which nobody knows what they mean: each may or may not be one more."""
    excluded: int
    """Attributes of its name that mean something else."""
    complete: bool
    """Whether nothing is undecided."""


def unseen_exports(store: duckdb.DuckDBPyConnection, module: str) -> str | None:
    """Why a module may have more names than `exports_of` gives; None where those are all."""
    rows = store.execute("SELECT all_dynamic FROM modules WHERE module = ? AND dynamic_getattr", [module]).fetchall()
    reasons = dict.fromkeys(reason for (reason,) in rows if reason is not None)
    return ("; ".join(reasons) or "what gives them cannot be seen") if rows else None


def defined_as(store: duckdb.DuckDBPyConnection, name: str) -> str:
    """The qualified name of what `name` leads to: itself, or what some module exports under it, or a member of that."""
    seen = {name}
    while not store.execute(_IS_NAMED, [name]).fetchone():
        found = store.execute(_EXPORTED, [name]).fetchone() or (_through_links(store, name),)
        if found[0] is None or found[0] in seen:
            break
        name = found[0]
        seen.add(name)
    return name


def _through_links(store: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """A name whose beginning is a module that is imported through a link, as the module itself has it; else None."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        found = store.execute(_IMPORTED_AS, [".".join(parts[:end])]).fetchone()
        if found is not None:
            return ".".join([found[0], *parts[end:]])
    return None


def refs_of(store: duckdb.DuckDBPyConnection, qualified_name: str) -> KnownReferences:
    """Every identifier that means something, and what may."""
    name = qualified_name.rpartition(".")[2]
    references, undecided = _rows(store, _REFS, qualified_name), _rows(store, _UNDECIDED, name)
    others = store.execute(_OTHERS, [qualified_name, name]).fetchone()
    return KnownReferences(references, undecided, others[0] if others else 0, not undecided)


def callers_by_path(store: duckdb.DuckDBPyConnection) -> dict[str, dict[str, list[str]]]:
    """File -> qualified name of what it defines -> the definitions that use it, each sorted."""
    callers: dict[str, dict[str, list[str]]] = {}
    for path, name, using in store.execute(_CALLERS).fetchall():
        callers.setdefault(path, {})[name] = using
    return callers


def broken_files(store: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Path -> `line: error` of every file that does not parse."""
    rows = store.execute("SELECT path, error_line, error FROM modules WHERE NOT parse_ok ORDER BY path").fetchall()
    return {path: f"{line}: {error}" for path, line, error in rows}


def imported_from_nowhere(store: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Top-level module that is in neither the tree nor the standard library -> how many names are imported from it."""
    return dict(
        store.execute("""
            SELECT split_part(target_module, '.', 1) AS top, count(*) FROM imports
            WHERE NOT known AND level = 0 AND target_path IS NULL GROUP BY top ORDER BY top
        """).fetchall()
    )


def scip_outcomes(store: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """What became of the ranges of the SCIP index, over all files: outcome -> how many."""
    return dict(
        store.execute("SELECT outcome, sum(ranges)::INTEGER FROM scip_outcomes GROUP BY 1 ORDER BY 1").fetchall()
    )


def modules_near(store: duckdb.DuckDBPyConnection, module: str) -> list[str]:
    """The modules whose names look most like a name, the nearest first."""
    return [row["module"] for row in _rows(store, _NEAR_MODULES, module)]


def names_near(store: duckdb.DuckDBPyConnection, qualified_name: str) -> list[str]:
    """The qualified names that look most like one, the nearest first."""
    return [row["qualified_name"] for row in _rows(store, _NEAR_NAMES, qualified_name)]


def _rows(store: duckdb.DuckDBPyConnection, query: str, argument: str) -> list[Row]:
    result = store.execute(query, [argument])
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
