"""What checkers say stands on the right definition and reference, and annotations are counted right."""

import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.diagnostics import Diagnostic, Severity
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.model.types import FileFacts, InferredSignature, SymbolCoverage, TypedPlace
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.types import attach_types
from tests.support.annotations import annotated_share
from tests.support.packages import package_folder

SOURCE = """\
import functools

class Outer:
    limit: int = 1

    @functools.cache
    @(
        functools.wraps
    )
    def method(self, x: int, y) -> int:
        def inner(): return 1
        return inner

def plain(): pass
"""


def syntax_of(source: str | bytes) -> Syntax:
    return parse(source if isinstance(source, bytes) else source.encode(), ParseConfig()).syntax


def finding(line: int, col: int, severity: Severity = "error", tool: str = "pyrefly") -> Diagnostic:
    return Diagnostic(tool, severity, "r", "m", line=line, col=col)


def enclosing(source: str, line: int, col: int) -> str:
    syntax = syntax_of(source)
    [(_, index)] = attach_types(syntax, [FileFacts((finding(line, col),))]).diagnostics
    return syntax.nodes[index].name or syntax.nodes[index].node_type


@pytest.mark.parametrize(
    ("line", "col", "name"),
    [
        (1, 0, "Module"),
        (3, 6, "Outer"),
        (4, 4, "Outer"),
        (6, 5, "method"),
        (8, 8, "method"),
        (10, 8, "method"),
        (11, 12, "inner"),
        (12, 15, "method"),
        (14, 4, "plain"),
        (99, 0, "Module"),
        (0, 0, "Module"),
    ],
)
def test_a_finding_sits_on_the_innermost_definition_around_it(line: int, col: int, name: str) -> None:
    assert enclosing(SOURCE, line, col) == name


def test_decorators_belong_to_what_they_decorate_whatever_stands_between() -> None:
    source = "x = 1\n@a\n\n# why\n@b(\n    1,\n)\n# and\n\ndef f(): pass\n"
    found = [enclosing(source, line, 0) for line in range(1, 11)]
    assert found == ["Module", *["f"] * 9]


def test_no_finding_is_lost_and_order_does_not_matter() -> None:
    facts = [finding(line, 0, severity="warning" if line % 2 else "error") for line in range(1, 15)]
    forward = attach_types(syntax_of(SOURCE), [FileFacts(tuple(facts))])
    backward = attach_types(syntax_of(SOURCE), [FileFacts(tuple(facts[8:][::-1])), FileFacts(tuple(facts[:8]))])
    assert forward == backward
    assert [diagnostic for diagnostic, _ in forward.diagnostics] == facts
    assert forward.n_errors == 7


