"""Astral and combining characters, BOM, every line end, form feeds, a latin-1 cookie: every symbol is on its token."""

import re
from unicodedata import normalize

import pytest

from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.stitched import Stitched
from tests.unit.stages.stitch.awkward import RECORDED, SOURCES, make
from tests.unit.stages.stitch.stitch_support import Project

Joined = tuple[Project, dict[str, Stitched]]


@pytest.fixture(scope="module", params=["ty-scip", "scip-python"])
def joined(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Joined:
    """The project and what is stitched on it, by path."""
    made = RECORDED if request.param == "scip-python" else make(tmp_path_factory.mktemp("awkward"), "ty-scip")
    documents = SCIPIndex.load(made).by_file()
    project = Project(SOURCES)
    return project, {path: project.stitch(path, documents[path]) for path in SOURCES}


def test_every_range_of_the_index_finds_its_identifier(joined: Joined) -> None:
    _, layers = joined
    for path, layer in layers.items():
        assert (layer.n_attached, layer.is_stale) == (layer.n_occurrences, False), path
        assert not {"misnamed", "unplaced"} & layer.outcomes.keys(), path


def test_every_symbol_names_the_text_it_stands_on(joined: Joined) -> None:
    project, layers = joined
    n_symbols = 0
    for path, layer in layers.items():
        text = SOURCES[path].decode("latin-1" if path == "pkg/latin.py" else "utf-8-sig")
        lines = re.split(r"\r\n|\r|\n", text)
        for reference, answer in zip(project.syntax(path).references, layer.references, strict=True):
            if answer.symbol is not None:
                token = normalize("NFKC", lines[reference.line - 1][reference.col : reference.end_col])
                assert re.findall(r"\w+", answer.symbol.removesuffix("/__init__:"))[-1] == token
                n_symbols += 1
    assert n_symbols >= 45


def test_every_name_of_a_module_carries_its_symbol(joined: Joined) -> None:
    project, layers = joined
    for path, layer in layers.items():
        syntax = project.syntax(path)
        carried = {r.name for r, a in zip(syntax.references, layer.references, strict=True) if a.symbol}
        assert {binding.name for binding in syntax.bindings if binding.scope == 0} <= carried, path
