"""Owns the files below `graphs/`: each written anew, atomically, when its graph has changed, and else left alone."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.model.outputs import FileStamp
from codeintel_enrich.publish.sidecar import read_sidecar, write_sidecar
from codeintel_enrich.publish.splice import replace_file, stamp_of

_FORMAT = b"codeintel-enrich graphs 1\n"
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


class _Written(msgspec.Struct, frozen=True, array_like=True):
    checksum: str
    stamp: FileStamp


def publish_graphs(out: Path, sidecar: Path, graphs: Iterable[Graph]) -> dict[str, FileStamp]:
    """Make the graph files in `out` say what the graphs say; returns their stamps, by name relative to `out`.

    `sidecar` remembers what each file was made from. A file that is not as it was left is made again. Raises
    EnrichError where one cannot be written.
    """
    known = read_sidecar(sidecar, _FORMAT, dict[str, _Written]) or {}
    written: dict[str, _Written] = {}
    try:
        for graph in graphs:
            name = f"graphs/{graph.name}.{'json' if graph.name in _AS_JSON else 'parquet'}"
            before = known.get(name)
            if before is not None and before.checksum == graph.checksum and stamp_of(out / name) == before.stamp:
                written[name] = before
            else:
                content = _json(graph.table()) if graph.name in _AS_JSON else _parquet(graph.table())
                written[name] = _Written(graph.checksum, replace_file(out / name, content))
        if written != known:
            write_sidecar(sidecar, _FORMAT, written)
    except OSError as error:
        raise EnrichError(f"{out}: its files cannot be written ({error}); free the place or use --out") from error
    return {name: each.stamp for name, each in written.items()}


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
