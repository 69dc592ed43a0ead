"""Owns how answers from the store are shown: Rich tables for people, JSON for machines."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from codeintel_enrich.errors import UsageError
from codeintel_enrich.store import exports_of, modules_near, names_near, open_store, refs_of


def show_exports(store: Path, module: str, as_json: bool) -> None:
    """Print a module's exports. Raises UsageError, naming near ones, when there is no such module."""
    with open_store(store) as connection:
        rows = exports_of(connection, module)
        if rows is None:
            raise UsageError(f"no module is called {module}{_or_rather(modules_near(connection, module))}")
    if as_json:
        return _print_json(rows)
    for row in rows:
        row["in star"] = "*" if row["in_star"] else ""
        row["defined as"] = (row["origin"] or "?") + (" (typing only)" if row["typing_only"] else "")
        row["through"] = " > ".join(row["chain"][:-1])
    return _print_table(
        f"{module}: {len(rows)} export{'s' * (len(rows) != 1)}",
        rows,
        ("name", "kind", "in star", "defined as", "through"),
    )


def show_refs(store: Path, qualified_name: str, as_json: bool) -> None:
    """Print what refers to something. Raises UsageError, naming near ones, when nothing does."""
    with open_store(store) as connection:
        rows = refs_of(connection, qualified_name)
        if not rows:
            raise UsageError(f"nothing refers to {qualified_name}{_or_rather(names_near(connection, qualified_name))}")
    if as_json:
        return _print_json(rows)
    for row in rows:
        row["place"] = f"{row['path']}:{row['start_line']}:{row['start_col'] + 1}"
        row["inside"] = row["node_id"].split(":", 1)[-1].split(":", 2)[-1].replace(":", " ")
        row["as"] = row["name"]
    files = len({row["path"] for row in rows})
    references = f"{len(rows)} reference{'s' * (len(rows) != 1)}"
    title = f"{qualified_name}: {references} in {files} file{'s' * (files != 1)}"
    return _print_table(title, rows, ("place", "role", "as", "inside"))


def _or_rather(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _print_json(rows: list[dict[str, Any]]) -> None:
    sys.stdout.write(orjson.dumps(rows, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


def _print_table(title: str, rows: list[dict[str, Any]], columns: Sequence[str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # Piped output is for tools: never folded.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 2_000)
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(row[column] for column in columns))
    console.print(table)
