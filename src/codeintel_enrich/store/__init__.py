"""The store: a DuckDB file with the rows of every file; the only home of duckdb and pyarrow, imported when needed."""

from codeintel_enrich.store.graphs import graph_table
from codeintel_enrich.store.merge import merge_store
from codeintel_enrich.store.queries import (
    KnownReferences,
    broken_files,
    callers_by_path,
    defined_as,
    exports_of,
    imported_from_nowhere,
    modules_near,
    names_near,
    refs_of,
    scip_outcomes,
    unseen_exports,
)
from codeintel_enrich.store.read import canonical_dump, open_store
from codeintel_enrich.store.report import report_rows

__all__ = [
    "KnownReferences",
    "broken_files",
    "callers_by_path",
    "canonical_dump",
    "defined_as",
    "exports_of",
    "graph_table",
    "imported_from_nowhere",
    "merge_store",
    "modules_near",
    "names_near",
    "open_store",
    "refs_of",
    "report_rows",
    "scip_outcomes",
    "unseen_exports",
]
