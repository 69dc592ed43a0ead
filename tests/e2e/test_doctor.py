"""`codeintel-enrich doctor` on real folders."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from codeintel_enrich.cli.app import app
from codeintel_enrich.engine.inputs.tools import find_tool
from codeintel_enrich.errors import UsageError
from tests.support.tools import Toolbox


def told(root: Path) -> dict[str, object]:
    done = CliRunner().invoke(app, ["doctor", "--root", str(root), "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_tools_that_are_here_have_versions_and_those_that_are_not_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = Toolbox(tmp_path / "tools", monkeypatch)
    tools.put("pyrefly", "exit 0", version="9.8.7")
    root = tmp_path / "repo"
    root.mkdir()
    found = told(root)
    find_tool.cache_clear()
    assert [(tool["name"], tool["version"]) for tool in found["tools"]] == [("pyrefly", "9.8.7")]  # type: ignore[attr-defined]
    missing = found["missing"]
    assert isinstance(missing, dict)
    assert missing["ty-scip"] == "pip install 'codeintel-enrich[scip]'"
    assert set(missing) == {"ty-scip", "scip-python", "pyright"}
    assert tools.calls() == 0


def test_lines_that_align_are_printed_and_an_unreadable_config_is_named(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "x"\nrequires-python = ">=3.9"\n')
    (tmp_path / "pyrightconfig.json").write_text("{ // comment\n}")
    found = told(tmp_path)
    lines = {(item["tool"], item["line"]) for item in found["differences"]}  # type: ignore[attr-defined]
    assert {("pyrefly", 'search-path = ["src", "."]'), ("pyrefly", 'python-version = "3.9"')} <= lines
    assert list(found["unreadable"]) == ["pyrightconfig.json"]  # type: ignore[call-overload]
    shown = CliRunner().invoke(app, ["doctor", "--root", str(tmp_path)]).stdout
    assert 'search-path = ["src", "."]' in shown
    assert "pyrightconfig.json can not be read" in shown


def test_doctor_writes_nothing_and_refuses_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    told(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["a.py"]
    with pytest.raises(UsageError, match="not a folder"):
        CliRunner().invoke(app, ["doctor", "--root", str(tmp_path / "no")], catch_exceptions=False)
