"""`sql`, `status`, `explain`, `build --dry-run`: looking at what a build left, without changing any of it."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

import duckdb
import pytest

from tests.support.command import Command
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, all_tasks, later_tasks

CORE = "shop/core.py"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("built"), SHOP)
    workspace.build()
    return workspace


@pytest.fixture
def shop(built: Workspace, tmp_path: Path) -> Workspace:
    """A copy of a repository that was built."""
    shutil.copytree(built.root, tmp_path / "repo")
    return Workspace(tmp_path)


@pytest.fixture
def command(shop: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(shop.root)
    return Command(shop.root, monkeypatch, capsys)


def everything(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every file with its stamp: what somebody who only looks must leave as it is."""
    return {
        str(path.relative_to(root)): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


# --- sql --------------------------------------------------------------------------------------------------------------


def test_sql_answers_as_table_json_and_csv(command: Command) -> None:
    question = "select name, kind, chain from exports where path = 'shop/api.py' order by name"
    shown = command.run("sql", question).out
    assert "help_me" in shown
    assert "3 rows" in shown
    rows = json.loads(command.run("sql", question, "--json").out)
    assert rows[2]["name"] == "help_me"
    assert rows[2]["chain"][-1] == "shop.core.helper"
    read = list(csv.DictReader(io.StringIO(command.run("sql", question, "--csv").out)))
    assert [row["name"] for row in read] == [row["name"] for row in rows] == ["Api", "Base", "help_me"]


def test_sql_gives_every_column_a_name_and_every_value_to_json(command: Command) -> None:
    question = f"select 1 as n, 2 as n, 'nan'::double as x, {2**127 - 1} as big, date '2020-01-02' as d"
    row = json.loads(command.run("sql", question, "--json").out)[0]
    assert row == {"n": 1, "n_1": 2, "x": None, "big": 2**127 - 1, "d": "2020-01-02"}


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("selec 1", "syntax error"),
        ("select nmae from modules", "nmae"),
        ("create table mine as select 1", "only read"),
        ("delete from modules", "only read"),
        ("copy modules to 'stolen.csv'", "only the store"),
        ("select * from read_text('pyproject.toml')", "only the store"),
        ("attach 'other.duckdb'", "only the store"),
        ("set enable_external_access = true", "only the store"),
    ],
)
def test_a_question_that_is_wrong_or_writes_is_refused(
    command: Command, shop: Workspace, question: str, says: str
) -> None:
    before = everything(shop.root)
    outcome = command.run("sql", question)
    assert (outcome.code, outcome.out) == (2, "")
    assert says in outcome.err
    assert everything(shop.root) == before


# --- status -----------------------------------------------------------------------------------------------------------


def test_status_tells_what_changed_since_and_writes_nothing(command: Command, shop: Workspace) -> None:
    quiet = command.run("status", "--json").summary
    assert quiet["up_to_date"]
    assert (quiet["ran"]["parse"], quiet["ran"]["outline"], quiet["files"]) == (10, 1, 11)
    os.utime(shop.root / CORE, ns=(1, 1))
    assert command.run("status", "--json").summary["up_to_date"]
    shop.append(CORE, "# edited\n")
    shop.write("shop/fresh.py", "")
    shop.delete("shop/lonely.py")
    before = everything(shop.root)
    told = command.run("status", "--json").summary
    assert not told["up_to_date"]
    assert (told["changed"], told["added"], told["removed"]) == ([CORE], ["shop/fresh.py"], ["shop/lonely.py"])
    shown = command.run("status").out
    assert f"changed: {CORE}" in shown
    assert "gone: shop/lonely.py" in shown
    assert everything(shop.root) == before


def test_status_names_settings_and_files_of_ours_that_changed(command: Command, shop: Workspace) -> None:
    shop.append("pyproject.toml", "[tool.codeintel-enrich]\nmax-file-bytes = 5000\n")
    (shop.root / "cache" / "enriched" / "repo_map.json").write_text("{}")
    told = command.run("status", "--json").summary
    assert told["settings"] == ["parse"]
    assert told["damaged"] == ["enriched/repo_map.json"]


@pytest.mark.parametrize("words", [("status",), ("explain", CORE), ("verify",), ("sql", "select 1")])
def test_without_a_build_the_remedy_is_named(command: Command, shop: Workspace, words: tuple[str, ...]) -> None:
    shutil.rmtree(shop.root / "cache")
    outcome = command.run(*words)
    assert outcome.code == 3
    assert "codeintel-enrich build" in outcome.err
    assert not (shop.root / "cache").exists()


# --- build --dry-run --------------------------------------------------------------------------------------------------


def planned(command: Command, *words: str) -> dict[str, bool]:
    return {task["name"]: task["is_certain"] for task in command.build("--dry-run", "--json", *words).summary["tasks"]}


