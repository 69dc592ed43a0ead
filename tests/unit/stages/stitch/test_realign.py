"""A stale document's symbols are found again by what its lines say, and none is put in a wrong place."""

from collections.abc import Callable, Iterable

import pytest

from codeintel_enrich.model.scip import SymbolInformation
from tests.unit.stages.stitch.stitch_support import Project, Row, one_file, symbols_of

TY = "ty-scip python . . pkg/a/"

SOURCE = """\
import json

LIMIT = 10

def first(value):
    data = json.loads(value)
    return data

def second(value):
    data = json.dumps(value)
    return data, LIMIT

class Holder:
    limit = LIMIT

    def get(self):
        return first(self.limit), second(LIMIT)
"""


def document_rows(source: str) -> list[Row]:
    """Occurrences of the module-level names and of what `json` gives."""
    symbols = {
        "LIMIT": f"{TY}LIMIT.",
        "first": f"{TY}first().",
        "second": f"{TY}second().",
        "Holder": f"{TY}Holder#",
        "get": f"{TY}Holder#get().",
        "limit": f"{TY}Holder#limit.",
        "json": "x y z 1 json/",
        "loads": "x y z 1 json/loads().",
        "dumps": "x y z 1 json/dumps().",
    }
    syntax = Project({"a.py": source.encode()}).syntax("a.py")
    return [
        (
            reference.line - 1,
            reference.col,
            reference.end_col,
            symbols[reference.name],
            int(reference.role == "definition"),
        )
        for reference in syntax.references
        if reference.name in symbols
    ]


EDITS: dict[str, Callable[[str], str]] = {
    "three lines at the top": lambda source: "# one\nEXTRA = 1\n# three\n" + source,
    "a function in the middle": lambda source: source.replace(
        "def second", "def between(value):\n    return first(value)\n\n\ndef second"
    ),
    "a function removed": lambda source: source[: source.index("def first")] + source[source.index("def second") :],
    "an argument longer": lambda source: source.replace("(value)", "(the_value)"),
    "a block indented": lambda source: source.replace(
        "def second(value):\n    data = json.dumps(value)\n    return data, LIMIT\n",
        "if LIMIT:\n    def second(value):\n        data = json.dumps(value)\n        return data, LIMIT\n",
    ),
    "functions swapped": lambda source: source.replace("first", "#").replace("second", "first").replace("#", "second"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_after_an_edit_most_symbols_are_found_again_and_none_is_wrong(edit: Callable[[str], str]) -> None:
    edited = edit(SOURCE)
    assert edited != SOURCE
    project, fresh = one_file(edited, document_rows(edited))
    _, stale = one_file(edited, document_rows(SOURCE), content_hash="0" * 32)
    right = symbols_of(project, fresh)
    found = symbols_of(project, stale)
    assert stale.is_stale
    assert found.items() <= right.items()
    assert len(found) >= 0.6 * len(right)


def test_what_moved_says_so_and_the_file_tells_of_the_stale_index() -> None:
    edited = EDITS["three lines at the top"](SOURCE)
    _, stitched = one_file(edited, document_rows(SOURCE))
    assert stitched.is_stale
    assert {answer.match for answer in stitched.references if answer.symbol} == {"moved"}
    [diagnostic] = stitched.diagnostics
    assert (diagnostic.rule, diagnostic.severity) == ("stale-document", "info")
    assert {symbol.match for symbol in stitched.nodes.values()} == {"moved"}


def test_a_moved_symbol_that_qualify_contradicts_is_not_attached() -> None:
    before = SOURCE + "\n\nfirst(1)\n"
    after = "\n\n" + SOURCE + "\nfrom other import first\nfirst(1)\n"
    project, stitched = one_file(after, document_rows(before), content_hash="0" * 32)
    last = max(reference.line for reference in project.syntax("pkg/a.py").references)
    assert ("first", last) not in symbols_of(project, stitched)
    assert ("LIMIT", 5) in symbols_of(project, stitched)


def test_a_document_of_quite_another_file_attaches_nothing() -> None:
    _, stitched = one_file("alpha = beta(gamma)\n" * 5, document_rows(SOURCE))
    assert stitched.is_stale
    assert stitched.n_attached == 0


def moved_at_top(
    source: str, rows: list[Row], displayed: Iterable[tuple[str, str]] = ()
) -> dict[tuple[str, int, int], str]:
    """Symbols found again after three lines at the top, by (name, line, column)."""
    symbols = tuple(SymbolInformation(symbol, display_name=name) for symbol, name in displayed)
    project, stitched = one_file("# 1\n# 2\n# 3\n" + source, rows, content_hash="0" * 32, symbols=symbols)
    assert stitched.is_stale
    references = project.syntax("pkg/a.py").references
    answers = zip(references, stitched.references, strict=True)
    return {(each.name, each.line, each.col): answer.symbol for each, answer in answers if answer.symbol}


PLAIN = "".join(f"def f{number}(): pass\n" for number in range(9))


def plain_rows(first_line: int) -> list[Row]:
    return [(first_line + number, 4, 6, f"{TY}f{number}().", 1) for number in range(9)]


def test_a_dotted_import_stays_on_its_own_line() -> None:
    """ty-scip gives the dotted module one range, and `name as alias` a local symbol displayed so."""
    source = "import os as system\nimport os.path as p\n" + PLAIN
    rows: list[Row] = [
        (0, 7, 9, "x y z 1 os/", 2),
        (0, 7, 19, "local 0", 3),
        (0, 13, 19, "x y z 1 os/", 2),
        (1, 7, 14, "x y z 1 os/path/", 2),
        (1, 7, 19, "local 1", 3),
        *plain_rows(2),
    ]
    found = moved_at_top(source, rows, displayed=[("local 0", "os as system"), ("local 1", "os.path as p")])
    assert found["os", 4, 7] == "x y z 1 os/"
    assert found["path", 5, 10] == "x y z 1 os/path/"
    assert ("os", 5, 7) not in found


def test_a_part_of_a_dotted_name_is_not_taken_for_another_of_the_same_width() -> None:
    """ty-scip calls the `abc` of `abc.xyz` the module `abc/xyz/`."""
    source = "import abc.xyz\n\nabc.xyz.run()\n" + PLAIN
    rows: list[Row] = [(0, 7, 14, "x y z 1 abc/xyz/", 2), (2, 0, 3, "x y z 1 abc/xyz/", 2), *plain_rows(3)]
    found = moved_at_top(source, rows)
    assert found["xyz", 4, 11] == "x y z 1 abc/xyz/"
    assert ("xyz", 6, 4) not in found


def test_lines_that_look_alike_keep_their_distance() -> None:
    body = "".join(f"first({number})\nsecond()\n" for number in range(6))
    source = PLAIN + body
    rows = plain_rows(0)
    rows += [(9 + 2 * number, 0, 5, "x y z 1 other/first().", 8) for number in range(0, 6, 2)]
    rows += [(10 + 2 * number, 0, 6, "x y z 1 other/second().", 8) for number in range(6)]
    found = moved_at_top(source, rows)
    assert {line for name, line, _ in found if name == "first"} == {13, 17, 21}
