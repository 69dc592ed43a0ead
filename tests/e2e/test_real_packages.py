"""Real packages, with a real index and real checker facts: nothing is lost, and every row is true to the source.

The oracles are independent of the pipeline: CPython's `ast`, LibCST's own position providers, `inspect`, pyrefly's own
report, and positions counted here from the bytes.
"""

import ast
import importlib
import inspect
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from types import FunctionType, ModuleType
from typing import Any

import duckdb
import libcst as cst
import pytest
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from codeintel_enrich.formats.scip import SCIPIndex
from tests.support.built_packages import BuiltPackage, built_package, checked_package
from tests.support.packages import pyrefly_report

pytestmark = pytest.mark.slow

PACKAGES = ("requests", "flask", "rich", "networkx")
STATEMENTS = {
    ast.FunctionDef: "FunctionDef",
    ast.AsyncFunctionDef: "FunctionDef",
    ast.ClassDef: "ClassDef",
    ast.Assign: "Assign",
    ast.AnnAssign: "AnnAssign",
    ast.Import: "Import",
    ast.ImportFrom: "ImportFrom",
}
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
NEWLINE = re.compile(rb"\r\n|\r|\n")


class Source:
    """One file as CPython sees it."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.line_starts = [0, *(match.end() for match in NEWLINE.finditer(data))]

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.data)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def offset(self, line: int, byte_column: int) -> int:
        return self.line_starts[line - 1] + byte_column

    def span(self, node: Any) -> tuple[int, int]:
        return self.offset(node.lineno, node.col_offset), self.offset(node.end_lineno, node.end_col_offset)

    def byte(self, line: int, column: int) -> int:
        """Offset of a place given in code points."""
        start = self.line_starts[line - 1]
        text = self.data[start : start + 4 * column].decode("utf-8", "ignore")
        return start + len(text[:column].encode())


class Built:
    """One package, and what the pipeline made of it."""

    def __init__(self, package: BuiltPackage) -> None:
        self.root = package.root
        self.paths = package.paths
        self.summary = package.summary
        self.ran_again = package.ran_again
        self.sources = {path: Source((self.root / path).read_bytes()) for path in self.paths}
        self.store = duckdb.connect(str(package.store), read_only=True)

    def rows(self, query: str) -> list[dict[str, Any]]:
        result = self.store.execute(query)
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    @cached_property
    def nodes(self) -> list[dict[str, Any]]:
        return self.rows("select * from nodes order by path, start_byte, end_byte desc")

    def published(self, name: str) -> list[dict[str, Any]]:
        lines = (self.root / "cache" / "enriched" / name).read_bytes().split(b"\n")
        assert lines.pop() == b""
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module", params=PACKAGES)
def built(request: pytest.FixtureRequest) -> Iterator[Built]:
    built = Built(checked_package(request.param))
    yield built
    built.store.close()


@pytest.fixture(scope="module", params=("requests", "flask"))
def full(request: pytest.FixtureRequest) -> Iterator[Built]:
    built = Built(built_package(request.param, overrides={"level": "full"}))
    yield built
    built.store.close()


# --- no file is lost --------------------------------------------------------------------------------------------------


def test_every_file_has_its_row_and_parses_where_python_parses_it(built: Built) -> None:
    rows = built.rows("select path, n_bytes, parse_ok from modules order by path")
    assert [(row["path"], row["n_bytes"], row["parse_ok"]) for row in rows] == [
        (path, len(source.data), bool(source.nodes)) for path, source in built.sources.items()
    ]
    assert built.summary.warnings == ()


def test_what_the_index_does_not_describe_is_said_with_a_reason(built: Built) -> None:
    described = {row["path"] for row in built.rows("select path from modules where scip_indexed")}
    left_out = {name.removeprefix("index: ") for name in built.summary.left_out if name.startswith("index: ")}
    assert described.isdisjoint(left_out)
    assert described | left_out == set(built.paths)
    assert len(described) > len(left_out)


def test_a_second_build_has_nothing_to_do(built: Built) -> None:
    assert built.ran_again == ()


# --- rows are the exact source ----------------------------------------------------------------------------------------


def test_every_statement_that_gets_a_row_has_exactly_one_with_its_exact_bytes(built: Built) -> None:
    expected: Counter[tuple[Any, ...]] = Counter()
    for path, source in built.sources.items():
        expected[(path, "Module", None, 0, len(source.data))] += 1
        for node in source.nodes:
            kind = STATEMENTS.get(type(node))
            if kind is not None:
                name = node.name if isinstance(node, DEFINITIONS) else None
                expected[(path, kind, name, *source.span(node))] += 1
            elif isinstance(node, ast.AugAssign) and ast.unparse(node.target) == "__all__":
                expected[(path, "AugAssign", None, *source.span(node))] += 1
    got = Counter(
        (
            row["path"],
            row["node_type"],
            row["name"] if row["node_type"] in ("FunctionDef", "ClassDef") else None,
            row["start_byte"],
            row["end_byte"],
        )
        for row in built.nodes
    )
    assert got - expected == Counter()
    assert expected - got == Counter()


def test_the_bytes_of_a_definition_parse_back_to_it(built: Built) -> None:
    wanted = {
        (path, source.span(node)[0]): node
        for path, source in built.sources.items()
        for node in source.nodes
        if isinstance(node, DEFINITIONS)
    }
    for row in built.nodes:
        if row["node_type"] not in ("FunctionDef", "ClassDef"):
            continue
        source = built.sources[row["path"]]
        text = source.data[row["start_byte"] : row["end_byte"]]
        indent = source.data[source.line_starts[row["start_line"] - 1] : row["start_byte"]]
        parsed: Any = ast.parse(b"if 1:\n" + indent + text if indent else text).body[0]
        if indent:
            (parsed,) = parsed.body
        node = wanted[row["path"], row["start_byte"]]
        parsed.decorator_list = node.decorator_list
        assert ast.dump(parsed) == ast.dump(node), row["node_id"]


def test_lines_columns_and_bytes_name_the_same_places(built: Built) -> None:
    places = [*built.nodes, *built.rows("select * from refs")]
    assert len(places) > 10 * len(built.paths)
    for row in places:
        source = built.sources[row["path"]]
        assert source.byte(row["start_line"], row["start_col"]) == row["start_byte"], row
        assert source.byte(row["end_line"], row["end_col"]) == row["end_byte"], row


def test_every_reference_spells_its_identifier(built: Built) -> None:
    refs = built.rows("select path, name, role, kind, start_byte, end_byte from refs")
    for row in refs:
        spelled = built.sources[row["path"]].data[row["start_byte"] : row["end_byte"]].decode()
        assert unicodedata.normalize("NFKC", spelled) == row["name"], row
    names = {(row["path"], row["start_byte"], row["end_byte"]) for row in refs}
    for path, source in built.sources.items():
        for node in source.nodes:
            if isinstance(node, ast.Name):
                assert (path, *source.span(node)) in names, (path, node.id, node.lineno)


# --- rows tell what the source says -----------------------------------------------------------------------------------

KINDS = (
    ("posonlyargs", "positional-only"),
    ("args", "positional-or-keyword"),
    ("vararg", "var-positional"),
    ("kwonlyargs", "keyword-only"),
    ("kwarg", "var-keyword"),
)


def normal(text: str | None) -> str | None:
    """An expression without regard to layout."""
    return None if text is None else ast.dump(ast.parse(f"({text}\n)", mode="eval"))


def dumped(node: ast.expr | None) -> str | None:
    return None if node is None else ast.dump(ast.Expression(node))


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[tuple[str, str, str | None, str | None]]:
    """(name, kind, annotation, default) in source order, from `ast`."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    defaults = dict(zip([arg.arg for arg in positional][::-1], given.defaults[::-1], strict=False))
    defaults.update({arg.arg: value for arg, value in zip(given.kwonlyargs, given.kw_defaults, strict=True) if value})
    given_by_kind = ((kind, getattr(given, field)) for field, kind in KINDS)
    return [
        (arg.arg, kind, dumped(arg.annotation), dumped(defaults.get(arg.arg)))
        for kind, args in given_by_kind
        for arg in (args if isinstance(args, list) else [args] if args else [])
    ]


