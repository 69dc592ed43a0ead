"""Opens a store, and reads it whole; knows nothing of what the rows mean."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codeintel_enrich.errors import EnrichError, LockedError
from codeintel_enrich.model.tables import META, RELATIONS

if TYPE_CHECKING:
    import duckdb

PATIENCE_SECONDS = 10.0
"""How long to wait for another process to let go of a store."""

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5

_WRITING: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "512MB",
    "enable_external_access": False,
}
"""A writer appends batch after batch: more threads only cost CPU, and a cache only memory."""


def open_store(
    path: Path, patience_seconds: float = PATIENCE_SECONDS, *, beside: Path | None = None
) -> duckdb.DuckDBPyConnection:
    """A read-only connection, through which no file is to be had but the store, and the one `beside` it.

    Raises LockedError where a writer does not let go in time, EnrichError where there is no store or none that can be
    read.
    """
    import duckdb

    if not path.is_file():
        raise EnrichError(f"{path}: there is no store; run `codeintel-enrich build` first")
    try:
        connection = connect(path, read_only=True, patience_seconds=patience_seconds)
        close_off(connection, beside)
        return connection
    except duckdb.Error as error:
        raise EnrichError(f"{path}: the store cannot be read ({error}); run `codeintel-enrich build`") from error


def close_off(connection: duckdb.DuckDBPyConnection, beside: Path | None = None) -> None:
    """Let a connection reach no file but its own database, and no setting that would lift that."""
    # Also where all questions are ours: a store may come with a stranger's tree, and a table of it be a view that reads
    # any file there is. A read-only connection still reads and writes other files (COPY, read_csv, ATTACH), writes into
    # its temporary folder, and loads extensions. The lock keeps a question from lifting the ban.
    quoted = str(beside).replace("'", "''")
    allowed = "" if beside is None else f"'{quoted}', '{quoted}.wal'"
    for setting in (
        f"allowed_paths = [{allowed}]",
        "temp_directory = ''",
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def connect(path: Path, *, read_only: bool, patience_seconds: float) -> duckdb.DuckDBPyConnection:
    """Open a database file, politely waiting for its lock.

    Raises LockedError where it is not to be had in time, duckdb.Error where the file is not a sound database.
    """
    import duckdb

    # DuckDB has no waiting of its own: a writer excludes every other process, and so does a reader a writer.
    deadline = time.monotonic() + patience_seconds
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return duckdb.connect(str(path), read_only=read_only, config={} if read_only else _WRITING)
        except duckdb.Error as error:
            if not _is_locked(error):
                raise
            if time.monotonic() >= deadline:
                raise LockedError(
                    f"{path}: another process has the store open ({_first_line(error)}); close it and run again"
                ) from error
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def canonical_dump(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table and view, sorted; what depends on the history of merges is left out.

    Two stores of the same files, config and external facts have equal dumps. Raises as `open_store` does.
    """
    with open_store(path) as connection:
        dump: dict[str, list[tuple[Any, ...]]] = {
            relation.name: connection.execute(f"SELECT * FROM {relation.name} ORDER BY ALL").fetchall()
            for relation in RELATIONS
        }
    # The number of merges is the one fact in a store that depends on how it came to be.
    dump[META.name] = [row for row in dump[META.name] if row[0] != "generation"]
    return dump


def _is_locked(error: duckdb.Error) -> bool:
    """DuckDB tells locks from damage in its message only: another process, or another connection of this one."""
    text = str(error)
    return "Could not set lock" in text or "Can't open a connection to same database file" in text


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
