"""Whether every published file is there and says what the store says."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import yaml

SEEDED = frozenset(
    (
        *("path", "node_id", "node_type", "name", "qualified_names", "span", "parent_id", "scope", "signature"),
        *("decorators", "docstring", "bases", "imports", "assign_targets", "scip_symbol", "parse_ok", "notes"),
    )
)
"""Fields that each line of `cst/cst.jsonl` has at least."""
MODULE_FIELDS = frozenset(("path", "imports", "defs", "exports", "exports_resolved", "reexports", "outline", "tags"))
FOLDERS = ("ast", "cst", "graphs", "modules", "overlays", "parquet", "repo_map.json", "slices", "tags")
"""What the output folder holds where all is asked for."""


def complaints(out: Path, store: Path) -> Iterator[str]:
    """What is missing, is no valid file of its kind, or is other than in the store."""
    for name in FOLDERS:
        if not (out / name).exists():
            yield f"{name} is missing"
    for path in sorted(out.rglob("*")):
        if path.is_file():
            yield from _invalid(path, path.relative_to(out).as_posix())
    with duckdb.connect(str(store), read_only=True) as connection:
        tables = {name for (name,) in connection.execute("select table_name from duckdb_tables()").fetchall()}
        for table in sorted(tables - {"ledger", "meta"}):
            yield from _unlike(connection, table, out / "parquet" / table)
        modules = [path for (path,) in connection.execute("select path from modules order by path").fetchall()]
        nodes = [item for (item,) in connection.execute("select node_id from nodes order by node_id").fetchall()]
        symbols = connection.execute("select scip_symbol, path from symbol_files order by all").fetchall()
    for path in modules:
        if not (out / "modules" / f"{path}.md").is_file():
            yield f"{path} has no page"
    records = _lines(out / "modules" / "modules.jsonl")
    if [record["path"] for record in records] != modules:
        yield "modules.jsonl has other modules than the store"
    if lacking := [record["path"] for record in records if not record.keys() >= MODULE_FIELDS]:
        yield f"modules.jsonl lacks fields of {lacking[0]}"
    lines = _lines(out / "cst" / "cst.jsonl")
    if sorted(str(line["node_id"]) for line in lines) != nodes:
        yield "cst.jsonl has other nodes than the store"
    if lacking := [line["node_id"] for line in lines if not line.keys() >= SEEDED]:
        yield f"cst.jsonl lacks fields of {lacking[0]}"
    graph = [(edge["symbol"], edge["file"]) for edge in json.loads((out / "graphs/symbol_graph.json").read_bytes())]
    if sorted(graph) != sorted(set(symbols)):
        yield "symbol_graph.json has other edges than the store"
    if json.loads((out / "repo_map.json").read_bytes())["modules"] != len(modules):
        yield "repo_map.json counts other modules than the store"


def _invalid(path: Path, name: str) -> Iterator[str]:
    content = path.read_bytes()
    if not content.endswith(b"\n") and path.suffix != ".parquet":
        yield f"{name} does not end with a line end"
    try:
        if path.suffix == ".jsonl":
            if any(list(record) != sorted(record) for record in _lines(path)):
                yield f"{name} has keys that are not sorted"
        elif path.suffix == ".json":
            json.loads(content)
        elif path.suffix == ".yaml":
            yaml.safe_load(content)
        elif path.suffix == ".parquet":
            columns = pq.ParquetFile(path).metadata.row_group(0)
            if {columns.column(at).compression for at in range(columns.num_columns)} != {"ZSTD"}:
                yield f"{name} is not compressed by ZSTD"
        elif path.suffix == ".pyi":
            compile(content, name, "exec")
    except (ValueError, SyntaxError, yaml.YAMLError, OSError) as error:
        yield f"{name} is not valid: {error}"


def _unlike(connection: duckdb.DuckDBPyConnection, table: str, folder: Path) -> Iterator[str]:
    """The dataset of a table holds exactly its rows; the package may stand in the folders' names alone."""
    count = connection.execute(f"select count(*) from {table}").fetchall()[0][0]
    if not folder.is_dir():
        if count:
            yield f"parquet/{table} is missing"
        return
    dataset = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = false)"
    columns = [row[0] for row in connection.execute(f"describe select * from {dataset}").fetchall()]
    known = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    if set(known) - set(columns) - {"package"} or set(columns) - set(known):
        yield f"parquet/{table} has other columns than the store"
        return
    chosen = ", ".join(f'"{name}"' for name in columns)
    for one, other in ((dataset, table), (table, dataset)):
        differing = f"select {chosen} from {one} except all select {chosen} from {other}"
        if connection.execute(f"select count(*) from ({differing})").fetchall() != [(0,)]:
            yield f"parquet/{table} has other rows than the store"


def _lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]
