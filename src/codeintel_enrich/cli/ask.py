"""How `exports` and `refs` show what the store answers."""

from collections.abc import Sequence
from pathlib import Path

from codeintel_enrich.cli.options import notify
from codeintel_enrich.cli.show import listed, print_json, print_table, say
from codeintel_enrich.errors import UsageError
from codeintel_enrich.store import (
    KnownReferences,
    defined_as,
    exports_of,
    modules_near,
    names_near,
    open_store,
    refs_of,
    unseen_exports,
)


def show_exports(store: Path, module: str, *, as_json: bool, full: bool) -> None:
    """Print a module's exports. Raises UsageError, naming near ones, when there is no such module."""
    with open_store(store) as connection:
        # None is no such module; a module that exports nothing has an empty list.
        rows = exports_of(connection, module)
        if rows is None:
            raise UsageError(f"no module is called {module}{_or_rather(modules_near(connection, module))}")
        unseen = unseen_exports(connection, module)
    if unseen is not None:
        # Beside JSON, which is the names alone.
        notify(f"{module} may have more names than are known: {unseen}")
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
    return print_table(title, ("name", "kind", "in star", "defined as", "through"), shown, full=full)


def show_refs(store: Path, asked: str, *, as_json: bool, full: bool) -> None:
    """Print what refers to something, under its own name or one that it is exported as.

    Raises UsageError, naming those that it may be meant, when nothing is called so.
    """
    with open_store(store) as connection:
        qualified_name = defined_as(connection, asked)
        found = refs_of(connection, qualified_name)
        if not found.references:
            raise UsageError(f"nothing is called {asked}{_or_rather(names_near(connection, asked))}")
    if as_json:
        return print_json(found)
    rows = found.references
    shown = [
        (
            # Columns from 1, as editors and compilers count them; the store counts from 0.
            f"{row['path']}:{row['start_line']}:{row['start_col'] + 1}",
            *(row["role"], row["name"], row["certainty"] or ""),
            # What `node_id` says behind path, line and column: node type and name.
            row["node_id"].split(":", 1)[-1].split(":", 2)[-1].replace(":", " "),
        )
        for row in rows
    ]
    files = len({row["path"] for row in rows})
    references = f"{len(rows)} reference{'s' * (len(rows) != 1)}"
    title = f"{qualified_name}: {references} in {files} file{'s' * (files != 1)}"
    print_table(title, ("place", "role", "as", "certainty", "inside"), shown, full=full, whole=("place",))
    return say(_completeness(found, qualified_name.rpartition(".")[2]))


def _completeness(found: KnownReferences, name: str) -> str:
    """Whether that is all; what is undecided, by place."""
    others = f"{found.excluded} more `.{name}` mean something else\n" if found.excluded else ""
    if found.complete:
        return f"{others}that is all: no `{name}` is undecided\n"
    places = [f"{row['path']}:{row['start_line']}:{row['start_col'] + 1}" for row in found.undecided]
    return f"{others}there may be more: of {len(places)} `{name}` nobody knows what they mean: {listed(places)}\n"


def _or_rather(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""
