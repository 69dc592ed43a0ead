"""The project that a folder belongs to, looked for upward, as git looks for a repository."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

from codeintel_enrich.engine.rules.config import TABLE

_PROJECTS = ("pyproject.toml", "setup.py", "setup.cfg", ".git")


def project_root(start: Path) -> Path:
    """The nearest folder, from `start` upward, whose `pyproject.toml` has a table of ours, or that has a cache of ours.

    Where there is none, the nearest with a `pyproject.toml`, `setup.py`, `setup.cfg` or `.git`; else `start` itself.
    What lies above a git work tree is another project's.
    """
    folders = list(_upward(start))
    for is_project in (_is_ours, _is_some_project):
        for folder in folders:
            if is_project(folder):
                return folder
    return start


def _upward(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder
        if (folder / ".git").exists():
            return


def _is_ours(folder: Path) -> bool:
    if (folder / "cache" / "manifest.msgpack").is_file():
        return True
    try:
        text = (folder / "pyproject.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return False
    if TABLE not in text:
        return False
    try:
        tool = tomllib.loads(text).get("tool")
    except tomllib.TOMLDecodeError:
        # Whoever reads it next says what is wrong with it.
        return True
    return isinstance(tool, dict) and TABLE in tool


def _is_some_project(folder: Path) -> bool:
    return any((folder / name).exists() for name in _PROJECTS)