def test_a_dry_run_foretells_an_edit_and_writes_nothing(command: Command, shop: Workspace) -> None:
    assert planned(command) == {}
    assert "nothing to do" in command.build("--dry-run").out
    shop.replace(CORE, "return value + LIMIT", "return value")
    before = everything(shop.root)
    foretold = planned(command)
    assert everything(shop.root) == before
    certain = {name for name, is_certain in foretold.items() if is_certain}
    assert certain == {*all_tasks(CORE), "merge"}
    ran = shop.ran()
    assert certain <= ran <= foretold.keys()


def test_a_dry_run_of_a_reverted_edit_knows_all_that_follows(command: Command, shop: Workspace) -> None:
    text = shop.read(CORE).decode()
    shop.replace(CORE, "def helper", "def helped")
    shop.build()
    shop.write(CORE, text)
    assert planned(command) == {"merge": True}
    assert shop.ran() == {"merge"}


def test_a_dry_run_in_a_fresh_repository_leaves_no_trace(command: Command, shop: Workspace) -> None:
    shutil.rmtree(shop.root / "cache")
    foretold = planned(command)
    assert not (shop.root / "cache").exists()
    assert shop.ran() == foretold.keys()


def test_a_dry_run_tells_which_setting_is_another(command: Command) -> None:
    shown = command.build("--dry-run", "--max-file-bytes", "7777").out
    assert "max_file_bytes: 4000000 -> 7777" in shown


# --- explain ----------------------------------------------------------------------------------------------------------


def stories(outcome_of: dict[str, object]) -> dict[str, tuple[str, str]]:
    stages = outcome_of["stages"]
    assert isinstance(stages, list)
    return {stage["stage"]: (stage["outcome"], "; ".join(stage["why"])) for stage in stages}


def test_explain_tells_why_each_stage_of_an_edited_file_ran(command: Command, shop: Workspace) -> None:
    shop.replace(CORE, "return value + LIMIT", "return value")
    before = command.run("explain", CORE, "--json").summary
    assert before["now"] == "changed"
    assert {task["name"] for task in before["due"]} == {*all_tasks(CORE), "link", "merge"}
    shop.build()
    after = command.run("explain", CORE, "--json").summary
    assert (after["was"], after["now"], after["due"]) == ("changed", "unchanged", [])
    assert stories(after)["parse"] == ("ran", "its bytes changed")
    assert "syntax tree" in stories(after)["types"][1]
    bystander = command.run("explain", "shop/chained.py", "--json").summary
    assert {outcome for outcome, _ in stories(bystander).values()} == {"kept"}


def test_explain_names_what_came_to_mean_something_else(command: Command, shop: Workspace) -> None:
    shop.replace(CORE, "def helper", "def helped")
    assert later_tasks("shop/chained.py") <= shop.ran()
    told = command.run("explain", "shop/chained.py", "--json").summary
    assert told["was"] == "unchanged"
    assert stories(told)["parse"][0] == "kept"
    assert stories(told)["qualify"] == ("ran", "what its imports mean changed")
    assert any("shop.core.helper" in meaning for meaning in told["meanings"])
    shown = command.run("explain", "shop/chained.py").out
    assert "what its imports mean changed" in shown


def test_explain_tells_a_reused_result_from_one_that_ran(command: Command, shop: Workspace) -> None:
    text = shop.read(CORE).decode()
    shop.append(CORE, "# more\n")
    shop.build()
    shop.write(CORE, text)
    shop.build()
    told = command.run("explain", CORE, "--json").summary
    assert {outcome for outcome, _ in stories(told).values()} == {"reused"}


def test_explain_names_the_file_that_was_meant(command: Command) -> None:
    outcome = command.run("explain", "shop/cor.py")
    assert outcome.code == 2
    assert CORE in outcome.err


# --- verify -----------------------------------------------------------------------------------------------------------


def test_verify_is_content_with_a_store_after_edits(command: Command, shop: Workspace) -> None:
    shop.replace(CORE, "def helper", "def helped")
    shop.delete("shop/lonely.py")
    shop.build()
    outcome = command.run("verify", "--json")
    assert (outcome.code, outcome.summary["equal"]) == (0, True)
    assert outcome.summary["n_published"] > 20


def test_verify_names_rows_and_files_that_are_wrong(command: Command, shop: Workspace) -> None:
    with duckdb.connect(str(shop.root / "cache" / "codeintel.duckdb")) as store:
        store.execute("update exports set origin = 'elsewhere.helper' where path = 'shop/api.py' and name = 'help_me'")
        store.execute("delete from imports where path = 'shop/limited.py'")
    with open(shop.root / "cache" / "enriched" / "repo_map.json", "r+b") as published:
        published.seek(10)
        published.write(b"\0")
    outcome = command.run("verify")
    assert outcome.code == 1
    assert "path shop/api.py, name help_me: origin is 'elsewhere.helper', should be 'shop.core.helper'" in outcome.out
    assert "missing" in outcome.out
    assert "repo_map.json: differs from byte 10 on" in outcome.out


def test_verify_refuses_a_tree_that_the_store_does_not_know(command: Command, shop: Workspace) -> None:
    shop.append(CORE, "# edited\n")
    outcome = command.run("verify")
    assert outcome.code == 2
    assert "build" in outcome.err
