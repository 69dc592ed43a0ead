"""A fault at each thing that a build writes; whatever is done next, all is then as after a clean build."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.crashing import build_struck, nursery
from tests.support.faults import KINDS, Fault
from tests.support.forked import Nursery
from tests.support.scene import Scene, follows

SETTINGS = {"pyproject.toml": b"[tool.codeintel-enrich]\nemit-parquet = false\n"}
BEFORE = {
    **SETTINGS,
    "pkg/__init__.py": b"from .core import *\n",
    "pkg/core.py": b"LIMIT = 1\n\n\ndef helper():\n    return LIMIT\n",
    "pkg/gone.py": b"from pkg import helper\n",
}
AFTER = {
    **SETTINGS,
    "pkg/__init__.py": b"from .core import *\n",
    "pkg/core.py": b"LIMIT = 2\n\n\ndef helped():\n    return LIMIT\n",
    "pkg/new.py": b"def added(): ...\n",
}
OTHER = ("--no-emit-cst", "--emit-ast", "--overlays-set", "enabled=false")


@pytest.fixture(scope="module")
def warm() -> Iterator[Nursery]:
    process = nursery()
    yield process
    process.close()


@pytest.fixture(scope="module")
def scene(warm: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    nexts = follows(BEFORE, AFTER, "pkg/new.py", "pkg/moved.py", OTHER)
    return Scene(tmp_path_factory.mktemp("scene"), warm, BEFORE, AFTER, nexts)


def strike(warm: Nursery, fault: Fault | None, root: Path) -> tuple[int, str]:
    ended = warm.call(build_struck, root, (), root.parent / "points", fault)
    return ended.code, ended.output


@pytest.mark.slow
def test_a_fault_at_any_write_costs_nothing_but_work(warm: Nursery, scene: Scene) -> None:
    whole = scene.edited()
    strike(warm, None, whole)
    points = (whole.parent / "points").read_text().splitlines()
    assert len(points) > 40
    wrong: list[str] = []
    for number, point in enumerate(points, 1):
        # In turn: six kinds of faults, of each four in a row that differ in what follows.
        kind, follow = KINDS[number % len(KINDS)], [*scene.nexts][number // len(KINDS) % len(scene.nexts)]
        found = scene.case(partial(strike, warm, Fault(kind, number)), follow)
        wrong += [f"{number} {point}, {kind}, {follow}: {line}" for line in found]
    assert not wrong, "\n".join(wrong)
