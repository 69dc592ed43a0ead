"""Symbols of an index on the definitions and references of a file: where they belong, and nowhere else."""

import pytest

from codeintel_enrich.model.scip import ColumnUnit, Document, SymbolInformation
from codeintel_enrich.model.stitched import ReferenceSymbol, Stitched
from tests.unit.stages.stitch.stitch_support import Project, Row, one_file, symbols_of

TY = "ty-scip python . . pkg/a/"
PY = "scip-python python p 1 `pkg.a`/"


def answers(project: Project, stitched: Stitched, path: str = "pkg/a.py") -> dict[tuple[str, int], ReferenceSymbol]:
    return {
        (reference.name, reference.line): answer
        for reference, answer in zip(project.syntax(path).references, stitched.references, strict=True)
    }


def rules(stitched: Stitched) -> list[str]:
    return [diagnostic.rule for diagnostic in stitched.diagnostics]


def test_symbols_join_on_the_range_of_the_name_not_on_the_line() -> None:
    source = "@property\ndef f(): pass\ndef g(): pass; x = f()\n"
    occurrences = [
        (1, 4, 5, f"{TY}f().", 1),
        (2, 4, 5, f"{TY}g().", 1),
        (2, 15, 16, f"{TY}x.", 1),
        (2, 19, 20, f"{TY}f().", 8),
    ]
    project, stitched = one_file(source, occurrences)
    assert symbols_of(project, stitched) == {
        ("f", 2): f"{TY}f().",
        ("g", 3): f"{TY}g().",
        ("x", 3): f"{TY}x.",
        ("f", 3): f"{TY}f().",
    }
    assert {
        node.name: stitched.nodes[index].symbol for node, index in project.definitions("pkg/a.py") if node.name
    } == {
        "f": f"{TY}f().",
        "g": f"{TY}g().",
        "x": f"{TY}x.",
    }
    assert all(answer.match == "exact" for answer in stitched.references if answer.symbol)
    assert (stitched.n_occurrences, stitched.n_attached, stitched.diagnostics) == (4, 4, ())


def test_a_symbol_of_another_name_is_never_attached_and_is_counted() -> None:
    project, stitched = one_file("alpha = 1\nbeta = 2\n", [(0, 0, 5, f"{TY}alpha.", 1), (1, 0, 4, f"{TY}alpha.", 1)])
    assert symbols_of(project, stitched) == {("alpha", 1): f"{TY}alpha."}
    [diagnostic] = stitched.diagnostics
    assert (diagnostic.rule, diagnostic.line, diagnostic.tool) == ("misnamed-occurrences", 2, "stitch")
    assert (stitched.n_occurrences, stitched.n_attached) == (2, 1)


def test_an_alias_is_not_what_it_stands_for() -> None:
    occurrences = [(0, 7, 11, "ty-scip python python-stdlib 3.11 json/", 2), (0, 15, 16, "local 0", 3)]
    occurrences += [(1, 0, 1, "ty-scip python python-stdlib 3.11 json/", 8), (1, 2, 7, "x y z 1 json/dumps().", 8)]
    project, stitched = one_file("import json as j\nj.dumps\n", occurrences)
    assert symbols_of(project, stitched) == {
        ("json", 1): "ty-scip python python-stdlib 3.11 json/",
        ("dumps", 2): "x y z 1 json/dumps().",
    }
    assert rules(stitched) == ["aliased-occurrences"]
    assert stitched.n_attached == stitched.n_occurrences


def test_of_several_symbols_on_one_range_the_global_one_that_names_it_is_taken() -> None:
    occurrences = [
        (0, 16, 20, "local 0", 3),
        (0, 16, 20, "x y z 1 json/decoder/", 2),
        (0, 16, 20, "x y z 1 json/load().", 2),
    ]
    project, stitched = one_file("from json import load\n", [(0, 17, 21, *row[3:]) for row in occurrences])
    assert symbols_of(project, stitched) == {("load", 1): "x y z 1 json/load()."}


def test_of_several_fitting_symbols_the_one_that_qualify_means_is_taken() -> None:
    symbols = ["ty a b c zzz/x.", f"{TY}x.", "ty a b c aaa/x."]
    project, stitched = one_file("x = 1\n", [(0, 0, 1, symbol, 1) for symbol in symbols])
    assert symbols_of(project, stitched) == {("x", 1): f"{TY}x."}


