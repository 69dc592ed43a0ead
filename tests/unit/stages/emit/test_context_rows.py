"""What `emit` says of a file's context: coverage per file and definition, owners, history, and the tag that follows."""

from typing import Any

import pytest

from codeintel_enrich.model.config import EmitConfig
from codeintel_enrich.model.context import Author, Coverage, FileContext, History
from tests.support.rows import as_dicts, emitted

SOURCE = """\
import os


class C:
    limit = 1

    def used(self):
        a = 1
        return a

    def unused(self):
        return 2


def one_line(): return 3
"""
COVERAGE = Coverage(covered=(1, 4, 5, 7, 8, 9, 11, 15), missed=(12,))


def rows(context: FileContext, path: str = "pkg/a.py", **settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The file's row of `modules`, and the coverage of each definition by name."""
    files = emitted({path: SOURCE}, contexts={path: context}, emit_config=EmitConfig(**settings))
    (module,) = as_dicts(files[path], "modules")
    nodes = as_dicts(files[path], "nodes")
    return module, {str(row["local_name"]): row["coverage_ratio"] for row in nodes if row["n_typable"] is not None}


def test_a_ratio_is_the_covered_share_of_lines_and_a_definition_counts_those_behind_its_first() -> None:
    module, ratios = rows(FileContext(coverage=COVERAGE))
    assert module["coverage_ratio"] == pytest.approx(8 / 9)
    assert ratios == {
        "": pytest.approx(8 / 9),
        "C": pytest.approx(5 / 6),
        "C.used": 1.0,
        "C.unused": 0.0,
        "one_line": None,
    }


def test_what_no_input_speaks_of_is_null() -> None:
    module, ratios = rows(FileContext())
    assert set(ratios.values()) == {None}
    null = ("coverage_ratio", "n_authors", "bus_factor", "churn_commits", "churn_lines", "last_commit")
    assert {name: module[name] for name in null} == dict.fromkeys(null)
    assert module["owners"] == module["main_authors"] == []


def test_a_report_of_other_content_is_said_and_left_out() -> None:
    context = FileContext(coverage=Coverage(covered=(1, 99), missed=()))
    module, ratios = rows(context)
    assert module["coverage_ratio"] is None
    assert set(ratios.values()) == {None}
    files = emitted({"pkg/a.py": SOURCE}, contexts={"pkg/a.py": context})
    (finding,) = as_dicts(files["pkg/a.py"], "diagnostics")
    assert (finding["rule"], finding["severity"]) == ("stale-coverage", "warning")
    assert "line 99" in str(finding["message"])


@pytest.mark.parametrize(
    ("threshold", "path", "tagged"),
    [(0.5, "pkg/a.py", False), (0.95, "pkg/a.py", True), (0.95, "tests/test_a.py", False)],
)
def test_a_module_below_the_threshold_is_tagged_unless_it_is_a_test(threshold: float, path: str, tagged: bool) -> None:
    module, _ = rows(FileContext(coverage=COVERAGE), path, low_coverage_threshold=threshold)
    assert ("low-coverage" in module["tags"]) == tagged


def test_owners_and_history_stand_in_the_row_and_on_the_page() -> None:
    authors = tuple(Author(name, 1, lines) for name, lines in (("Ann", 50), ("Bob", 30), ("Cem", 10), ("Dee", 5)))
    history = History(authors, "2026-01-02T03:04:05Z", churn_commits=3, churn_lines=40)
    context = FileContext(history=history, owners=("@org/core", "ann@example.org"))
    module, _ = rows(context)
    assert module["owners"] == ["@org/core", "ann@example.org"]
    assert module["main_authors"] == ["Ann", "Bob", "Cem"]
    assert (module["n_authors"], module["bus_factor"]) == (4, 1)
    assert (module["churn_commits"], module["churn_lines"]) == (3, 40)
    assert module["last_commit"] == "2026-01-02T03:04:05Z"
    page = emitted({"pkg/a.py": SOURCE}, contexts={"pkg/a.py": context})["pkg/a.py"].fragments.page.decode()
    assert "owned by `@org/core`, `ann@example.org`" in page
    assert "mostly by `Ann`" in page


@pytest.mark.parametrize(
    ("shares", "factor"),
    [
        ([(1, 10)], 1),
        ([(1, 5), (1, 5)], 2),
        ([(1, 6), (1, 5)], 1),
        ([(1, 4), (1, 3), (1, 3)], 2),
        ([(2, 0), (1, 0)], 1),
    ],
)
def test_the_bus_factor_is_the_fewest_who_wrote_more_than_half(shares: list[tuple[int, int]], factor: int) -> None:
    authors = tuple(Author(f"a{index}", *share) for index, share in enumerate(shares))
    assert History(authors, "", 0, 0).bus_factor == factor
