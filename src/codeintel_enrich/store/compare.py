"""Compares two stores, table by table and cell by cell."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.model.tables import META, RELATIONS, Table, View
from codeintel_enrich.store.read import open_store

if TYPE_CHECKING:
    import duckdb


class TableDifference(msgspec.Struct, frozen=True):
    """One table that two stores do not agree on."""

    table: str
    only_here: int
    """Rows of the first store that the second lacks."""
    only_there: int
    examples: tuple[str, ...]
    """The first differing rows in key order: the key, and which cells differ or on which side the row is missing."""


def compare_stores(here: Path, there: Path, most: int) -> list[TableDifference]:
    """What differs, with at most `most` examples a table; what depends on the history of merges is left out.

    Raises EnrichError or LockedError where one cannot be read.
    """
    # ATTACH would answer for a missing or locked store with DuckDB's own words, and not wait.
    with open_store(there):
        pass
    with open_store(here, beside=there) as connection:
        connection.execute(f"ATTACH '{str(there).replace(chr(39), chr(39) * 2)}' AS there (READ_ONLY)")
        found = (_compare(connection, relation, most) for relation in RELATIONS)
        return [difference for difference in found if difference is not None]


def _compare(connection: duckdb.DuckDBPyConnection, relation: Table | View, most: int) -> TableDifference | None:
    own = connection.execute("SELECT current_database()").fetchone()
    assert own is not None, "there always is a current database"
    where = " WHERE key <> 'generation'" if relation is META else ""
    here, there = (f'SELECT * FROM "{base}".main.{relation.name}{where}' for base in (own[0], "there"))
    # Equal tables, the usual case, are recognised without sorting: each is read once.
    sums = [
        connection.execute(f"SELECT count(*), sum(hash(r)::HUGEINT) FROM ({query}) r").fetchone()
        for query in (here, there)
    ]
    if sums[0] == sums[1]:
        return None
    extra = connection.execute(f"{here} EXCEPT ALL {there} ORDER BY ALL").fetchall()
    missing = connection.execute(f"{there} EXCEPT ALL {here} ORDER BY ALL").fetchall()
    names = [column.name for column in relation.columns]
    places = [names.index(name) for name in relation.key]

    def by_key(rows: list[tuple[object, ...]]) -> dict[str, tuple[object, ...]]:
        return {", ".join(f"{names[place]} {row[place]}" for place in places): row for row in rows}

    ours, theirs = by_key(extra), by_key(missing)
    return TableDifference(
        relation.name,
        len(extra),
        len(missing),
        tuple(
            f"{key}: {_difference(names, ours.get(key), theirs.get(key))}"
            for key in sorted(ours.keys() | theirs.keys())[:most]
        ),
    )


def _difference(names: list[str], here: tuple[object, ...] | None, there: tuple[object, ...] | None) -> str:
    if here is None:
        return "missing"
    if there is None:
        return "should not be there"
    cells = [
        f"{name} is {_short(ours)}, should be {_short(theirs)}"
        for name, ours, theirs in zip(names, here, there, strict=True)
        if ours != theirs
    ]
    return "; ".join(cells) or "there more or fewer times than it should be"


def _short(cell: object) -> str:
    text = repr(cell)
    return text if len(text) <= 80 else f"{text[:77]}..."
