"""What `emit` says of files, read back from its packed rows."""

import importlib.util
import json
from itertools import pairwise
from pathlib import Path

import pytest

from codeintel_enrich.engine.run.jobs import ENCODER
from codeintel_enrich.model.config import EmitConfig, ParseConfig
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import decode_packed, encode_packed
from codeintel_enrich.model.scip import ROLE_DEFINITION, ROLE_READ, Document, Occurrence, SymbolInformation
from codeintel_enrich.model.tables import TABLES
from codeintel_enrich.model.types import FileFacts
from codeintel_enrich.stages.emit import emit_outline
from codeintel_enrich.stages.emit.symbols import kind_by_descriptor
from codeintel_enrich.stages.outline import outline
from tests.support.rows import as_dicts, by_table, emitted

PACKAGE = {
    "src/pkg/__init__.py": "from .impl import Thing as T, helper\nfrom .stars import *\n"
    "__all__ = ['T', 'helper', 'star']\n",
    "src/pkg/impl.py": '"""Implements."""\nimport os.path as p\n\n\nclass Thing:\n    """A thing."""\n\n'
    "    def m(self, a, /, b: int = 3, *args: str, c=None, **kw) -> bool:\n        return helper(a) or p.sep\n\n\n"
    "def helper(x):\n    unknown_name\n    return x\n",
    "src/pkg/stars.py": "star = 1\n",
}


def test_every_table_has_as_many_cells_as_its_schema_has_columns() -> None:
    packed = emitted(PACKAGE)["src/pkg/impl.py"].packed
    assert set(packed.columns) == {table.name for table in TABLES}
    rows = by_table(packed)
    for table in TABLES:
        assert len(rows[table.name]) == packed.counts[table.name]
        assert all(list(row) == [column.name for column in table.columns] for row in rows[table.name])
        assert all(row["path"] == "src/pkg/impl.py" for row in rows[table.name])
    assert all(rows[name] for name in ("modules", "nodes", "imports", "exports", "refs"))


def test_optional_columns_alone_are_null() -> None:
    for file in emitted(PACKAGE).values():
        for table in TABLES:
            for row in as_dicts(file, table.name):
                for column in table.columns:
                    assert column.optional or row[column.name] is not None, (table.name, column.name)


def test_a_function_row_has_its_name_span_and_signature_in_source_order() -> None:
    source = PACKAGE["src/pkg/impl.py"].encode()
    node = next(row for row in as_dicts(emitted(PACKAGE)["src/pkg/impl.py"], "nodes") if row["name"] == "m")
    assert node["node_id"] == "src/pkg/impl.py:8:4:FunctionDef:m"
    assert node["stable_id"] == "pkg.impl:Thing.m:FunctionDef:0"
    assert node["parent_id"] == "src/pkg/impl.py:5:0:ClassDef:Thing"
    assert node["qualified_names"] == ["pkg.impl.Thing.m"]
    assert source[node["name_start_byte"] : node["name_end_byte"]] == b"m"
    assert source[node["start_byte"] : node["end_byte"]].startswith(b"def m(self")
    signature = json.loads(node["signature"])
    assert [(item["name"], item["kind"], item["annotation"], item["default"]) for item in signature["params"]] == [
        ("self", "positional-only", None, None),
        ("a", "positional-only", None, None),
        ("b", "positional-or-keyword", "int", "3"),
        ("args", "var-positional", "str", None),
        ("c", "keyword-only", None, "None"),
        ("kw", "var-keyword", None, None),
    ]
    assert signature["returns"] == "bool"


def test_a_line_shift_changes_node_ids_and_keeps_stable_ids_and_code_hashes() -> None:
    before = as_dicts(emitted(PACKAGE)["src/pkg/impl.py"], "nodes")
    shifted = {**PACKAGE, "src/pkg/impl.py": "# moved\n" + PACKAGE["src/pkg/impl.py"]}
    after = as_dicts(emitted(shifted)["src/pkg/impl.py"], "nodes")
    assert [row["stable_id"] for row in before] == [row["stable_id"] for row in after]
    assert [row["code_hash"] for row in before[1:]] == [row["code_hash"] for row in after[1:]]
    assert all(a["node_id"] != b["node_id"] for a, b in list(zip(before, after, strict=True))[1:])


