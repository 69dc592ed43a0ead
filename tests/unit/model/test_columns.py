"""Columns of foreign tools become code points at every border of a character, and nowhere else."""

from collections.abc import Callable

import pytest

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.scip import ColumnUnit

TEXT = 'é = "🚀"; ß = 1'
WIDTHS: dict[ColumnUnit, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "code-point": len,
}


@pytest.mark.parametrize("unit", WIDTHS)
@pytest.mark.parametrize("has_bom", [False, True])
def test_every_character_border_is_converted(unit: ColumnUnit, has_bom: bool) -> None:
    columns = Columns({1: TEXT, 2: TEXT}, has_bom, unit, counts_bom=True)
    for index in range(len(TEXT) + 1):
        width = WIDTHS[unit](TEXT[:index])
        assert columns.code_point(2, width) == index
        bom = WIDTHS[unit]("\ufeff") if has_bom else 0
        assert columns.code_point(1, width + bom) == index


def test_columns_inside_a_character_and_past_the_end_have_no_place() -> None:
    columns = Columns({2: TEXT}, False, "utf-8", counts_bom=True)
    assert columns.code_point(2, 1) is None
    assert columns.code_point(2, len(TEXT.encode()) + 1) is None


def test_ascii_lines_need_no_conversion_but_for_the_bom() -> None:
    columns = Columns({}, True, "utf-8", counts_bom=True)
    assert (columns.is_plain(1), columns.is_plain(2)) == (False, True)
    assert (columns.code_point(1, 5), columns.code_point(1, 2), columns.code_point(2, 5)) == (2, None, 5)


def test_a_tool_that_does_not_count_the_bom_is_believed() -> None:
    assert Columns({}, True, "utf-16", counts_bom=False).code_point(1, 5) == 5
