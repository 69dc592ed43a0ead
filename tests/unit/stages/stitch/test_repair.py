"""scip-python's faults, each in the shape in which scip-python 0.6.6 writes it."""

from collections.abc import Iterable

import pytest

from codeintel_enrich.model.scip import Document, Occurrence, SymbolInformation
from codeintel_enrich.model.stitched import Agreement, Repair, Stitched
from tests.unit.stages.stitch.stitch_support import Project

PREFIX = "scip-python python proj 0.1 "
SOURCES = {
    "pkg/__init__.py": "from .shapes import *\nfrom . import shapes\n",
    "pkg/shapes.py": "LIMIT: int = 3\n\nclass Circle:\n    __slots__ = ['r']\n    def __init__(self): self.r = LIMIT\n"
    "\ndef area(): ...\n\n@made_by_hand\ndef made(): ...\n",
    "pkg/user.py": "import pkg\nfrom . import shapes\nfrom .shapes import area as interface\n"
    "pkg.Circle(); pkg.area(); shapes.LIMIT; interface()\n",
    "top.py": "from pkg.shapes import *\narea()\nunknown.thing\n",
}


@pytest.fixture(scope="module")
def project() -> Project:
    return Project({path: text.encode() for path, text in SOURCES.items()})


def stitched(project: Project, path: str, places: dict[tuple[int, str], str], symbols: Iterable[str] = ()) -> Stitched:
    """`places`: (line from 1, identifier) -> descriptors in the index; each identifier is the last one of its line."""
    lines = SOURCES[path].splitlines()
    module = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    quoted = f"`{module}`" if "." in module else module
    rows = [Occurrence(0, 0, 0, 0, f"{PREFIX}{quoted}/__init__:", 1)]
    for (line, name), descriptors in places.items():
        at = lines[line - 1].rindex(name)
        rows.append(Occurrence(line - 1, at, line - 1, at + len(name), PREFIX + descriptors, 8))
    infos = tuple(SymbolInformation(PREFIX + descriptors) for descriptors in symbols)
    return project.stitch(path, Document(path, "utf-16", tuple(rows), infos, "scip-python 0.6.6"))


def attached(
    project: Project, path: str, layer: Stitched
) -> dict[tuple[int, str], tuple[str, Agreement | None, Repair | None]]:
    """(line, identifier) -> (descriptors, agreement, repair) of what carries a symbol."""
    return {
        (reference.line, reference.name): (answer.symbol.removeprefix(PREFIX), answer.agreement, answer.repair)
        for reference, answer in zip(project.syntax(path).references, layer.references, strict=True)
        if answer.symbol is not None
    }


CASES = [
    ("pkg/user.py", (2, "shapes"), "shapes/__init__:", "`pkg.shapes`/__init__:", "both", "relative-import"),
    ("pkg/user.py", (4, "Circle"), "`pkg.shapes`/area().", "`pkg.shapes`/Circle#", "differ", "other-definition"),
    ("top.py", (2, "area"), "`pkg.shapes`/__init__:", "`pkg.shapes`/area().", "differ", "module-symbol"),
    ("pkg/user.py", (4, "LIMIT"), "`pkg.shapes`/LIMIT.LIMIT.", "`pkg.shapes`/LIMIT.", "both", "doubled-descriptor"),
    ("pkg/shapes.py", (5, "r"), "`pkg.shapes`/Circle#", "`pkg.shapes`/Circle#r.", "differ", "owner-symbol"),
    ("pkg/shapes.py", (10, "made"), "`lib`/wrap#func().", "`pkg.shapes`/made().", "differ", "other-definition"),
]


@pytest.mark.parametrize(("path", "place", "index", "right", "agreement", "rule"), CASES, ids=[c[-1] for c in CASES])
def test_a_known_fault_gives_way_to_the_right_symbol_and_says_so(
    project: Project, path: str, place: tuple[int, str], index: str, right: str, agreement: Agreement, rule: Repair
) -> None:
    layer = stitched(project, path, {place: index})
    assert attached(project, path, layer)[place] == (right, agreement, rule)
    assert layer.outcomes == {"attached": 1, rule: 1}
    [diagnostic] = layer.diagnostics
    assert (diagnostic.rule, diagnostic.line) == (f"repaired-{rule}", place[0])
    assert layer.symbol_roles[PREFIX + right] == 8
    assert PREFIX + index not in layer.symbol_roles


def test_what_the_index_has_right_is_left_alone(project: Project) -> None:
    places = {(4, "Circle"): "`pkg.shapes`/Circle#", (4, "LIMIT"): "`pkg.shapes`/LIMIT."}
    layer = stitched(project, "pkg/user.py", places)
    assert {repair for _, _, repair in attached(project, "pkg/user.py", layer).values()} == {None}
    assert layer.outcomes == {"attached": 2}


def test_a_symbol_of_the_same_name_elsewhere_stays_although_we_differ(project: Project) -> None:
    layer = stitched(project, "top.py", {(2, "area"): "`other.shapes`/area()."})
    assert attached(project, "top.py", layer)[2, "area"] == ("`other.shapes`/area().", "differ", None)


def test_an_alias_is_no_fault(project: Project) -> None:
    layer = stitched(project, "pkg/user.py", {(4, "interface"): "`pkg.shapes`/area()."})
    assert attached(project, "pkg/user.py", layer) == {}
    assert layer.outcomes == {"aliased": 1}


def test_where_we_know_no_meaning_nothing_is_invented(project: Project) -> None:
    layer = stitched(project, "top.py", {(3, "thing"): "`pkg.shapes`/Circle#"})
    assert attached(project, "top.py", layer) == {}
    assert layer.outcomes == {"misnamed": 1}


def test_other_indexers_are_not_mended(project: Project) -> None:
    occurrence = Occurrence(1, 0, 1, 4, "ty-scip python . . pkg/shapes/", 8)
    layer = project.stitch("top.py", Document("top.py", "utf-8", (occurrence,)))
    assert (attached(project, "top.py", layer), layer.outcomes) == ({}, {"misnamed": 1})


def test_what_the_document_says_of_a_doubled_symbol_is_kept_under_the_single_one(project: Project) -> None:
    layer = stitched(project, "pkg/shapes.py", {}, ["`pkg.shapes`/LIMIT.LIMIT.", "`pkg.shapes`/Circle#"])
    assert [info.symbol.removeprefix(PREFIX) for info in layer.symbols] == [
        "`pkg.shapes`/Circle#",
        "`pkg.shapes`/LIMIT.",
    ]


def test_a_repaired_definition_is_a_symbol_of_its_file(project: Project) -> None:
    line = SOURCES["pkg/shapes.py"].splitlines()[9]
    occurrence = Occurrence(9, line.index("made"), 9, line.index("made") + 4, f"{PREFIX}`lib`/wrap#func().", 1)
    module = Occurrence(0, 0, 0, 0, f"{PREFIX}`pkg.shapes`/__init__:", 1)
    layer = project.stitch("pkg/shapes.py", Document("pkg/shapes.py", "utf-16", (module, occurrence)))
    made = f"{PREFIX}`pkg.shapes`/made()."
    assert [info.symbol for info in layer.symbols] == [made]
    assert (made, "exact", "other-definition") in {(s.symbol, s.match, s.repair) for s in layer.nodes.values()}
