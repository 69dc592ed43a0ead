"""Whatever is done to a repository, in whatever order, disturbed or not, what is built is what a clean build gives."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.crashing import nursery
from tests.support.forked import Nursery
from tests.support.life import DISTURBED, Life, Step, life, shrink, spelled

SEED, BUILDS = 7, 25


@pytest.fixture(scope="module")
def warm() -> Iterator[Nursery]:
    process = nursery()
    yield process
    process.close()


@pytest.mark.slow
def test_a_life_ends_where_a_clean_build_does(warm: Nursery, tmp_path: Path) -> None:
    steps = life(SEED, BUILDS)
    wrong = Life(tmp_path, warm).run(steps)
    assert not wrong, f"seed {SEED}: {wrong}\n{spelled(steps)}"


def test_a_life_is_determined_by_its_seed_and_has_every_kind_of_step() -> None:
    steps = [step for seed in range(5) for step in life(seed, 200)]
    assert life(3, 200) == life(3, 200) != life(4, 200)
    kinds = {str(step[0]) for step in steps}
    assert kinds == {
        *("build", "write", "append", "delete", "move", "swap", "turn", "link", "touch", "disguise", "checkout"),
    }
    builds = [step for step in steps if step[0] == "build"]
    disturbed = [step for step in builds if len(step) > 2]
    assert 0.5 < len(disturbed) * DISTURBED / len(builds) < 2
    assert {step[2] for step in disturbed} == {"kill", "SIGINT", "SIGTERM", "ENOSPC", "EIO", "EACCES", "edit"}


def test_a_failing_life_is_cut_down_to_the_steps_that_matter() -> None:
    steps: list[Step] = [["write", f"{name}.py", ""] for name in "abcdefgh"]

    def fails(left: Sequence[Step]) -> bool:
        return ["write", "c.py", ""] in left and ["write", "g.py", ""] in left

    assert shrink(steps, fails) == [["write", "c.py", ""], ["write", "g.py", ""]]
