"""Owns files that are made whole, one by one, from what is known of their inputs; knows nothing of what they say."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import NamedTuple

import msgspec

from codeintel_enrich.files.splice import replace_file
from codeintel_enrich.files.stamps import FileStamp

_OURS = (
    ("modules/**/*.md", True),
    ("overlays/**/*.pyi", True),
    ("overlays/**/py.typed", False),
    ("parquet/*/package=*/part-*.parquet", False),
    ("parquet/symbols/part-0.parquet", False),
    ("graphs/*", False),
)
"""Where files lie that are made one by one, and whether they bear a mark."""


_MOST_WRITING = 64
"""So many files are in memory at most."""


class Recipe(NamedTuple):
    """How a file is made: `inputs` is a digest of all that `make` depends on; `make` gives None for no file."""

    inputs: str
    make: Callable[[], bytes | None]


class NotNowError(Exception):
    """What a file is made of is in flux; the next run will make it."""


class Made(msgspec.Struct, frozen=True, array_like=True):
    """A file that was made, or was found not to be needed (no stamp)."""

    inputs: str
    stamp: FileStamp | None


class Kept(NamedTuple):
    """What `keep_up` did: all files by name, in the order of the recipes, and the names it wrote and could not make."""

    made: dict[str, Made]
    written: list[str]
    postponed: list[str]


def keep_up(
    out: Path,
    recipes: Mapping[str, Recipe],
    known: Mapping[str, Made],
    threads: Executor,
    *,
    standing: Iterable[str] = (),
    intact: bool = False,
) -> Kept:
    """Bring the files in `out` to what the recipes say.

    A file whose inputs are as known and that bears its stamp is left alone; one that comes out as it already is, too.
    Known files without a recipe are removed, and folders that are empty then, but for the `standing` ones, whose recipe
    is known to be as it was. `intact`: all files were seen to bear their stamps, so nobody need look. `threads` put
    files in their places: some systems first write out what replaces a file. Raises OSError.
    """
    made: dict[str, Made] = {name: known[name] for name in standing}
    written: list[str] = []
    postponed: list[str] = []
    writing: deque[tuple[str, str, Future[FileStamp]]] = deque()
    for name, recipe in recipes.items():
        if len(writing) == _MOST_WRITING:
            _take(writing, made)
        last = known.get(name)
        if (
            last is not None
            and last.inputs == recipe.inputs
            and (intact or last.stamp == FileStamp.of(f"{out}/{name}"))
        ):
            made[name] = last
            continue
        path = out / name
        stamp = FileStamp.of(path)
        try:
            content = recipe.make()
        except NotNowError:
            postponed.append(name)
            if last is not None:
                made[name] = Made("", last.stamp)
            continue
        if content is None:
            path.unlink(missing_ok=True)
            made[name] = Made(recipe.inputs, None)
        elif stamp is not None and stamp.size == len(content) and path.read_bytes() == content:
            made[name] = Made(recipe.inputs, stamp)
        else:
            writing.append((name, recipe.inputs, threads.submit(replace_file, path, content)))
            written.append(name)
    while writing:
        _take(writing, made)
    _remove(out, [name for name, last in known.items() if name not in made and last.stamp is not None])
    return Kept(made, written, postponed)


def _take(writing: deque[tuple[str, str, Future[FileStamp]]], made: dict[str, Made]) -> None:
    """Wait for the first of the files that are being written."""
    name, inputs, stamp = writing.popleft()
    made[name] = Made(inputs, stamp.result())


def _remove(out: Path, names: Iterable[str]) -> None:
    """Remove files below `out`, and the folders that are empty without them."""
    for name in names:
        path = out / name
        path.unlink(missing_ok=True)
        folder = path.parent
        while folder != out and not any(os.scandir(folder)):
            folder.rmdir()
            folder = folder.parent


def stale_files(out: Path) -> list[str]:
    """Files below `out` that `keep_up` may have made when nothing is known of what it made, sorted.

    Those that may be edited by people are ours only if their first line says so.
    """
    return [
        path.relative_to(out).as_posix()
        for pattern, marked in _OURS
        for path in sorted(out.glob(pattern))
        if path.is_file() and (not marked or _is_marked(path))
    ]


def _is_marked(path: Path) -> bool:
    with path.open("rb") as file:
        return b"ade by codeintel-enrich" in file.readline(200)