def test_utf16_columns_become_code_points() -> None:
    source = '\ufeffa = "🚀"; b = "é"; c = 1\nd = 1\n'
    columns = {name: source.index(f"{name} =") for name in "abc"}
    reported = [finding(1, len(source[:at].encode("utf-16-le")) // 2, tool="pyright") for at in columns.values()]
    reported += [finding(2, 4, tool="pyright"), finding(1, 500, tool="pyright")]
    found = attach_types(syntax_of(source), [FileFacts(utf16_diagnostics=tuple(reported))]).diagnostics
    assert [(d.line, d.col) for d, _ in found] == [*((1, at - 1) for at in columns.values()), (1, 500), (2, 4)]


def test_ratios_count_parameters_and_returns_without_self() -> None:
    syntax = syntax_of(SOURCE)
    typed = attach_types(syntax, [])
    ratios = typed.definition_ratios
    by_name = {node.name: ratios[node.definition] for node in syntax.nodes if node.definition in ratios}
    assert by_name["method"] == 2 / 3
    assert by_name["plain"] == 0
    assert by_name["Outer"] == by_name["method"] * 3 / 4
    assert typed.annotation_ratio == 2 / 5


def test_coverage_sits_on_the_function_itself_and_that_of_an_attribute_on_the_definition_around_it() -> None:
    syntax = syntax_of(SOURCE)
    symbols = {
        "Outer": SymbolCoverage("class", "Outer", 3, 0, 0, 0, 0, 0),
        "Outer.limit": SymbolCoverage("attr", "Outer.limit", 4, 4, 1, 1, 0, 0),
        "Outer.method": SymbolCoverage("function", "Outer.method", 6, 4, 3, 2, 0, 1),
        "plain": SymbolCoverage("function", "plain", 14, 0, 1, 0, 0, 1),
    }
    typed = attach_types(syntax, [FileFacts(coverage=tuple(symbols.values())[::-1])])
    assert [(symbol.name, syntax.nodes[node].name) for symbol, node, _ in typed.coverage] == [
        ("Outer", "Outer"),
        ("Outer.limit", "Outer"),
        ("Outer.method", "method"),
        ("plain", "plain"),
    ]


EXPRESSIONS = "\ufeffé = a.b.c; f().d\nx = 1 + é.real\n"


def typed_references(*placed: tuple[int, str, str]) -> dict[tuple[int, str], str]:
    """(reference, type) of those that get one; `placed` are (line, text, type), each text once on its line."""
    lines = EXPRESSIONS.encode().split(b"\n")
    names = tuple(sorted({kind for _, _, kind in placed}))
    places = tuple(
        TypedPlace(line, at, line, at + len(text.encode()), names.index(kind))
        for line, text, kind in placed
        for at in (lines[line - 1].index(text.encode()),)
    )
    syntax = syntax_of(EXPRESSIONS)
    typed = attach_types(syntax, [FileFacts(type_names=names, typed_places=places)])
    assert len(typed.reference_types) == len(syntax.references)
    return {
        (reference.line, reference.name): typed.type_names[kind]
        for reference, kind in zip(syntax.references, typed.reference_types, strict=True)
        if kind >= 0
    }


def test_a_reference_has_the_type_of_the_very_name_it_ends() -> None:
    found = typed_references((1, "é", "E"), (1, "a", "A"), (1, "a.b", "B"), (1, "a.b.c", "C"), (2, "é.real", "int"))
    assert found == {(1, "é"): "E", (1, "a"): "A", (1, "b"): "B", (1, "c"): "C", (2, "real"): "int"}


def test_a_wider_expression_is_no_type_of_the_attribute_that_ends_it() -> None:
    assert typed_references((2, "1 + é.real", "int"), (1, "f().d", "D")) == {}


def test_without_expression_types_references_have_none() -> None:
    assert attach_types(syntax_of(EXPRESSIONS), [FileFacts((finding(1, 0),))]).reference_types == ()


def test_what_is_not_annotated_is_inferred_or_unknown() -> None:
    source = "class C:\n    def m(self, a, b: int, c): pass\n    @staticmethod\n    def s(a): return 1\nV = 1\n"
    signatures = (
        InferredSignature(2, 8, (("self", "C"), ("a", "str"), ("b", "int"), ("c", "int | Unknown")), "None"),
        InferredSignature(4, 8, (("a", "int"),), "Unknown"),
    )
    coverage = (
        SymbolCoverage("class", "C", 1, 0, 0, 0, 0, 0),
        SymbolCoverage("function", "C.m", 2, 4, 4, 1, 0, 3),
        SymbolCoverage("function", "C.s", 3, 4, 2, 0, 0, 2),
        SymbolCoverage("attr", "V", 5, 0, 1, 0, 0, 1),
    )
    places = (TypedPlace(5, 0, 5, 1, 0),)
    told = FileFacts(coverage=coverage, type_names=("int",), typed_places=places, signatures=signatures)
    typed = attach_types(syntax_of(source), [told])
    assert {symbol.name: inferred for symbol, _, inferred in typed.coverage} == {"C": 0, "C.m": 2, "C.s": 1, "V": 1}
    typed = attach_types(syntax_of(source), [FileFacts(coverage=coverage)])
    assert {inferred for _, _, inferred in typed.coverage} == {None}


def test_where_nothing_can_be_annotated_there_is_no_ratio() -> None:
    typed = attach_types(syntax_of("x = 1\n"), [])
    assert (typed.annotation_ratio, typed.definition_ratios) == (None, {})


def test_a_file_that_does_not_parse_keeps_its_findings_on_the_module() -> None:
    typed = attach_types(syntax_of("def f(:\n"), [FileFacts((finding(1, 6),))])
    assert typed.diagnostics == ((finding(1, 6), 0),)
    assert typed.annotation_ratio is None


@pytest.mark.parametrize("name", ["requests", "flask"])
def test_ratios_of_real_modules_equal_an_independent_count(name: str) -> None:
    for path in sorted(package_folder(name).rglob("*.py")):
        source = path.read_bytes()
        assert attach_types(syntax_of(source), []).annotation_ratio == annotated_share(source), path
