"""What symbols of both indexers call the thing they stand for."""

import pytest

from codeintel_enrich.model.linked import TargetKind
from codeintel_enrich.stages.stitch.symbols import SymbolNames, parse_symbol, terse_names


@pytest.mark.parametrize(
    ("symbol", "final", "dotted"),
    [
        ("ty-scip python . . rich/console/", "console", "rich.console"),
        ("ty-scip python . . rich/console/Console#", "Console", "rich.console.Console"),
        ("ty-scip python . . rich/console/Console#print().", "print", "rich.console.Console.print"),
        ("ty-scip python . . rich/console/Console#print().(self)", "self", "rich.console.Console.print.self"),
        ("ty-scip python p 1.0 a/f(+1).", "f", "a.f"),
        ("ty-scip python p 1.0 a/C#[T]", "T", "a.C.T"),
        ("scip-python python p 1.0 `pkg.a`/__init__:", "a", "pkg.a"),
        ("scip-python python p 1.0 `pkg.a`/Alpha#__init__().", "__init__", "pkg.a.Alpha.__init__"),
        ("scip-python python p 1.0 `pkg.a`/Alpha#`méthode`().(self)", "self", "pkg.a.Alpha.méthode.self"),
        ("scip-python python p 1.0 `pkg.a`/CONST.CONST.", "CONST", "pkg.a.CONST"),
        ("scip-python python p 1.0 a/`ﬁ`.", "fi", "a.fi"),
        ("scip-python python p 1.0 a/`odd``tick`#", "odd`tick", "a.odd`tick"),
        ("scheme man name  with  spaces 1.0 a/b.", "b", "a.b"),
    ],
)
def test_a_symbol_tells_its_identifier_and_its_dotted_name(symbol: str, final: str, dotted: str) -> None:
    name = parse_symbol(symbol)
    assert (name.final, name.dotted) == (final, dotted)


@pytest.mark.parametrize("symbol", ["", "local 3", "garbage", "a b c d ", "a b c d ///", "a  b"])
def test_what_is_no_global_symbol_names_nothing(symbol: str) -> None:
    assert parse_symbol(symbol).final == ""


@pytest.mark.parametrize(
    ("qualified", "kind", "terse"),
    [
        ("pkg.sub.mod", "module", ["sub.mod", "mod"]),
        ("pkg.a.C.m.<locals>.inner", "function", ["pkg.a.C.inner"]),
        ("pkg.a.f.<locals>.g.<locals>.h", "function", ["pkg.a.h"]),
        ("pkg.a.f.<locals>.C.m.<locals>.g", "function", ["pkg.a.C.g"]),
        ("pkg.a.C.m.<locals>.inner.<locals>.x", "variable", ["pkg.a.C.inner.x"]),
        ("pkg.a.C.m.<locals>.x", "variable", []),
        ("pkg.a.f", "function", []),
    ],
)
def test_scip_python_leaves_out_packages_and_enclosing_functions(
    qualified: str, kind: TargetKind, terse: list[str]
) -> None:
    assert list(terse_names(qualified, kind)) == terse


def test_names_are_remembered() -> None:
    names = SymbolNames()
    assert names["a b c d x/"] is names["a b c d x/"]
