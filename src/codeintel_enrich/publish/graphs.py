"""The files that hold rows of all files together: each made anew when what some file contributes has changed."""

from collections.abc import Callable
from functools import partial
from typing import Any

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import GRAPHS, Graph
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules


def graph_rules(materials: Materials) -> Rules:
    """How the file of each graph is made. JSON is an array with one object a line."""
    rules: dict[str, BuildRule] = {}
    for index, graph in enumerate(GRAPHS):
        # Each file's contribution as a digest: that no file's changed is known without loading any rows.
        parts = "\n".join(summary.graphs[index] for summary in materials.summaries.values())
        encode = _json if graph.file.endswith(".json") else _parquet
        inputs = digest(f"{materials.version}\0{parts}".encode())
        rules[graph.file] = BuildRule(inputs, partial(_make, graph, materials.tools.graph_table, encode))
    return rules


def _make(graph: Graph, table_of: Callable[[Graph], Any], encode: Callable[[Any], bytes]) -> bytes | None:
    rows = table_of(graph)
    # As with other tables, one without rows has no dataset.
    return encode(rows) if rows.num_rows or graph.view is None else None


def _json(table: Any) -> bytes:
    import orjson

    # A row a line, so that version control and people see which rows changed.
    lines = (orjson.dumps(row, option=orjson.OPT_SORT_KEYS) for row in table.to_pylist())
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _parquet(table: Any) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", use_dictionary=True)
    return bytes(sink.getvalue())
