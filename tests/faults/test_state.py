"""What happens to the cache between and during runs: kills, locks, damage, and edits while a build is running."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.run.executor import Executor
from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.errors import LockedError, UsageError
from tests.support.projects import SHOP
from tests.support.tools import Toolbox
from tests.support.workspace import Workspace, all_tasks

Damage = Callable[[Path, float], None]


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    # A copy that had nothing due: no worker that outlives the build holds its file of artifacts open.
    return Workspace.built(tmp_path, SHOP)


def command(workspace: Workspace, *more: str) -> list[str]:
    return [
        *(sys.executable, "-m", "codeintel_enrich", "build", "--root", str(workspace.root)),
        *("--no-index", "--no-types", "--jobs", "1", "--json", *more),
    ]


def test_kill_in_the_middle_of_a_cold_build_costs_only_what_was_in_flight(tmp_path: Path) -> None:
    many = {f"lib/m{number}.py": f"from .m{number - 1} import x\n\n\ndef f():\n    return x\n" for number in range(60)}
    workspace = Workspace(tmp_path, many)
    process = subprocess.Popen(command(workspace), stdout=subprocess.DEVNULL, start_new_session=True)
    database = workspace.root / "cache" / "artifacts.sqlite-wal"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (database.exists() and database.stat().st_size > 100_000):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    ran = workspace.ran()
    parsed = {task for task in ran if task.startswith("parse:")}
    assert 0 < len(ran) < 5 * len(many) + 2, "some tasks were finished before the kill, and some were not"
    assert len(parsed) < len(many)
    workspace.assert_equals_clean()
    assert workspace.ran() == set()


def test_a_build_that_is_told_to_stop_takes_its_checker_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toolbox = Toolbox(tmp_path / "tools", monkeypatch)
    toolbox.put("pyright", f"echo $$ > {tmp_path}/pid; sleep 600 & wait")
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "a.py").write_text("A = 1\n")
    (tmp_path / "repo" / "pyproject.toml").write_text('[tool.codeintel-enrich.check]\ntools = ["pyright"]\n')
    started = f"import sys; sys.executable = {sys.executable!r}; from codeintel_enrich.cli import main; main()"
    words = ["build", "--root", str(tmp_path / "repo"), "--no-index"]
    build = subprocess.Popen([sys.executable, "-c", started, *words], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    checker = int((tmp_path / "pid").read_text())
    build.terminate()
    assert build.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(checker, 0)


def test_a_second_run_waits_or_says_who_holds_the_lock(shop: Workspace) -> None:
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    told: list[str] = []
    with CacheLock(shop.root / "cache") as lock:
        lock.acquire(0, told.append)
        with pytest.raises(LockedError, match=f"process {os.getpid()}"):
            CacheLock(shop.root / "cache").acquire(0.1, told.append)
    assert any(f"process {os.getpid()}" in message for message in told)
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}


def test_two_runs_at_once_end_in_one_right_store(shop: Workspace) -> None:
    shop.replace("shop/core.py", "def helper", "def helped")
    runs = [subprocess.Popen(command(shop), stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        _, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
    assert shop.ran() == set()
    shop.assert_equals_clean()


def test_a_dead_holder_blocks_nobody(shop: Workspace) -> None:
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys, time; from pathlib import Path; from codeintel_enrich.engine.state.lock import CacheLock\n"
            "lock = CacheLock(Path(sys.argv[1])); lock.acquire(0, print); print('held', flush=True); time.sleep(60)",
            str(shop.root / "cache"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}


def flip(path: Path, at: float) -> None:
    """One bit in each of 64 places around a point: a single one may hit space that nobody uses."""
    data = bytearray(path.read_bytes())
    for place in range(64):
        data[int((len(data) - 1) * (at * 0.9 + place / 640))] ^= 0x10
    path.write_bytes(data)


def truncate(path: Path, at: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * at)])


@pytest.mark.parametrize("damage", [flip, truncate], ids=["bit flip", "truncation"])
@pytest.mark.parametrize("at", [0.02, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("name", ["artifacts.sqlite", "manifest.msgpack", "codeintel.duckdb"])
def test_a_damaged_cache_file_is_noticed_and_made_again(shop: Workspace, name: str, at: float, damage: Damage) -> None:
    damage(shop.root / "cache" / name, at)
    summary = shop.build()
    assert any(name in warning for warning in summary.warnings), summary.warnings
    shop.assert_equals_clean()
    shop.replace("shop/core.py", "def helper", "def helped")
    shop.build()
    shop.assert_equals_clean()
    assert shop.ran() == set()


@pytest.mark.parametrize("damage", [flip, truncate], ids=["bit flip", "truncation"])
def test_a_damaged_link_state_is_noticed_when_it_is_needed(shop: Workspace, damage: Damage) -> None:
    damage(shop.root / "cache" / "link.msgpack", 0.5)
    shop.replace("shop/core.py", "def helper", "def helped")
    summary = shop.build()
    assert any("link.msgpack" in warning for warning in summary.warnings)
    shop.assert_equals_clean()


@pytest.mark.parametrize("name", ["artifacts.sqlite", "manifest.msgpack", "codeintel.duckdb", "link.msgpack"])
def test_a_deleted_cache_file_is_made_again(shop: Workspace, name: str) -> None:
    (shop.root / "cache" / name).unlink()
    shop.build()
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    shop.build()
    shop.assert_equals_clean()
    assert shop.ran() == set()


@pytest.mark.parametrize("name", ["modules/modules.jsonl", "cst/cst.jsonl", "repo_map.json"])
def test_a_published_file_that_was_edited_or_deleted_is_written_again(shop: Workspace, name: str) -> None:
    published = shop.root / "cache" / "enriched" / name
    expected = published.read_bytes()
    for spoil in (published.unlink, lambda: published.write_bytes(b"spoiled")):
        spoil()
        assert shop.ran() == {"merge"}
        assert published.read_bytes() == expected
    assert shop.ran() == set()


@pytest.mark.usefixtures("own_workers")  # Elsewhere what was parsed before in this session is not parsed again.
def test_an_edit_while_the_file_is_parsed_is_seen_by_the_next_run(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    run = Pool.run

    def meddling(self: Pool, stage: str, *arguments: Any, **more: Any) -> list[bytes]:
        if stage == "parse":
            shop.replace("shop/core.py", "LIMIT = 4", "LIMIT = 5")
            monkeypatch.setattr(Pool, "run", run)
        return run(self, stage, *arguments, **more)

    monkeypatch.setattr(Pool, "run", meddling)
    shop.build()
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}
    shop.assert_equals_clean()


def once_files_are_hashed(monkeypatch: pytest.MonkeyPatch, meddle: Callable[[], None]) -> None:
    """Do something to the tree, once, when a build has hashed its files and has not yet given any to a worker."""
    plan = Executor.plan

    def meddling(self: Executor, due: Mapping[str, Sequence[str]]) -> None:
        monkeypatch.setattr(Executor, "plan", plan)
        assert due, "the edited file is to be parsed"
        meddle()
        plan(self, due)

    monkeypatch.setattr(Executor, "plan", meddling)


def test_an_edit_between_hashing_and_parsing_is_parsed_as_it_is_then(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    once_files_are_hashed(monkeypatch, lambda: shop.replace("shop/core.py", "LIMIT = 4", "LIMIT = 5"))
    shop.build()
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_a_file_that_vanishes_after_listing_is_as_if_it_had_never_been(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.write("shop/brief.py", "x = 1\n")
    once_files_are_hashed(monkeypatch, lambda: shop.delete("shop/brief.py"))
    shop.build()
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_a_cache_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n", "cache/precious.txt": "mine"})
    with pytest.raises(UsageError, match="--cache-dir"):
        workspace.build()
    assert workspace.read("cache/precious.txt") == b"mine"


def test_a_store_that_is_held_open_for_reading_names_the_remedy_or_is_waited_for(shop: Workspace) -> None:
    reader = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import duckdb, sys, time; c = duckdb.connect(sys.argv[1], read_only=True); print('open', flush=True);"
            "time.sleep(1.5)",
            str(shop.root / "cache" / "codeintel.duckdb"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdout is not None
    assert reader.stdout.readline() == "open\n"
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    shop.build()
    reader.wait()
    shop.assert_equals_clean()
