"""The reference says what the code says: the page that is checked in is the one that the command makes."""

import json
from pathlib import Path

from typer.testing import CliRunner

import codeintel_enrich
from codeintel_enrich.cli.app import app
from codeintel_enrich.cli.reference import reference, reference_data
from codeintel_enrich.engine.rules.config import Config, read_project
from codeintel_enrich.model.tables import RELATIONS

PAGE = Path(codeintel_enrich.__file__).with_name("REFERENCE.md")


def test_the_page_that_is_shipped_is_the_one_that_the_code_makes() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run `codeintel-enrich reference` into REFERENCE.md"
    assert CliRunner().invoke(app, ["reference"]).stdout == reference()


def test_every_column_and_every_setting_has_a_text() -> None:
    printed = json.loads(CliRunner().invoke(app, ["reference", "--json"]).stdout)
    assert [table["name"] for table in printed["tables"]] == [relation.name for relation in RELATIONS]
    assert all(column["doc"] for table in printed["tables"] for column in table["columns"])
    without = [(name, item["key"]) for name, items in printed["settings"].items() for item in items if not item["doc"]]
    assert without == []


def test_the_settings_it_names_are_those_that_are_read(tmp_path: Path) -> None:
    """A file that spells every default out is the same as none."""
    lines = []
    for name, items in reference_data()["settings"].items():
        lines.append(f"[{name}]")
        lines += [f"{item['key']} = {item['default']}" for item in items if item["default"]]
    (tmp_path / "pyproject.toml").write_text("\n".join(lines))
    assert read_project(tmp_path, {}).config == Config()
