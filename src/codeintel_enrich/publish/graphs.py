"""Owns the files that hold rows of all files together: each made anew when what some file contributes has changed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import GRAPHS, Graph
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.upkeep import Recipe


def graph_recipes(
    summaries: Mapping[str, FileSummary], table_of: Callable[[Graph], Any], version: str
) -> dict[str, Recipe]:
    """How the file of each graph is made; `table_of` gives the rows of one as an Arrow table.

    JSON is an array with one object a line.
    """
    recipes: dict[str, Recipe] = {}
    for index, graph in enumerate(GRAPHS):
        parts = "\n".join(summary.graphs[index] for summary in summaries.values())
        encode = _json if graph.file.endswith(".json") else _parquet
        inputs = digest(f"{version}\0{parts}".encode())
        recipes[graph.file] = Recipe(inputs, partial(_make, graph, table_of, encode))
    return recipes


def _make(graph: Graph, table_of: Callable[[Graph], Any], encode: Callable[[Any], bytes]) -> bytes | None:
    rows = table_of(graph)
    # As with other tables, one without rows has no dataset.
    return encode(rows) if rows.num_rows or graph.view is None else None


def _json(table: Any) -> bytes:
    import orjson

    lines = (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in table.to_pylist())
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=True)
    return bytes(sink.getvalue())
