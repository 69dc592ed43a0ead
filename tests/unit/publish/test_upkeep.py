"""Files are made when their inputs changed, written when their bytes did, and never half-known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.publish.rules import BuildRule, NotNowError
from codeintel_enrich.publish.spliced import bring_parts, read_parts
from codeintel_enrich.publish.upkeep import Kept, Made, keep_up


def keep(out: Path, rules: dict[str, BuildRule], known: dict[str, Made], **seen: Any) -> Kept:
    with ThreadPoolExecutor(2) as threads:
        return keep_up(out, rules, known, threads, **seen)


def text(inputs: str, content: bytes | None) -> BuildRule:
    return BuildRule(inputs, lambda: content)


def fails() -> bytes:
    raise AssertionError("nothing asked for it")


def in_flux() -> bytes:
    raise NotNowError("a.py")


def test_a_file_is_made_once_for_its_inputs(tmp_path: Path) -> None:
    first = keep(tmp_path, {"a/b": text("1", b"x")}, {})
    assert first.written == ["a/b"]
    second = keep(tmp_path, {"a/b": BuildRule("1", fails)}, first.made)
    assert second.written == []
    assert second.made == first.made


def test_a_file_that_comes_out_as_it_is_stays_and_its_new_inputs_are_remembered(tmp_path: Path) -> None:
    first = keep(tmp_path, {"a": text("1", b"x")}, {})
    second = keep(tmp_path, {"a": text("2", b"x")}, first.made)
    assert second.written == []
    assert second.made["a"].inputs == "2"
    assert second.made["a"].stamp == first.made["a"].stamp


def test_no_file_is_a_result_that_is_remembered_too(tmp_path: Path) -> None:
    first = keep(tmp_path, {"a": text("1", b"x")}, {})
    second = keep(tmp_path, {"a": text("2", None)}, first.made)
    assert not (tmp_path / "a").exists()
    assert keep(tmp_path, {"a": BuildRule("2", fails)}, second.made).made["a"] == Made("2", None)


def test_a_file_in_flux_keeps_its_last_content_and_is_due_again(tmp_path: Path) -> None:
    first = keep(tmp_path, {"a": text("1", b"x")}, {})
    second = keep(tmp_path, {"a": BuildRule("2", in_flux), "b": BuildRule("1", in_flux)}, first.made)
    assert second.postponed == ["a", "b"]
    assert (tmp_path / "a").read_bytes() == b"x"
    assert "b" not in second.made
    third = keep(tmp_path, {"a": text("1", b"x"), "b": text("1", b"y")}, second.made)
    assert third.written == ["b"]
    assert third.made["a"].inputs == "1"


def test_files_of_vanished_rules_go_with_their_empty_folders(tmp_path: Path) -> None:
    made = keep(tmp_path, {"a/b/c": text("1", b"x"), "a/d": text("1", b"y")}, {}).made
    keep(tmp_path, {"a/d": text("1", b"y")}, made)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["d"]


@pytest.fixture
def spliced(tmp_path: Path) -> Path:
    return tmp_path / "out" / "parts"


def test_parts_are_kept_made_and_dropped_one_by_one(spliced: Path) -> None:
    first = bring_parts(spliced, {"a": text("1", b"aa\n"), "b": text("1", b"b\n"), "c": text("1", b"")}, None)
    assert spliced.read_bytes() == b"aa\nb\n"
    rules = {"a": BuildRule("1", fails), "aa": text("1", b"new\n"), "b": text("2", b"bbb\n")}
    second = bring_parts(spliced, rules, first.parts)
    assert spliced.read_bytes() == b"aa\nnew\nbbb\n"
    assert second.made == {"aa": b"new\n", "b": b"bbb\n"}
    assert dict(read_parts(spliced, second.parts, {"aa", "b"})) == second.made
    third = bring_parts(spliced, {name: BuildRule(rule.inputs, fails) for name, rule in rules.items()}, second.parts)
    assert not third.is_new


def test_a_spliced_file_that_was_touched_is_made_anew(spliced: Path) -> None:
    first = bring_parts(spliced, {"a": text("1", b"aa\n")}, None)
    spliced.write_bytes(b"zz\n")
    assert bring_parts(spliced, {"a": text("1", b"aa\n")}, first.parts).made == {"a": b"aa\n"}
    assert spliced.read_bytes() == b"aa\n"


def test_a_part_in_flux_is_empty_until_it_is_made(spliced: Path) -> None:
    first = bring_parts(spliced, {"a": text("1", b"aa\n"), "b": BuildRule("1", in_flux)}, None)
    assert first.postponed == ["b"]
    assert "b" not in first.made
    second = bring_parts(spliced, {"a": BuildRule("1", fails), "b": text("1", b"b\n")}, first.parts)
    assert spliced.read_bytes() == b"aa\nb\n"
    assert second.postponed == []


def test_standing_files_need_no_rule_and_intact_ones_no_look(tmp_path: Path) -> None:
    first = keep(tmp_path, {"a": text("1", b"x"), "b": text("1", b"y"), "c": text("1", b"z")}, {})
    (tmp_path / "b").write_bytes(b"edited")
    second = keep(tmp_path, {"b": BuildRule("1", fails)}, first.made, standing=["a"], intact=True)
    assert second.made == {"a": first.made["a"], "b": first.made["b"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]
    assert keep(tmp_path, {"b": text("1", b"y")}, second.made, standing=["a"]).written == ["b"]


def test_many_files_are_written_at_once(tmp_path: Path) -> None:
    rules = {f"f{number}": text("1", str(number).encode()) for number in range(200)}
    kept = keep(tmp_path, rules, {})
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        name: rule.make() for name, rule in rules.items()
    }
    assert kept.made.keys() == rules.keys()
