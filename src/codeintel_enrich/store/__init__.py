"""The store: a DuckDB file with the rows of every file; the only home of duckdb and pyarrow, imported when needed."""

from codeintel_enrich.store.merge import merge_store
from codeintel_enrich.store.read import canonical_dump, open_store

__all__ = ["canonical_dump", "merge_store", "open_store"]
