"""A `dodo.py` with a task of your own behind the build.

    doit -f custom_dodo.py hubs

The creators give doit the whole pipeline. A task that reads the store waits for `merge`, the last one, by name.
"""

from typing import Any

import duckdb

from codeintel_enrich.tasks import creators

globals().update(creators(index=False, types=False))


def task_hubs() -> dict[str, Any]:
    """Write the ten files that most others import into `hubs.txt`."""
    return {"actions": [write_hubs], "task_dep": ["merge"], "targets": ["hubs.txt"]}


def write_hubs() -> None:
    """The action: doit calls it when `merge` is done."""
    question = """
        SELECT target_path, count(DISTINCT path) AS importers FROM imports
        WHERE target_path <> path GROUP BY ALL ORDER BY importers DESC, target_path LIMIT 10
    """
    with duckdb.connect("cache/codeintel.duckdb", read_only=True) as store:
        rows = store.execute(question).fetchall()
    with open("hubs.txt", "w", encoding="utf-8") as file:
        file.writelines(f"{path} {importers}\n" for path, importers in rows)
