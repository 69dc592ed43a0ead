"""A merge brings any store, whatever state it is in, to exactly the rows that are wanted."""

import multiprocessing
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest

from codeintel_enrich.errors import EnrichError, LockedError
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.tables import SCHEMA_VERSION, TABLES
from codeintel_enrich.store import canonical_dump, insert, merge, merge_store, open_store
from codeintel_enrich.store.merge import MergeReport
from tests.support.rows import Shelf, by_table, emitted

SOURCES = {
    "src/pkg/__init__.py": "from .a import f\nfrom .b import *\n",
    "src/pkg/a.py": "import os\n\n\ndef f(x: int, y='é'):\n    return os.path.join(x, y)\n",
    "src/pkg/b.py": "from .a import f\n\n\nclass C:\n    def g(self):\n        return f(self)\n",
    "src/pkg/broken.py": "def (\n",
}
INFO = {"version:duckdb": "x"}


@pytest.fixture
def shelf() -> Shelf:
    return Shelf(emitted(SOURCES))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "codeintel.duckdb"


def merged(store: Path, shelf: Shelf, trusted: FileStamp | None = None) -> MergeReport:
    shelf.loaded.clear()
    return merge_store(store, shelf.wanted, shelf.load, INFO, trusted, patience_seconds=0.2)


_clean: dict[frozenset[tuple[str, str]], dict[str, list[tuple[Any, ...]]]] = {}


