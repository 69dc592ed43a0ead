"""Every case is what the interpreter says it is; `UPDATE_GOLDEN=1` rewrites what is written in the cases, and fails."""

from __future__ import annotations

import os
from collections import Counter
from functools import cache
from typing import Any

import pytest

from tests.golden.analysis import Analysis
from tests.golden.cases import Case, all_cases, rewrite_block, rewrite_mark
from tests.golden.interpreter import ask, can_run
from tests.golden.topics import TOPICS

CASES = {case.name: case for case in all_cases()}
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"
KNOWN_WRONG: dict[str, str] = {}
"""Cases that the analysis gets wrong, with the reason."""


@cache
def analysed(name: str) -> Analysis:
    return Analysis(CASES[name])


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the interpreter says of all cases it can run."""
    runnable = {name: analysed(name) for name, case in CASES.items() if can_run(case)}
    return ask(runnable, tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(strict=True, reason=KNOWN_WRONG[name]))
        if name in KNOWN_WRONG
        else name
        for name in CASES
    ],
)
def test_names_are_what_the_interpreter_says(name: str, truth: dict[str, dict[str, Any]]) -> None:
    analysis = analysed(name)
    problems = analysis.unparsed + written_problems(analysis)
    for path, answer in truth.get(name, {}).items():
        problems += [f"{path}: {problem}" for problem in export_problems(analysis, path, answer)]
    problems += mark_problems(analysis, list(truth.get(name, {}).values()))
    assert not problems, "\n".join(problems)


def is_special(name: str) -> bool:
    return name.startswith("__") and name.endswith("__")


def written_problems(analysis: Analysis) -> list[str]:
    """Where the analysis is not what the case itself says."""
    case = analysis.case
    problems: list[str] = []
    for kind, blocks, told in (
        ("exports", case.exports, analysis.exports),
        ("diagnostics", case.diagnostics, analysis.diagnostics),
    ):
        for path, expected in blocks.items():
            if told(path) != expected:
                problems.append(f"{path}: {kind}\n{told(path)}not\n{expected}")
                if UPDATE:
                    rewrite_block(case, kind, path, expected, told(path))
    for mark in case.marks():
        if mark.names is not None and sorted(analysis.target(mark).qualified_names) != sorted(mark.names):
            problems.append(f"{mark.path}:{mark.line}: {mark.text} is {analysis.target(mark)}, not {mark.names}")
            if UPDATE:
                rewrite_mark(case, mark, analysis.target(mark).qualified_names)
    return problems


def export_problems(analysis: Analysis, path: str, answer: dict[str, Any]) -> list[str]:
    """Where the exports of a file are not what its module has at run time."""
    if answer["error"] is not None:
        return [f"cannot be imported: {answer['error']}"]
    environment = analysis.environments[path]
    exports = {export.name: export for export in environment.exports if not is_special(export.name)}
    problems: list[str] = []
    star = sorted(name for name, export in exports.items() if export.in_star)
    if answer["star_error"] is not None:
        problems.append(f"its star fails: {answer['star_error']}")
    elif star != sorted(filter(lambda name: not is_special(name), answer["star"])):
        problems.append(f"star {star}, not {answer['star']}")
    missing = [name for name in answer["bound"] if not is_special(name) and name not in exports]
    missing += [name for name in answer["bound"] if name in exports and exports[name].typing_only]
    if missing:
        problems.append(f"exports lack {missing}")
    for name, export in exports.items():
        if export.typing_only:
            continue
        found = answer["names"][name]
        if found["error"] is not None:
            problems.append(f"`{name}` cannot be imported: {found['error']}")
            continue
        named = [label for label in found["labels"] if "<" not in label and not label.startswith("builtins.")]
        if named and export.origin not in named and not found["bound_method"]:
            problems.append(f"`{name}` comes from {named}, not {export.origin}")
        if export.chain and not all(found["same"]):
            problems.append(f"`{name}` is not at every hop of {export.chain}")
        own = export.origin_path == path and export.origin != environment.module
        if (export.kind == "definition") is not own and export.kind != "star":
            problems.append(f"`{name}` is a {export.kind} of {export.origin}")
        if export.kind == "dynamic" and name in answer["bound"]:
            problems.append(f"`{name}` is dynamic but bound")
    return problems


def mark_problems(analysis: Analysis, answers: list[dict[str, Any]]) -> list[str]:
    """Where references do not mean what their expressions were."""
    problems: list[str] = []
    for index, mark in enumerate(analysis.case.marks()):
        place = f"{mark.path}:{mark.line}: {mark.text}"
        target = analysis.target(mark)
        claims = target.qualified_names
        if not claims and not target.reason:
            problems.append(f"{place} has no answer and no reason")
        if mark.names is None and len(claims) != 1:
            problems.append(f"{place} has {len(claims)} answers: {target}")
        seen = [answer["marks"][index] for answer in answers if answer["error"] is None]
        seen = [found for found in seen if found["count"]]
        if mark.names is None and not seen:
            problems.append(f"{place} was never evaluated")
        for found in seen if claims else ():
            named = [label for label in found["labels"] if "<locals>" not in label or mark.names is None]
            if mark.names is None and named and not set(named) <= set(claims):
                problems.append(f"{place} is {named}, not {claims}")
            if mark.names is None and found["unnamed"] and not found["same"][0]:
                problems.append(f"{place} is not the object at {claims}")
            if mark.names is not None and not any("<locals>" in claim for claim in claims) and not any(found["same"]):
                problems.append(f"{place} is {named}, which {claims} are not")
    return problems


def test_there_is_a_case_for_every_topic() -> None:
    topics = Counter((case.source.stem, case.topic) for case in CASES.values())
    assert sorted(TOPICS) == sorted(topics)
    assert len(CASES) == len(all_cases()) >= 150


def test_what_is_written_has_a_reason() -> None:
    def is_written(case: Case) -> bool:
        return bool(case.exports or case.diagnostics or any(mark.names is not None for mark in case.marks()))

    assert [
        name for name, case in CASES.items() if is_written(case) and not (case.not_run or case.typed or case.python)
    ] == []
    assert [name for name, case in CASES.items() if not can_run(case) and not is_written(case)] == []


def test_most_cases_are_judged_by_the_interpreter() -> None:
    assert sum(case.not_run is None for case in CASES.values()) >= 0.8 * len(CASES)
