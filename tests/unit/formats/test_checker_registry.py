"""What the list of checkers says of each is enough to run it, and true of the program itself."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.inputs.tools import find_tool
from codeintel_enrich.engine.inputs.view import write_settings
from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.checkers import (
    CHECKERS,
    Checker,
    CheckerReport,
    CheckerRequest,
    CheckerSurroundings,
    joined,
)
from codeintel_enrich.formats.checkers.settings import permitted

pytestmark = pytest.mark.slow

SOURCES = {"pkg/a.py": "x: int = 'text'\n\n\ndef f(one, two: int) -> int:\n    return two\n"}

each_checker = pytest.mark.parametrize("checker", CHECKERS.values(), ids=CHECKERS)


def answer(
    checker: Checker,
    root: Path,
    files: Iterable[str],
    folder: Path,
    *,
    settings: dict[str, Any] | None = None,
    expressions: bool = False,
) -> CheckerReport:
    """Run a checker as the list says, knowing nothing else of it."""
    tool = find_tool(checker.name)
    assert tool is not None
    folder.mkdir()
    around = CheckerSurroundings(settings, "3.11", "linux", ())
    request = CheckerRequest(root.as_posix(), frozenset(files), folder.as_posix(), around, (), expressions)
    if (configured := checker.configure(request, (folder / "venv").as_posix())) is not None:
        write_settings(root / checker.own_config, configured)
    parts: list[CheckerReport] = []
    for run in checker.runs(request):
        done = subprocess.run([tool.path, *run.words], cwd=root, capture_output=True, check=False)
        assert done.returncode in run.exit_codes, done.stderr
        parts += [output.read(done.stdout, lambda name: (folder / name).read_bytes()) for output in run.outputs]
    return joined(parts)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in SOURCES.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_text(text)
    return tmp_path / "tree"


@each_checker
def test_what_a_checker_is_said_to_give_it_gives(checker: Checker, tree: Path) -> None:
    plain = answer(checker, tree, SOURCES, tree.parent / "plain").files["pkg/a.py"]
    asked = answer(checker, tree, SOURCES, tree.parent / "asked", expressions=True).files["pkg/a.py"]
    for facts in (plain, asked):
        assert [(found.tool, found.line) for found in facts.diagnostics + facts.utf16_diagnostics] == [
            (checker.name, 1)
        ]
        assert bool(facts.coverage) == (checker.name == "pyrefly"), (
            "the rows of `type_coverage` name the one tool that counts"
        )
    assert not plain.typed_places
    assert bool(asked.typed_places) == bool(asked.signatures) == checker.tells_expressions


@each_checker
def test_a_checker_follows_the_configuration_file_that_is_said_to_be_its_own(checker: Checker, tree: Path) -> None:
    silenced: dict[str, dict[str, Any]] = {
        "pyrefly.toml": {"errors": {"bad-assignment": False}},
        "pyrightconfig.json": {"reportAssignmentType": False},
    }
    settings = silenced[checker.own_config]
    facts = answer(checker, tree, SOURCES, tree.parent / "out", settings=settings).files.get("pkg/a.py")
    assert facts is None or not facts.diagnostics + facts.utf16_diagnostics
    assert permitted(settings, checker.known, ".", "/tree", trusted=False) == (settings, ())


@each_checker
def test_a_report_that_is_none_is_refused_by_its_name(checker: Checker) -> None:
    with pytest.raises(UsageError, match=r"given\.json"):
        checker.read(b"nothing", "/tree", set(), "given.json")


@each_checker
def test_an_output_that_was_not_made_is_an_error_and_not_an_empty_report(checker: Checker) -> None:
    def none(name: str) -> bytes:
        raise FileNotFoundError(name)

    for run in checker.runs(
        CheckerRequest("/tree", frozenset(), "/folder", CheckerSurroundings(None, "3.11", "linux", ()), (), True)
    ):
        for output in run.outputs:
            with pytest.raises((UsageError, OSError)):
                output.read(b"", none)


def test_every_checker_stands_under_its_own_name() -> None:
    assert {name: checker.name for name, checker in CHECKERS.items()} == {name: name for name in CHECKERS}
    assert len({checker.own_config for checker in CHECKERS.values()}) == len(CHECKERS)
