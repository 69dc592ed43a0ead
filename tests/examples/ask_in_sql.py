"""Ask the store a question in SQL.

The store is a DuckDB file: any program that reads DuckDB can ask, ours is not needed. This one asks which functions
the most files use, in the repository of the working directory, after `codeintel-enrich build`.
"""

import duckdb

QUESTION = """
    SELECT target, count(DISTINCT path) AS files, sum(n_reads)::INTEGER AS reads
    FROM uses
    WHERE target_kind = 'function' AND target_path IS NOT NULL AND target_path <> path
    GROUP BY target
    ORDER BY files DESC, reads DESC, target
    LIMIT 10
"""

# Read-only: a build may run at the same time, and nothing here can change what it finds.
with duckdb.connect("cache/codeintel.duckdb", read_only=True) as store:
    for target, files, reads in store.execute(QUESTION).fetchall():
        print(f"{target}: {reads} reads in {files} files")
