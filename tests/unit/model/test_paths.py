"""Relative paths are those of `posixpath`, without a look at the working directory."""

import posixpath

import pytest

from codeintel_enrich.model.paths import LONGEST_NAME_BYTES, relative_path, short_path


@pytest.mark.parametrize("path", ["a", "a/b", "a/b/c", "d/b/c", "a/c"])
@pytest.mark.parametrize("folder", ["", "a", "a/b", "a/b/c/d", "d"])
def test_the_way_is_that_of_posixpath(path: str, folder: str) -> None:
    if path == folder or folder.startswith(f"{path}/"):
        return  # No file is a folder.
    assert relative_path(path, folder) == posixpath.relpath(f"/{path}", f"/{folder}")


def test_long_names_are_cut_and_stay_apart() -> None:
    one, other = short_path(f"a/{'é' * 200}1.py"), short_path(f"a/{'é' * 200}2.py")
    assert one != other
    assert one.startswith("a/é")
    assert max(len(part.encode()) for part in one.split("/")) <= LONGEST_NAME_BYTES
    assert short_path("a/b.py") == "a/b.py"
