"""`diff`: what a change did to an API, out of git's objects alone."""

from pathlib import Path

import pytest

from codeintel_enrich.engine.run.last_run import read_last_run
from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP

CORE = "shop/core.py"


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path, SHOP)


@pytest.fixture
def command(shop: GitRepository, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.chdir(shop.root)
    return Command(shop.root, monkeypatch, capsys)


def test_each_kind_of_change_is_told_and_the_work_tree_left_alone(command: Command, shop: GitRepository) -> None:
    shop.replace(CORE, "def helper(value: int)", "def helper(value: int, factor)")
    shop.replace(CORE, "def other", "def another")
    shop.move("shop/lonely.py", "shop/inner/lonely.py")
    shop.append("shop/limited.py", "\n\ndef fresh(a, /, b=1, *, c):\n    return a\n")
    shop.write("shop/__init__.py", "from .api import *\nfrom .core import Base, nothing\n")
    shop.commit("changes")
    shop.write(CORE, "def uncommitted(:\n")
    before = shop.git("status", "--porcelain")
    outcome = command.run("diff", "HEAD~1..HEAD", "--json")
    assert outcome.code == 0
    told = outcome.summary
    assert [change["name"] for change in told["removed"]] == ["shop.core.other"]
    assert told["removed"][0]["importers"] == ["shop/right.py"]
    assert [(change["before"], change["after"]) for change in told["moved"]] == [
        ("shop.lonely.alone", "shop.inner.lonely.alone")
    ]
    (signature,) = told["signatures"]
    assert (signature["before"], signature["after"]) == ("(value: int) -> int", "(value: int, factor) -> int")
    assert signature["is_breaking"]
    assert signature["importers"] == ["shop/api.py", "shop/chained.py"]
    assert {"shop.core.another", "shop.limited.fresh"} <= {change["name"] for change in told["added"]}
    broken = {(item["path"], item["message"]) for item in told["findings"]}
    assert broken == {
        ("shop/__init__.py", "`shop.core` has no `nothing`"),
        ("shop/right.py", "`shop.core` has no `other`"),
    }
    assert shop.git("status", "--porcelain") == before
    assert command.run("diff", "HEAD~1..HEAD", "--fail-on-breaking").code == 1


def test_a_reexport_that_leads_nowhere_is_told_as_broken(command: Command, shop: GitRepository) -> None:
    shop.replace(CORE, "def helper", "def helped")
    shop.commit("breaks what api re-exports")
    told = command.run("diff", "HEAD~1", "--json").summary
    assert {change["name"] for change in told["broken"]} == {"shop.help_me", "shop.api.help_me"}
    shown = command.run("diff", "HEAD~1").out
    assert "### Re-exports that lead nowhere" in shown
    assert "- **breaking** `shop.api.help_me`" in shown


def test_imports_of_a_module_that_is_gone_are_told(command: Command, shop: GitRepository) -> None:
    shop.write("shop/lonely.py", "from .never_there import x\n")
    shop.commit("a generated module")
    shop.git("mv", CORE, "shop/hub.py")
    shop.commit("renames the hub and forgets its importers")
    told = command.run("diff", "HEAD~1", "--json").summary
    assert {(item["path"], item["message"]) for item in told["findings"]} == {
        (path, "no module `shop.core`")
        for path in ("shop/__init__.py", "shop/api.py", "shop/limited.py", "shop/right.py")
    }


def test_a_change_of_bodies_changes_no_api_and_a_second_run_analyses_nothing(
    command: Command, shop: GitRepository
) -> None:
    shop.replace(CORE, "return value + LIMIT", "return value")
    shop.commit("a body")
    shown = command.run("diff", "HEAD~1..HEAD", "--fail-on-breaking")
    assert shown.code == 0
    assert "None." in shown.out
    record = shop.root / "cache" / "git" / "cache" / "last.msgpack"
    command.run("diff", "HEAD~1..HEAD")
    last = read_last_run(record)
    assert last is not None
    assert last.ran == ("merge",)


def test_three_dots_compare_with_where_the_branches_parted(command: Command, shop: GitRepository) -> None:
    shop.git("checkout", "-q", "-b", "feature")
    shop.write("shop/feature.py", "def feature(): ...\n")
    shop.commit("a feature")
    shop.git("checkout", "-q", "main")
    shop.write("shop/later.py", "def later(): ...\n")
    shop.commit("meanwhile")
    two = command.run("diff", "main..feature", "--json").summary
    three = command.run("diff", "main...feature", "--json").summary
    assert [change["name"] for change in three["added"]] == ["shop.feature.feature"]
    assert [change["name"] for change in two["removed"]] == ["shop.later.later"]
    assert three["removed"] == []


@pytest.mark.parametrize(("span", "says"), [("nowhere..HEAD", "nowhere"), ("..HEAD", "BASE..HEAD"), ("--x", "--x")])
def test_a_commit_that_is_none_is_one_message(command: Command, span: str, says: str) -> None:
    outcome = command.run("diff", span)
    assert outcome.code == 2
    assert says in outcome.err


def test_settings_name_what_nobody_is_to_rely_on(command: Command, shop: GitRepository) -> None:
    shop.write("pyproject.toml", '[tool.codeintel-enrich.diff]\nignore = ["shop.core.Base", "shop.lim*"]\n')
    shop.replace(CORE, "def key(self) -> str:", "def key(self, more) -> str:")
    shop.replace(CORE, "def other", "def another")
    shop.write("shop/limited.py", "")
    shop.commit("changes")
    told = command.run("diff", "HEAD~1", "--json").summary
    assert [change["name"] for change in told["removed"]] == ["shop.core.other"]
    # By its shorter name, which no pattern fits, the class is public all the same.
    assert [change["name"] for change in told["signatures"]] == ["shop.Base.key"]


def test_members_go_by_the_shortest_name_by_which_users_import(command: Command, shop: GitRepository) -> None:
    shop.write("shop/_impl.py", "class Client:\n    def get(self): ...\n    def put(self): ...\n")
    shop.append("shop/__init__.py", "from ._impl import Client\n")
    shop.commit("a private module")
    shop.replace("shop/_impl.py", "    def put(self): ...\n", "")
    shop.replace("shop/_impl.py", "def get(self)", "def get(self, url)")
    shop.commit("changes it")
    told = command.run("diff", "HEAD~1", "--json").summary
    assert [change["name"] for change in told["removed"]] == ["shop.Client.put"]
    assert [(change["name"], change["path"]) for change in told["signatures"]] == [("shop.Client.get", "shop/_impl.py")]


def test_breaks_are_annotations_where_they_are_to_be_seen(command: Command, shop: GitRepository) -> None:
    shop.replace(CORE, "def helper(value: int)", "def helper(value: int, factor)")
    shop.replace(CORE, "def other", "def another")
    shop.commit("changes")
    lines = command.run("diff", "HEAD~1", "--format", "github").out.splitlines()
    assert "::error file=shop/core.py,line=1,title=removed::shop.core.other: it is gone" in lines
    start = "::error file=shop/core.py,line=11,title=parameter-added::shop.help_me: parameter factor is new"
    assert any(line.startswith(start) for line in lines)
    # Broken in this tree, found by what the tree itself imports.
    assert "::error file=shop/right.py,line=2,title=broken-export::shop/right.py: `shop.core` has no `other`" in lines


def test_breaks_are_a_sarif_log(command: Command, shop: GitRepository) -> None:
    shop.move("shop/lonely.py", "shop/a b.py")
    shop.replace(CORE, "LIMIT = 3", "LIMIT = 3\n\n\ndef late(a, b=1): ...")
    shop.commit("more")
    shop.replace(CORE, "def late(a, b=1)", "def late(a, b=2, *, c)")
    shop.commit("changes")
    log = command.run("diff", "HEAD~1", "--format", "sarif").summary
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert log["version"] == "2.1.0"
    assert rules == ["default-changed", "parameter-added"]
    found = {result["ruleId"]: result for result in run["results"]}
    assert {name: result["level"] for name, result in found.items()} == {
        "default-changed": "note",
        "parameter-added": "error",
    }
    assert all(rules[result["ruleIndex"]] == result["ruleId"] for result in run["results"])
    (place,) = found["parameter-added"]["locations"]
    assert place["logicalLocations"] == [{"fullyQualifiedName": "shop.core.late"}]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "shop/core.py"
    assert place["physicalLocation"]["region"] == {"startLine": 6}
    again = command.run("diff", "HEAD~2", "--format", "sarif").summary["runs"][0]
    assert [result["locations"][0]["logicalLocations"] for result in again["results"]] == [
        [{"fullyQualifiedName": "shop.lonely.alone"}]
    ]
