"""What identifiers mean on real packages: `qualify` and the index that ty-scip makes in this very run."""

from pathlib import Path

import pytest

from codeintel_enrich.model.config import ParseConfig
from tests.bench.agreement import PACKAGES, Agreement, compare
from tests.support.parsed import parsed_once
from tests.unit.stages.stitch.stitch_support import indexed, package_sources


@pytest.fixture(scope="module", params=PACKAGES)
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Agreement:
    folder: Path = tmp_path_factory.mktemp(request.param)
    sources = package_sources(request.param, folder / "repo")
    documents = indexed(folder / "repo", sources, folder)
    parsed = {path: parsed_once(source, ParseConfig()) for path, source in sources.items()}
    return compare(request.param, sources, parsed, documents)


def test_where_both_speak_they_agree_on_98_of_100(found: Agreement) -> None:
    assert len(found.answers) > 5_000
    assert found.share >= 0.98
    assert found.inner_share >= 0.98


def test_99_of_100_occurrences_stand_on_a_reference(found: Agreement) -> None:
    n_placed = len(found.answers) + found.n_scip_only
    assert found.n_unplaced <= 0.01 * n_placed


def test_the_index_knows_few_names_that_we_do_not(found: Agreement) -> None:
    """Those are attributes of objects whose type only inference tells."""
    assert found.n_scip_only <= 0.2 * len(found.answers)
