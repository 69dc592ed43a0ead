"""Two environment variables that switch a way of writing back to the former one, for whoever needs that at once."""

import os

from codeintel_enrich.errors import UsageError


def sorts_keys() -> bool:
    """`ENRICH_JSONL_WRITER`: `v2` (default) sorts the keys of `modules.jsonl` and `cst.jsonl`; `v1` does not.

    Raises UsageError for another value.
    """
    return _is_on("ENRICH_JSONL_WRITER", "v2", ("v1", "off"))


def ingests_in_bulk() -> bool:
    """`USE_DUCKDB_JSON`: `1` (default) hands DuckDB the rows of many files at once, `0` those of one at a time.

    The name is the customer's: their plan was a switch between bulk reading of JSON and one insert a row, and the rows
    of many files now come as Arrow buffers. The store is the same. Raises UsageError for another value.
    """
    return _is_on("USE_DUCKDB_JSON", "1", ("0", "off"))


def _is_on(name: str, on: str, off: tuple[str, ...]) -> bool:
    value = os.environ.get(name, on)
    if value not in (on, *off):
        raise UsageError(f"{name}={value}: must be {on} (the default) or {' or '.join(off)}")
    return value == on
