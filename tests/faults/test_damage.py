"""Files of the cache that are damaged, gone or no files any more: mended, or named in an error."""

from collections.abc import Iterator

import pytest

from tests.support.crashing import nursery
from tests.support.damage import READS, Damage, Trials, damages

TRIALS = 14


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    warm = nursery()
    yield Trials(tmp_path_factory.mktemp("trials").resolve(), warm)
    warm.close()


def test_damage_anywhere_is_mended_or_named_and_never_a_traceback(trials: Trials) -> None:
    wrong: list[str] = []
    for number, damage in enumerate(damages(trials.names, TRIALS, seed=1)):
        found = trials.run(damage, READS[number % len(READS)], is_edited=number % 2 == 1)
        wrong += [f"{damage}: {line}" for line in found]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["last.msgpack", "link.msgpack", "artifacts.sqlite"])
@pytest.mark.parametrize("kind", ["flip", "folder"])
def test_what_is_remembered_is_not_believed_where_it_is_damaged(trials: Trials, name: str, kind: str) -> None:
    assert trials.run(Damage(kind, name, 0.6, False), ("status",), is_edited=True) == []


@pytest.mark.parametrize("name", ["codeintel.duckdb", "enriched/modules/modules.jsonl", "enriched/repo_map.json"])
def test_bytes_that_changed_behind_old_times_are_seen_by_a_check(trials: Trials, name: str) -> None:
    assert trials.run(Damage("zero", name, 0.3, True), ("status",), is_edited=False) == []
