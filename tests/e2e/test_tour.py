"""The tour of the commands is taken, and what they print is what the page shows."""

import os
import re
import shlex
import sys
from pathlib import Path

import pytest

import codeintel_enrich
from tests.support.command import Command
from tests.support.gitrepo import GitRepository

PAGE = Path(codeintel_enrich.__file__).with_name("TOUR.md")
SHOP = {
    ".gitignore": "cache/\n",
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\n',
    "shop/basket.py": (
        '"""What a customer takes."""\n\nfrom .prices import net\n\n__all__ = ["Basket", "total"]\n\n\n'
        'class Basket:\n    """Things and how many."""\n\n'
        "    def __init__(self, things: dict[str, int]) -> None:\n        self.things = things\n\n\n"
        'def total(basket: Basket) -> float:\n    """What a basket costs."""\n'
        "    return sum(net(1.5) * count for count in basket.things.values())\n"
    ),
    "shop/prices.py": (
        '"""What things cost."""\n\nTAX = 0.19\n\n\n'
        'def net(gross: float) -> float:\n    """Without tax."""\n    return gross / (1 + TAX)\n'
    ),
    "main.py": 'from shop import Basket, price, total\n\nprint(total(Basket({"tea": 2})), price(3))\n',
}
UPDATE = "CODEINTEL_UPDATE_TOUR"
"""With this set, what is wrong on the page is rewritten, and the test fails."""


def test_every_command_prints_what_the_tour_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (package,) = re.findall(r"```python\n(.+?)```", page, re.DOTALL)
    repository = GitRepository(tmp_path, {**SHOP, "shop/__init__.py": package})
    monkeypatch.chdir(repository.root)
    command = Command(repository.root, monkeypatch, capsys)
    taken: list[str] = []
    wrong: list[str] = []

    def take(block: re.Match[str]) -> str:
        rewritten = []
        for line, shown in re.findall(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", block[1], re.MULTILINE):
            first, *words = shlex.split(line)
            if first == "codeintel-enrich":
                taken.append(words[0])
                outcome = command.run(*words)
                printed = outcome.out + outcome.err
            else:
                printed = repository.run("sh", "-c", line)
            printed = tidy(printed, repository.root)
            if matches(shown, printed):
                rewritten.append(f"$ {line}\n{shown}")
            else:
                wrong.append(f"$ {line}\n{printed}")
                rewritten.append(wrong[-1])
        return f"```console\n{''.join(rewritten)}```"

    taken_page = re.sub(r"```console\n(.+?)```", take, page, flags=re.DOTALL)
    if os.environ.get(UPDATE):
        PAGE.write_text(taken_page, encoding="utf-8")
    assert "\n".join(wrong) == ""
    shown = command.run("--help").out
    commands = set(re.findall(r"^│ (\w+)  ", shown, re.MULTILINE)) - {"reference"}
    assert commands == set(taken)


def tidy(printed: str, root: Path) -> str:
    """Without places of this machine, and without spaces that nobody sees."""
    for place, name in ((str(root), "/repo"), (str(Path(sys.executable).parent), "/venv/bin")):
        printed = printed.replace(place, name)
    # Tables are padded with spaces.
    return "".join(f"{line.rstrip()}\n" for line in printed.splitlines() if line.strip() or not line)


def matches(shown: str, printed: str) -> bool:
    """Whether the page shows what was printed, but for lines left out, times, versions, sizes and names of commits."""
    pattern = "".join(r"(?:.*\n)*?" if line == "..." else re.escape(masked(line)) + "\n" for line in shown.splitlines())
    return re.fullmatch(pattern, "".join(f"{masked(line)}\n" for line in printed.splitlines())) is not None


def masked(line: str) -> str:
    line = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+", "TIME", line)
    line = re.sub(r"\b[0-9a-f]{12,40}\b", "COMMIT", line)
    line = re.sub(r"\d+\.\d+(?:\.\d+)*|\d+ bytes|(?:seconds|rows): .*", "N", line)
    return re.sub(r"[ ─]+", " ", line)


def test_the_tour_sees_a_line_that_is_wrong() -> None:
    assert matches("a  b 1.2 s\n...\nlast\n", "a b 3.4 s\nmiddle\nmore\nlast\n")
    assert not matches("a\n...\nlast\n", "a\nmiddle\n")
    assert not matches("a b\n", "a c\n")
    assert not matches("a\n", "a\nb\n")
