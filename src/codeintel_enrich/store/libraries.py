"""Nothing but an import: loading this module early saves the merge from loading DuckDB late.

Arrow is not here: few files do not need it, and with many its time does not show.
"""

import duckdb

__all__ = ["duckdb"]
