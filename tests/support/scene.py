"""One edited repository, built with a fault again and again: whatever is done next, all is as after a clean build."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.crashing import Left, build_whole, differences, look, tracebacks
from tests.support.forked import Nursery

Files = Mapping[str, bytes]
"""Path -> bytes of every source."""

Strike = Callable[[Path], tuple[int, str]]
"""Builds a repository with a fault; exit code (below zero: died of a signal) and all that was printed."""


class Next(NamedTuple):
    """What is done after the fault: the tree is brought to `files`, and built with `words`."""

    files: Files
    words: tuple[str, ...] = ()


def follows(before: Files, after: Files, new: str, to: str, words: tuple[str, ...]) -> dict[str, Next]:
    """What somebody may do after a build of `after` failed; `new` is a file that was not in `before`."""
    moved = {to if path == new else path: content for path, content in after.items()}
    return {
        "build again": Next(after),
        "revert": Next(before),
        "rename": Next(moved),
        "other options": Next(after, words),
    }


class Scene:
    """A built repository, copied for each fault, and what clean builds of all that may follow come to."""

    def __init__(self, folder: Path, warm: Nursery, before: Files, after: Files, nexts: Mapping[str, Next]) -> None:
        self.folder, self._warm, self._after, self.nexts = folder, warm, after, nexts
        self._count = 0
        self._base = folder / "base" / "repo"
        _write_tree(self._base, before)
        self._whole(self._base)
        self._clean = {name: self._cleanly(name, following) for name, following in nexts.items()}

    def edited(self) -> Path:
        """A built copy, in a folder of its own, with sources that were edited since."""
        self._count += 1
        root = self.folder / str(self._count) / "repo"
        shutil.copytree(self._base, root, symlinks=True)
        _write_tree(root, self._after)
        return root

    def case(self, strike: Strike, follow: str) -> list[str]:
        """Edit, build with a fault, do what follows; returns what is wrong then."""
        root = self.edited()
        code, output = strike(root)
        wrong = tracebacks(output)
        if code == 0:
            now = self._warm.call(look, root).result
            wrong += [f"though it ended well: {line}" for line in differences(now, self._clean["build again"])]
        _write_tree(root, self.nexts[follow].files)
        ended = self._warm.call(build_whole, root, self.nexts[follow].words)
        wrong += tracebacks(ended.output)
        if ended.code == 0:
            wrong += differences(ended.result, self._clean[follow])
        # What is wrong stays, to be looked at.
        if not wrong:
            shutil.rmtree(root.parent)
        return wrong

    def _cleanly(self, name: str, following: Next) -> Left:
        root = self.folder / f"clean {name}" / "repo"
        _write_tree(root, following.files)
        return self._whole(root, following.words)

    def _whole(self, root: Path, words: tuple[str, ...] = ()) -> Left:
        ended = self._warm.call(build_whole, root, words)
        assert ended.code == 0, ended.output
        left: Left = ended.result
        assert not left.wrong, left.wrong
        return left


def _write_tree(root: Path, files: Files) -> None:
    """Make the sources these; a file that is there and says the same is left alone."""
    for path in list(root.rglob("*.py")):
        if path.relative_to(root).as_posix() not in files:
            path.unlink()
    for name, content in files.items():
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
