"""Mistakes that tools of this kind are known to make, each shown not to be made here, in what a user receives."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.packages import make_scip
from tests.support.workspace import Workspace

FILES: dict[str, str | bytes] = {
    "pkg/__init__.py": "from .shapes import *\n",
    "pkg/shapes.py": (
        "import functools\nimport os.path as paths\nimport xml.etree.ElementTree\n\n\n"
        "@functools.cache\ndef cached(a, b=1, /, c=2, *rest, d: int = 3, **more) -> int:\n    return a\n\n\n"
        "class One: pass\n\n\nleft = right = 1; both = left + right\n"
    ),
    "pkg/deep/__init__.py": "",
    "pkg/deep/user.py": "from ..shapes import One as First, cached\n\n\ndef use():\n    return First(), cached(1)\n",
    "pkg/latin.py": "# coding: latin-1\nname = 'é'; after = name\n".encode("latin-1"),
    "pkg/wrong.py": b"name = '\xff'; after = name\n",
    "pkg/o'clock; drop table nodes.py": "time = 1\n",
    "main.py": "from pkg import cached\n\nprint(cached(1))\n",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("mistakes")
    workspace = Workspace(folder, FILES)
    workspace.options |= {"scip": make_scip(workspace.root, folder / "index.scip")}
    workspace.build()
    return workspace


def parsed(built: Workspace, column: str, where: str) -> list[Any]:
    """A column of nodes that holds JSON."""
    return [json.loads(value) for (value,) in built.query(f"select {column} from nodes where {where}")]


def test_every_file_has_one_module_row_and_all_its_other_rows_hang_below(built: Workspace) -> None:
    modules = built.query("select path, node_id from nodes where node_type = 'Module' order by path")
    assert [path for path, _ in modules] == sorted(FILES)
    loose = built.query(
        "select n.node_id from nodes n left join nodes p on p.path = n.path and p.node_id = n.parent_id "
        "where n.node_type <> 'Module' and p.node_id is null"
    )
    assert loose == []


def test_parameters_keep_their_order_kinds_and_defaults(built: Workspace) -> None:
    (signature,) = parsed(built, "signature", "name = 'cached' and node_type = 'FunctionDef'")
    told = [(item["name"], item["kind"], item["default"]) for item in signature["params"]]
    assert told == [
        ("a", "positional-only", None),
        ("b", "positional-only", "1"),
        ("c", "positional-or-keyword", "2"),
        ("rest", "var-positional", None),
        ("d", "keyword-only", "3"),
        ("more", "var-keyword", None),
    ]


def test_imports_keep_dotted_names_levels_and_aliases(built: Workspace) -> None:
    rows = built.query("select name, target_module, alias, level from imports where path like 'pkg/%' order by all")
    assert ("os.path", "os.path", "paths", 0) in rows
    assert ("xml.etree.ElementTree", "xml.etree.ElementTree", None, 0) in rows
    assert ("One", "pkg.shapes", "First", 2) in rows
    assert ("cached", "pkg.shapes", None, 2) in rows


def test_symbols_join_on_the_range_of_the_name(built: Workspace) -> None:
    symbols = dict(
        built.query(
            "select name, scip_symbol from refs where path = 'pkg/shapes.py' and role in ('definition', 'write') "
            "and name in ('left', 'right', 'both', 'cached', 'One')"
        )
    )
    # Three definitions on one line, a decorated one, and a class on one line with its body: each its own.
    assert {name: symbol.rstrip("#.()").rpartition("/")[2] for name, symbol in symbols.items()} == {
        name: name for name in ("left", "right", "both", "cached", "One")
    }
    used = built.query(
        "select distinct scip_symbol from refs where path = 'pkg/deep/user.py' and name = 'cached' and role = 'import'"
    )
    assert used == [(symbols["cached"],)]


def test_a_second_run_appends_nothing(tmp_path: Path, built: Workspace) -> None:
    workspace = Workspace(tmp_path, FILES)
    workspace.build()
    before = workspace.outputs()
    assert before["modules/modules.jsonl"].count(b"\n") == len(FILES)
    workspace.append("main.py", "print(2)\n")
    workspace.build()
    workspace.replace("main.py", "print(2)\n", "")
    workspace.build()
    assert workspace.outputs() == before


def test_bytes_that_are_no_text_shift_no_span(built: Workspace) -> None:
    (failed,) = built.query("select parse_ok, error_line, n_bytes from modules where path = 'pkg/wrong.py'")
    assert failed == (False, 1, len(FILES["pkg/wrong.py"]))
    ranges = built.query("select name, start_byte, end_byte from refs where path = 'pkg/latin.py' order by start_byte")
    assert [name for name, _, _ in ranges] == ["name", "after", "name"]
    source = FILES["pkg/latin.py"]
    assert isinstance(source, bytes)
    assert [source[start:end].decode("latin-1") for _, start, end in ranges] == ["name", "after", "name"]


def test_a_vanished_file_leaves_no_row_and_odd_names_are_no_sql(tmp_path: Path) -> None:
    odd = "pkg/o'clock; drop table nodes.py"
    workspace = Workspace(tmp_path, FILES)
    workspace.build()
    assert workspace.query("select count(*) from nodes where path like '%drop table%'") == [(2,)]
    workspace.delete(odd)
    workspace.delete("pkg/shapes.py")
    workspace.build()
    for table, rows in workspace.dump().items():
        assert not [row for row in rows if odd in str(row)], table
        if "path" in {name for (name,) in workspace.query(f"select column_name from (describe {table})")}:
            assert workspace.query(f"select count(*) from {table} where path = 'pkg/shapes.py'") == [(0,)], table
    workspace.assert_equals_clean()


def test_a_star_import_gets_an_overlay_that_names_what_it_brings(built: Workspace) -> None:
    overlays = {name: text.decode() for name, text in built.outputs().items() if name.endswith(".pyi")}
    assert set(overlays) == {"overlays/pkg-stubs/__init__.pyi"}
    (overlay,) = overlays.values()
    assert "import *" not in overlay
    for name in ("cached", "One", "left", "right", "both"):
        assert f"{name} as {name}" in overlay
