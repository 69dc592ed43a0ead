"""Owns the graphs as a store has them: a query each, its rows in a defined order, a checksum that tells change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

_GRAPHS = {
    "symbol_graph": ("scip_symbol AS symbol, path AS file", "symbol_files", "symbol, file"),
    "imports": (
        "path, module, target_module, name, alias, kind, resolved, target_path",
        "imports",
        "path, target_module, name, alias, kind, resolved",
    ),
    "uses": (
        "path, source, target, target_kind, target_path, sum(n_reads)::INTEGER AS n_reads",
        "uses",
        "path, source, target, target_kind, target_path",
    ),
}
"""Graph -> its columns, its table and the order of its rows. No positions: a line shift changes no graph."""


class Graph:
    """One graph of an open store."""

    def __init__(self, store: duckdb.DuckDBPyConnection, name: str, rows: str, order: str) -> None:
        self.name = name
        self._store = store
        self._query = f"{rows} ORDER BY {order}"
        query = f"SELECT count(*), coalesce(sum(hash(r)::HUGEINT), 0)::VARCHAR FROM ({rows}) r"
        ((count, checksum),) = store.execute(query).fetchall()
        self.checksum = f"{count} {checksum}"
        """Graphs with the same rows have the same one."""

    def table(self) -> Any:
        """The rows as an Arrow table."""
        return self._store.sql(self._query).to_arrow_table()


def graphs(store: duckdb.DuckDBPyConnection) -> list[Graph]:
    """Every graph; rows are fetched only when they are asked for."""
    return [
        Graph(store, name, f"SELECT {columns} FROM {table} GROUP BY ALL", order)
        for name, (columns, table, order) in _GRAPHS.items()
    ]
