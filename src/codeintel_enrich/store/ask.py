"""Questions in SQL that somebody else wrote: they may read the store, and touch nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.store.read import open_store


class QueryResult(msgspec.Struct, frozen=True):
    """Rows, in the order in which the question gives them."""

    columns: tuple[str, ...]
    """Names; of equal ones, later ones are numbered (`path`, `path_1`)."""
    rows: list[tuple[Any, ...]]


def ask(store: Path, question: str) -> QueryResult:
    """Ask a question; of several statements, the last one's answer counts.

    No file beside the store can be read or written by it. Raises UsageError for a question that is wrong, and
    EnrichError or LockedError as `open_store` does.
    """
    import duckdb

    with open_store(store) as connection:
        try:
            result = connection.execute(question)
            names = [column[0] for column in result.description or ()]
            rows = result.fetchall() if names else []
        except duckdb.Error as error:
            raise UsageError(f"the question can not be answered: {_in_user_terms(error)}") from error
    seen: dict[str, int] = {}
    columns: list[str] = []
    for name in names:
        count = seen[name] = seen.get(name, -1) + 1
        columns.append(f"{name}_{count}" if count else name)
    return QueryResult(tuple(columns), rows)


def _in_user_terms(error: Exception) -> str:
    """DuckDB's message with what the user has to do in place of what a programmer would."""
    text = str(error).strip()
    if "read-only" in text or "disabled by configuration" in text or "locked" in text:
        return f"questions only read, and only the store ({text.splitlines()[0]})"
    return text
