"""Every command that writes says with `--dry-run` what it would do, writes nothing, and then does just that."""

import json
from pathlib import Path

import pytest

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


def everything(root: Path) -> dict[str, tuple[int, int]]:
    """Every file but git's own, with its stamp."""
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ino)
        for path in sorted(root.rglob("*"))
        if ".git" not in path.parts
    }


@pytest.mark.parametrize(
    "words",
    [("build", "--no-index", "--no-types"), ("hook",), ("diff", "HEAD~1..HEAD"), ("init",)],
    ids=lambda words: words[0],
)
def test_a_dry_run_in_a_fresh_repository_writes_nothing(
    command: Command, shop: GitRepository, words: tuple[str, ...]
) -> None:
    shop.append(CORE, "\nMORE = 1\n")
    shop.commit("more")
    before = everything(shop.folder)
    for form in ([], ["--json"]):
        outcome = command.run(*words, "--dry-run", *form)
        assert (outcome.code, outcome.err) == (0, "")
        assert "would" in outcome.out or json.loads(outcome.out)
    assert everything(shop.folder) == before


@pytest.mark.parametrize("words", [("export", "--scip", "index.scip"), ("report", "-o", "page.html")], ids="-".join)
def test_a_dry_run_of_what_reads_the_store_writes_nothing(
    command: Command, shop: GitRepository, words: tuple[str, ...]
) -> None:
    assert "codeintel-enrich build" in command.run(*words, "--dry-run").err
    command.build()
    before = everything(shop.folder)
    for form in ([], ["--json"]):
        assert command.run(*words, "--dry-run", *form).code == 0
    assert "would be written" in command.run(*words, "--dry-run").out
    assert everything(shop.folder) == before
    assert command.run(*words).code == 0
    assert (shop.root / words[-1]).is_file()


def test_what_an_export_would_encode_is_what_it_encodes(command: Command, shop: GitRepository) -> None:
    command.build()
    command.run("export", "--scip", "index.scip")
    shop.append(CORE, "\nMORE = 1\n")
    command.build()
    forecast = command.run("export", "--scip", "index.scip", "--dry-run", "--json").summary
    assert forecast["due"] == [CORE]
    assert command.run("export", "--scip", "index.scip", "--json").summary["encoded"] == [CORE]


def test_what_a_hook_or_diff_would_look_at_are_the_files_that_differ(command: Command, shop: GitRepository) -> None:
    command.run("hook")
    shop.append(CORE, "\nMORE = 1\n")
    shop.delete("shop/lonely.py")
    assert command.run("hook", "--dry-run", "--json").summary == [
        {"tree": "staged", "files": len(SHOP), "changed": [], "removed": []}
    ]
    shop.git("add", "-A")
    assert command.run("hook", "--dry-run", "--json").summary == [
        {"tree": "staged", "files": len(SHOP) - 1, "changed": [CORE], "removed": ["shop/lonely.py"]}
    ]
    shop.commit("more")
    base, head = command.run("diff", "HEAD~1", "--dry-run", "--json").summary
    assert (base["changed"], base["removed"]) == ([], [])
    assert (head["changed"], head["removed"]) == ([CORE], ["shop/lonely.py"])
    assert head["tree"] == shop.git("rev-parse", "HEAD").strip()
