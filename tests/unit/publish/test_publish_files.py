"""Published files say what the rows say, and a spliced file is the file a clean run writes."""

import json
import os
from pathlib import Path
from random import Random

import pytest

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.publish.files import PublishReport
from codeintel_enrich.publish.outputs import CST_FILE
from tests.support.rows import Shelf, emitted
from tests.unit.publish.publish_support import BASIC, publish

SOURCES = {
    "src/pkg/__init__.py": "from .a import f\n",
    "src/pkg/a.py": "import argparse\n\n\ndef f(x):\n    return x\n",
    "src/pkg/b.py": "from .a import *\n\n\nclass C:\n    y = 1\n",
    "src/pkg/tests/test_a.py": "def test(): pass\n",
    "tools/broken.name.py": "def (\n",
}


class Desk:
    """An output folder with its sidecar."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "enriched"
        self.index = folder / "publish.index"

    def publish(
        self, shelf: Shelf, *, emit_cst: bool = True, entry_points: dict[str, str] | None = None
    ) -> PublishReport:
        shelf.loaded.clear()
        patterns = (*BASIC, CST_FILE) if emit_cst else BASIC
        return publish(self.out, self.index, patterns, shelf.wanted, shelf, entry_points=entry_points)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "desk")


def clean_files(shelf: Shelf, folder: Path) -> dict[str, bytes]:
    desk = Desk(folder / f"clean{len(list(folder.iterdir()))}")
    desk.publish(shelf)
    return desk.files()


def with_edits(changes: dict[str, str | None]) -> Shelf:
    return Shelf(emitted({path: text for path, text in (SOURCES | changes).items() if text is not None}))


def test_files_hold_every_line_in_path_order(desk: Desk) -> None:
    desk.publish(Shelf(emitted(SOURCES)))
    files = desk.files()
    assert sorted(files) == ["cst/cst.jsonl", "modules/modules.jsonl", "repo_map.json", "tags/tags_index.yaml"]
    modules = [json.loads(line) for line in files["modules/modules.jsonl"].splitlines()]
    assert [line["path"] for line in modules] == sorted(SOURCES)
    nodes = [json.loads(line) for line in files["cst/cst.jsonl"].splitlines()]
    paths = [line["path"] for line in nodes]
    assert paths == sorted(paths)
    assert set(paths) == set(SOURCES)
    for name, content in files.items():
        assert content.endswith(b"\n"), name


def test_the_repo_map_tells_counts_tags_packages_and_entry_points(desk: Desk) -> None:
    desk.publish(Shelf(emitted(SOURCES)), entry_points={"tool": "pkg.a:f"})
    found = json.loads(desk.files()["repo_map.json"])
    assert found["root"] == "shop"
    assert found["modules"] == found["counts"]["files"] == len(SOURCES)
    assert found["counts"]["parse_errors"] == 1
    assert found["counts"]["definitions"] == 3
    assert found["entry_points"] == {"tool": "pkg.a:f"}
    assert found["tags"]["star-import"] == ["pkg.b"]
    assert found["tags"]["parse-error"] == ["tools/broken.name.py"]
    assert {"name": "pkg", "modules": 3} in found["packages"]


@pytest.mark.parametrize(
    "changes",
    [
        {"src/pkg/a.py": "x = 1\n"},
        {"src/pkg/__init__.py": None},
        {"tools/broken.name.py": None},
        {"src/pkg/aa.py": "z = 3\n"},
        {"a.py": "z = 3\n", "zz.py": "import a\n"},
        {"src/pkg/a.py": None, "src/pkg/b.py": "y = 2\n", "src/pkg/c.py": "z = 3\n"},
        dict.fromkeys(SOURCES),
    ],
)
def test_an_edit_loads_only_what_changed_and_gives_the_files_of_a_clean_run(
    desk: Desk, tmp_path: Path, changes: dict[str, str | None]
) -> None:
    before = Shelf(emitted(SOURCES))
    desk.publish(before)
    after = with_edits(changes)
    report = desk.publish(after)
    assert after.loaded == after.differs_from(before)
    assert report.regenerated is None
    assert desk.files() == clean_files(after, tmp_path)


def test_random_histories_end_in_the_files_of_a_clean_run(desk: Desk, tmp_path: Path) -> None:
    random = Random(3)
    states = [
        with_edits(
            {path: None if random.random() < 0.3 else f"{text}# {random.random()}\n" for path, text in SOURCES.items()}
        )
        for _ in range(5)
    ]
    for step in range(15):
        shelf = random.choice(states)
        desk.publish(shelf)
        assert desk.files() == clean_files(shelf, tmp_path), step


def test_a_second_run_writes_and_loads_nothing(desk: Desk) -> None:
    shelf = Shelf(emitted(SOURCES))
    first = desk.publish(shelf)
    index = desk.index.stat()
    second = desk.publish(shelf)
    assert second.written == ()
    assert shelf.loaded == []
    assert second.stamps == first.stamps
    assert desk.index.stat().st_ino == index.st_ino


def test_a_change_that_the_map_does_not_tell_leaves_it_untouched(desk: Desk) -> None:
    desk.publish(Shelf(emitted(SOURCES)))
    after = with_edits({"src/pkg/b.py": SOURCES["src/pkg/b.py"].replace("y = 1", "y = 2")})
    assert desk.publish(after).written == ("modules/modules.jsonl", "cst/cst.jsonl")


@pytest.mark.parametrize("name", ["cst/cst.jsonl", "modules/modules.jsonl", "repo_map.json", "tags/tags_index.yaml"])
@pytest.mark.parametrize("damage", ["deleted", "truncated", "appended to", "replaced by a twin of its size"])
def test_an_output_that_is_not_as_it_was_left_is_made_anew(desk: Desk, name: str, damage: str) -> None:
    shelf = Shelf(emitted(SOURCES))
    report = desk.publish(shelf)
    expected = desk.files()
    path = desk.out / name
    if damage == "deleted":
        path.unlink()
    elif damage == "truncated":
        os.truncate(path, 100)
    elif damage == "appended to":
        path.write_bytes(expected[name] + b"{}\n")
    else:
        path.unlink()
        path.write_bytes(b" " * len(expected[name]))
    found = path.stat() if path.exists() else None
    assert found is None or (found.st_size, found.st_mtime_ns, found.st_ino) != tuple(
        getattr(report.stamps[name], field) for field in ("size", "mtime_ns", "inode")
    )
    again = desk.publish(shelf)
    assert name in again.written
    assert desk.files() == expected


@pytest.mark.parametrize("content", [None, b"", b"garbage", "cut", "flipped"])
def test_a_missing_or_damaged_sidecar_costs_a_full_run_and_no_more(desk: Desk, content: bytes | str | None) -> None:
    shelf = Shelf(emitted(SOURCES))
    desk.publish(shelf)
    expected = desk.files()
    data = desk.index.read_bytes()
    if content is None:
        desk.index.unlink()
    elif isinstance(content, bytes):
        desk.index.write_bytes(content)
    elif content == "cut":
        desk.index.write_bytes(data[:-10])
    else:
        desk.index.write_bytes(data[:-30] + bytes([data[-30] ^ 1]) + data[-29:])
    report = desk.publish(shelf)
    assert report.regenerated is not None
    assert desk.files() == expected
    assert desk.publish(shelf).written == ()


def test_without_cst_there_is_no_cst_file_and_it_comes_back(desk: Desk) -> None:
    shelf = Shelf(emitted(SOURCES))
    desk.publish(shelf)
    expected = desk.files()
    assert "cst/cst.jsonl" not in desk.publish(shelf, emit_cst=False).stamps
    assert "cst/cst.jsonl" not in desk.files()
    desk.publish(shelf)
    assert desk.files() == expected


def test_a_failing_load_leaves_every_file_as_it_was(desk: Desk) -> None:
    shelf = Shelf(emitted(SOURCES))
    desk.publish(shelf)
    before = desk.files()
    after = with_edits({"src/pkg/a.py": "x = 1\n", "src/pkg/b.py": "y = 1\n"})
    missing = after.data.pop("src/pkg/b.py")
    wanted = {**after.wanted, "src/pkg/b.py": "not there"}
    with pytest.raises(KeyError):
        publish(desk.out, desk.index, (*BASIC, CST_FILE), wanted, after)
    assert desk.files() == before
    after.data["src/pkg/b.py"] = missing
    assert desk.publish(after).changed_files == len(after.differs_from(shelf)) > 1


def test_a_run_that_stopped_between_two_files_is_made_good(desk: Desk, tmp_path: Path) -> None:
    """What `kill -9` leaves: one file of the new state, the other and the sidecar of the old."""
    desk.publish(Shelf(emitted(SOURCES)))
    after = with_edits({"src/pkg/a.py": "x = 1\n"})
    expected = clean_files(after, tmp_path)
    fresh = desk.out / "modules" / "fresh"
    fresh.write_bytes(expected["modules/modules.jsonl"])
    fresh.replace(desk.out / "modules" / "modules.jsonl")
    assert desk.publish(after).regenerated is not None
    assert desk.files() == expected


def test_a_file_system_that_cannot_copy_ranges_gives_the_same_files(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError("not supported")

    monkeypatch.setattr(os, "copy_file_range", refuse)
    desk.publish(Shelf(emitted(SOURCES)))
    after = with_edits({"src/pkg/a.py": "x = 1\n"})
    desk.publish(after)
    assert desk.files() == clean_files(after, tmp_path)


def test_a_place_that_cannot_be_written_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.out.write_text("in the way")
    with pytest.raises(EnrichError, match="--out"):
        desk.publish(Shelf(emitted(SOURCES)))


def test_lines_of_nodes_come_and_go_without_a_change_of_sources(desk: Desk) -> None:
    shelf = Shelf(emitted(SOURCES))
    desk.publish(shelf)
    expected = desk.files()
    changed = with_edits({"src/pkg/a.py": "x = 1\n"})
    desk.publish(changed, emit_cst=False)
    assert sorted(desk.files()) == sorted(expected.keys() - {"cst/cst.jsonl"})
    desk.publish(shelf)
    assert desk.files() == expected
