"""Which files this process opens: an audit hook that can be switched on for a while."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_listening: list[list[tuple[str, str]]] = []


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open" and _listening and isinstance(arguments[0], str | bytes | os.PathLike):
        for seen in _listening:
            seen.append((os.fsdecode(arguments[0]), str(arguments[1])))


sys.addaudithook(_hook)


class Opened:
    """What was opened below a folder."""

    def __init__(self, folder: Path, events: list[tuple[str, str]]) -> None:
        self._folder = str(folder)
        self._events = events

    def paths(self) -> set[str]:
        """Relative paths of everything opened below the folder."""
        prefix = self._folder + os.sep
        return {path[len(prefix) :] for path, _ in self._events if path.startswith(prefix)}

    def sources(self) -> set[str]:
        """Those that are Python files."""
        return {path for path in self.paths() if path.endswith((".py", ".pyi"))}


@contextmanager
def opened(folder: Path) -> Iterator[Opened]:
    """Listen while the block runs."""
    events: list[tuple[str, str]] = []
    _listening.append(events)
    try:
        yield Opened(folder, events)
    finally:
        _listening.remove(events)
