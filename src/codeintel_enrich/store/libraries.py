"""Owns nothing but imports: loading this module early, in a thread, saves the merge from loading them late."""

import duckdb
import pyarrow.compute

__all__ = ["duckdb", "pyarrow"]
