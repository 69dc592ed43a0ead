"""Owns the files below `graphs/`: each made anew when what some file contributes to its graph has changed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import GRAPHS, Graph
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.upkeep import Recipe

_AS_JSON = frozenset({"symbol_graph"})
"""Graphs that are JSON, an array with one object a line; the others are Parquet."""


def graph_recipes(
    summaries: Mapping[str, FileSummary], table_of: Callable[[Graph], Any], version: str
) -> dict[str, Recipe]:
    """How the file of each graph is made; `table_of` gives the rows of one as an Arrow table."""
    recipes: dict[str, Recipe] = {}
    for index, graph in enumerate(GRAPHS):
        parts = "\n".join(summary.graphs[index] for summary in summaries.values())
        form, encode = ("json", _json) if graph.name in _AS_JSON else ("parquet", _parquet)
        inputs = digest(f"{version}\0{parts}".encode())
        recipes[f"graphs/{graph.name}.{form}"] = Recipe(inputs, partial(_make, graph, table_of, encode))
    return recipes


def _make(graph: Graph, table_of: Callable[[Graph], Any], encode: Callable[[Any], bytes]) -> bytes:
    return encode(table_of(graph))


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
