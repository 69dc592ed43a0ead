"""A stage's key covers its own version, its own settings and its inputs, and nobody else's."""

from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.plan.due import due_first_stages
from codeintel_enrich.engine.rules import keys
from codeintel_enrich.engine.rules.config import Config
from codeintel_enrich.engine.rules.keys import PACKAGE, source_files, sources, stage_version
from codeintel_enrich.engine.rules.stages import ANALYSES, STAGES
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.model.task_inputs import TaskInputs

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
    "submodules": (True, set()),
    "cache-dir": ("elsewhere", set()),
    "diff": ({"ignore": ["a.*"]}, set()),
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


NAMES = [stage.name for stage in STAGES]


def build(root: Path, **overrides: Any) -> Build:
    (root / "rules.yaml").write_text("- tag: mine\n  paths: '**'\n")
    return Build(Options(root=root, overrides=overrides))


def settings(root: Path, **overrides: Any) -> dict[str, str]:
    """Stage -> digest of its version and settings."""
    return build(root, **overrides).state.settings.digests


def fingerprint(made: Build) -> str:
    """Digest of all that decides, beside files, what the build looks like when it is done."""
    assert not made.settled
    return made.fingerprint


def test_every_setting_is_accounted_for() -> None:
    assert CHANGES.keys() == {field.encode_name for field in msgspec.structs.fields(Config)}


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_is_part_of_the_stages_that_read_it_and_of_no_other(tmp_path: Path, setting: str) -> None:
    value, readers = CHANGES[setting]
    before, after = settings(tmp_path), settings(tmp_path, **{setting: value})
    assert {stage for stage in before if before[stage] != after[stage]} == readers


@pytest.mark.parametrize("setting", CHANGES)
def test_a_setting_that_changes_what_a_build_says_unsettles_it(tmp_path: Path, setting: str) -> None:
    value, _ = CHANGES[setting]
    changed = fingerprint(build(tmp_path)) != fingerprint(build(tmp_path, **{setting: value}))
    assert changed == (setting not in ("cache-dir", "diff", "fail-on", "lock-wait-seconds"))


@pytest.mark.parametrize(
    "options", [{"only": ("a.py",)}, {"out": Path("elsewhere")}, {"index": False}, {"types": False}], ids=str
)
def test_an_option_that_changes_what_a_build_says_unsettles_it(tmp_path: Path, options: dict[str, Any]) -> None:
    assert fingerprint(Build(Options(root=tmp_path))) != fingerprint(Build(Options(root=tmp_path, **options)))


def test_the_place_of_a_repository_is_no_part_of_any_key(tmp_path: Path) -> None:
    one, two = tmp_path / "one" / "repo", tmp_path / "two" / "repo"
    one.mkdir(parents=True)
    two.mkdir(parents=True)
    assert settings(one) == settings(two)


def test_the_lowest_allowed_python_is_part_of_parse_and_link(tmp_path: Path) -> None:
    before = settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nrequires-python = ">=3.8"\n')
    after = settings(tmp_path)
    assert {stage for stage in before if before[stage] != after[stage]} == {"parse", "link"}


def test_entry_points_are_part_of_merge_alone(tmp_path: Path) -> None:
    before = settings(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\n[project.scripts]\nx = "x:main"\n')
    after = settings(tmp_path)
    assert {stage for stage in before if before[stage] != after[stage]} == {"merge"}


def test_every_stage_names_sources_that_exist() -> None:
    for stage in STAGES:
        for source in sources(stage):
            assert source_files(source), source
            assert all(file.is_file() for file in source_files(source)), source


def test_every_module_below_stages_belongs_to_the_version_of_its_stage() -> None:
    claimed = {source.removeprefix("stages/") for stage in STAGES for source in sources(stage)}
    there = {path.stem for path in (PACKAGE / "stages").iterdir() if not path.stem.startswith("__")}
    assert there <= claimed


def forget_versions() -> None:
    stage_version.cache_clear()
    keys.digests.cache_clear()


@pytest.fixture
def _fresh_versions() -> Any:
    forget_versions()
    yield
    forget_versions()


@pytest.mark.usefixtures("_fresh_versions")
@pytest.mark.parametrize(
    ("file", "stages"),
    [
        ("stages/link/__init__.py", {"link"}),
        ("stages/types/__init__.py", {"types"}),
        ("formats/scip_wire.py", {"stitch", "index", "check", "context"}),
        ("store/merge.py", {"merge"}),
        ("publish/files.py", {"merge"}),
        ("publish/rules.py", {"merge"}),
        ("engine/run/file_job.py", {"parse", "outline", "qualify", "stitch", "types", "emit"}),
        ("engine/run/link_job.py", {"link"}),
        ("engine/run/merge_job.py", {"merge"}),
        ("engine/run/worker.py", set(NAMES)),
        ("model/syntax.py", set(NAMES)),
        ("stages/outline/queries/toml.scm", {"parse", "outline"}),
        ("cli/app.py", set()),
        ("engine/state/lock.py", set()),
    ],
)
def test_a_stages_version_is_that_of_its_own_source(
    file: str, stages: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {stage: stage_version(stage) for stage in NAMES}
    forget_versions()
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: read(path) + b"#" * (path == PACKAGE / file))
    after = {stage: stage_version(stage) for stage in NAMES}
    assert {stage for stage in NAMES if before[stage] != after[stage]} == stages


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
    before = {stage: stage_version(stage) for stage in NAMES}
    stage_version.cache_clear()
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "0.0" if name == library else version(name))
    after = {stage: stage_version(stage) for stage in NAMES}
    assert {stage for stage in NAMES if before[stage] != after[stage]} == stages


@pytest.mark.usefixtures("_fresh_versions")
def test_another_python_is_another_version_of_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {stage: stage_version(stage) for stage in NAMES}
    stage_version.cache_clear()
    monkeypatch.setattr(keys, "runtime_version", lambda: "CPython 3.99")
    assert all(before[stage] != stage_version(stage) for stage in NAMES)


def test_a_key_tells_stage_names_and_values_apart() -> None:
    made = [
        TaskInputs.of("parse", ("a", "1")),
        TaskInputs.of("types", ("a", "1")),
        TaskInputs.of("parse", ("a", "2")),
        TaskInputs.of("parse", ("b", "1")),
        TaskInputs.of("parse", ("a", "1"), ("b", "")),
    ]
    assert len({inputs.key for inputs in made}) == len(made)
    assert TaskInputs.of("parse", ("a", "1")).key == made[0].key
    assert made[4].text == "parse\na=1\nb="


def test_a_path_that_is_no_text_has_a_key() -> None:
    assert TaskInputs.of("emit", ("path", "bad\udcff.py")).key != TaskInputs.of("emit", ("path", "bad\udcfe.py")).key


@pytest.mark.parametrize("stage", ["parse", *(stage.name for stage in ANALYSES)])
def test_only_emit_knows_the_path(tmp_path: Path, stage: str) -> None:
    made = build(tmp_path)
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = 1\n")
    assert not made.settled
    made.begin()
    due_first_stages(made.state, "module")
    same = made.state.task_inputs(stage, "a.py").key == made.state.task_inputs(stage, "b.py").key
    made.finish()
    assert same == (stage != "emit")
