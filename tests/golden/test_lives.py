"""Lives that once ended otherwise than a clean build, cut down by `tests.bench.lives`: none does so again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crashing import nursery
from tests.support.forked import Nursery
from tests.support.life import EDITS, Life, Step

SOURCE = Path(__file__).parent / "lives.md"
_CASE = re.compile(r"^### ([^\n]+)\n```life\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CASES: dict[str, list[Step]] = {
    title: [json.loads(line) for line in text.splitlines()]
    for title, text in _CASE.findall(SOURCE.read_text(encoding="utf-8"))
}


@pytest.fixture(scope="module")
def warm() -> Iterator[Nursery]:
    process = nursery()
    yield process
    process.close()


@pytest.mark.parametrize("title", CASES)
def test_a_life_that_failed_once_fails_no_more(title: str, warm: Nursery, tmp_path: Path) -> None:
    steps = CASES[title]
    assert {str(step[0]) for step in steps} <= {"build", *EDITS}
    assert Life(tmp_path, warm).run(steps, every=1) is None
