"""Where syntax nodes are written, and the two environment variables that take a way of writing back."""

import json
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.commands.verify import verify
from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, assert_same

CST = "cst/cst.jsonl"
LINES = ("modules/modules.jsonl", CST)


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, SHOP)


def written_to(place: str) -> dict[str, Any]:
    return {"overrides": {"cst-out": place}}


# --- --cst-out --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "file"), [("nodes/all.jsonl", "nodes/all.jsonl"), ("nodes", "nodes/cst.jsonl")])
def test_syntax_nodes_are_written_where_they_are_wanted_and_kept_up(shop: Workspace, place: str, file: str) -> None:
    shop.build()
    usual = shop.outputs()[CST]
    assert shop.ran(**written_to(place)) == {"merge"}
    assert shop.read(file) == usual
    assert CST not in shop.outputs()
    assert shop.ran(**written_to(place)) == set()

    shop.append("shop/core.py", "\nadded = 1\n")
    shop.build(**written_to(place))
    assert shop.read(file) == shop.clean().outputs()[CST]

    # A file that somebody else wrote to is noticed and made again.
    shop.write(file, b"not ours\n")
    shop.build(**written_to(place))
    assert shop.read(file) == shop.clean().outputs()[CST]


def test_the_file_goes_when_it_is_wanted_elsewhere_unless_somebody_wrote_to_it(shop: Workspace) -> None:
    shop.build(**written_to("a.jsonl"))
    shop.build(**written_to("b.jsonl"))
    assert not (shop.root / "a.jsonl").exists()
    shop.write("b.jsonl", b"precious\n")
    shop.build()
    assert shop.read("b.jsonl") == b"precious\n"
    assert CST in shop.outputs()


def test_verifying_leaves_the_file_alone_and_compares_it(shop: Workspace) -> None:
    shop.build(**written_to("nodes.jsonl"))
    before = (shop.root / "nodes.jsonl").stat()
    options = Options(root=shop.root, **{**shop.options, **written_to("nodes.jsonl")})
    verdict = verify(options)
    assert verdict.is_equal, (verdict.tables, verdict.published)
    after = (shop.root / "nodes.jsonl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


# --- environment variables --------------------------------------------------------------------------------------------


def test_the_former_writer_says_the_same_with_keys_in_the_order_they_are_made(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    new = shop.outputs()
    monkeypatch.setenv("ENRICH_JSONL_WRITER", "v1")
    ran = shop.ran()
    assert {name.partition(":")[0] for name in ran} == {"emit", "merge"}
    old = shop.outputs()
    for name in LINES:
        assert old[name] != new[name]
        assert list(map(json.loads, old[name].splitlines())) == list(map(json.loads, new[name].splitlines()))
        assert next(iter(json.loads(old[name].splitlines()[0]))) == "path"
    assert {name for name in new if new[name] != old[name]} == set(LINES)
    monkeypatch.setenv("ENRICH_JSONL_WRITER", "v2")
    assert shop.ran() == {"merge"}
    assert shop.outputs() == new


def test_rows_that_go_to_the_store_one_file_at_a_time_make_the_same_store(
    shop: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.build()
    monkeypatch.setenv("USE_DUCKDB_JSON", "0")
    other = Workspace(tmp_path / "other", SHOP)
    other.build()
    assert_same(other.dump(), shop.dump())
    # It is no part of what a build says: nothing is redone for it.
    assert shop.ran() == set()


@pytest.mark.parametrize("name", ["ENRICH_JSONL_WRITER", "USE_DUCKDB_JSON"])
def test_a_value_that_means_nothing_is_named(shop: Workspace, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "v3")
    with pytest.raises(UsageError, match=f"{name}=v3: must be"):
        Build(Options(root=shop.root))
