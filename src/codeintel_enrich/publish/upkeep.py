"""Files that are made one by one, each again only where its inputs changed; knows nothing of what they say."""

import contextlib
import os
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import NamedTuple

import msgspec

from codeintel_enrich.files.atomic import Claim, replace_file
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.publish.rules import NotNowError, Rules

_MOST_WRITING = 64
"""So many files are in memory at most."""


class Made(msgspec.Struct, frozen=True, array_like=True):
    """A file that was made, or was found not to be needed (no stamp)."""

    inputs: str
    stamp: FileStamp | None


class Kept(NamedTuple):
    """What `keep_up` did: all files by name, in the order of the rules, and the names it wrote and could not make."""

    made: dict[str, Made]
    written: list[str]
    postponed: list[str]


def keep_up(
    out: Path,
    rules: Rules,
    known: Mapping[str, Made],
    threads: Executor,
    *,
    standing: Iterable[str] = (),
    intact: bool = False,
    claim: Claim | None = None,
) -> Kept:
    """Bring the files in `out` to what the rules say.

    A file whose inputs are as known and that bears its stamp is left alone; one that comes out as it already is, too.
    Known files without a rule are removed, and folders that are empty then, but for the `standing` ones, whose rule
    is known to be as it was. `intact`: all files were seen to bear their stamps, so nobody need look. `threads` put
    files in their places: some systems first write out what replaces a file; before that, they are claimed. Raises
    OSError.
    """
    made: dict[str, Made] = {name: known[name] for name in standing}
    # First: what goes may have the name of a folder that is needed now, or, for systems that do not tell capitals from
    # small letters, that of a file.
    gone = [name for name, last in known.items() if name not in made and name not in rules and last.stamp is not None]
    remove_files(out, gone)
    written: list[str] = []
    postponed: list[str] = []
    emptied: list[str] = []
    writing: deque[tuple[str, str, Future[FileStamp]]] = deque()
    for name, rule in rules.items():
        # Made faster than written, a cold build would hold every page in memory.
        if len(writing) == _MOST_WRITING:
            _take(writing, made)
        last = known.get(name)
        if last is not None and last.inputs == rule.inputs and (intact or last.stamp == FileStamp.of(f"{out}/{name}")):
            made[name] = last
            continue
        path = out / name
        stamp = FileStamp.of(path)
        try:
            content = rule.make()
        except NotNowError:
            postponed.append(name)
            if last is not None:
                # No digest is empty, so that it is due at the next run.
                made[name] = Made("", last.stamp)
            continue
        if content is None:
            emptied.append(name)
            made[name] = Made(rule.inputs, None)
        # Same bytes from other inputs are common (a comment changed): readers that watch the file see no change.
        elif stamp is not None and stamp.size == len(content) and path.read_bytes() == content:
            made[name] = Made(rule.inputs, stamp)
        else:
            writing.append((name, rule.inputs, threads.submit(replace_file, path, content, claim=claim)))
            written.append(name)
    while writing:
        _take(writing, made)
    # Last: the folder of one that has nothing to say any more may be that of one that was written just now.
    remove_files(out, emptied)
    return Kept(made, written, postponed)


def _take(writing: deque[tuple[str, str, Future[FileStamp]]], made: dict[str, Made]) -> None:
    """Wait for the first of the files that are being written."""
    name, inputs, stamp = writing.popleft()
    made[name] = Made(inputs, stamp.result())


def remove_files(out: Path, names: Iterable[str]) -> None:
    """Remove files below `out`, and the folders that are empty without them. Raises OSError."""
    for name in names:
        path = out / name
        # Somebody may have taken its folder away, too.
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        folder = path.parent
        # Never the output folder itself: it may be one that the user made.
        while folder != out and _is_empty(folder):
            with contextlib.suppress(FileNotFoundError):
                folder.rmdir()
            folder = folder.parent


def _is_empty(folder: Path) -> bool:
    """Whether nothing is left of a folder but perhaps itself."""
    try:
        with os.scandir(folder) as entries:
            return not any(entries)
    except FileNotFoundError:
        return True
    except NotADirectoryError:
        return False