def test_parameters_stand_in_source_order_with_kind_annotation_and_default(built: Built) -> None:
    wanted = {
        (path, source.span(node)[0]): node
        for path, source in built.sources.items()
        for node in source.nodes
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    functions = [row for row in built.nodes if row["node_type"] == "FunctionDef"]
    assert len(functions) == len(wanted)
    for row in functions:
        node = wanted[row["path"], row["start_byte"]]
        signature = json.loads(row["signature"])
        got = [(p["name"], p["kind"], normal(p["annotation"]), normal(p["default"])) for p in signature["params"]]
        assert got == parameters(node), row["node_id"]
        assert normal(signature["returns"]) == dumped(node.returns)
        assert signature["is_async"] == isinstance(node, ast.AsyncFunctionDef)
        assert row["docstring"] == ast.get_docstring(node, clean=False)
        assert [normal(text) for text in row["decorators"]] == [dumped(item) for item in node.decorator_list]


INSPECTED = {
    "requests": ("api", "sessions", "utils"),
    "flask": ("app", "cli", "helpers"),
    "rich": ("console", "pretty", "text"),
    "networkx": ("classes.graph", "convert_matrix", "utils.misc"),
}


def functions_of(module: ModuleType) -> Iterator[FunctionType]:
    """Functions and methods as they are at run time, decorated ones apart."""
    owners = [module, *(value for value in vars(module).values() if inspect.isclass(value))]
    for owner in owners:
        for value in vars(owner).values():
            if inspect.isfunction(value) and value.__module__ == module.__name__ and not hasattr(value, "__wrapped__"):
                yield value


def test_signatures_are_those_that_inspect_finds_at_run_time(built: Built) -> None:
    package = built.paths[0].split("/")[0]
    signatures = {
        (row["module"], row["local_name"]): [(p["name"], p["kind"]) for p in json.loads(row["signature"])["params"]]
        for row in built.nodes
        if row["node_type"] == "FunctionDef"
    }
    compared = 0
    for name in INSPECTED[package]:
        for function in functions_of(importlib.import_module(f"{package}.{name}")):
            known = signatures.get((function.__module__, function.__qualname__))
            if known is None:
                assert "<locals>" in function.__qualname__ or function.__code__.co_filename == "<string>", function
                continue
            found = inspect.signature(function).parameters.values()
            assert known == [(p.name, p.kind.name.lower().replace("_", "-")) for p in found], function
            compared += 1
    assert compared > 30


def test_every_definition_that_the_index_defines_carries_its_symbol(built: Built) -> None:
    index = SCIPIndex.load(built.root / "cache" / "index.scip").by_file()
    defined: dict[tuple[str, int, int], set[str]] = {}
    for path, document in index.items():
        assert document.unit == "utf-8"
        source = built.sources[path]
        for item in document.occurrences:
            if item.roles & 1 and not item.symbol.startswith("local "):
                start = source.offset(item.start_line + 1, item.start_character)
                end = source.offset(item.end_line + 1, item.end_character)
                defined.setdefault((path, start, end), set()).add(item.symbol)
    carrying = 0
    for row in built.nodes:
        if row["node_type"] not in ("FunctionDef", "ClassDef"):
            continue
        symbols = defined.get((row["path"], row["name_start_byte"], row["name_end_byte"]))
        if symbols is not None:
            assert row["scip_symbol"] in symbols, row["node_id"]
            assert row["scip_match"] == "exact"
            carrying += 1
    definitions = sum(row["node_type"] in ("FunctionDef", "ClassDef") for row in built.nodes if row["path"] in index)
    assert carrying > 0.8 * definitions


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def test_diagnostics_are_those_of_pyreflys_own_report(built: Built) -> None:
    place = ("path", "line", "col", "end_line", "end_col", "rule")
    reported = json.loads(pyrefly_report(built.root))["errors"]
    expected = Counter(
        (
            e["path"],
            e["line"],
            e["column"] - 1,
            e["stop_line"],
            e["stop_column"] - 1,
            e["name"],
            first_line(e["description"]),
        )
        # The same finding twice is one row.
        for e in {json.dumps(error, sort_keys=True): error for error in reported}.values()
    )
    rows = built.rows("select * from diagnostics where tool = 'pyrefly'")
    assert Counter((*(row[name] for name in place), first_line(row["message"])) for row in rows) == expected
    assert {row["node_id"] for row in rows} <= {row["node_id"] for row in built.nodes}


# --- published files --------------------------------------------------------------------------------------------------


def test_the_jsonl_files_say_what_the_tables_say(built: Built) -> None:
    lines = built.published("modules/modules.jsonl")
    assert [line["path"] for line in lines] == built.paths
    tables = built.rows("select * from modules order by path")
    for line, row in zip(lines, tables, strict=True):
        for field in ("module", "package", "is_stub", "content_hash", "n_lines", "docstring", "parse_ok", "has_all"):
            assert line[field] == row[field], (line["path"], field)
        assert len(line["defs"]) == row["n_defs"]

    cst_lines = built.published("cst/cst.jsonl")
    assert [line["path"] for line in cst_lines] == sorted(line["path"] for line in cst_lines)
    by_id = {row["node_id"]: row for row in built.nodes}
    assert len(by_id) == len(built.nodes) == len(cst_lines)
    for line in cst_lines:
        row = by_id[line["node_id"]]
        for field in ("node_type", "name", "parent_id", "scope", "scip_symbol", "start_byte", "end_byte", "stable_id"):
            assert line[field] == row[field], (line["node_id"], field)
        assert line["span"]["start"] == {"line": row["start_line"], "col": row["start_col"]}
        assert line["signature"] == (row["signature"] and json.loads(row["signature"]))


# --- every node -------------------------------------------------------------------------------------------------------

NO_ROWS = (
    *(cst.SimpleWhitespace, cst.ParenthesizedWhitespace, cst.TrailingWhitespace, cst.EmptyLine, cst.Newline),
    *(cst.Comment,),
)


class Collector(cst.CSTVisitor):
    """(type, first byte, byte after the last) of every node that is not whitespace, as LibCST's provider has it."""

    METADATA_DEPENDENCIES = (ByteSpanPositionProvider,)

    def __init__(self) -> None:
        super().__init__()
        self.found: Counter[tuple[str, int, int]] = Counter()

    def on_visit(self, node: cst.CSTNode) -> bool:
        if not isinstance(node, NO_ROWS):
            span = self.get_metadata(ByteSpanPositionProvider, node)
            self.found[(type(node).__name__, span.start, span.start + span.length)] += 1
        return True


def test_at_level_full_every_node_is_where_libcst_itself_says(full: Built) -> None:
    for path, source in full.sources.items():
        collector = Collector()
        MetadataWrapper(cst.parse_module(source.data), unsafe_skip_copy=True).visit(collector)
        got = Counter(
            (row["node_type"], row["start_byte"], row["end_byte"]) for row in full.nodes if row["path"] == path
        )
        assert got - collector.found == Counter(), path
        assert collector.found - got == Counter(), path


def test_at_level_full_a_names_bytes_are_the_name(full: Built) -> None:
    names = [row for row in full.nodes if row["node_type"] == "Name"]
    assert len(names) > 1000
    for row in names:
        assert full.sources[row["path"]].data[row["start_byte"] : row["end_byte"]].decode() == row["name"]
