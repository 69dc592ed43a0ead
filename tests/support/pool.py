"""Pools of workers that outlive single builds: what tests of many small builds need."""

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import msgspec

from codeintel_enrich.engine.run import executor
from codeintel_enrich.engine.run.remote import Limits, StageBugError
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.engine.run.worker import ASKING, job_function
from codeintel_enrich.errors import EnrichError, machine_fault
from codeintel_enrich.model.digest import digest
from tests.support.shared import remembered

_pools: dict[tuple[object, ...], "LastingPool"] = {}


class LastingPool(Pool):
    """One pool for all builds that ask for the same limits and modules; it parses each content once a session.

    That `parse` depends on bytes and settings alone is shown elsewhere. Every other stage runs in every build.
    """

    _kind: tuple[object, ...] = ()

    def __new__(cls, *arguments: Any) -> "LastingPool":
        # A test that has its own listener in the workers' path wants workers that were started with it.
        return _pools.setdefault((*arguments, os.environ.get("PYTHONPATH")), super().__new__(cls))

    def __init__(self, *arguments: Any) -> None:
        if not self._kind:
            super().__init__(*arguments)
            self._kind = (*arguments, os.environ.get("PYTHONPATH"))

    def run(self, stage: str, *arguments: Any, **more: Any) -> list[bytes]:
        """One job; a parse may be remembered from an earlier build, of any process of the session."""
        # No text at all is what is parsed to find out whether anything can be: that has to be tried.
        if stage != "parse" or not arguments[0]:
            return super().run(stage, *arguments, **more)

        def parse() -> bytes:
            return msgspec.msgpack.encode(Pool.run(self, stage, *arguments, **more))

        key = digest(msgspec.msgpack.encode([self._kind, arguments]))
        return msgspec.msgpack.decode(remembered(f"parsed/{key}", parse), type=list[bytes])

    def warm_up(self, *job: object) -> None:
        """The first job starts a worker."""

    def stop(self) -> None:
        """Kept for the next build."""

    def close(self) -> None:
        """Kept for the next build."""


@contextmanager
def lasting_pools() -> Iterator[None]:
    """Every build in this process, in the block, uses workers that live until its end."""
    with patch.object(executor, "Pool", LastingPool):
        try:
            yield
        finally:
            for pool in _pools.values():
                Pool.stop(pool)
                Pool.close(pool)
            _pools.clear()


@contextmanager
def fresh_workers() -> Iterator[None]:
    """Builds in the block start and end workers of their own, as they do outside of tests."""
    with patch.object(executor, "Pool", Pool):
        yield


class LocalPool:
    """Does every job in the process that asks for it, so that one process is all of a build."""

    def __init__(self, size: int, cpu_seconds: int, memory_megabytes: int, *needed: str) -> None:
        self.limits = Limits(cpu_seconds, memory_megabytes)

    def run(
        self, stage: str, *arguments: Any, reply: Callable[[], Any] | None = None, alone: bool = False
    ) -> list[bytes]:
        """One job; what it raises is what a worker would answer."""
        does: Any = job_function(stage)
        try:
            outputs: list[bytes] = does(reply, *arguments) if stage in ASKING else does(*arguments)
        except EnrichError:
            raise
        except Exception as error:
            if (fault := machine_fault(error)) is not None:
                raise fault from None
            raise StageBugError(f"stage {stage} failed; please report this:\n{traceback.format_exc()}") from None
        return outputs

    def warm_up(self, *job: object) -> None:
        """There is nothing to start."""

    def stop(self) -> None:
        """There is nothing to stop."""

    def close(self) -> None:
        """There is nothing to end."""


def without_workers() -> None:
    """Let every build of this process do its jobs itself, from now on."""
    vars(executor)["Pool"] = LocalPool
