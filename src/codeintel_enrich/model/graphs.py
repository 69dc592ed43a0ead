"""What is published as rows of all files together: the graphs, and the view `symbols`.

No column tells a place inside a file, so a line shift changes none of them.
"""

from collections.abc import Mapping

import msgspec

from codeintel_enrich.model.tables import IMPORTS, SYMBOL_CLAIMS, SYMBOL_FILES, SYMBOLS, USES, Table, View


class Graph(msgspec.Struct, frozen=True):
    """A graph as rows: one an edge, equal ones joined."""

    file: str
    """Where it is published; the suffix tells the format."""
    table: Table
    """What files contribute to it."""
    columns: Mapping[str, str]
    """Name in the graph -> column of the table, in the order of the graph's columns."""
    order: tuple[str, ...]
    """Names by which the rows are sorted; they tell all rows apart."""
    counts: str | None = None
    """The column that is summed up where rows are joined."""
    view: View | None = None
    """What its rows are taken from, instead of the table."""


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


# Their places are those of `FileSummary.graphs`.
GRAPHS = (
    Graph("graphs/symbol_graph.json", SYMBOL_FILES, {"symbol": "scip_symbol", "file": "path"}, ("symbol", "file")),
    Graph(
        "graphs/imports.parquet",
        IMPORTS,
        _same("path", "module", "target_module", "name", "alias", "kind", "resolved", "target_path"),
        ("path", "target_module", "name", "alias", "kind", "resolved"),
    ),
    Graph(
        "graphs/uses.parquet",
        USES,
        _same("path", "source", "target", "target_kind", "target_path", "n_reads"),
        ("path", "source", "target", "target_kind", "target_path"),
        counts="n_reads",
    ),
    Graph(
        "parquet/symbols/part-0.parquet",
        SYMBOL_CLAIMS,
        _same(*(column.name for column in SYMBOLS.columns)),
        ("scip_symbol",),
        view=SYMBOLS,
    ),
)
"""All of them."""
