"""Fixtures that several folders of tests ask for by name, and what every test process sets up once."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel_enrich.engine.inputs.tools import find_tool
from tests.support import workspace
from tests.support.pool import fresh_workers, lasting_pools
from tests.support.shared import session_folder
from tests.support.tools import Toolbox


@pytest.fixture(scope="session", autouse=True)
def _session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One folder for all processes of the session, and one set of workers for all builds of a process."""
    # A shell that starts a session in the background has it ignore Ctrl-C, and all that it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with session_folder(tmp_path_factory), lasting_pools(), pytest.MonkeyPatch.context() as patch:
        # No file of whoever runs the tests has a say in them.
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        yield


@pytest.fixture(autouse=True)
def _clean_builds(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that patches something may make a clean build other than it is: it makes its own, and shares none."""
    with workspace.sharing_clean_builds("monkeypatch" not in request.fixturenames):
        yield


@pytest.fixture
def own_workers() -> Iterator[None]:
    """Builds start and end worker processes as they do outside of tests: for tests of just that."""
    with fresh_workers():
        yield


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Toolbox]:
    """The only folder in which indexers and checkers are found."""
    yield Toolbox(tmp_path / "tools", monkeypatch)
    find_tool.cache_clear()