def test_ids_are_unique_at_level_full_on_a_real_file() -> None:
    spec = importlib.util.find_spec("rich")
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "box.py").read_bytes()
    nodes = as_dicts(emitted({"rich/box.py": source}, parse_config=ParseConfig(level="full"))["rich/box.py"], "nodes")
    assert len(nodes) > 1000
    for key in ("node_id", "stable_id"):
        assert len({row[key] for row in nodes}) == len(nodes), key
    known = {row["node_id"] for row in nodes}
    assert all(row["parent_id"] in known for row in nodes[1:])


def test_a_stub_and_its_module_do_not_share_stable_ids() -> None:
    files = emitted({"pkg/__init__.py": "", "pkg/a.py": "def f(): ...\n", "pkg/a.pyi": "def f(): ...\n"})
    ids = [{row["stable_id"] for row in as_dicts(files[path], "nodes")} for path in ("pkg/a.py", "pkg/a.pyi")]
    assert ids[0].isdisjoint(ids[1])


def test_each_imported_name_has_a_row_with_what_it_finally_is() -> None:
    files = emitted(PACKAGE)
    found = {
        row["name"]: (row["target_module"], row["alias"], row["level"], row["is_star"], row["resolved"])
        for path in ("src/pkg/__init__.py", "src/pkg/impl.py")
        for row in as_dicts(files[path], "imports")
    }
    assert found == {
        "Thing": ("pkg.impl", "T", 1, False, "pkg.impl.Thing"),
        "helper": ("pkg.impl", None, 1, False, "pkg.impl.helper"),
        "*": ("pkg.stars", None, 1, True, None),
        "os.path": ("os.path", "p", 0, False, "os.path"),
    }


def test_an_import_of_a_missing_module_is_a_row_that_says_so() -> None:
    (row,) = as_dicts(emitted({"a.py": "def f():\n    from nowhere.at_all import x as y\n"})["a.py"], "imports")
    assert (row["target_module"], row["name"], row["alias"], row["kind"]) == ("nowhere.at_all", "x", "y", "local")
    assert row["known"] is False


def test_exports_follow_the_chain_to_the_definition() -> None:
    exports = {row["name"]: row for row in as_dicts(emitted(PACKAGE)["src/pkg/__init__.py"], "exports")}
    assert (exports["T"]["kind"], exports["T"]["origin"], exports["T"]["origin_path"]) == (
        "reexport",
        "pkg.impl.Thing",
        "src/pkg/impl.py",
    )
    assert exports["star"]["kind"] == "star"
    assert exports["star"]["in_star"] is True


def test_references_carry_meaning_reason_and_holder() -> None:
    refs = as_dicts(emitted(PACKAGE)["src/pkg/impl.py"], "refs")
    call = next(row for row in refs if row["name"] == "helper" and row["role"] == "read")
    assert call["qualified_name"] == "pkg.impl.helper"
    assert call["qualified_names"] == ["pkg.impl.helper"]
    assert call["target_path"] == "src/pkg/impl.py"
    assert call["node_id"] == "src/pkg/impl.py:8:4:FunctionDef:m"
    unknown = next(row for row in refs if row["name"] == "unknown_name")
    assert unknown["qualified_name"] is None
    assert unknown["qualified_names"] == []
    assert unknown["reason"]
    starts = [row["start_byte"] for row in refs]
    assert all(a <= b for a, b in pairwise(starts))


@pytest.mark.parametrize("source", [b"def broken(:\n    pass\n", b"\xff\xfe\x00", b"x = '\x00'\n"])
def test_a_file_that_does_not_parse_has_one_module_row_and_its_error(source: bytes) -> None:
    rows = emitted({"bad.py": source})["bad.py"]
    (module,) = as_dicts(rows, "modules")
    assert module["parse_ok"] is False
    assert module["error"]
    assert module["tags"] == ["parse-error"]
    assert [row["node_type"] for row in as_dicts(rows, "nodes")] == ["Module"]
    # `link` says beside it that nobody can see what the file has.
    assert [row["tool"] for row in as_dicts(rows, "diagnostics") if row["severity"] == "error"] == ["parse"]
    assert as_dicts(rows, "refs") == []
    line = json.loads(rows.fragments.module_json)
    assert line["parse_ok"] is False
    assert line["errors"] == [module["error"]]
    (node,) = rows.fragments.cst_jsonl.splitlines()
    assert json.loads(node)["parse_ok"] is False