def test_a_local_symbol_attaches_nothing_but_is_no_loss() -> None:
    project, stitched = one_file(
        "def f():\n    x = 1\n    return x\n", [(1, 4, 5, "local 1", 1), (2, 11, 12, "local 1", 8)]
    )
    assert symbols_of(project, stitched) == {}
    assert answers(project, stitched)["x", 3].agreement == "cst-only"
    assert (stitched.n_occurrences, stitched.n_attached, stitched.diagnostics) == (2, 2, ())


def test_agreement_says_who_knows_what() -> None:
    source = "def f(p):\n    p.attr\n    return len(p)\nf(1)\nunindexed = f\n"
    occurrences = [
        (0, 4, 5, f"{TY}f().", 1),
        (0, 6, 7, f"{TY}f().(p)", 1),
        (1, 6, 10, f"{TY}Other#attr.", 8),
        (2, 11, 14, "ty-scip python python-stdlib 3.11 builtins/len().", 8),
        (3, 0, 1, "ty-scip python . . elsewhere/f().", 8),
    ]
    project, stitched = one_file(source, occurrences)
    said = {key: answer.agreement for key, answer in answers(project, stitched).items()}
    assert said["f", 1] == "both"
    assert said["p", 1] == "both"
    assert said["attr", 2] == "scip-only"
    assert said["len", 3] == "both"
    assert said["f", 4] == "differ"
    assert said["unindexed", 5] == "cst-only"


def test_an_external_name_that_the_index_follows_further_is_no_disagreement() -> None:
    occurrences = [(1, 8, 12, "ty-scip python python-stdlib 3.11 posixpath/join().", 8)]
    project, stitched = one_file("import os\nos.path.join\n", occurrences)
    assert answers(project, stitched)["join", 2].agreement == "both"


def test_nested_functions_agree_without_locals_in_the_symbol() -> None:
    project, stitched = one_file("def f():\n    def g(): pass\n", [(1, 8, 9, f"{TY}f().g().", 1)])
    assert answers(project, stitched)["g", 2].agreement == "both"


def test_without_a_document_only_qualify_speaks() -> None:
    project = Project({"a.py": b"x = 1\nx.y\n"})
    stitched = project.stitch("a.py", None)
    assert [answer.agreement for answer in stitched.references] == ["cst-only", "cst-only", None]
    assert (stitched.has_document, stitched.nodes, stitched.diagnostics) == (False, {}, ())


@pytest.mark.parametrize("symbol", [TY, f"{PY}__init__:"])
def test_the_module_node_carries_the_module_symbol(symbol: str) -> None:
    _, stitched = one_file("x = 1\n", [(0, 0, 0, symbol, 1)])
    assert stitched.nodes[0].symbol == symbol


def test_a_module_symbol_of_another_module_is_not_attached() -> None:
    _, stitched = one_file("x = 1\n", [(0, 0, 0, "ty-scip python . . pkg/b/", 1)])
    assert 0 not in stitched.nodes


def test_symbols_and_roles_of_the_document_are_kept() -> None:
    symbols = (SymbolInformation(f"{TY}y."), SymbolInformation("local 0"), SymbolInformation(f"{TY}x."))
    occurrences = [(0, 0, 1, f"{TY}x.", 1), (1, 0, 1, f"{TY}x.", 8), (1, 0, 1, "local 0", 8)]
    _, stitched = one_file("x = 1\nx\n", occurrences, symbols=symbols)
    assert [symbol.symbol for symbol in stitched.symbols] == [f"{TY}x.", f"{TY}y."]
    assert stitched.symbol_roles == {f"{TY}x.": 9}


def test_names_inside_strings_that_are_types_carry_symbols() -> None:
    source = 'class C: ...\ndef f(x: "C") -> "list[C]": ...\n'
    occurrences = [(0, 6, 7, f"{TY}C#", 1), (1, 4, 5, f"{TY}f().", 1), (1, 10, 11, f"{TY}C#", 8)]
    occurrences.append((1, 23, 24, f"{TY}C#", 8))
    _, stitched = one_file(source, occurrences)
    assert (stitched.n_attached, rules(stitched)) == (4, [])


