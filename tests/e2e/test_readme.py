"""What the README asks of rich is asked again, and the answers are those that the README shows."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from codeintel_enrich.store import open_store
from tests.support.built_packages import built_package

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
GALLERY = README.partition("## Ten questions")[2].partition("\n## ")[0]
ASKED = re.findall(r"\*\*\d+\. (.+?)\*\*\n\n```sql\n(.+?)\n```\n\n```text\n(.+?)\n```", GALLERY, re.DOTALL)


@pytest.fixture(scope="module")
def store() -> Path:
    return built_package("rich", overrides={"slices": {"enabled": True}}).store


def test_the_answers_are_those_of_the_version_that_is_installed() -> None:
    """Another version of rich has other answers: `dev` pins the one that the README names."""
    assert f"rich {metadata.version('rich')} " in GALLERY


def test_there_are_ten_questions() -> None:
    assert len(ASKED) == len({question for question, _, _ in ASKED}) == 10


@pytest.mark.parametrize(("question", "query", "answer"), ASKED, ids=[question for question, _, _ in ASKED])
def test_the_answer_is_the_one_that_is_shown(store: Path, question: str, query: str, answer: str) -> None:
    with open_store(store) as connection:
        rows = connection.execute(query).fetchall()
    cells = [[", ".join(cell) if isinstance(cell, list) else str(cell) for cell in row] for row in rows]
    assert cells == [line.split("  ") for line in answer.splitlines()]


def test_the_recipe_finds_the_code_that_a_question_is_about(store: Path) -> None:
    recipe, shown = re.findall(r"```python\n(import json\n.+?)```\n\n```text\n(.+?)```", README, re.DOTALL)[0]
    done = subprocess.run(
        [sys.executable, "-c", recipe], cwd=store.parents[1], capture_output=True, text=True, check=True
    )
    assert "rich._emoji_replace._emoji_replace, part 1 of 1, called by" in done.stdout
    assert done.stdout == shown
