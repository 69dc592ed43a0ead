"""Where checkers look, where we look, and the lines that bring the two in line."""

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.inputs.tools import find_tool
from codeintel_enrich.formats.checker_config import (
    Difference,
    SearchSettings,
    differences,
    our_settings,
)
from codeintel_enrich.formats.checkers import CHECKERS

RUNNING = "3.11"


def compare(
    roots: tuple[str, ...] = ("src", "."),
    version: str = RUNNING,
    *,
    folders: tuple[str, ...] = (),
    pyrefly: dict[str, Any] | None = None,
    pyright: dict[str, Any] | None = None,
    pyproject: dict[str, Any] | None = None,
) -> tuple[Difference, ...]:
    ours = our_settings(roots, version, folders)
    checkers = (
        CHECKERS["pyrefly"].search(pyrefly, pyproject or {}, folders),
        CHECKERS["pyright"].search(pyright, pyproject or {}, folders),
    )
    return differences(ours, checkers, RUNNING)


def test_a_flat_repository_without_configuration_needs_no_lines() -> None:
    assert compare() == ()
    assert compare(folders=("pkg", "tests")) == ()


def test_a_root_that_a_checker_does_not_reach_is_added_to_its_own_file() -> None:
    (found,) = compare(folders=("src",))
    assert (found.tool, found.setting, found.theirs, found.ours) == ("pyrefly", "search roots", "src", "also .")
    assert (found.file, found.table, found.line) == ("pyproject.toml", "tool.pyrefly", 'search-path = ["src", "."]')
    assert compare(folders=("src",), pyrefly={"search-path": ["src", "./"]}) == ()
    assert compare(folders=("src",), pyproject={"tool": {"pyrefly": {"search_path": ["."]}}}) == ()


def test_a_root_that_only_a_checker_knows_is_added_to_ours() -> None:
    (found,) = compare(folders=("lib",), pyright={"extraPaths": ["lib"]})
    assert (found.tool, found.file, found.table) == ("pyright", "pyproject.toml", "tool.codeintel-enrich")
    assert (found.setting, found.line) == ("search roots", 'roots = [".", "lib"]')


def test_stubs_that_only_checkers_read_are_added_to_our_roots() -> None:
    found = compare(folders=("typings",))
    assert [(item.tool, item.setting, item.theirs) for item in found] == [
        ("pyrefly", "stub paths", "typings"),
        ("pyright", "stub paths", "typings"),
    ]
    assert {item.line for item in found} == {'roots = [".", "typings"]'}
    assert compare(("src", ".", "typings"), folders=("typings",)) == ()


def test_the_python_version_is_ours_to_say() -> None:
    found = compare(version="3.9", pyright={"pythonVersion": "3.12"})
    assert [(item.tool, item.theirs, item.ours, item.line) for item in found] == [
        ("pyrefly", "3.11 (the interpreter's)", "3.9", 'python-version = "3.9"'),
        ("pyright", "3.12", "3.9", '"pythonVersion": "3.9"'),
    ]
    assert compare(pyrefly={"python-version": "3.11.4"}, pyright={"pythonVersion": "3.11"}) == ()


@pytest.mark.parametrize("value", [None, 7, "src", {"a": 1}, [1, None]])
def test_settings_of_another_type_are_as_good_as_none(value: Any) -> None:
    keys = ("search-path", "site-package-path", "python-version", "extraPaths", "pythonVersion", "stubPath")
    for key in keys:
        compare(pyrefly={key: value}, pyright={key: value}, pyproject={"tool": value})


CASES: list[tuple[tuple[str, ...], dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (("src",), {}, {}, {}),
    (("src", "typings", "lib", "tests"), {"search-path": ["lib"]}, {"extraPaths": ["tests"]}, {"roots": ["src", "."]}),
    (("src", "stubs"), {"python-version": "3.8"}, {"stubPath": "stubs"}, {"roots": ["src", "stubs"]}),
    (("a", "b"), {"disable-search-path-heuristics": True}, {"pythonVersion": "3.13"}, {"roots": ["a", "b"]}),
]


@pytest.mark.parametrize("own_files", [False, True])
@pytest.mark.parametrize(("folders", "pyrefly", "pyright", "ours"), CASES)
def test_with_the_lines_written_nothing_differs_any_more(
    folders: tuple[str, ...], pyrefly: dict[str, Any], pyright: dict[str, Any], ours: dict[str, Any], own_files: bool
) -> None:
    files: dict[tuple[str, str | None], dict[str, Any]] = {
        ("pyrefly.toml" if own_files else "pyproject.toml", None if own_files else "tool.pyrefly"): dict(pyrefly),
        ("pyrightconfig.json" if own_files else "pyproject.toml", None if own_files else "tool.pyright"): dict(pyright),
        ("pyproject.toml", "tool.codeintel-enrich"): {"roots": ["src", "."], **ours},
    }

    def told() -> tuple[Difference, ...]:
        first, second, third = files.values()
        pyproject = {"tool": {} if own_files else {"pyrefly": first, "pyright": second}}
        owned = (first, second) if own_files else (None, None)
        return compare(
            tuple(third["roots"]), "3.10", folders=folders, pyrefly=owned[0], pyright=owned[1], pyproject=pyproject
        )

    assert told()
    for _ in range(2):
        for item in told():
            is_json = item.file.endswith(".json")
            files[item.file, item.table] |= json.loads(f"{{{item.line}}}") if is_json else tomllib.loads(item.line)
    assert told() == ()


@pytest.mark.parametrize(
    ("folders", "config"),
    [
        (("src", "lib"), ""),
        (("lib",), 'search-path = ["lib"]\n'),
        (("src", "lib"), 'search_path = ["lib"]\ndisable-search-path-heuristics = true\n'),
        (("src", "typings"), 'search-path = ["."]\n'),
    ],
)
def test_pyrefly_itself_looks_where_we_say_it_does(tmp_path: Path, folders: tuple[str, ...], config: str) -> None:
    for folder in folders:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"m_{folder}.py").write_text("x = 1\n")
    (tmp_path / "m_root.py").write_text("x = 1\n")
    (tmp_path / "pyrefly.toml").write_text(config)
    tool = find_tool("pyrefly")
    assert tool is not None
    done = subprocess.run([tool.path, "dump-config"], cwd=tmp_path, capture_output=True, text=True, check=True)
    named = [line for line in done.stdout.splitlines() if "Search path" in line or "Import root" in line]
    real = {
        (Path(path).resolve().relative_to(tmp_path.resolve())).as_posix()
        for line in named
        for path in line.split('"')[1::2]
    }
    settings: SearchSettings = CHECKERS["pyrefly"].search(tomllib.loads(config), {}, folders)
    assert set(settings.roots) == real
    assert ("typings" in done.stdout) == ("typings" in settings.stub_paths)