def test_names_inside_other_strings_are_counted_as_unplaced_and_do_not_make_a_document_stale() -> None:
    source = 'class C: ...\ndef f(x="C"): ...\n'
    occurrences = [(0, 6, 7, f"{TY}C#", 1), (1, 4, 5, f"{TY}f().", 1), (1, 9, 10, f"{TY}C#", 8)]
    _, stitched = one_file(source, occurrences)
    assert (stitched.is_stale, rules(stitched)) == (False, ["unplaced-occurrences"])


def test_one_range_over_a_dotted_module_belongs_to_its_last_component() -> None:
    project, stitched = one_file("import os.path\n", [(0, 7, 14, "x y z 1 os/path/", 2)])
    assert symbols_of(project, stitched) == {("path", 1): "x y z 1 os/path/"}
    assert [answer.match for answer in stitched.references] == ["none", "name"]


@pytest.mark.parametrize(
    "rows",
    [
        [(99, 0, 1)],
        [(0, 500, 505)],
        [(-1, 0, 4)],
        [(0, 4, 1)],
        [(0, -3, 2)],
        [(2_000_000_000, 2_000_000_000, 2_000_000_001)],
    ],
)
def test_hostile_ranges_lose_nothing_else(rows: list[Row]) -> None:
    good = [(0, 0, 5, f"{TY}alpha.", 1), (1, 0, 4, f"{TY}beta.", 1)]
    project, stitched = one_file("alpha = 1\nbeta = 2\n", [*good, *((*row, f"{TY}alpha.", 1) for row in rows)])
    assert len(symbols_of(project, stitched)) == 2
    assert rules(stitched) == ["unplaced-occurrences"]


def test_a_file_that_does_not_parse_keeps_what_the_document_says() -> None:
    _, stitched = one_file("def f(:\n", [(0, 4, 5, f"{TY}f().", 1)], symbols=(SymbolInformation(f"{TY}f()."),))
    assert (stitched.references, stitched.diagnostics, stitched.is_stale) == ((), (), False)
    assert [symbol.symbol for symbol in stitched.symbols] == [f"{TY}f()."]


WIDE = '\ufeffé = "🚀"; beta = "ß"; ﬁnal = é\r\nx = "🚀🚀"; é\r\n'
UNITS = {"utf-8": lambda text: len(text.encode()), "utf-16": lambda text: len(text.encode("utf-16-le")) // 2}
UNITS["code-point"] = len


@pytest.mark.parametrize("unit", UNITS)
def test_columns_of_every_unit_with_bom_wide_characters_and_ligatures_find_their_token(unit: ColumnUnit) -> None:
    lines = WIDE.split("\r\n")
    places = [
        (0, "é = ", "é"),
        (0, "beta", "beta"),
        (0, "ﬁnal", "final"),
        (0, "é\r", "é"),
        (1, "x", "x"),
        (1, "é", "é"),
    ]
    occurrences = []
    for line, text, name in places:
        at = lines[line].rindex("é") if text == "é\r" else lines[line].index(text)
        start = UNITS[unit](lines[line][:at])
        width = UNITS[unit]("ﬁnal" if name == "final" else name)
        occurrences.append((line, start, start + width, f"{TY}{name}." if name.isascii() else f"{TY}`{name}`.", 1))
    project, stitched = one_file(WIDE, occurrences, unit=unit)
    assert stitched.n_attached == stitched.n_occurrences == 6
    found = {
        (reference.name, reference.line)
        for reference, answer in zip(project.syntax("pkg/a.py").references, stitched.references, strict=True)
        if answer.symbol
    }
    assert found == {("é", 1), ("beta", 1), ("final", 1), ("x", 2), ("é", 2)}


def test_the_result_does_not_depend_on_the_order_of_occurrences() -> None:
    rows = [(0, 0, 1, f"{TY}x.", 1), (1, 0, 1, f"{TY}x.", 8), (1, 0, 1, "a b c d q/x.", 8), (1, 4, 5, f"{TY}x.", 8)]
    _, forward = one_file("x = 1\nx + x\n", rows)
    _, backward = one_file("x = 1\nx + x\n", rows[::-1])
    assert forward == backward


def test_a_document_that_knows_its_bytes_is_judged_by_them() -> None:
    project = Project({"a.py": b"x = 1\n"})
    own = project.syntax("a.py").content_hash
    assert not project.stitch("a.py", Document("a.py", "utf-8", content_hash=own)).is_stale
    assert project.stitch("a.py", Document("a.py", "utf-8", content_hash="0" * 32)).is_stale
