"""A pool of workers that outlives single builds: what tests of many small builds need."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from codeintel_enrich.engine import execute
from codeintel_enrich.engine.sandbox import Pool


class _Lasting(Pool):
    def close(self) -> None:
        """Kept for the next build."""


@contextmanager
def lasting_pool() -> Iterator[None]:
    """Every build inside the block uses the same workers."""
    pool = _Lasting(2, 60, 2_000)
    with patch.object(execute, "Pool", lambda *limits: pool):
        try:
            yield
        finally:
            Pool.close(pool)
