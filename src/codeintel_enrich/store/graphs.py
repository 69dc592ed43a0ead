"""Reads graphs from a store: a query each, its rows in a defined order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codeintel_enrich.model.graphs import Graph

if TYPE_CHECKING:
    import duckdb


def graph_table(store: duckdb.DuckDBPyConnection, graph: Graph) -> Any:
    """The rows of a graph as an Arrow table."""
    columns = ", ".join(
        f"sum({column})::INTEGER AS {name}" if column == graph.counts else f"{column} AS {name}"
        for name, column in graph.columns.items()
    )
    # DuckDB widens the sum of an INTEGER to HUGEINT; no integer of Parquet is that wide.
    query = f"SELECT {columns} FROM {(graph.view or graph.table).name} GROUP BY ALL ORDER BY {', '.join(graph.order)}"
    return store.sql(query).to_arrow_table()
