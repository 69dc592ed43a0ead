"""The stage as others see it: bytes in, rows or one row that says why not."""

import codecs
import hashlib
import os
import subprocess
import sys

import libcst
import msgspec
import pytest

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.interface import Interface, Opaque
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.stages.parse import failed, parse, stage
from tests.unit.stages.parse.parse_support import files_of, slices, without_collection

GOOD = {
    "empty": b"",
    "bom only": codecs.BOM_UTF8,
    "only a line end": b"\n",
    "only a comment": b"# c",
    "CRLF": b"x = 1\r\nif x:\r\n    y = 2\r\n",
    "lone CR": b"x = 1\rif x:\r    y = 2\r",
    "mixed line ends": b"x = 1\r\ny = 2\rz = '''a\r\nb\rc'''\n",
    "form feed": b"x = 1\n\x0c\ny = 2\n",
    "no final line end": b"x = 1\ny = 2",
    "bom": codecs.BOM_UTF8 + "é = 'ü'\nx = é".encode(),
    "latin-1": b"# coding: latin-1\nx = '\xe9'; y = '\xfc'\n",
    "shift_jis": "# coding: shift_jis\nx = '日本'; y = 'ｶﾅ'\n".encode("shift_jis"),
    "NFKC": "ﬁ = 1\nx = ﬁ\n".encode(),
    "astral": "x = '😀'; y = '𝔘'\n".encode(),
    "PEP 646": b"def f(*args: *Ts) -> A[*Ts]: pass\n",
    "PEP 654": b"try:\n    pass\nexcept* E as e:\n    x = 1\n",
    "PEP 695": b"type A[T] = list[T]\nclass C[T: int]: pass\ndef f[**P](x: P.args): pass\n",
    "PEP 696": b"class C[T = int]: pass\n",
    "PEP 701": b"x = f'{a['b']} {f'{c}'}'\n",
    "PEP 750": b"x = t'{a}'\n",
    "PEP 758": b"try:\n    pass\nexcept A, B:\n    x = 1\n",
    "match": b"match = 1\nmatch match:\n    case {'a': [match, *_]}: x = match\n",
    "LibCST loses a space": b"try:\n    pass\nexcept X :\n    y = 1\n",
}
BAD = {
    "Python 2": (b"import os\n\nprint os\n", "syntax-error", 3),
    "Python 2 in the first line": (b"print 1\nx\n", "syntax-error", 1),
    "end of file": (b"x = (1,\n\n", "syntax-error", 1),
    "unindent": (b"if x:\n        y\n    z\n", "syntax-error", 3),
    "Ctrl-Z": (b"x = 1\ny = 2\n\x1a", "syntax-error", 3),
    "NBSP": ("x = 1\r\n\r\ny\u00a0= 1\r\nz = 2\r\n".encode(), "syntax-error", 3),
    "string and bytes": (b"x = 'a' b'b'\n", "syntax-error", 1),
    "bom with another cookie": (codecs.BOM_UTF8 + b"# coding: cp1252\n", "decode-error", 1),
    "unknown codec": (b"# coding: what\n", "decode-error", 1),
    "UTF-16": ("x = 1\n".encode("utf-16"), "decode-error", 1),
    "bad UTF-8": (b"x = 1\n\xff\n", "decode-error", 2),
    "null byte": (b"x = 1\n\n\0", "null-bytes", 3),
    "too large": (b"#" * 2001, "too-large", 1),
    "too deep": (b"x = " + b"+".join([b"1"] * 900), "too-deep", 1),
}
CONFIG = ParseConfig(level="full", max_file_bytes=2000)


@pytest.mark.parametrize("name", GOOD)
def test_odd_files_parse_and_every_node_is_its_own_bytes(name: str) -> None:
    source = GOOD[name]
    syntax = parse(source, CONFIG).syntax
    assert (syntax.parse_ok, syntax.error, syntax.error_line, syntax.diagnostics) == (True, None, None, ())
    module = syntax.nodes[0]
    assert (module.node_type, module.end_byte) == ("Module", len(source))
    assert syntax.has_bom == source.startswith(codecs.BOM_UTF8)
    assert module.start_byte == 3 * syntax.has_bom
    lines = source[module.start_byte :].decode(syntax.encoding).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    names = [node for node in syntax.nodes if node.node_type == "Name"]
    for node in names:
        written = source[node.start_byte : node.end_byte].decode(syntax.encoding)
        assert written == lines[node.start_line - 1][node.start_col : node.end_col]
    assert {node.parent for node in syntax.nodes[1:]} <= set(range(len(syntax.nodes)))


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_a_row(name: str) -> None:
    source, rule, line = BAD[name]
    parsed = parse(source, CONFIG)
    syntax = parsed.syntax
    # Its names are not known, which is not that it has none.
    unseen = Opaque(f"a file that could not be analysed ({rule})")
    assert parsed.interface == Interface(operations=(unseen,), dynamic_getattr=True)
    assert (syntax.parse_ok, syntax.error_line) == (False, line)
    (diagnostic,) = syntax.diagnostics
    assert (diagnostic.tool, diagnostic.severity, diagnostic.rule, diagnostic.line) == ("parse", "error", rule, line)
    assert syntax.error == diagnostic.message
    (module,) = syntax.nodes
    assert (module.node_type, module.parent, module.definition, module.end_byte) == ("Module", -1, 0, len(source))
    assert len(syntax.definitions) == 1
    assert syntax.n_bytes == len(source)
    assert syntax.content_hash == hashlib.blake2b(source, digest_size=16).hexdigest()


