import ast
import codecs

import pytest

from codeintel_enrich.stages.parse.failure import Failure
from codeintel_enrich.stages.parse.text import Source, count_lines, decode

SCRIPT = 'ключ = "日本 é"\r\nx = 1\r\ry = "ﬁ"\n'
READABLE = {
    "plain": b"x = 1\n",
    "utf-8": "é = 'ü'\n".encode(),
    "astral": "x = '😀' + 'é'\ny = '😀'".encode(),
    "bom": codecs.BOM_UTF8 + "é = 1\n".encode(),
    "bom and its cookie": codecs.BOM_UTF8 + "# coding: utf-8-sig\né = 1\n".encode(),
    "latin-1": "# -*- coding: latin-1 -*-\ns = 'é'\n".encode("latin-1"),
    "cp1252": "# vim: set fileencoding=cp1252 :\ns = '€'\n".encode("cp1252"),
    "cookie in the second line": b"#!/usr/bin/python\n# coding=latin-1\ns = '\xe9'\n",
    "cookie after a lone carriage return": b"#!/usr/bin/python\r# coding=latin-1\rs = '\xe9'\r",
    "cookie after a form feed": b"\x0c\n# coding=latin-1\ns = '\xe9'\n",
    "cookie line that is no UTF-8": b"# \xe9 coding: latin-1\ns = '\xe9'\n",
    "cookie in the third line": "\n\n# coding: ascii\ns = 'é'\n".encode(),
    "cookie after code": "x = 1\n# coding: ascii\ns = 'é'\n".encode(),
    "shift_jis": "# coding: shift_jis\ns = '日本' # ｶﾅ\n".encode("shift_jis"),
    "euc-jp": "# coding: euc_jp\ns = '日本'\n".encode("euc_jp"),
    "gb18030": "# coding: gb18030\ns = '中文😀'\n".encode("gb18030"),
    "big5": "# coding: big5\ns = '中文'\n".encode("big5"),
    "empty": b"",
    "bom only": codecs.BOM_UTF8,
}
UNREADABLE = {
    "bom with another cookie": (codecs.BOM_UTF8 + b"# coding: latin-1\nx = 1\n", "decode-error", 1),
    "unknown codec": (b"#!x\n# coding: no-such-codec\nx = 1\n", "decode-error", 2),
    "codec that is no text encoding": (b"# coding: rot13\nk = 1\n", "decode-error", 1),
    "UTF-16": ("x = 1\n".encode("utf-16"), "decode-error", 1),
    "UTF-16 cookie": (b"# coding: utf-16\nx = 1\n", "decode-error", 2),
    "bad UTF-8": (b"x = 1\ny = '\xe9'\n", "decode-error", 2),
    "cut UTF-8": (b"x = 1\ny = \xe2\x82", "decode-error", 2),
    "surrogates": (b"# coding: raw_unicode_escape\ns = '\\ud800'\n", "decode-error", 1),
    "null byte": (b"x = 1\r\ny = '\0'\n", "null-bytes", 2),
}


@pytest.mark.parametrize("name", READABLE)
def test_text_is_what_python_reads(name: str) -> None:
    data = READABLE[name]
    assert ast.dump(ast.parse(decode(data).text)) == ast.dump(ast.parse(data))


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_python_rejects_is_rejected_with_rule_and_line(name: str) -> None:
    data, rule, line = UNREADABLE[name]
    if name != "surrogates":
        with pytest.raises((SyntaxError, ValueError)):
            ast.parse(data)
    with pytest.raises(Failure) as caught:
        decode(data)
    assert (caught.value.rule, caught.value.line) == (rule, line)


@pytest.mark.parametrize("name", [*READABLE, "script"])
def test_every_code_point_has_its_own_bytes(name: str) -> None:
    source = decode(READABLE.get(name, SCRIPT.encode()))
    for offset, character in enumerate(source.text):
        start, end = source.position(offset)[2], source.position(offset + 1)[2]
        assert source.data[start:end].decode(source.encoding) == character
    assert source.position(len(source.text))[2] == len(source.data)


def test_bytes_of_a_stateful_encoding_are_partitioned_by_characters() -> None:
    text = "# coding: iso-2022-jp\ns = '日本' + 'x'\n"
    source = decode(text.encode("iso-2022-jp"))
    assert source.text == text
    starts = [source.position(offset)[2] for offset in range(len(text) + 1)]
    assert starts == sorted(set(starts))
    assert source.data[starts[text.index("x'")] :] == b"x'\n"


def test_a_bom_counts_bytes_and_no_column() -> None:
    assert decode(codecs.BOM_UTF8 + b"x\n").position(0) == (1, 0, 3)


def test_lines_end_at_carriage_returns_and_line_feeds_only() -> None:
    text = "a\rb\r\nc\nd\x0ce\u2028f\x85g\x1ch\vi"
    source = decode(text.encode())
    assert source.line_starts == [0, 2, 5, 7]
    assert source.position(text.index("i"))[:2] == (4, text.index("i") - 7)


@pytest.mark.parametrize(
    ("text", "n_lines"), [("", 0), ("a", 1), ("a\n", 1), ("\n", 1), ("a\r\rb", 3), ("a\r\n\r\n", 2)]
)
def test_a_last_line_needs_no_line_end(text: str, n_lines: int) -> None:
    assert decode(text.encode()).n_lines == n_lines
    assert count_lines(text.encode()) == n_lines


def test_wide_lines_hold_the_text_of_each_line_that_is_not_ascii() -> None:
    assert decode("a\r\né = 'x'\r\nb\r日本\r".encode()).wide_lines == {2: "é = 'x'", 4: "日本"}
    assert decode(b"a\nb\n").wide_lines == {}


def test_positions_agree_with_a_count_by_hand() -> None:
    source = Source("é = 1\n\nñ\n".encode(), "é = 1\n\nñ\n", "utf-8")
    assert [source.position(offset) for offset in (0, 1, 6, 7, 8, 9)] == [
        (1, 0, 0),
        (1, 1, 2),
        (2, 0, 7),
        (3, 0, 8),
        (3, 1, 10),
        (4, 0, 11),
    ]
