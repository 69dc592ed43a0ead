"""Names of tasks: readable, unique, and such that a scheduler and a command line take them."""

from hypothesis import given
from hypothesis import strategies as st

from codeintel_enrich.engine.rules.stages import ANALYSES, STAGES, UPSTREAM
from codeintel_enrich.engine.rules.task_name import TaskName, label, path_of

paths = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(paths)
def test_a_path_comes_back_from_its_label(path: str) -> None:
    assert path_of(label(path)) == path


@given(paths)
def test_a_label_holds_nothing_that_doit_takes_apart(path: str) -> None:
    assert not set(label(path)) & set("=*\n\r\t\0")


def test_ordinary_paths_are_their_own_labels() -> None:
    assert str(TaskName("parse", "src/pkg/módulo with space.py")) == "parse:src/pkg/módulo with space.py"
    assert str(TaskName("link")) == "link"


def test_a_stage_reads_only_what_comes_before_it() -> None:
    names = [stage.name for stage in ANALYSES]
    for number, name in enumerate(names):
        assert set(UPSTREAM[name]) <= set(names[:number])


def test_every_stage_is_described() -> None:
    names = "index check context parse outline link qualify stitch types emit merge"
    assert [stage.name for stage in STAGES if stage.doc] == names.split()
