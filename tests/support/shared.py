"""What the processes of one test session share: a folder, and things made in it once by whoever comes first."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

_folders: list[Path] = []


@contextmanager
def session_folder(factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Let the block's `shared_folder` be the same in every process of the session."""
    own = factory.getbasetemp()
    # Under xdist each process has a folder of its own, below that of the session.
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shared"
    folder.mkdir(exist_ok=True)
    _folders.append(folder)
    try:
        yield folder
    finally:
        _folders.pop()


def shared_folder() -> Path:
    """Where this session keeps what its processes share."""
    return _folders[-1]


def remembered(name: str, make: Callable[[], bytes]) -> bytes:
    """The bytes that some process of this session made under a name; two that come at once may both make them."""
    path = shared_folder() / name
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    content = make()
    path.parent.mkdir(parents=True, exist_ok=True)
    # Others must see all of it or nothing.
    part = path.with_name(f"{path.name}.{os.getpid()}")
    part.write_bytes(content)
    part.replace(path)
    return content


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """A folder that one process of this session fills; the others wait, then read it. Nobody may change it later."""
    folder = shared_folder() / name
    done = folder / ".done"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if not done.exists():
            # What one that failed has left would be in the way of the next, and hide why it failed.
            shutil.rmtree(folder)
            folder.mkdir()
            make(folder)
            done.touch()
    return folder
