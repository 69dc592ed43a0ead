"""The log tells what came, changed and went since a generation, and says when it cannot."""

from pathlib import Path

import orjson
import pytest

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.publish.slice_log import ChunkChange, changes_since, log_slices


def lines(**chunks: str) -> bytes:
    return b"".join(orjson.dumps({"id": item, "text_hash": text}) + b"\n" for item, text in chunks.items())


def note(path: Path, generation: int, made: dict[str, bytes] | None, wanted: list[str]) -> None:
    log_slices(path, generation, made, wanted, lambda: made or {})


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "slices.sqlite"
    note(path, 1, {"a.py": lines(f="1", g="1"), "b.py": lines(h="1")}, ["a.py", "b.py"])
    note(path, 2, {"a.py": lines(f="2", k="1")}, ["a.py", "b.py"])
    note(path, 3, {}, ["a.py"])
    return path


def test_changes_are_told_from_any_generation(log: Path) -> None:
    assert changes_since(log, 1).changes == [
        ChunkChange("changed", "a.py", "f"),
        ChunkChange("removed", "a.py", "g"),
        ChunkChange("added", "a.py", "k"),
        ChunkChange("removed", "b.py", "h"),
    ]
    assert changes_since(log, 2).changes == [ChunkChange("removed", "b.py", "h")]
    assert changes_since(log, 3).changes == []
    assert changes_since(log, 3).generation == 3


def test_a_generation_the_log_does_not_know_gets_everything(log: Path) -> None:
    for since in (0, 99):
        told = changes_since(log, since)
        assert told.complete
        assert told.changes == [ChunkChange("added", "a.py", "f"), ChunkChange("added", "a.py", "k")]


def test_what_came_and_went_in_between_is_not_told(log: Path) -> None:
    note(log, 4, {"a.py": lines(f="2", k="1", brief="1")}, ["a.py"])
    note(log, 5, {"a.py": lines(f="2", k="1")}, ["a.py"])
    assert changes_since(log, 3).changes == []


def test_what_comes_back_is_added_again(log: Path) -> None:
    note(log, 4, {"a.py": lines(f="2", g="1", k="1")}, ["a.py"])
    assert changes_since(log, 3).changes == [ChunkChange("added", "a.py", "g")]


def test_following_the_changes_gives_what_there_is(log: Path) -> None:
    """A reader who applies every change holds the chunks of the last state."""
    held: dict[str, set[str]] = {}
    since = 0
    for generation, content in enumerate(({"f": "3"}, {"f": "3", "z": "1"}, {"z": "2"}, {}), start=4):
        note(log, generation, {"a.py": lines(**content)}, ["a.py"])
        told = changes_since(log, since)
        for operation, _, item in told.changes:
            held.setdefault("gone" if operation == "removed" else "here", set()).add(item)
            held.setdefault("here" if operation == "removed" else "gone", set()).discard(item)
        since = told.generation
        assert held["here"] == set(content)


def test_generations_grow_when_the_store_counts_from_one_again(log: Path) -> None:
    note(log, 1, {"a.py": lines(new="1")}, ["a.py"])
    told = changes_since(log, 3)
    assert told.generation == 4
    assert not told.complete
    assert ChunkChange("added", "a.py", "new") in told.changes


def test_a_damaged_log_is_begun_anew_and_readers_read_everything(log: Path) -> None:
    log.write_bytes(b"garbage" * 1000)
    note(log, 7, {"a.py": lines(f="2")}, ["a.py"])
    assert changes_since(log, 3).complete
    assert changes_since(log, 7).changes == []


def test_without_a_log_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnrichError, match="--emit-slices"):
        changes_since(tmp_path / "none", 1)


def test_a_log_that_is_begun_anew_takes_every_file_and_one_that_is_whole_is_left_alone(log: Path) -> None:
    every = {"a.py": lines(f="2", k="1"), "c.py": lines(m="1")}
    log_slices(log, 4, None, ["a.py", "c.py"], lambda: every)
    assert changes_since(log, 3).changes == []
    log.unlink()
    log_slices(log, 4, None, ["a.py", "c.py"], lambda: every)
    told = changes_since(log, 3)
    assert told.complete
    assert [(change.path, change.id) for change in told.changes] == [("a.py", "f"), ("a.py", "k"), ("c.py", "m")]