def test_a_file_of_one_line_more_than_allowed_bytes_is_not_parsed() -> None:
    assert parse(b"x" * 9 + b"\n", ParseConfig(max_file_bytes=10)).syntax.parse_ok
    assert not parse(b"x" * 10 + b"\n", ParseConfig(max_file_bytes=10)).syntax.parse_ok


def test_a_killed_parse_is_a_row_with_the_place_it_was_told() -> None:
    syntax = failed(b"x = 1\ny\n", "killed", "the parser was stopped after 30 s", 2).syntax
    assert (syntax.n_lines, syntax.error, syntax.error_line) == (2, "the parser was stopped after 30 s", 2)
    assert syntax.diagnostics[0].rule == "killed"


def test_a_file_that_does_not_parse_keeps_its_wide_lines() -> None:
    syntax = parse("print 'é'\nx\n".encode(), CONFIG).syntax
    assert syntax.wide_lines == {1: "print 'é'"}
    assert syntax.encoding == "utf-8"


def test_a_failed_file_does_not_depend_on_places_libcst_gets_wrong() -> None:
    with pytest.raises(libcst.ParserSyntaxError) as caught:
        libcst.parse_module("print 1\nx\n")
    assert caught.value.raw_line == 2  # where this fails, `_syntax_failure` can trust the exception
    assert parse(b"print 1\nx\n", CONFIG).syntax.diagnostics[0].line == 1


def test_a_panic_of_the_native_parser_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    panic = type("PanicException", (BaseException,), {})

    def explode(text: str) -> None:
        raise panic("boom")

    monkeypatch.setattr(libcst, "parse_module", explode)
    assert parse(b"x", CONFIG).syntax.diagnostics[0].rule == "parser-crash"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_our_own_faults_are_not_the_files(monkeypatch: pytest.MonkeyPatch, error: type[BaseException]) -> None:
    def explode(tree: object) -> None:
        raise error

    monkeypatch.setattr(stage, "describe", explode)
    with pytest.raises(error):
        parse(b"x", CONFIG)


def test_every_file_of_real_packages_parses_and_survives_the_wire() -> None:
    for path in [*files_of("requests"), *files_of("flask")]:
        with without_collection():
            parsed = parse(path.read_bytes(), ParseConfig())
        assert parsed.syntax.parse_ok, path
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(parsed), type=Parsed) == parsed


def test_rows_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "import sys, msgspec, hashlib; from codeintel_enrich.stages.parse import parse;"
        "from codeintel_enrich.model.config import ParseConfig;"
        "parsed = parse(open(sys.argv[1], 'rb').read(), ParseConfig(level='full'));"
        "print(hashlib.sha256(msgspec.msgpack.Encoder(order='deterministic').encode(parsed)).hexdigest())"
    )
    (path,) = (path for path in files_of("requests") if path.name == "sessions.py")
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script, str(path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_assignments_of_both_quotes_are_sliced_from_the_bytes_of_a_wide_file() -> None:
    source = GOOD["shift_jis"]
    nodes = parse(source, CONFIG).syntax.nodes
    assert slices(source, nodes, "Assign") == ["x = '日本'".encode("shift_jis"), "y = 'ｶﾅ'".encode("shift_jis")]


LAZY = """\
lazy import a.b as c, d
lazy \\
    from ..e import (f,  # a comment
        g as h)
if d: lazy import i; lazy = 1
lazy (d)
lazy.import_
with d:
    lazy from j import k
"""


def test_lazy_imports_are_import_statements_at_their_exact_places() -> None:
    made = parse(LAZY.encode(), ParseConfig()).syntax
    assert made.parse_ok
    assert made.diagnostics == ()
    found = [(made.nodes[each.node].node_type, each.phase, each.level, each.module) for each in made.imports]
    assert found == [
        ("LazyImport", "lazy", 0, None),
        ("LazyImportFrom", "lazy", 2, "e"),
        ("LazyImport", "lazy", 0, None),
        ("LazyImportFrom", "lazy", 0, "j"),
    ]
    bound = [made.nodes[binding.node].start_line for binding in made.bindings if binding.kind == "import"]
    assert bound == [1, 1, 2, 2, 5, 9]
    whole = [
        LAZY.encode()[node.start_byte : node.end_byte].decode() for node in made.nodes[1:] if "Lazy" in node.node_type
    ]
    assert whole[0] == "lazy import a.b as c, d"
    assert whole[2:] == ["lazy import i", "lazy from j import k"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f():\n    lazy import a", "lazy import not allowed inside functions"),
        (
            "async def f():\n    if a:\n        lazy from a import b",
            "lazy from ... import not allowed inside functions",
        ),
        ("class C:\n    lazy import a", "lazy import not allowed inside classes"),
        ("class C:\n    def f(): lazy import a", "lazy import not allowed inside functions"),
        ("try:\n    lazy import a\nexcept E: pass", "lazy import not allowed inside try/except blocks"),
        ("try: pass\nfinally:\n    lazy from a import b", "lazy from ... import not allowed inside try/except blocks"),
        ("try:\n    def f():\n        lazy import a\nfinally: pass", "lazy import not allowed inside functions"),
        ("lazy from a import *", "lazy from ... import * is not allowed"),
        ("lazy from __future__ import annotations", "lazy from __future__ import is not allowed"),
    ],
)
def test_a_lazy_import_stands_where_cpython_takes_it(source: str, message: str) -> None:
    made = parse(source.encode(), ParseConfig()).syntax
    (found,) = made.diagnostics
    assert (found.rule, found.severity, found.message) == ("syntax-error", "error", message)
    line = source.splitlines()[found.line - 1]
    assert line[found.col :].startswith("lazy")
    # What it imports is clear all the same.
    assert len(made.imports) == 1