def test_diagnostics_of_every_tool_sit_on_their_innermost_definition() -> None:
    facts = {"src/pkg/impl.py": FileFacts((Diagnostic("pyrefly", "error", "unknown-name", "what?", 13, 4, 13, 16),))}
    rows = as_dicts(emitted(PACKAGE, facts=facts)["src/pkg/impl.py"], "diagnostics")
    assert [(row["tool"], row["node_id"]) for row in rows if row["tool"] == "pyrefly"] == [
        ("pyrefly", "src/pkg/impl.py:12:0:FunctionDef:helper")
    ]


def test_symbols_are_claimed_by_the_file_that_defines_them() -> None:
    source = "def f():\n    pass\n\n\nf()\n"
    symbol, other = "scip-python python p 1 `m`/f().", "scip-python python p 1 `other`/g()."
    document = Document(
        "m.py",
        "utf-8",
        (Occurrence(0, 4, 0, 5, symbol, ROLE_DEFINITION), Occurrence(4, 0, 4, 1, symbol, ROLE_READ)),
        (SymbolInformation(symbol, ("Docs.", "More."), 0, "f"),),
    )
    rows = emitted({"m.py": source}, documents={"m.py": document})["m.py"]
    (claim,) = as_dicts(rows, "symbol_claims")
    assert claim["qualified_name"] == "m.f"
    assert claim["kind"] == "function"
    assert claim["documentation"] == "Docs.\n\nMore."
    assert [(row["scip_symbol"], row["roles"]) for row in as_dicts(rows, "symbol_files")] == [
        (symbol, ROLE_DEFINITION | ROLE_READ)
    ]
    assert {row["scip_symbol"] for row in as_dicts(rows, "refs")} == {symbol}
    assert other not in str(by_table(rows.packed))


@pytest.mark.parametrize(
    ("descriptor", "kind"),
    [
        ("`m`/f().", "function"),
        ("`m`/C#f().", "method"),
        ("`m`/C#f(+1).", "method"),
        ("`m`/C#", "class"),
        ("`m`/x.", "variable"),
        ("`m`/f().(a)", "parameter"),
        ("m/", "module"),
        ("m/C#[T]", "type-parameter"),
    ],
)
def test_the_descriptor_tells_the_kind_where_the_index_does_not(descriptor: str, kind: str) -> None:
    assert kind_by_descriptor(f"s p n v {descriptor}") == kind


def test_json_lines_say_what_the_rows_say() -> None:
    rows = emitted(PACKAGE)["src/pkg/impl.py"]
    lines = [json.loads(line) for line in rows.fragments.cst_jsonl.splitlines()]
    nodes = as_dicts(rows, "nodes")
    assert len(lines) == len(nodes)
    for line, node in zip(lines, nodes, strict=True):
        for name in ("path", "node_id", "stable_id", "node_type", "qualified_names", "parent_id", "scope", "bases"):
            assert line[name] == node[name], name
        assert line["span"]["start"] == {"line": node["start_line"], "col": node["start_col"]}
        assert line["span"]["end"] == {"line": node["end_line"], "col": node["end_col"]}
    statement = next(line for line in lines if line["node_type"] == "Import")
    assert statement["imports"] == {
        "module": None,
        "names": ["os.path"],
        "aliases": {"os.path": "p"},
        "imported": ["os.path as p"],
        "is_star": False,
        "level": 0,
    }


def test_the_module_line_names_exports_and_their_origins() -> None:
    line = json.loads(emitted(PACKAGE)["src/pkg/__init__.py"].fragments.module_json)
    assert line["exports"] == ["T", "helper", "star"]
    assert line["exports_resolved"]["T"] == "pkg.impl.Thing"
    assert line["reexports"] == {"T": "pkg.impl.Thing", "helper": "pkg.impl.helper", "star": "pkg.stars.star"}
    assert line["outline"] == []


