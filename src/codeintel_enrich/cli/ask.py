"""How `exports` and `refs` show what the store answers."""

from collections.abc import Sequence
from pathlib import Path

from codeintel_enrich.cli.show import print_json, print_table
from codeintel_enrich.errors import UsageError
from codeintel_enrich.store import exports_of, modules_near, names_near, open_store, refs_of


def show_exports(store: Path, module: str, as_json: bool) -> None:
    """Print a module's exports. Raises UsageError, naming near ones, when there is no such module."""
    with open_store(store) as connection:
        # None is no such module; a module that exports nothing has an empty list.
        rows = exports_of(connection, module)
        if rows is None:
            raise UsageError(f"no module is called {module}{_or_rather(modules_near(connection, module))}")
    if as_json:
        return print_json(rows)
    shown = [
        (
            *(row["name"], row["kind"], "*" if row["in_star"] else ""),
            (row["origin"] or "?") + (" (typing only)" if row["typing_only"] else ""),
            " > ".join(row["chain"][:-1]),
        )
        for row in rows
    ]
    title = f"{module}: {len(rows)} export{'s' * (len(rows) != 1)}"
    return print_table(title, ("name", "kind", "in star", "defined as", "through"), shown)


def show_refs(store: Path, qualified_name: str, as_json: bool) -> None:
    """Print what refers to something. Raises UsageError, naming near ones, when nothing does."""
    with open_store(store) as connection:
        rows = refs_of(connection, qualified_name)
        if not rows:
            raise UsageError(f"nothing refers to {qualified_name}{_or_rather(names_near(connection, qualified_name))}")
    if as_json:
        return print_json(rows)
    shown = [
        (
            # Columns from 1, as editors and compilers count them; the store counts from 0.
            f"{row['path']}:{row['start_line']}:{row['start_col'] + 1}",
            *(row["role"], row["name"]),
            # What `node_id` says behind path, line and column: node type and name.
            row["node_id"].split(":", 1)[-1].split(":", 2)[-1].replace(":", " "),
        )
        for row in rows
    ]
    files = len({row["path"] for row in rows})
    references = f"{len(rows)} reference{'s' * (len(rows) != 1)}"
    title = f"{qualified_name}: {references} in {files} file{'s' * (files != 1)}"
    return print_table(title, ("place", "role", "as", "inside"), shown)


def _or_rather(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""
