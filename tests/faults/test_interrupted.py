"""A build that fails or is stopped half-way is made good by the next, whatever was done to the tree in between."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codeintel_enrich.commands.status import status
from codeintel_enrich.commands.verify import verify
from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, build_at

Edit = Callable[[Workspace], None]

INTENT = "cache/intent.json"
REMEMBERED = ("manifest.msgpack", "published.msgpack", "last.msgpack")


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.built(tmp_path, SHOP)


def add_package(shop: Workspace) -> None:
    shop.write("fresh/__init__.py", "from shop.core import *\n")
    shop.write("fresh/deep.py", "def abandoned():\n    pass\n")


def take_package_back(shop: Workspace) -> None:
    shop.delete("fresh")


def fail_to_publish(shop: Workspace) -> None:
    """Build, with something in the place of a new page: the store is committed, and not all files are written."""
    shop.write("cache/enriched/modules/fresh/deep.py.md/in the way", "")
    assert build_at(shop.root, shop.options).exit_code == 3
    shop.delete("cache/enriched/modules/fresh/deep.py.md")


def die_before_remembering(shop: Workspace) -> None:
    """Build, and leave behind what a kill leaves when all is written but what the build remembers."""
    cache = shop.root / "cache"
    for name in REMEMBERED:
        shutil.copy2(cache / name, shop.folder / name)
    (cache / "enriched" / "modules" / "fresh").mkdir(parents=True)
    fail_to_publish(shop)
    intent = shop.read(INTENT)
    shop.build()
    for name in REMEMBERED:
        os.replace(shop.folder / name, cache / name)
    shop.write(INTENT, intent)
    shop.write("cache/enriched/modules/shop/core.py.md.codeintel-enrich.tmp", "half a pa")
    shop.write("cache/codeintel.duckdb.tmp", "half a store")


@pytest.mark.parametrize("disturb", [fail_to_publish, die_before_remembering], ids=["fails", "dies"])
@pytest.mark.parametrize("then", [take_package_back, lambda shop: None], ids=["taken back", "tried again"])
def test_the_next_build_makes_good_what_one_left_half_done(shop: Workspace, disturb: Edit, then: Edit) -> None:
    add_package(shop)
    disturb(shop)
    assert status(Build(Options(root=shop.root, **shop.options))).unfinished
    then(shop)
    assert "merge" in shop.ran()
    shop.assert_equals_clean()
    assert not (shop.root / "cache/codeintel.duckdb.tmp").exists()
    assert not (shop.root / INTENT).exists()
    assert shop.ran() == set()
    assert verify(Options(root=shop.root, **shop.options)).is_equal


def test_a_selected_stage_does_not_pass_for_the_merge_that_is_owed(shop: Workspace) -> None:
    add_package(shop)
    fail_to_publish(shop)
    take_package_back(shop)
    build = Build(Options(root=shop.root, **shop.options))
    build.begin()
    build.finish()
    assert not Build(Options(root=shop.root, **shop.options)).settled
    shop.build()
    shop.assert_equals_clean()


def test_verify_asks_for_a_build_where_one_did_not_end(shop: Workspace) -> None:
    add_package(shop)
    fail_to_publish(shop)
    take_package_back(shop)
    with pytest.raises(UsageError, match="build"):
        verify(Options(root=shop.root, **shop.options))


def test_a_damaged_record_of_what_was_begun_counts_as_the_worst(shop: Workspace) -> None:
    shop.write(INTENT, b"\x00")
    spoil(shop.root / "cache/enriched/repo_map.json")
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()


def test_another_output_folder_does_not_make_a_stopped_build_forgotten(shop: Workspace, tmp_path: Path) -> None:
    add_package(shop)
    fail_to_publish(shop)
    take_package_back(shop)
    shop.build(out=tmp_path / "elsewhere")
    shop.build()
    shop.assert_equals_clean()


@pytest.mark.parametrize("who", ["all of them", "the main process alone", "told to stop", "Ctrl-C"])
def test_a_build_that_is_ended_while_it_merges_leaves_nothing_behind(tmp_path: Path, who: str) -> None:
    shop = Workspace.built(tmp_path, SHOP)
    for number in range(150):
        shop.write(f"fresh/m{number}.py", f"from shop.core import *\n\n\ndef f{number}():\n    pass\n")
    words = [*(sys.executable, "-m", "codeintel_enrich", "build", "--root", str(shop.root)), "--no-index", "--no-types"]
    process = subprocess.Popen(
        [*words, "--jobs", "2"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    deadline = time.monotonic() + 120
    while not list((shop.root / "cache/enriched/modules").glob("fresh/*.md")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.002)
    workers = children(process.pid)
    how = {"told to stop": signal.SIGTERM, "Ctrl-C": signal.SIGINT}.get(who, signal.SIGKILL)
    os.kill(process.pid, how)
    if who == "all of them":
        for pid in workers:
            kill(pid)
    assert process.wait(60) != 0
    while any(map(is_alive, workers)):
        assert time.monotonic() < deadline, "workers outlive the build"
        time.sleep(0.01)
    shop.delete("fresh")
    shop.build()
    shop.assert_equals_clean()
    assert shop.ran() == set()
    left = [path.name for path in (shop.root / "cache").iterdir() if path.suffix in (".tmp", ".wal", ".json")]
    assert left == []


def children(pid: int) -> list[int]:
    listing = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listing.stdout.split()]


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def is_alive(pid: int) -> bool:
    try:
        # A process that has ended and that nobody asked after is in the table, but does nothing any more.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- files that pass for those that were left -------------------------------------------------------------------------


def spoil(path: Path) -> None:
    """Other bytes, as many, and the times of before."""
    found = path.stat()
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("name", ["enriched/modules/modules.jsonl", "enriched/modules/shop/core.py.md", "the store"])
def test_what_was_overwritten_with_its_old_times_is_found_by_verify_and_mended_by_the_next_build(
    shop: Workspace, name: str
) -> None:
    overwrite(shop, name)
    for _ in range(2):
        assert not verify(Options(root=shop.root, **shop.options)).is_equal
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()
    assert verify(Options(root=shop.root, **shop.options)).is_equal


@pytest.mark.parametrize("name", ["enriched/modules/modules.jsonl", "enriched/modules/shop/core.py.md", "the store"])
def test_what_was_overwritten_with_its_old_times_is_seen_where_its_neighbours_were_not(
    shop: Workspace, name: str
) -> None:
    overwrite(shop, name)
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_a_cache_that_was_moved_or_restored_as_a_whole_is_as_it_was_left(shop: Workspace) -> None:
    cache = shop.root / "cache"
    shop.append("shop/core.py", "x = 1\n")
    shop.build()
    shutil.copytree(cache, shop.folder / "kept")
    shutil.rmtree(cache)
    shutil.move(shop.folder / "kept", cache)
    assert shop.ran() == set()
    shop.append("shop/core.py", "y = 1\n")
    shop.build()
    assert shop.ran() == set()
    spoil(cache / "enriched/repo_map.json")
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()


@pytest.mark.parametrize("name", ["enriched/repo_map.json", "enriched/cst/cst.jsonl", "the store"])
def test_a_build_that_is_to_check_finds_what_was_overwritten_with_its_old_times(shop: Workspace, name: str) -> None:
    overwrite(shop, name)
    assert shop.ran(check=True) == {"merge"}
    shop.assert_equals_clean()
    assert shop.ran() == set()


def overwrite(shop: Workspace, name: str) -> None:
    if name != "the store":
        return spoil(shop.root / "cache" / name)
    # The store of a state that was, whole and sound in itself.
    store, kept = shop.root / "cache" / "codeintel.duckdb", shop.folder / "store"
    shutil.copy2(store, kept)
    shop.append("shop/core.py", "\n\ndef later():\n    pass\n")
    shop.build()
    found = store.stat()
    shutil.copyfile(kept, store)
    # DuckDB does not look behind the last block.
    os.truncate(store, found.st_size)
    os.utime(store, ns=(found.st_atime_ns, found.st_mtime_ns))
    return None


@pytest.mark.parametrize(
    "name", ["modules/gone.py.md", "parquet/nodes/package=gone/part-0.parquet", "overlays/gone-stubs/py.typed"]
)
def test_a_file_of_ours_that_should_not_be_there_goes_with_the_next_build(shop: Workspace, name: str) -> None:
    made = "<!-- Made by codeintel-enrich. -->\n" if name.endswith(".md") else "bytes"
    shop.write(f"cache/enriched/{name}", made)
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_folders_that_were_taken_away_are_made_again(shop: Workspace) -> None:
    shop.delete("cache/enriched/modules")
    shop.delete("shop/lonely.py")
    shop.build()
    shop.assert_equals_clean()
