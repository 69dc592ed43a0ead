"""Owns the files below `graphs/`: each made anew when the rows of its graph have changed."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Protocol

from codeintel_enrich.publish.upkeep import Recipe

_AS_JSON = frozenset({"symbol_graph"})
"""Graphs that are JSON, an array with one object a line; the others are Parquet."""


class Graph(Protocol):
    """A graph to be written."""

    name: str
    checksum: str
    """Two graphs with the same rows have the same one."""

    def table(self) -> Any:
        """Its rows as an Arrow table."""
        ...


def graph_recipes(graphs: Iterable[Graph]) -> dict[str, Recipe]:
    """How the file of each graph is made."""
    return {
        f"graphs/{graph.name}.{'json' if graph.name in _AS_JSON else 'parquet'}": Recipe(
            graph.checksum, partial(_json if graph.name in _AS_JSON else _parquet, graph)
        )
        for graph in graphs
    }


def _json(graph: Graph) -> bytes:
    import orjson

    lines = (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in graph.table().to_pylist())
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _parquet(graph: Graph) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(graph.table(), sink, compression="zstd", use_dictionary=True)
    return bytes(sink.getvalue())