def clean_dump(shelf: Shelf, folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What a new store of these rows holds, made once for equal rows: ask before patching anything that merges use."""
    key = frozenset(shelf.wanted.items())
    if key not in _clean:
        path = folder / "clean" / "other.duckdb"
        path.unlink(missing_ok=True)
        merge_store(path, shelf.wanted, shelf.load, INFO)
        _clean[key] = canonical_dump(path)
    return _clean[key]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of the unedited sources, merged once; tests copy it."""
    path = tmp_path_factory.mktemp("first") / "codeintel.duckdb"
    merged(path, Shelf(emitted(SOURCES)))
    return path


@pytest.fixture
def left(first: Path, store: Path) -> FileStamp:
    """Puts that store where the test's is, and gives the stamp that its merge would have left."""
    store.parent.mkdir()
    shutil.copy2(first, store)
    stamp = FileStamp.of(store)
    assert stamp is not None
    return stamp


def edited(shelf: Shelf, changes: dict[str, str | None]) -> Shelf:
    """The shelf after edits (None deletes), as a clean analysis gives it."""
    sources = {path: text for path, text in (SOURCES | changes).items() if text is not None}
    return Shelf(emitted(sources))


def test_a_new_store_holds_the_rows_that_were_emitted(store: Path) -> None:
    rows = emitted(SOURCES)
    report = merged(store, Shelf(rows))
    with open_store(store) as connection:
        for table in TABLES:
            expected = [row for path in sorted(rows) for row in by_table(rows[path].packed)[table.name]]
            found = connection.execute(f"SELECT * FROM {table.name}").fetchall()
            assert found == [tuple(row.values()) for row in expected]
            assert report.rows[table.name] == report.inserted[table.name] == len(expected)
    assert report.generation == 1
    assert report.rebuilt == "there was no store"


def test_only_changed_files_are_loaded_and_the_store_equals_a_clean_one(
    store: Path, shelf: Shelf, tmp_path: Path
) -> None:
    first = merged(store, shelf)
    after = edited(shelf, {"src/pkg/a.py": SOURCES["src/pkg/a.py"] + "\n\ndef added():\n    pass\n"})
    report = merged(store, after, first.stamp)
    assert after.loaded == after.differs_from(shelf)
    assert len(after.loaded) < len(SOURCES)
    assert (report.generation, report.rebuilt, report.vanished_files) == (2, None, 0)
    assert canonical_dump(store) == clean_dump(after, tmp_path)


def test_a_vanished_file_leaves_no_row_in_any_table(store: Path, shelf: Shelf, tmp_path: Path) -> None:
    first = merged(store, shelf)
    after = edited(shelf, {"src/pkg/broken.py": None})
    report = merged(store, after, first.stamp)
    assert (report.changed_files, report.vanished_files) == (len(after.differs_from(shelf)), 1)
    dump = canonical_dump(store)
    assert dump == clean_dump(after, tmp_path)
    assert "broken.py" not in repr(dump)


@pytest.mark.slow
def test_random_histories_end_in_the_store_of_a_clean_build(store: Path, tmp_path: Path) -> None:
    random = Random(7)
    states = [
        Shelf(
            emitted({path: f"{text}# {random.random()}\n" for path, text in SOURCES.items() if random.random() < 0.7})
        )
        for _ in range(6)
    ]
    stamp = None
    for step in range(12):
        shelf = random.choice(states)
        stamp = merged(store, shelf, stamp).stamp
        assert canonical_dump(store) == clean_dump(shelf, tmp_path), step


def test_a_second_merge_writes_nothing(store: Path, shelf: Shelf) -> None:
    first = merged(store, shelf)
    before = store.read_bytes()
    second = merged(store, shelf, first.stamp)
    assert shelf.loaded == []
    assert (second.generation, second.changed_files, second.stamp) == (1, 0, first.stamp)
    assert store.read_bytes() == before


def test_nothing_is_left_beside_the_store(store: Path, shelf: Shelf) -> None:
    first = merged(store, shelf)
    merged(store, edited(shelf, {"src/pkg/b.py": "x = 1\n"}), first.stamp)
    assert os.listdir(store.parent) == [store.name]


def test_leftovers_of_a_killed_rebuild_do_not_matter(store: Path, shelf: Shelf, tmp_path: Path) -> None:
    store.parent.mkdir()
    (store.parent / f"{store.name}.tmp").write_bytes(b"half")
    (store.parent / f"{store.name}.tmp.wal").write_bytes(b"a log")
    (store.parent / f"{store.name}.wal").write_bytes(b"another log")
    merged(store, shelf)
    assert os.listdir(store.parent) == [store.name]
    assert canonical_dump(store) == clean_dump(shelf, tmp_path)


def damaged_stores() -> Iterator[tuple[str, Any]]:
    yield "emptied", lambda path: path.write_bytes(b"")
    yield "truncated", lambda path: os.truncate(path, path.stat().st_size // 2)
    yield "no database", lambda path: path.write_bytes(b"hello" * 10_000)
    yield "header flipped", lambda path: flip(path, 5_000)
    yield "data flipped", lambda path: flip(path, path.stat().st_size // 2)
    yield "row deleted", lambda path: run(path, "DELETE FROM refs WHERE name = 'f'")
    yield "row added", lambda path: run(path, "INSERT INTO symbol_files VALUES ('x.py', 's', 1)")
    yield "cell changed", lambda path: run(path, "UPDATE exports SET origin = 'lie'")
    yield "table dropped", lambda path: run(path, "DROP TABLE diagnostics")
    yield "column added", lambda path: run(path, "ALTER TABLE modules ADD COLUMN mine INTEGER")
    yield "other schema", lambda path: run(path, "UPDATE meta SET value = '0' WHERE key = 'schema_version'")
    yield "meta emptied", lambda path: run(path, "DELETE FROM meta")
    yield "ledger cut", lambda path: run(path, "DELETE FROM ledger WHERE path LIKE '%a.py'")


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 0x40
    path.write_bytes(data)


def run(path: Path, statement: str) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


@pytest.mark.parametrize(("damage"), [pytest.param(damage, id=name) for name, damage in damaged_stores()])
def test_a_store_that_is_not_as_it_was_left_is_written_anew_and_says_why(
    store: Path, shelf: Shelf, left: FileStamp, tmp_path: Path, damage: Any
) -> None:
    damage(store)
    report = merged(store, shelf, left)
    assert canonical_dump(store) == clean_dump(shelf, tmp_path)
    assert report.rebuilt


@pytest.mark.usefixtures("left")
def test_row_counts_are_checked_even_where_the_stamp_is_trusted(store: Path, shelf: Shelf) -> None:
    run(store, "DELETE FROM refs")
    found = store.stat()
    report = merged(store, shelf, FileStamp(found.st_size, found.st_mtime_ns, found.st_ino))
    assert report.rebuilt is not None
    assert "refs has 0 rows" in report.rebuilt


def test_a_sound_store_under_another_stamp_is_checked_and_kept(store: Path, shelf: Shelf, tmp_path: Path) -> None:
    merged(store, shelf)
    copy = tmp_path / "moved.duckdb"
    copy.write_bytes(store.read_bytes())
    report = merge_store(copy, shelf.wanted, shelf.load, INFO, FileStamp(1, 2, 3))
    assert (report.rebuilt, report.changed_files, report.generation) == (None, 0, 1)


def test_a_failing_load_leaves_the_store_as_it_was(store: Path, shelf: Shelf) -> None:
    first = merged(store, shelf)
    before = canonical_dump(store)
    after = edited(shelf, {"src/pkg/a.py": "x = 1\n", "src/pkg/b.py": "y = 2\n"})

    def load(path: str) -> bytes:
        if path.endswith("b.py"):
            raise EnrichError("gone")
        return after.load(path)

    with pytest.raises(EnrichError, match="gone"):
        merge_store(store, after.wanted, load, INFO, first.stamp)
    assert canonical_dump(store) == before
    assert merged(store, after).changed_files == len(after.differs_from(shelf)) > 1


def merge_and_die(store: Path, data: dict[str, bytes], wanted: dict[str, str], deadly: str) -> None:
    def load(path: str) -> bytes:
        if path == deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return data[path]

    merge_store(store, wanted, load, INFO)


@pytest.mark.parametrize("is_new", [True, False])
def test_a_merge_that_is_killed_is_made_good_by_the_next(
    store: Path, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_new: bool
) -> None:
    stamp = None if is_new else merged(store, shelf).stamp
    before = None if is_new else canonical_dump(store)
    after = edited(shelf, {"src/pkg/a.py": "x = 1\n", "src/pkg/b.py": "y = 2\n"})
    child = multiprocessing.get_context("fork").Process(
        target=merge_and_die, args=(store, after.data, after.wanted, "src/pkg/b.py")
    )
    expected = clean_dump(after, tmp_path)
    monkeypatch.setattr(insert, "_BATCH_BYTES", 1)
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL
    if is_new:
        assert not store.exists()
    else:
        assert canonical_dump(store) == before
    merged(store, after, stamp)
    assert canonical_dump(store) == expected
    assert os.listdir(store.parent) == [store.name]


def test_new_info_alone_is_written(store: Path, shelf: Shelf) -> None:
    first = merged(store, shelf)
    report = merge_store(store, shelf.wanted, shelf.load, {"version:duckdb": "y"}, first.stamp)
    assert (report.generation, report.changed_files) == (2, 0)
    assert ("version:duckdb", "y") in canonical_dump(store)["meta"]


def test_when_most_changed_the_store_is_written_anew_and_its_generation_goes_on(
    store: Path, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = merged(store, shelf)
    after = edited(shelf, {path: f"{text}# more\n" for path, text in SOURCES.items()})
    expected = clean_dump(after, tmp_path)
    monkeypatch.setattr(merge, "_MOST_IN_PLACE", 0)
    report = merged(store, after, first.stamp)
    assert (report.generation, report.rebuilt, report.changed_files) == (2, None, len(SOURCES))
    assert report.stamp.inode != first.stamp.inode
    assert canonical_dump(store) == expected


def test_batches_of_one_file_give_the_store_of_one_batch(
    store: Path, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = clean_dump(shelf, tmp_path)
    monkeypatch.setattr(insert, "_BATCH_BYTES", 1)
    merged(store, shelf)
    assert canonical_dump(store) == expected


def hold(path: Path, held: Any, release: Any) -> None:
    with duckdb.connect(str(path), read_only=True):
        held.set()
        release.wait(30)


def test_a_store_that_a_reader_keeps_open_is_an_error_that_names_the_remedy_and_never_a_rebuild(
    store: Path, shelf: Shelf
) -> None:
    stamp = merged(store, shelf).stamp
    context = multiprocessing.get_context("spawn")
    held, release = context.Event(), context.Event()
    reader = context.Process(target=hold, args=(store, held, release))
    reader.start()
    try:
        assert held.wait(30)
        with pytest.raises(LockedError, match="close it and run again"):
            merged(store, edited(shelf, {"src/pkg/a.py": "x = 1\n"}), stamp)
    finally:
        release.set()
        reader.join(30)
    assert store.stat().st_ino == stamp.inode
    assert merged(store, shelf, stamp).rebuilt is None


@pytest.mark.usefixtures("left")
def test_an_own_connection_counts_as_a_reader(store: Path, shelf: Shelf) -> None:
    with open_store(store), pytest.raises(LockedError):
        merged(store, shelf)


def test_a_place_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnrichError, match="cannot be written"):
        merged(tmp_path / "file" / "store.duckdb", shelf)


def test_the_store_says_its_schema_version_and_what_that_means(store: Path, shelf: Shelf) -> None:
    merged(store, shelf)
    meta = dict(canonical_dump(store)["meta"])
    assert meta["schema_version"] == SCHEMA_VERSION
    assert meta["schema_policy"].startswith("MAJOR.MINOR: ")


@pytest.mark.parametrize("in_bulk", [True, False])
def test_rows_go_through_arrow_only_in_bulk(monkeypatch: pytest.MonkeyPatch, in_bulk: bool) -> None:
    monkeypatch.setattr(insert, "FEW_BYTES", 0)
    shelf = Shelf(emitted({"a.py": "x = 1\n", "b.py": "y = 2\n"}))
    kinds = {type(batch) for batch in insert.batches(sorted(shelf.data), shelf.load, in_bulk=in_bulk)}
    assert kinds == {insert.ArrowBatch if in_bulk else insert.ValueBatch}
