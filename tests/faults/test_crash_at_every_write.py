"""A fault at each thing that a build writes; whatever is done next, all is then as after a clean build."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.crashing import Left, build_struck, build_whole, differences, look, nursery, tracebacks
from tests.support.faults import KINDS, Fault
from tests.support.forked import Nursery

SETTINGS = "[tool.codeintel-enrich]\nemit-parquet = false\n"
BEFORE = {
    "pyproject.toml": SETTINGS,
    "pkg/__init__.py": "from .core import *\n",
    "pkg/core.py": "LIMIT = 1\n\n\ndef helper():\n    return LIMIT\n",
    "pkg/gone.py": "from pkg import helper\n",
}
AFTER = {
    "pyproject.toml": SETTINGS,
    "pkg/__init__.py": "from .core import *\nfrom .new import added\n",
    "pkg/core.py": "LIMIT = 2\n\n\ndef helped():\n    return LIMIT\n",
    "pkg/new.py": "def added(): ...\n",
}
MOVED = {**{path: text for path, text in AFTER.items() if path != "pkg/new.py"}, "pkg/moved.py": AFTER["pkg/new.py"]}
OTHER = ("--no-emit-cst", "--emit-ast", "--overlays-set", "enabled=false")


class Next(NamedTuple):
    """What is done after the fault: the tree is brought to `files`, and built with `words`."""

    files: dict[str, str]
    words: tuple[str, ...] = ()


FOLLOWS = {
    "build again": Next(AFTER),
    "revert and build": Next(BEFORE),
    "rename what was new and build": Next(MOVED),
    "build with other options": Next(AFTER, OTHER),
}


def write_tree(root: Path, files: dict[str, str]) -> None:
    """Make the sources these; a file that is there and says the same is left alone."""
    for path in root.rglob("*.py"):
        if path.relative_to(root).as_posix() not in files:
            path.unlink()
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text() != text:
            target.write_text(text)


class Scene:
    """A built project, copied for each fault, and what clean builds of all that may follow come to."""

    def __init__(self, folder: Path, warm: Nursery) -> None:
        self.folder, self._warm, self._count = folder, warm, 0
        self.base = folder / "base" / "repo"
        write_tree(self.base, BEFORE)
        warm.call(build_whole, self.base)
        self.clean: dict[str, Left] = {}
        for name, follow in FOLLOWS.items():
            root = folder / name / "repo"
            write_tree(root, follow.files)
            self.clean[name] = warm.call(build_whole, root, follow.words).result

    def points(self) -> list[str]:
        """What the build after the edit writes, in order."""
        root = self._copy()
        write_tree(root, AFTER)
        log = root.parent / "log"
        assert self._warm.call(build_struck, root, (), log, None).code == 0
        return log.read_text().splitlines()

    def fault(self, fault: Fault, follow: str) -> list[str]:
        """Edit, build with a fault, do what follows; returns what is wrong then."""
        root = self._copy()
        write_tree(root, AFTER)
        struck = self._warm.call(build_struck, root, (), root.parent / "log", fault)
        wrong = tracebacks(struck.output)
        if struck.code == 0:
            now = self._warm.call(look, root).result
            wrong += [f"though it ended well: {line}" for line in differences(now, self.clean["build again"])]
        write_tree(root, FOLLOWS[follow].files)
        ended = self._warm.call(build_whole, root, FOLLOWS[follow].words)
        wrong += differences(ended.result, self.clean[follow]) if ended.code == 0 else tracebacks(ended.output)
        if not wrong:
            shutil.rmtree(root.parent)
        return wrong

    def _copy(self) -> Path:
        self._count += 1
        root = self.folder / str(self._count) / "repo"
        shutil.copytree(self.base, root, symlinks=True)
        return root


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    warm = nursery()
    try:
        yield Scene(tmp_path_factory.mktemp("scene"), warm)
    finally:
        warm.close()


def test_a_fault_at_any_write_costs_nothing_but_work(scene: Scene) -> None:
    points = scene.points()
    follows = list(FOLLOWS)
    wrong: list[str] = []
    for number, point in enumerate(points, 1):
        kind, follow = KINDS[number % len(KINDS)], follows[number // len(KINDS) % len(follows)]
        wrong += [f"{number} {point}, {kind}, {follow}: {line}" for line in scene.fault(Fault(kind, number), follow)]
    assert len(points) > 50
    assert not wrong, "\n".join(wrong)
