"""The artifact store: what was recorded is found, what is damaged is never given out."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codeintel_enrich.engine.state.artifacts import Artifact, Artifacts, Trace
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.task_inputs import TaskInputs

INPUTS = TaskInputs.of("parse", ("content", "1"))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Artifacts]:
    artifacts = Artifacts(tmp_path / "artifacts.sqlite")
    yield artifacts
    artifacts.close()


def put(artifacts: Artifacts, *outputs: bytes, inputs: TaskInputs = INPUTS) -> list[str]:
    made = [Artifact.of(data) for data in outputs]
    names = [artifact.digest for artifact in made]
    artifacts.record(made, Trace(inputs, tuple(names)))
    return names


def again(artifacts: Artifacts) -> Artifacts:
    artifacts.close()
    return Artifacts(artifacts.path)


def sql(path: Path, statement: str, *values: object) -> None:
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute(statement, values)
    connection.close()


def test_what_was_recorded_is_found_by_key_and_by_digest_also_later(store: Artifacts) -> None:
    first, second = put(store, b"one", b"two")
    for later in (False, True):
        artifacts = again(store) if later else store
        assert artifacts.lookup(INPUTS.key) == (first, second)
        assert (artifacts.get(first), artifacts.get(second)) == (b"one", b"two")
        assert artifacts.digests() == {first, second}
        assert artifacts.warnings == []


def test_listed_outputs_are_given_in_their_order_and_may_repeat(store: Artifacts) -> None:
    one, two = Artifact.of(b"one"), Artifact.of(b"two")
    listed = (two.digest, one.digest, two.digest)
    store.record([one, two], Trace(INPUTS, listed))
    assert store.lookup(INPUTS.key) == listed


def test_an_unknown_key_and_an_unknown_digest_are_told(store: Artifacts) -> None:
    assert store.lookup("no such key") is None
    assert not store.has("0" * 32)
    with pytest.raises(CorruptArtifactError, match="missing"):
        store.get("0" * 32)


def test_recording_again_replaces_what_a_key_gave(store: Artifacts) -> None:
    put(store, b"one")
    (two,) = put(store, b"two")
    assert store.lookup(INPUTS.key) == (two,)


def test_what_is_recorded_is_there_for_others_at_once(store: Artifacts) -> None:
    (name,) = put(store, b"one")
    with sqlite3.connect(store.path) as other:
        assert other.execute("select digest from artifact").fetchall() == [(name,)]
    other.close()


def test_a_record_that_fails_leaves_neither_artifact_nor_trace(store: Artifacts) -> None:
    with pytest.raises(EnrichError):
        store.record([Artifact.of(b"one"), Artifact(digest(b"two"), object())], Trace(INPUTS, ()))  # type: ignore[arg-type]
    assert store.digests() == set()
    assert store.lookup(INPUTS.key) is None


def test_damaged_bytes_are_never_given_out_and_their_task_is_due_again(store: Artifacts) -> None:
    one, two = put(store, b"one", b"two")
    sql(store.path, "update artifact set data = ? where digest = ?", b"0ne", one)
    with pytest.raises(CorruptArtifactError, match="damaged"):
        store.get(one)
    assert not store.has(one)
    assert store.get(two) == b"two"
    assert store.lookup(INPUTS.key) is None
    put(store, b"one", b"two")
    assert store.get(one) == b"one"


def test_a_fault_that_is_not_the_files_wipes_nothing(store: Artifacts) -> None:
    one, _ = put(store, b"one", b"two")
    path = store.path
    store.close()
    with pytest.raises(EnrichError, match="--cache-dir"):
        store.get(one)
    again = Artifacts(path)
    assert again.get(one) == b"one"
    assert again.warnings == []
    again.close()


def test_verify_names_what_is_damaged_and_drops_it(store: Artifacts) -> None:
    one, two, three = put(store, b"one", b"two", b"three")
    assert store.verify() == []
    sql(store.path, "update artifact set data = ? where digest = ?", b"0ne", one)
    sql(store.path, "update artifact set data = ? where digest = ?", "three", three)
    assert store.verify() == [one, three]
    assert store.digests() == {two}
    assert store.verify() == []


def spoil(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "header": lambda data: b"\xff" * 100 + data[100:],
    "truncated": lambda data: data[: len(data) // 2 + 100],
    "first page only": lambda data: data[:4096],
    "zeroed pages": lambda data: data[:4096] + b"\0" * (len(data) - 4096),
    "no database": lambda data: b"hello",
}


@pytest.mark.parametrize("change", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_started_over_with_a_warning(store: Artifacts, change: Callable[[bytes], bytes]) -> None:
    for number in range(200):
        put(store, bytes(500) + str(number).encode(), inputs=TaskInputs.of("parse", ("content", str(number))))
    store.close()
    spoil(store.path, change)
    artifacts = Artifacts(store.path)
    artifacts.verify()
    assert any(str(store.path) in warning for warning in artifacts.warnings)
    (name,) = put(artifacts, b"one")
    assert artifacts.get(name) == b"one"
    assert artifacts.lookup(INPUTS.key) == (name,)
    assert artifacts.verify() == []
    artifacts.close()


def test_an_empty_file_is_an_empty_store(tmp_path: Path) -> None:
    (tmp_path / "artifacts.sqlite").touch()
    artifacts = Artifacts(tmp_path / "artifacts.sqlite")
    assert artifacts.digests() == set()
    artifacts.close()


def test_pruning_keeps_what_is_used_and_the_latest_of_what_is_not(store: Artifacts) -> None:
    names = []
    for number in range(30):
        names += put(store, b"%d" % number, inputs=TaskInputs.of("parse", ("content", str(number))))
    used = set(names[:5])
    assert store.prune(lambda: used, most=30) == 0
    gone = store.prune(lambda: used, most=20)
    left = store.digests()
    assert len(left) == 30 - gone == 15
    assert used <= left
    assert left - used == set(names[20:])
    # A trace whose outputs went is as good as none.
    assert store.lookup(TaskInputs.of("parse", ("content", "5")).key) is None
    assert store.lookup(TaskInputs.of("parse", ("content", "29")).key) == (names[29],)


def test_threads_may_share_a_store(store: Artifacts) -> None:
    errors: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            for number in range(50):
                inputs = TaskInputs.of("parse", ("content", f"{worker} {number}"))
                (name,) = put(store, b"%d %d" % (worker, number), inputs=inputs)
                assert store.lookup(inputs.key) == (name,)
                assert store.get(name) == b"%d %d" % (worker, number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(store.digests()) == 200
