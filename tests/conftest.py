"""Fixtures that several folders of tests ask for by name."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel_enrich.engine.inputs.tools import find_tool
from tests.support.pool import lasting_pool
from tests.support.tools import Toolbox


@pytest.fixture(scope="module")
def lasting_workers() -> Iterator[None]:
    """Every build of the module uses the same workers."""
    with lasting_pool():
        yield


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toolbox]:
    """The only folder in which indexers and checkers are found."""
    yield Toolbox(tmp_path / "tools", monkeypatch)
    find_tool.cache_clear()
