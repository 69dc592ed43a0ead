"""Worker processes: what a file may cost, and what is said when it costs more."""

import os
import pickle
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.run.remote import StageBugError, WorkerDiedError
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.model.config import ParseConfig

NEEDED = "codeintel_enrich.stages.parse"
CONFIG = msgspec.msgpack.encode(ParseConfig())
LONG_SUM = b"x = " + b" + ".join([b"1"] * 20_000) + b"\n"
MANY_NOTS = b"x = " + b"not " * 5000 + b"1\n"


def children() -> set[int]:
    """The processes that this one has started and that are not reaped yet."""
    return {int(pid) for listing in Path("/proc/self/task").glob("*/children") for pid in listing.read_text().split()}


@pytest.fixture(autouse=True)
def others() -> None:
    """The workers of other pools are none of ours."""
    _others.clear()
    _others.update(children())


_others: set[int] = set()


@pytest.fixture
def pool(others: None) -> Iterator[Pool]:
    made = Pool(1, 1, 400, "codeintel_enrich.stages.parse")
    yield made
    made.close()


def parse(pool: Pool, source: bytes = b"x = 1\n") -> list[bytes]:
    return pool.run("parse", source, CONFIG, "source")


def workers() -> list[int]:
    """The worker processes of the test's pool."""
    return sorted(children() - _others)


def test_a_stage_gives_its_outputs_and_the_worker_is_used_again(pool: Pool) -> None:
    first = parse(pool)
    (worker,) = workers()
    assert parse(pool) == first
    assert workers() == [worker]


def test_a_file_that_takes_too_much_time_is_given_up(pool: Pool) -> None:
    with pytest.raises(WorkerDiedError, match="s of CPU time") as caught:
        parse(pool, LONG_SUM)
    assert caught.value.cause == "time"
    assert parse(pool)


def test_time_is_counted_per_file_and_not_per_worker(pool: Pool) -> None:
    source = b"".join(b"def f%d(a, b):\n    return a + b * (a - b)\n" % number for number in range(1500))
    # Together they take several times the limit of one second.
    outputs = [parse(pool, source) for _ in range(8)]
    assert outputs == outputs[:1] * 8
    assert len(workers()) == 1


def test_a_file_that_takes_too_much_memory_is_given_up() -> None:
    pool = Pool(1, 30, 300, "codeintel_enrich.stages.parse")
    with pytest.raises(WorkerDiedError) as caught:
        parse(pool, MANY_NOTS)
    assert caught.value.cause == "memory"
    assert parse(pool)
    pool.close()


def test_a_worker_that_is_killed_costs_one_file(pool: Pool) -> None:
    parse(pool)
    (worker,) = workers()
    killer = threading.Timer(0.3, os.kill, (worker, signal.SIGKILL))
    killer.start()
    with pytest.raises(WorkerDiedError, match="SIGKILL") as caught:
        parse(pool, LONG_SUM)
    assert caught.value.cause == "outside"
    assert not caught.value.is_fresh
    assert parse(pool)


def test_it_is_told_whether_a_worker_died_of_its_first_file(pool: Pool) -> None:
    with pytest.raises(WorkerDiedError) as caught:
        parse(pool, LONG_SUM)
    assert caught.value.is_fresh


@pytest.mark.parametrize(("stage", "arguments"), [("types", (b"\xc1", [])), ("no such stage", ()), ("parse", ())])
def test_a_bug_of_ours_is_told_loudly_with_its_traceback(pool: Pool, stage: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(StageBugError, match=r"please report this:\nTraceback"):
        pool.run(stage, *arguments)
    assert parse(pool)


def test_no_more_workers_than_asked_for_run_at_once() -> None:
    pool = Pool(2, 30, 1000, "codeintel_enrich.stages.parse")
    results: list[list[bytes]] = []
    threads = [threading.Thread(target=lambda: results.append(parse(pool))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 6
    assert all(result == results[0] for result in results)
    assert 1 <= len(workers()) <= 2
    pool.close()


def test_closing_ends_every_worker(pool: Pool) -> None:
    parse(pool)
    (worker,) = workers()
    pool.close()
    assert workers() == []
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_what_is_indexed_is_never_imported_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool) -> None:
    for name in ("libcst", "msgspec", "typing", "codeintel_enrich"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.chdir(tmp_path)
    assert parse(pool)


def test_a_death_crosses_process_borders_unchanged() -> None:
    death = pickle.loads(pickle.dumps(WorkerDiedError("time", "too long", is_fresh=True)))
    assert (death.cause, death.message, death.is_fresh) == ("time", "too long", True)
