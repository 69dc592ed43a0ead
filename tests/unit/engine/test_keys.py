"""A stage's key covers its own version, its own settings and its inputs, and nobody else's."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.build.build import Build
from codeintel_enrich.engine.rules import keys
from codeintel_enrich.engine.rules.config import Config
from codeintel_enrich.engine.rules.keys import PACKAGE, SOURCES, Inputs, stage_version
from codeintel_enrich.engine.rules.stages import ANALYSIS, DOCS
from codeintel_enrich.engine.state.places import Options

CHANGES: dict[str, tuple[Any, set[str]]] = {
    "roots": (["lib"], {"link"}),
    "include": (["a.py"], set()),
    "exclude": (["b.py"], set()),
    "level": ("full", {"parse"}),
    "python-version": ("3.7", {"parse", "link"}),
    "platform": ("plan9", {"parse"}),
    "max-file-bytes": (17, {"parse"}),
    "cpu-seconds": (17, {"parse", "outline"}),
    "memory-megabytes": (17, {"parse", "outline"}),
    "emit-cst": (False, {"emit", "merge"}),
    "cst-out": ("nodes", {"merge"}),
    "lock-wait-seconds": (17, set()),
    "index": ({"refresh": "never"}, set()),
    "check": ({"tools": []}, set()),
    "fail-on": (["parse-error"], set()),
    "emit-pages": (False, {"merge"}),
    "emit-parquet": (False, {"merge"}),
    "emit-ast": (True, {"merge"}),
    "tags-yaml": ("rules.yaml", {"emit"}),
    "owners": (True, set()),
    "history-window-days": (17, set()),
    "commits-window": (17, set()),
    "coverage-xml": ("coverage.xml", set()),
    "low-coverage-threshold": (0.17, {"emit"}),
    "overlays": ({"enabled": False}, {"merge"}),
    "slices": ({"enabled": True}, {"merge"}),
}
"""Setting -> another value of it, and the stages that read it."""


def build(root: Path, **overrides: Any) -> Build:
    (root / "rules.yaml").write_text("- tag: mine\n  paths: '**'\n")
    return Build(Options(root=root, overrides=overrides))


def test_every_setting_is_accounted_for() -> None:
    assert CHANGES.keys() == {field.encode_name for field in msgspec.structs.fields(Config)}


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_is_part_of_the_stages_that_read_it_and_of_no_other(tmp_path: Path, setting: str) -> None:
    value, readers = CHANGES[setting]
    before, after = build(tmp_path).settings, build(tmp_path, **{setting: value}).settings
    assert {stage for stage in before if before[stage] != after[stage]} == readers


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_that_changes_what_a_build_says_unsettles_it(tmp_path: Path, setting: str) -> None:
    value, _ = CHANGES[setting]
    changed = build(tmp_path).overall != build(tmp_path, **{setting: value}).overall
    assert changed == (setting not in ("fail-on", "lock-wait-seconds"))


@pytest.mark.parametrize(
    "options", [{"only": ("a.py",)}, {"out": Path("elsewhere")}, {"index": False}, {"types": False}], ids=str
)
def test_an_option_that_changes_what_a_build_says_unsettles_it(tmp_path: Path, options: dict[str, Any]) -> None:
    assert Build(Options(root=tmp_path)).overall != Build(Options(root=tmp_path, **options)).overall


def test_the_place_of_a_repository_is_no_part_of_any_key(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "repo", tmp_path / "two" / "repo"
    one.mkdir(parents=True)
    two.mkdir(parents=True)
    assert build(one).settings == build(two).settings


def test_the_lowest_allowed_python_is_part_of_parse_and_link(tmp_path: Path) -> None:
    before = build(tmp_path).settings
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.8"\n')
    after = build(tmp_path).settings
    assert {stage for stage in before if before[stage] != after[stage]} == {"parse", "link"}


def test_entry_points_are_part_of_merge_alone(tmp_path: Path) -> None:
    before = build(tmp_path).settings
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[project.scripts]\nx = "x:main"\n')
    after = build(tmp_path).settings
    assert {stage for stage in before if before[stage] != after[stage]} == {"merge"}


def test_every_stage_names_sources_that_exist() -> None:
    assert SOURCES.keys() == DOCS.keys()
    for sources in SOURCES.values():
        for source in sources:
            assert (PACKAGE / source).is_dir() or (PACKAGE / source).with_suffix(".py").is_file(), source


def test_every_module_below_stages_belongs_to_the_version_of_its_stage() -> None:
    claimed = {source.removeprefix("stages/") for sources in SOURCES.values() for source in sources}
    there = {path.stem for path in (PACKAGE / "stages").iterdir() if not path.stem.startswith("__")}
    assert there <= claimed


@pytest.fixture
def _fresh_versions() -> Any:
    stage_version.cache_clear()
    keys._digests.cache_clear()
    yield
    stage_version.cache_clear()
    keys._digests.cache_clear()


@pytest.mark.usefixtures("_fresh_versions")
@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("stages/link/__init__.py", {"link"}),
        ("stages/types/__init__.py", {"types"}),
        ("formats/scip_wire.py", {"stitch", "types", "index", "check"}),
        ("store/merge.py", {"merge"}),
        ("publish/files.py", {"merge"}),
        ("model/syntax.py", set(SOURCES)),
        ("stages/outline/queries/toml.scm", {"parse", "outline"}),
        ("cli/app.py", set()),
        ("engine/state/lock.py", set()),
    ],
)
def test_a_stages_version_is_that_of_its_own_source(
    file: str, stages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {stage: stage_version(stage) for stage in SOURCES}
    stage_version.cache_clear()
    keys._digests.cache_clear()
    read = keys._read
    monkeypatch.setattr(keys, "_read", lambda path: read(path) + b"#" * (path == PACKAGE / file))
    after = {stage: stage_version(stage) for stage in SOURCES}
    assert {stage for stage in SOURCES if before[stage] != after[stage]} == stages


@pytest.mark.usefixtures("_fresh_versions")
@pytest.mark.parametrize(
    ("library", "stages"),
    [
        ("libcst", {"parse"}),
        ("duckdb", {"merge"}),
        ("tree-sitter", {"parse", "outline"}),
        ("tree-sitter-python", {"parse"}),
    ],
)
def test_another_version_of_a_library_is_another_version_of_its_stages(
    library: str, stages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {stage: stage_version(stage) for stage in SOURCES}
    stage_version.cache_clear()
    version = keys.metadata.version
    monkeypatch.setattr(keys.metadata, "version", lambda name: "0.0" if name == library else version(name))
    after = {stage: stage_version(stage) for stage in SOURCES}
    assert {stage for stage in SOURCES if before[stage] != after[stage]} == stages


@pytest.mark.usefixtures("_fresh_versions")
def test_another_python_is_another_version_of_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {stage: stage_version(stage) for stage in SOURCES}
    stage_version.cache_clear()
    monkeypatch.setattr(keys, "runtime_version", lambda: "CPython 3.99")
    assert all(before[stage] != stage_version(stage) for stage in SOURCES)


def test_a_key_tells_stage_names_and_values_apart() -> None:
    made = [
        Inputs.of("parse", ("a", "1")),
        Inputs.of("types", ("a", "1")),
        Inputs.of("parse", ("a", "2")),
        Inputs.of("parse", ("b", "1")),
        Inputs.of("parse", ("a", "1"), ("b", "")),
    ]
    assert len({inputs.key for inputs in made}) == len(made)
    assert Inputs.of("parse", ("a", "1")).key == made[0].key
    assert made[4].text == "parse\na=1\nb="


def test_a_path_that_is_no_text_has_a_key() -> None:
    assert Inputs.of("emit", ("path", "bad\udcff.py")).key != Inputs.of("emit", ("path", "bad\udcfe.py")).key


@pytest.mark.parametrize("stage", ["parse", *ANALYSIS])
def test_only_emit_knows_the_path(tmp_path: Path, stage: str) -> None:
    made = build(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = 1\n")
    assert not made.settled
    made.begin()
    made.due_parses()
    same = made.inputs(stage, "a.py").key == made.inputs(stage, "b.py").key
    made.finish()
    assert same == (stage != "emit")