def test_no_json_lines_are_made_unless_wanted() -> None:
    rows = emitted(PACKAGE, emit_config=EmitConfig(emit_cst=False))["src/pkg/impl.py"]
    assert rows.fragments.cst_jsonl == b""
    assert as_dicts(rows, "nodes")


@pytest.mark.parametrize(
    ("path", "source", "tag"),
    [
        ("pkg/tests/test_x.py", "", "test"),
        ("pkg/conftest.py", "", "test"),
        ("pkg/a.pyi", "x: int\n", "stub"),
        ("pkg/a.py", "from b import *\n", "star-import"),
        ("pkg/a.py", "import argparse\n", "cli"),
        ("pkg/__main__.py", "", "cli"),
        ("pkg/a.py", "__all__ = ['x']\nx = 1\n", "public-api"),
        ("pkg/hub.py", "from os import a, b, c, d, e, f, g, h, i, j\n", "reexport-hub"),
    ],
)
def test_a_built_in_tag_is_given_for_its_reason(path: str, source: str, tag: str) -> None:
    with_reason = emitted({"pkg/__init__.py": "", path: source})[path]
    without = emitted({"pkg/__init__.py": "", "pkg/_plain.py": "x = 1\n"})["pkg/_plain.py"]
    assert tag in with_reason.fragments.summary.tags
    assert without.fragments.summary.tags == ()


def test_the_hub_threshold_is_config() -> None:
    source = {"a.py": "from os import b, c\n"}
    assert "reexport-hub" not in emitted(source)["a.py"].fragments.summary.tags
    lowered = emitted(source, emit_config=EmitConfig(export_hub_threshold=2))["a.py"]
    assert "reexport-hub" in lowered.fragments.summary.tags


def test_the_same_layers_give_the_same_bytes() -> None:
    first, second = emitted(PACKAGE), emitted(dict(reversed(PACKAGE.items())))
    assert all(ENCODER.encode(first[path]) == ENCODER.encode(second[path]) for path in PACKAGE)


def test_a_file_that_does_not_parse_has_its_outline_in_rows_and_on_its_line() -> None:
    source = "class A:\n    def m(self): return (\n\ndef f(): pass\n"
    rows = emitted({"a.py": source})["a.py"]
    outlined = as_dicts(rows, "outlines")
    assert [(row["ordinal"], row["kind"], row["name"], row["parent"], row["depth"]) for row in outlined] == [
        (0, "class", "A", None, 0),
        (1, "method", "m", 0, 1),
        (2, "function", "f", None, 0),
    ]
    assert {row["language"] for row in outlined} == {"python"}
    for row in outlined:
        assert source.encode()[row["name_start_byte"] : row["name_end_byte"]].decode() == row["name"]
    assert [row["node_type"] for row in as_dicts(rows, "nodes")] == ["Module"]
    line = json.loads(rows.fragments.module_json)
    assert [(item["name"], item["parent"]) for item in line["outline"]] == [("A", None), ("m", 0), ("f", None)]
    assert as_dicts(emitted({"a.py": "class A: pass\n"})["a.py"], "outlines") == []


def test_a_file_of_another_language_has_rows_of_files_and_outlines_alone() -> None:
    packed = emit_outline("docs/a.md", outline("markdown", b"# A\n\n## B\n"))
    assert decode_packed(encode_packed(packed)) == packed
    assert set(packed.columns) == {"files", "outlines"}
    tables = by_table(packed)
    assert tables["files"] == [
        {
            "path": "docs/a.md",
            "language": "markdown",
            "content_hash": digest(b"# A\n\n## B\n"),
            "n_bytes": 10,
            "n_lines": 3,
            "n_items": 2,
            "n_left_out": 0,
            "has_errors": False,
            "error": None,
        }
    ]
    assert [(row["ordinal"], row["kind"], row["name"], row["parent"]) for row in tables["outlines"]] == [
        (0, "heading", "A", None),
        (1, "heading", "B", 0),
    ]
