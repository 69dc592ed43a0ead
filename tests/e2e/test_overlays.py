"""With overlays activated, type checkers report fewer errors than without, and none that is new."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from codeintel_enrich.publish.activation import pyrefly_settings, pyright_settings
from tests.support.packages import copy_package
from tests.support.stars import STARS
from tests.support.workspace import Workspace

TOOLS = Path(sys.executable).parent


class Finding(NamedTuple):
    path: str
    line: int
    column: int
    rule: str


def pyrefly(root: Path, settings: Mapping[str, object]) -> set[Finding]:
    """Errors that pyrefly reports under some settings."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in {"project-includes": ["**/*.py"], **settings}.items()]
    config = root / "pyrefly.toml"
    config.write_text("\n".join(lines))
    command = [str(TOOLS / "pyrefly"), "check", "-c", str(config), "--output-format", "json", "--preset", "default"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    errors = json.loads(done.stdout)["errors"]
    return {
        Finding(item["path"], item["line"], item["column"], item["name"])
        for item in errors
        if item["severity"] == "error"
    }


def pyright(root: Path, settings: Mapping[str, object]) -> set[Finding]:
    """Errors that pyright reports under some settings, in the overlays, too."""
    config = root / "pyrightconfig.json"
    config.write_text(json.dumps({"include": ["src"], "pythonVersion": "3.11", **settings}))
    command = [str(TOOLS / "pyright"), "-p", str(config), "--outputjson"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)["generalDiagnostics"]
    findings: set[Finding] = set()
    for item in found:
        if item["severity"] == "error":
            start = item["range"]["start"]
            path = Path(item["file"]).relative_to(root).as_posix()
            findings.add(Finding(path, start["line"] + 1, start["character"] + 1, item["rule"]))
    return findings


@pytest.fixture
def stars(tmp_path: Path) -> Workspace:
    return Workspace.built(tmp_path.resolve(), STARS)


OVERLAYS = "cache/enriched/overlays"


def test_the_package_runs_as_the_checkers_are_told(stars: Workspace) -> None:
    code = "import sys; sys.path.insert(0, 'src'); import use; assert use.text and use.size and use.deep == 3"
    subprocess.run([sys.executable, "-c", code], cwd=stars.root, check=True)


def test_pyrefly_reports_fewer_errors_and_none_new(stars: Workspace) -> None:
    roots = {"search-path": ["src"]}
    without = pyrefly(stars.root, roots)
    with_overlays = pyrefly(stars.root, {**roots, **pyrefly_settings(OVERLAYS, ["src"], roots)})
    assert with_overlays - without == set()
    assert len(without) >= 5
    assert len([item for item in with_overlays if item.path == "src/use.py"]) == 0


def test_pyright_reports_fewer_errors_and_none_new_not_even_in_overlays(stars: Workspace) -> None:
    without = pyright(stars.root, {})
    with_overlays = pyright(stars.root, pyright_settings(OVERLAYS, {}))
    assert with_overlays - without == set()
    assert len(without) >= 5
    assert len([item for item in with_overlays if item.path == "src/use.py"]) == 0


def test_overlays_are_written_for_their_reasons_only(stars: Workspace) -> None:
    names = {name for name in stars.outputs() if name.startswith("overlays/")}
    assert names == {
        f"overlays/sky-stubs/{name}" for name in ("py.typed", "__init__.pyi", "numbers.pyi", "lists.pyi", "late.pyi")
    }


def test_every_star_is_spelled_out(stars: Workspace) -> None:
    overlay = stars.outputs()["overlays/sky-stubs/__init__.pyi"].decode()
    assert "import *" not in overlay
    assert "from .shapes import Kind as Kind, Star as Star, _Shape as _Shape\n" in overlay
    assert "def greet(name: str) -> str:" in overlay


def test_an_overlay_goes_with_its_reason(stars: Workspace) -> None:
    stars.write("src/sky/lists.py", "_first = 'a'\n_second = [1]\n__all__ = ['_first', '_second']\n")
    stars.build()
    assert "overlays/sky-stubs/lists.pyi" not in stars.outputs()
    stars.assert_equals_clean()


def test_a_module_with_a_stub_of_its_own_gets_none(stars: Workspace) -> None:
    stars.write("src/sky/late.pyi", "from .deep import Deep as Deep\n")
    stars.build()
    assert "overlays/sky-stubs/late.pyi" not in stars.outputs()


def test_overlays_are_never_scanned_back_in(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, STARS, out=tmp_path / "repo" / "docs")
    workspace.build()
    assert (workspace.root / "docs/overlays/sky-stubs/__init__.pyi").is_file()
    workspace.append("src/sky/deep.py", "x = 1\n")
    workspace.build()
    assert not [row for row in workspace.dump()["modules"] if "overlays" in str(row)]


@pytest.mark.parametrize("package", ["rich", "flask"])
def test_a_real_package_loses_nothing_to_pyrefly(tmp_path: Path, package: str) -> None:
    workspace = Workspace(tmp_path, jobs=2, overrides={"overlays": {"export-hub-threshold": 1}})
    copy_package(package, workspace.root)
    workspace.build()
    assert [name for name in workspace.outputs() if name.startswith("overlays/")]
    roots = {"search-path": ["."]}
    without = pyrefly(workspace.root, roots)
    with_overlays = pyrefly(workspace.root, {**roots, **pyrefly_settings(OVERLAYS, ["."], roots)})
    assert with_overlays - without == set()
