"""A pool of workers that outlives single builds: what tests of many small builds need."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from codeintel_enrich.engine.run import executor
from codeintel_enrich.engine.run.sandbox import Pool


class _Lasting(Pool):
    def warm_up(self, *job: object) -> None:
        """The first job starts a worker."""

    def stop(self) -> None:
        """Kept for the next build."""

    def close(self) -> None:
        """Kept for the next build."""


@contextmanager
def lasting_pool() -> Iterator[None]:
    """Every build inside the block uses the same workers."""
    pools: dict[tuple[str, ...], _Lasting] = {}

    def lasting(size: int, cpu_seconds: int, memory_megabytes: int, *needed: str) -> _Lasting:
        if needed not in pools:
            pools[needed] = _Lasting(size, cpu_seconds, memory_megabytes, *needed)
        return pools[needed]

    with patch.object(executor, "Pool", lasting):
        try:
            yield
        finally:
            for pool in pools.values():
                Pool.stop(pool)
                Pool.close(pool)
