"""Owns which graphs are published: of which table each is made, and of which of its columns.

No column tells a place inside a file, so a line shift changes no graph.
"""

from collections.abc import Mapping

import msgspec

from codeintel_enrich.model.tables import IMPORTS, SYMBOL_FILES, USES, Table


class Graph(msgspec.Struct, frozen=True):
    """A graph as rows: one an edge, equal ones joined."""

    name: str
    table: Table
    columns: Mapping[str, str]
    """Name in the graph -> column of the table, in the order of the graph's columns."""
    order: tuple[str, ...]
    """Names by which the rows are sorted; they tell all rows apart."""
    counts: str | None = None
    """The column that is summed up where rows are joined."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


GRAPHS = (
    Graph("symbol_graph", SYMBOL_FILES, {"symbol": "scip_symbol", "file": "path"}, ("symbol", "file")),
    Graph(
        "imports",
        IMPORTS,
        _same("path", "module", "target_module", "name", "alias", "kind", "resolved", "target_path"),
        ("path", "target_module", "name", "alias", "kind", "resolved"),
    ),
    Graph(
        "uses",
        USES,
        _same("path", "source", "target", "target_kind", "target_path", "n_reads"),
        ("path", "source", "target", "target_kind", "target_path"),
        counts="n_reads",
    ),
)
"""Every graph."""
