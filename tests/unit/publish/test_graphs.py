"""The files below `graphs/`: what they say, and that they are written only when their graph has changed."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.projects import SHOP
from tests.support.workspace import Workspace

FILES = ("graphs/imports.parquet", "graphs/symbol_graph.json", "graphs/uses.parquet")


@pytest.fixture
def work(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path, SHOP)
    made.build(index=True)
    return made


def inodes(work: Workspace) -> dict[str, int]:
    out = work.root / "cache" / "enriched"
    return {name: (out / name).stat().st_ino for name in FILES}


def changed(work: Workspace, before: dict[str, int]) -> set[str]:
    after = inodes(work)
    return {name for name in FILES if before[name] != after[name]}


def test_the_graphs_say_what_the_tables_say(work: Workspace) -> None:
    out = work.root / "cache" / "enriched"
    symbols = json.loads((out / "graphs/symbol_graph.json").read_bytes())
    expected = work.query("select scip_symbol, path from symbol_files order by all")
    assert [(each["symbol"], each["file"]) for each in symbols] == expected
    assert len(expected) > 10
    uses = pq.read_table(out / "graphs/uses.parquet").to_pylist()
    assert sum(each["n_reads"] for each in uses) == work.query("select sum(n_reads) from uses")[0][0]
    assert {(each["source"], each["target"]) for each in uses} == set(work.query("select source, target from uses"))
    imports = pq.read_table(out / "graphs/imports.parquet").to_pylist()
    assert {(each["path"], each["name"]) for each in imports} == set(work.query("select path, name from imports"))


def test_a_line_shift_writes_no_graph_and_a_new_call_only_that_of_uses(work: Workspace) -> None:
    path = next(path for path in SHOP if path.endswith("core.py"))
    before = inodes(work)
    work.write(path, b"# shifted\n" + work.read(path))
    work.build(index=True)
    assert changed(work, before) == set()
    work.append(path, "\n\ndef caller():\n    return len('x')\n")
    work.build(index=True)
    assert changed(work, before) == {"graphs/uses.parquet"}


@pytest.mark.parametrize("name", FILES)
def test_a_graph_that_was_edited_or_deleted_is_made_again(work: Workspace, name: str) -> None:
    file = work.root / "cache" / "enriched" / name
    right = file.read_bytes()
    file.write_bytes(b"x")
    work.build(index=True)
    assert file.read_bytes() == right
    file.unlink()
    work.build(index=True)
    assert file.read_bytes() == right


def test_the_same_tree_gives_the_same_bytes_elsewhere(work: Workspace) -> None:
    work.assert_equals_clean(index=True)
