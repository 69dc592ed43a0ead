"""Every case is what the interpreter says it is; `UPDATE_GOLDEN=1` rewrites what is written in the cases, and fails."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.golden.analysis import Analysis
from tests.golden.cases import Case, all_cases, read_cases, rewrite_block, rewrite_marks
from tests.golden.interpreter import ask, can_run
from tests.golden.topics import TOPICS

CASES = {case.name: case for case in all_cases()}
UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


@cache
def analysed(name: str) -> Analysis:
    return Analysis(CASES[name])


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What the interpreter says of all cases it can run."""
    runnable = {name: analysed(name) for name, case in CASES.items() if can_run(case)}
    return ask(runnable, tmp_path_factory.mktemp("golden"))


@pytest.mark.parametrize("name", CASES)
def test_names_are_what_the_interpreter_says(name: str, truth: dict[str, dict[str, Any]]) -> None:
    analysis = analysed(name)
    if UPDATE:
        update(analysis)
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
    problems = [
        f"{path}: {kind}\n{told(path)}not\n{expected}"
        for kind, path, expected, told in written_blocks(analysis)
        if told(path) != expected
    ]
    problems += [
        f"{mark.path}:{mark.line}: {mark.text} is {analysis.target(mark)}, not {mark.names}"
        for mark in case.marks()
        if mark.names is not None and sorted(analysis.target(mark).qualified_names) != sorted(mark.names)
    ]
    return problems


def written_blocks(analysis: Analysis) -> Iterator[tuple[str, str, str, Callable[[str], str]]]:
    """Kind, path and text of each block, and what tells the analysis's own."""
    for path, text in analysis.case.exports.items():
        yield "exports", path, text, analysis.exports
    for path, text in analysis.case.diagnostics.items():
        yield "diagnostics", path, text, analysis.diagnostics


def update(analysis: Analysis) -> None:
    """Write into the case what the analysis says."""
    for kind, path, expected, told in written_blocks(analysis):
        rewrite_block(analysis.case, kind, path, expected, told(path))
    marks = [mark for mark in analysis.case.marks() if mark.names is not None]
    rewrite_marks(analysis.case, {mark: analysis.target(mark).qualified_names for mark in marks})


def is_told(error: str, messages: list[str]) -> bool:
    """Whether one of the messages says what the interpreter raised, or ends it."""
    return any(error in message or error.endswith(message) for message in messages)


def export_problems(analysis: Analysis, path: str, answer: dict[str, Any]) -> list[str]:
    """Where the exports of a file are not what its module has at run time."""
    linked_module = analysis.linked_modules[path]
    refused = [found.message for found in linked_module.findings if found.rule == "broken-all"]
    if answer["error"] is not None:
        return [] if is_told(answer["error"], refused) else [f"cannot be imported: {answer['error']}"]
    exports = {export.name: export for export in linked_module.exports if not is_special(export.name)}
    problems: list[str] = []
    star = sorted(name for name, export in exports.items() if export.in_star)
    if answer["star_error"] is not None:
        unbound = [f"has no attribute '{item.name}'" for item in linked_module.exports if item.origin is None]
        if not is_told(answer["star_error"], [*(refused if not star else ()), *unbound]):
            problems.append(f"its star fails: {answer['star_error']}")
    elif refused:
        problems.append(f"its star does not fail: {refused}")
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
            if (answer["star_error"] or "").endswith(f"has no attribute '{name}'"):
                continue
            problems.append(f"`{name}` cannot be imported: {found['error']}")
            continue
        named = [label for label in found["labels"] if "<" not in label and not label.startswith("builtins.")]
        if named and export.origin not in named and not found["bound_method"]:
            problems.append(f"`{name}` comes from {named}, not {export.origin}")
        if export.chain and not all(found["same"]):
            problems.append(f"`{name}` is not at every hop of {export.chain}")
        own = export.origin_path == path and export.origin != linked_module.module
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


def test_an_update_writes_what_the_analysis_says(tmp_path: Path) -> None:
    source = tmp_path / "cases.md"
    file = "import os\nclass A: ...\nA; os  #? A -> m.B; os -> unknown\n"
    source.write_text(f"## t\n### c\n```python m.py\n{file}```\n```exports m.py\nB m.B definition -\n```\n")
    (before,) = read_cases(source)
    assert len(written_problems(Analysis(before))) == 3
    update(Analysis(before))
    (after,) = read_cases(source)
    assert after.files["m.py"] == file.replace("m.B", "m.A").replace("unknown", "os")
    assert after.exports["m.py"] == "A m.A definition star\nos os reexport star\n"
    assert written_problems(Analysis(after)) == []


@pytest.mark.parametrize("change", [{"origin": "b.Thing"}, {"in_star": False}, {"chain": ("b.nothing",)}])
def test_a_wrong_answer_is_seen(change: dict[str, Any], truth: dict[str, dict[str, Any]]) -> None:
    name = "chains: to the definition: Renamed at every hop"
    analysis = Analysis(CASES[name])
    assert export_problems(analysis, "a.py", truth[name]["a.py"]) == []
    linked_module = analysis.linked_modules["a.py"]
    (export,) = linked_module.exports
    exports = (msgspec.structs.replace(export, **change),)
    analysis.linked_modules["a.py"] = msgspec.structs.replace(linked_module, exports=exports)
    if "chain" in change:
        answer = truth[name]["a.py"]
        found = {**answer["names"]["Public"], "same": [False]}
        assert export_problems(analysis, "a.py", {**answer, "names": {"Public": found}})
    else:
        assert export_problems(analysis, "a.py", truth[name]["a.py"])
