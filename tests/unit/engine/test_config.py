"""`[tool.codeintel-enrich]`: what is read, what wins, and what is refused with a message that helps."""

import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.rules.config import CheckConfig, Config, IndexConfig, config_digest, read_project
from codeintel_enrich.errors import UsageError


def read(root: Path, text: str | None = None, **overrides: Any) -> Config:
    if text is not None:
        (root / "pyproject.toml").write_text(text)
    return read_project(root, overrides).config


def ours(text: str) -> str:
    return f"[tool.codeintel-enrich]\n{text}\n"


def test_without_a_file_or_a_table_the_defaults_hold(tmp_path: Path) -> None:
    assert read(tmp_path) == Config()
    assert read(tmp_path, "[project]\nname = 'x'\n[tool.other]\nlevl = 1\n") == Config()


def test_every_setting_can_be_written_as_its_default_reads(tmp_path: Path) -> None:
    for struct in (Config, IndexConfig, CheckConfig):
        for field in msgspec.structs.fields(struct):
            assert field.encode_name == field.name.replace("_", "-")


def test_overrides_win_over_the_file(tmp_path: Path) -> None:
    config = read(tmp_path, ours("level = 'full'\nmax-file-bytes = 7"), level="defs")
    assert (config.level, config.max_file_bytes) == ("defs", 7)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("levl = 1", r'unknown key "levl"; did you mean "level"\?'),
        ("emit_cst = true", r'did you mean "emit-cst"\?'),
        ("zzzzzz = 1", 'unknown key "zzzzzz"; did you mean'),
        ("index.tol = 'x'", r'\[tool.codeintel-enrich.index\]: unknown key "tol"; did you mean "tool"\?'),
        ("check.refresh = 'always'", r"check\.refresh"),
        ("level = 3", r"Expected.*level"),
        ("roots = [3]", r"roots"),
        ("memory-megabytes = 1.5", r"memory"),
        ("python-version = '3'", r"python[-_]version"),
        ("python-version = '2.7'", r"python[-_]version"),
        ("python-version = 3.11", r"python[-_]version"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        read(tmp_path, ours(text))
    assert str(tmp_path / "pyproject.toml") in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("data", [b"[tool", b"a = '\xff'", b"a = 1\na = 2"])
def test_a_file_that_is_no_toml_names_the_place(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "pyproject.toml").write_bytes(data)
    with pytest.raises(UsageError, match="not valid TOML"):
        read(tmp_path)


def test_a_folder_called_pyproject_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["tool = 3", "project = 3", "[project]\nscripts = 3\nrequires-python = 3"])
def test_tables_of_others_may_be_of_any_shape(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == Config()


@pytest.mark.parametrize(
    ("requires", "judged"),
    [
        (">=3.8", (3, 8)),
        (">=3.9.2", (3, 9)),
        (">=3.9,<3.12", (3, 9)),
        ("~=3.10", (3, 10)),
        ("==3.12.*", (3, 12)),
        (">=3.7,!=3.7.*", (3, 8)),
        (">3.10", (3, 10)),
        (">=2.7", (3, 0)),
        ("nonsense", sys.version_info[:2]),
        (">=4", sys.version_info[:2]),
        (None, sys.version_info[:2]),
    ],
)
def test_branches_are_judged_for_the_lowest_python_a_project_allows(
    requires: str | None, judged: tuple[int, int]
) -> None:
    assert Config().judged_version(requires) == judged


def test_a_python_version_of_its_own_wins(tmp_path: Path) -> None:
    assert read(tmp_path, ours("python-version = '3.9'")).judged_version(">=3.12") == (3, 9)


def test_entry_points_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project.scripts]\nb = 'x:b'\na = 'x:a'\n")
    assert list(read_project(tmp_path, {}).entry_points.items()) == [("a", "x:a"), ("b", "x:b")]


def test_equal_settings_have_equal_digests_whatever_their_order() -> None:
    assert config_digest({"a": 1, "b": 2}) == config_digest({"b": 2, "a": 1})
    assert config_digest({"a": 1}) != config_digest({"a": 2})
    assert config_digest("a", "b") != config_digest("ab")


def test_an_override_inside_a_table_leaves_the_rest_of_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.codeintel-enrich.check]\ntools = ["pyright"]\ntypes = "findings"\n')
    config = read_project(tmp_path, {"check": {"types": "expressions"}}).config
    assert (config.check.tools, config.check.types) == (("pyright",), "expressions")


def test_a_checker_that_nobody_knows_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match='unknown checker "pyrigth" in tools; did you mean "pyright"'):
        read(tmp_path, '[tool.codeintel-enrich.check]\ntools = ["pyrigth"]\n')
