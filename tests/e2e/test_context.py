"""Context of files: owners, history and coverage are inputs, and a change of them redoes the files that it is about."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tests.support.gitrepo import GitRepository
from tests.support.packages import copy_package
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, build_at

FACTS = "select path, owners, main_authors, bus_factor, churn_commits, churn_lines from modules"


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path, {**SHOP, "CODEOWNERS": "*.py @shop\n/shop/core.py @core ann@example.org\n"})
    repository.options["overrides"] = {"owners": True}
    return repository


def lines_of(repository: Workspace, path: str) -> int:
    return len(repository.read(path).splitlines())


def coverage_xml(workspace: Workspace, **hits: str) -> None:
    """A report on modules of the shop, lines as `number:hits`."""
    classes = "".join(
        f'<class filename="shop/{name}.py"><lines>'
        + "".join('<line number="{}" hits="{}"/>'.format(*pair.split(":")) for pair in lines.split())
        + "</lines></class>"
        for name, lines in hits.items()
    )
    workspace.write("coverage.xml", f"<coverage><sources><source>/ci</source></sources>{classes}</coverage>")


# --- owners and history -----------------------------------------------------------------------------------------------


def test_owners_and_history_are_told_of_each_file(shop: GitRepository) -> None:
    ran = shop.ran()
    assert {"context:history", "context:owners"} <= ran
    facts = {row[0]: row[1:] for row in shop.query(FACTS)}
    size = lines_of(shop, "shop/core.py")
    assert facts["shop/core.py"] == (["@core", "ann@example.org"], ["Somebody"], 1, 1, size)
    assert facts["shop/api.py"][0] == ["@shop"]
    assert shop.ran() == set()


def test_a_commit_that_touches_one_file_redoes_that_file_alone(shop: GitRepository) -> None:
    shop.build()
    shop.append("shop/core.py", "# more\n")
    edited = shop.ran()
    assert "context:history" not in edited
    shop.git("config", "user.name", "Ann")
    shop.commit("more")
    assert shop.ran() == {"context:history", "emit:shop/core.py", "merge"}
    facts = {row[0]: row[1:] for row in shop.query(FACTS)}
    assert facts["shop/core.py"][1:] == (["Somebody", "Ann"], 1, 2, lines_of(shop, "shop/core.py"))
    assert facts["shop/api.py"][1] == ["Somebody"]
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_a_file_that_is_renamed_keeps_its_history(shop: GitRepository) -> None:
    shop.git("config", "user.name", "Ann")
    shop.git("mv", "shop/lonely.py", "shop/alone.py")
    shop.commit("rename")
    shop.build()
    (row,) = shop.query(f"{FACTS} where path = 'shop/alone.py'")
    assert row[2] == ["Somebody", "Ann"]


def test_the_windows_bound_what_is_counted(shop: GitRepository) -> None:
    shop.append("shop/core.py", "# more\n")
    shop.environment["GIT_COMMITTER_DATE"] = "2040-01-01T00:00:00Z"
    shop.commit("far later")
    shop.build(overrides={"owners": True, "history-window-days": 30})
    (core,) = shop.query(f"{FACTS} where path = 'shop/core.py'")
    assert core[4:] == (1, 1)
    assert shop.query("select count(*) from modules where churn_commits = 0") == [(len(shop_files(shop)) - 1,)]
    shop.build(overrides={"owners": True, "commits-window": 1})
    assert shop.query("select path from modules where n_authors is not null") == [("shop/core.py",)]


def shop_files(repository: Workspace) -> list[str]:
    return [path for path in SHOP if path.endswith(".py")]


def test_another_codeowners_redoes_the_files_whose_owners_changed(shop: GitRepository) -> None:
    shop.build()
    shop.write("CODEOWNERS", "*.py @shop\n/shop/core.py @others\n")
    assert shop.ran() == {"context:owners", "emit:shop/core.py", "merge"}
    shop.assert_equals_clean()
    shop.delete("CODEOWNERS")
    summary = shop.build()
    assert "there is none" in summary.left_out["owners: CODEOWNERS"]
    assert shop.query("select distinct owners from modules") == [([],)]
    shop.assert_equals_clean()


def test_without_being_asked_nothing_is_looked_up_and_switching_off_forgets(shop: GitRepository) -> None:
    shop.build()
    off = shop.ran(overrides={})
    assert {name.partition(":")[0] for name in off} == {"emit", "merge"}
    assert shop.query("select distinct n_authors, owners from modules") == [(None, [])]
    plain = Workspace(shop.folder / "plain", SHOP)
    plain.build()
    assert {name for name in plain.build().left_out if name.startswith(("history", "owners"))} == set()
    # What was known before is taken up again, without git.
    assert shop.ran() == {"merge"}


def test_a_tree_without_git_is_built_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    summary = Workspace(tmp_path, SHOP, overrides={"owners": True}).build()
    assert "no git repository" in summary.left_out["history: git"]
    assert "history: git" in summary.text()


def test_a_shallow_clone_tells_nothing_of_what_its_oldest_commits_changed(shop: GitRepository, tmp_path: Path) -> None:
    shop.git("config", "user.name", "Ann")
    shop.append("shop/core.py", "# more\n")
    shop.commit("more")
    shop.append("shop/api.py", "# more\n")
    shop.commit("and more")
    clone = Workspace(tmp_path / "clone", overrides={"owners": True})
    source = f"file://{shop.root}"
    subprocess.run(["git", "clone", "-q", "--depth", "2", source, clone.root], check=True, env=shop.environment)
    summary = clone.build()
    assert "--unshallow" in summary.left_out["history: shallow clone"]
    assert clone.query("select path, main_authors from modules where n_authors > 0") == [("shop/api.py", ["Ann"])]


def test_a_hook_looks_up_neither(shop: GitRepository) -> None:
    shop.write("pyproject.toml", '[tool.codeintel-enrich]\nowners = true\ncoverage-xml = "coverage.xml"\n')
    coverage_xml(shop, core="1:1")
    shop.git("add", "-A")
    shop.run(sys.executable, "-m", "codeintel_enrich", "hook", "--jobs", "1")
    with duckdb.connect(str(shop.root / "cache/git/cache/codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select distinct owners, n_authors, coverage_ratio from modules").fetchall()
    assert rows == [([], None, None)]


# --- coverage ---------------------------------------------------------------------------------------------------------


def test_a_changed_report_redoes_the_files_whose_coverage_changed(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP, overrides={"coverage-xml": "coverage.xml"})
    coverage_xml(workspace, core="1:1 2:0", api="1:1")
    assert "context:coverage" in workspace.ran()
    ratios = "select path, coverage_ratio from modules where coverage_ratio is not null order by path"
    assert workspace.query(ratios) == [("shop/api.py", 1.0), ("shop/core.py", 0.5)]
    assert workspace.ran() == set()

    coverage_xml(workspace, api="1:1", core="1:1 2:1")
    assert workspace.ran() == {"context:coverage", "emit:shop/core.py", "merge"}
    workspace.assert_equals_clean()

    # The same facts, written otherwise.
    coverage_xml(workspace, api="1:7", core="2:1 1:1")
    assert workspace.ran() == {"context:coverage"}

    workspace.delete("coverage.xml")
    summary = workspace.build()
    assert set(summary.ran) == {"emit:shop/api.py", "emit:shop/core.py", "merge"}
    assert "is not there" in summary.left_out["coverage report"]
    assert workspace.query(ratios) == []
    workspace.assert_equals_clean()


def test_poorly_covered_modules_are_tagged(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP, overrides={"coverage-xml": "coverage.xml", "low-coverage-threshold": 0.6})
    coverage_xml(workspace, core="1:1 2:0", api="1:1")
    workspace.build()
    tagged = "select path from modules where list_contains(tags, 'low-coverage')"
    assert workspace.query(tagged) == [("shop/core.py",)]


def test_a_hostile_report_is_bad_input(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP, overrides={"coverage-xml": "coverage.xml"})
    workspace.write("coverage.xml", '<!DOCTYPE coverage [<!ENTITY a "aaaa">]><coverage>&a;</coverage>')
    summary = build_at(workspace.root, workspace.options)
    (message,) = summary.errors
    assert "entity 'a'" in message
    assert summary.exit_code == 2


def test_ratios_on_a_real_package_are_those_that_coverage_itself_counts(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, overrides={"coverage-xml": "coverage.xml"})
    copy_package("click", workspace.root)
    workspace.write("run.py", "import click\nclick.echo(click.style('x', fg='red'))\nclick.Path(exists=True).convert")
    for words in (["run", "--source", "click", "run.py"], ["xml", "-q"], ["json", "-q"]):
        subprocess.run([sys.executable, "-m", "coverage", *words], cwd=workspace.root, check=True, capture_output=True)
    told = json.loads(workspace.read("coverage.json"))["files"]
    workspace.build()

    ours = dict(workspace.query("select path, coverage_ratio from modules where path like 'click/%'"))
    theirs = {path: file["summary"] for path, file in told.items()}
    assert ours == {path: pytest.approx(one["covered_lines"] / one["num_statements"]) for path, one in theirs.items()}
    low = {path for path, ratio in ours.items() if ratio < 0.5}
    tagged = "select path from modules where list_contains(tags, 'low-coverage')"
    assert {path for (path,) in workspace.query(tagged)} == low != set()

    # coverage.py names functions without `<locals>`, and gives what is nested to the inner one alone.
    flat = "node_type = 'FunctionDef' and local_name not like '%<locals>%'"
    nested = "select path, split_part(local_name, '.<locals>', 1) from nodes where local_name like '%<locals>%'"
    rows = workspace.query(f"select path, local_name, coverage_ratio from nodes where path like 'click/%' and {flat}")
    outer = set(workspace.query(nested))
    names = Counter((path, name) for path, name, _ in rows)
    compared = 0
    for path, name, ratio in rows:
        summary = told[path]["functions"].get(name, {}).get("summary")
        if summary and summary["num_statements"] and names[path, name] == 1 and (path, name) not in outer:
            assert ratio == pytest.approx(summary["covered_lines"] / summary["num_statements"]), (path, name)
            compared += 1
    assert compared > 200
