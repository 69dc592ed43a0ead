"""Real files, broken in a random place: how much of what they define is still listed."""

import pytest

from tests.bench.outlines import listed_in
from tests.support.breakage import broken_files, definitions


@pytest.mark.parametrize("seed", [0, 1])
def test_fifty_broken_files_of_rich_each_keep_nine_tenths_of_their_definitions(seed: int) -> None:
    files = broken_files("rich", 50, seed)
    assert len(files) == 50
    assert sum(len(file.expected) for file in files) > 400
    for file in files:
        found = len(file.expected & listed_in(file.source))
        assert found >= 0.9 * len(file.expected), (file.path, file.accident)


def test_what_is_expected_is_neither_all_nor_nothing() -> None:
    assert definitions(b"class A:\n    async  def f(self): pass\n") == {("class", "A", 6), ("function", "f", 24)}
    cut = [file for file in broken_files("rich", 50, 0) if file.accident.startswith("cut")]
    assert 5 < len(cut) < 45
    for file in cut:
        assert all(start + len(name) <= len(file.source) for _, name, start in file.expected)
