"""The examples for people run, on a repository of a test, and do what they say."""

import json
import sys
from pathlib import Path

import pytest

from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP

EXAMPLES = Path(__file__).parents[1] / "examples"
TRIED = {"ask_in_sql", "exports_of_a_module", "follow_chunks", "custom_dodo"}


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path, SHOP)


def run(shop: GitRepository, name: str, *words: str) -> str:
    return shop.run(sys.executable, str(EXAMPLES / f"{name}.py"), *words)


def test_each_example_is_tried_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} - {"__init__"} == TRIED


def test_a_question_in_sql_is_answered(shop: GitRepository) -> None:
    shop.build()
    assert "shop.core.helper: " in run(shop, "ask_in_sql")


def test_reexports_are_followed_to_their_definition(shop: GitRepository) -> None:
    shop.build()
    assert "help_me is shop.core.helper" in run(shop, "exports_of_a_module", "shop").splitlines()


def test_an_index_of_chunks_follows_edits(shop: GitRepository) -> None:
    def chunks() -> dict[str, str]:
        run(shop, "follow_chunks", "index.json")
        texts: dict[str, str] = json.loads(shop.read("index.json"))["chunks"]
        return texts

    first = chunks()
    assert any("def helper" in text for text in first.values())
    shop.replace("shop/core.py", "def helper", "def helped")
    second = chunks()
    assert not any("def helper" in text for text in second.values())
    assert any("def helped" in text for text in second.values())
    assert first.keys() - second.keys()
    assert chunks() == second


def test_a_task_behind_the_build_reads_what_it_made(shop: GitRepository) -> None:
    shop.write("custom_dodo.py", (EXAMPLES / "custom_dodo.py").read_bytes())
    shop.run("doit", "-f", "custom_dodo.py", "hubs")
    assert "shop/core.py" in (shop.root / "hubs.txt").read_text()
