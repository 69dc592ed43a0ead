"""The join on real packages, with the index that ty-scip makes of them in this very run."""

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.unit.stages.stitch.stitch_support import Project, indexed, package_sources

PACKAGES = ("requests", "rich")
DEFINITIONS = ("Module", "ClassDef", "FunctionDef")


class Case:
    """A real package, its index, and what is stitched of it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.root = folder / "tree"
        self.project = Project(package_sources(name, self.root))
        self.documents = indexed(self.root, self.project.sources, folder)
        self.stitched = {path: self.project.stitch(path, document) for path, document in self.documents.items()}


@pytest.fixture(scope="module")
def case_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    return cache(lambda name: Case(name, tmp_path_factory.mktemp(name)))


@pytest.fixture(params=PACKAGES)
def case(request: pytest.FixtureRequest, case_of: Callable[[str], Case]) -> Case:
    return case_of(str(request.param))


def test_no_fresh_document_is_taken_for_stale(case: Case) -> None:
    assert [path for path, stitched in case.stitched.items() if stitched.is_stale] == []


def test_at_least_98_of_100_occurrences_are_attached_exactly_and_the_rest_is_counted_by_cause(case: Case) -> None:
    total = sum(stitched.n_occurrences for stitched in case.stitched.values())
    attached = sum(stitched.n_attached for stitched in case.stitched.values())
    causes: Counter[str] = Counter()
    for stitched in case.stitched.values():
        for diagnostic in stitched.diagnostics:
            causes[diagnostic.rule] += int(diagnostic.message.split()[0])
    assert attached >= 0.98 * total
    assert causes["misnamed-occurrences"] <= 0.002 * total
    assert attached + causes["unplaced-occurrences"] + causes["misnamed-occurrences"] == total


def test_every_class_function_and_module_carries_its_symbol(case: Case) -> None:
    for path, stitched in case.stitched.items():
        for node, index in case.project.definitions(path):
            assert index in stitched.nodes or node.node_type not in DEFINITIONS, (path, node)


def test_no_symbol_is_attached_to_another_identifier(case: Case) -> None:
    for path, stitched in case.stitched.items():
        references = case.project.syntax(path).references
        for reference, answer in zip(references, stitched.references, strict=True):
            if answer.symbol is not None:
                words = re.findall(r"\w+", answer.symbol)
                assert words[-1] == reference.name, answer


def test_where_both_speak_they_agree(case: Case) -> None:
    said = [answer.agreement for stitched in case.stitched.values() for answer in stitched.references]
    assert said.count("both") > 0.5 * len(said)
    assert said.count("differ") <= 0.01 * said.count("both")


def test_after_three_lines_more_at_the_top_95_of_100_symbols_are_found_again_and_none_is_wrong(
    case_of: Callable[[str], Case], tmp_path: Path
) -> None:
    case = case_of("requests")
    edited = Project({path: b"# one\n# two\n# three\n" + source for path, source in case.project.sources.items()})
    for path, source in edited.sources.items():
        (tmp_path / "tree" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "tree" / path).write_bytes(source)
    fresh = indexed(tmp_path / "tree", edited.sources, tmp_path)
    n_right = n_found = 0
    for path, document in case.documents.items():
        again = edited.stitch(path, document)
        right = edited.stitch(path, fresh[path])
        for answer, expected in zip(again.references, right.references, strict=True):
            assert answer.symbol in (None, expected.symbol)
            n_right += expected.symbol is not None
            n_found += answer.match == "moved"
    assert n_found >= 0.95 * n_right
