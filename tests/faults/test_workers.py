"""What ends a worker, and what may be recorded of the file that it had: only what is proven to be the file's doing."""

import mmap
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.run import blame, remote
from codeintel_enrich.engine.run.blame import BlameError, run_fairly
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.errors import MachineError
from codeintel_enrich.model.config import ParseConfig
from tests.support.sabotage import MARK, Sabotage, signalled
from tests.support.workspace import Workspace, build_at

SOURCE = f"{MARK}\ndef f():\n    return 1\n".encode()
CONFIG = msgspec.msgpack.encode(ParseConfig())
FILES: dict[str, str | bytes] = {"big.py": SOURCE, "user.py": "from big import f\n\nf()\n"}

Accident = Callable[..., Sabotage]


@pytest.fixture
def accident(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Accident:
    return lambda what, times=1: Sabotage(tmp_path / "sabotage", monkeypatch, what, times)


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool(2, 30, 1500, "codeintel_enrich.stages.parse")
    yield made
    made.close()


def parse(pool: Pool, source: bytes = SOURCE) -> bytes:
    """What one parse comes to, as a build asks for it: the syntax."""
    return run_fairly(pool, "parse", source, CONFIG, "source", control=(b"", CONFIG, "source"))[0]


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT", "SIGXCPU", "SIGSEGV", "SIGABRT"])
def test_a_worker_that_is_ended_in_its_first_job_costs_another_try(pool: Pool, accident: Accident, name: str) -> None:
    happens = accident(signalled(name))
    assert parse(pool)
    assert happens.happened() == 1


def test_a_file_whose_workers_are_killed_each_time_has_nothing_recorded(pool: Pool, accident: Accident) -> None:
    accident(signalled("SIGKILL"), 100)
    with pytest.raises(MachineError, match=r"SIGKILL.*nothing is recorded.*memory.*exclude"):
        parse(pool)


def test_a_crash_that_repeats_on_a_fresh_worker_is_the_files_own(pool: Pool, accident: Accident) -> None:
    happens = accident(signalled("SIGSEGV"), 100)
    with pytest.raises(BlameError, match="SIGSEGV") as caught:
        parse(pool)
    assert caught.value.rule == "parser-crash"
    assert happens.happened() == 2


def test_a_parser_that_crashes_on_every_file_says_nothing_about_any(pool: Pool, accident: Accident) -> None:
    # As a library that is damaged, or was built for another processor: whatever the text.
    happens = accident(signalled("SIGILL"), 100)
    site = happens.folder / "sitecustomize.py"
    site.write_text(site.read_text().replace(f"if {MARK!r} in text", "if True"))
    with pytest.raises(MachineError, match="SIGILL"):
        parse(pool)


def test_memory_that_the_machine_does_not_give_is_not_the_files_fault(
    pool: Pool, accident: Accident, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refusing(*arguments: Any, **more: Any) -> None:
        raise MemoryError

    accident("raise MemoryError", 100)
    # The machine, or a `ulimit -v` around the build, would not give a worker what its own limit allows.
    monkeypatch.setattr(mmap, "mmap", refusing)
    with pytest.raises(MachineError, match=r"ulimit -v.*memory-megabytes"):
        parse(pool)


def test_memory_that_only_our_own_limit_refuses_is_the_files_own(pool: Pool, accident: Accident) -> None:
    accident("raise MemoryError", 100)
    with pytest.raises(BlameError, match="more than 1500 MB of memory"):
        parse(pool)


def test_memory_that_an_earlier_file_used_up_is_not_held_against_the_next(pool: Pool, accident: Accident) -> None:
    accident("raise MemoryError")
    assert parse(pool, b"x = 1\n")
    assert parse(pool)


def test_a_worker_that_is_suspended_is_given_up_and_its_file_tried_again(
    pool: Pool, accident: Accident, monkeypatch: pytest.MonkeyPatch
) -> None:
    happens = accident(signalled("SIGSTOP"))
    parse(pool, b"x = 1\n")
    monkeypatch.setattr(remote, "PATIENCE_SECONDS", 0.3)
    monkeypatch.setattr(remote, "LOOK_EVERY_SECONDS", 0.1)
    assert parse(pool, SOURCE * 10_000), "more than a pipe holds"
    assert happens.happened() == 1


def test_a_build_that_was_suspended_blames_no_file(
    pool: Pool, accident: Accident, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse(pool, b"x = 1\n")
    # The clock goes on while nobody runs: each look at a worker comes an hour after the one before.
    hours = iter(range(10**6))
    monkeypatch.setattr(time, "monotonic", lambda: next(hours) * 3600.0)
    assert parse(pool)


@pytest.mark.usefixtures("own_workers")
def test_what_could_not_be_done_is_due_at_the_next_build(tmp_path: Path, accident: Accident) -> None:
    project = Workspace(tmp_path, FILES)
    accident(signalled("SIGTERM"), blame.ATTEMPTS)
    summary = build_at(project.root, project.options)
    assert summary.exit_code == 3
    (message,) = summary.errors
    assert message.startswith("parse:big.py: ")
    # It happens no more.
    assert "parse:big.py" in project.ran()
    assert project.query("select path from modules where not parse_ok") == []
    project.assert_equals_clean()


@pytest.mark.parametrize("endings", [(signal.SIGKILL,), (signal.SIGINT, signal.SIGINT)])
def test_no_worker_outlives_the_build_however_that_ends(
    tmp_path: Path, accident: Accident, endings: tuple[signal.Signals, ...]
) -> None:
    project = Workspace(tmp_path, FILES)
    # In native code, which keeps the interpreter's lock: nothing in the worker could look whether anybody is left.
    happens = accident("pow(3, 10 ** 6, 7 ** 10 ** 6)", 100)
    words = ["build", "--root", str(project.root), "--no-index", "--no-types", "--jobs", "1"]
    build = subprocess.Popen(
        [sys.executable, "-m", "codeintel_enrich", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert waited_for(happens.happened)
    workers = [process for process in running() if parent_of(process) == build.pid]
    assert workers
    for ending in endings:
        build.send_signal(ending)
        time.sleep(0.05)
    _, err = build.communicate(timeout=60)
    assert build.returncode != 0
    assert "Traceback" not in err
    assert waited_for(lambda: not any(map(parent_of, workers)))


def waited_for(condition: Callable[[], object], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def running() -> list[int]:
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]


def parent_of(process: int) -> int:
    """0 for one that has ended."""
    try:
        state, parent = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return 0
    return 0 if state == "Z" else int(parent)
