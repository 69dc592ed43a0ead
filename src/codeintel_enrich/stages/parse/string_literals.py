"""The value of string literals, for any Python version and without evaluating anything.

`ast.literal_eval` would answer as the running Python does, which warns of unknown escapes, and later may refuse them.
The escapes are those of the language reference, section "String and Bytes literals".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

import libcst as cst

_ESCAPE = re.compile(
    r"\\(?:(?P<newline>\r\n?|\n)|(?P<octal>[0-7]{1,3})|x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<name>[^}]*)\}|(?P<simple>[\\'\"abfnrtv]))"
)
_SIMPLE = {"\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LINE_END = re.compile(r"\r\n?")
_SPECIAL = re.compile(f"{_ESCAPE.pattern}|\r\n?")


def string_value(node: cst.CSTNode) -> str | None:
    """Return the value of a plain string literal, concatenated ones included; None for bytes, f- and t-strings.

    Escapes that Python does not know stay as they are written, as in Python; so do malformed ones.
    """
    parts: list[str] = []
    while isinstance(node, cst.ConcatenatedString):
        if not isinstance(node.left, cst.SimpleString):
            return None
        parts.append(node.left.value)
        node = node.right
    if not isinstance(node, cst.SimpleString):
        return None
    parts.append(node.value)
    values = [_literal_value(part) for part in parts]
    return None if None in values else "".join(value for value in values if value is not None)


class Spelled(NamedTuple):
    """The value of a string, and where each of its characters is written."""

    value: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    """Offsets of the first character of the text that spells each one, and of what follows it."""


def spelled_string(tokens: Iterable[tuple[str, int]]) -> Spelled | None:
    """The value of string literals side by side, each with its offset; None for bytes, f- and t-strings."""
    value: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for token, offset in tokens:
        quote = min(index for index in (token.find("'"), token.find('"')) if index >= 0)
        prefix = token[:quote].lower()
        if prefix not in ("", "r", "u"):
            return None
        width = 3 if token[quote : quote + 3] in ('"""', "'''") else 1
        at, end = quote + width, len(token) - width
        special = _LINE_END if prefix == "r" else _SPECIAL
        while at < end:
            found = special.search(token, at, end)
            plain = found.start() if found else end
            value.append(token[at:plain])
            starts.extend(range(offset + at, offset + plain))
            ends.extend(range(offset + at + 1, offset + plain + 1))
            at = plain
            if found:
                text = "\n" if found[0][0] == "\r" else _unescape(found)
                value.append(text)
                starts.extend([offset + at] * len(text))
                ends.extend([offset + found.end()] * len(text))
                at = found.end()
    return Spelled("".join(value), tuple(starts), tuple(ends))


def _literal_value(token: str) -> str | None:
    quote = min(index for index in (token.find("'"), token.find('"')) if index >= 0)
    prefix = token[:quote].lower()
    if "b" in prefix:
        return None
    width = 3 if token[quote : quote + 3] in ('"""', "'''") else 1
    value = token[quote + width : len(token) - width]
    # The tokenizer reads every line end as a line feed, inside literals too, and before it looks for escapes.
    if "\r" in value:
        value = _LINE_END.sub("\n", value)
    return value if "r" in prefix or "\\" not in value else _ESCAPE.sub(_unescape, value)


def _unescape(match: re.Match[str]) -> str:
    kind = match.lastgroup
    text = match[kind] if kind else ""
    if kind == "newline":
        return ""
    if kind == "simple":
        return _SIMPLE[text]
    if kind == "name":
        try:
            return unicodedata.lookup(text)
        except KeyError:
            return match[0]
    code = int(text, 8 if kind == "octal" else 16)
    # Octal escapes are three digits at most, so only `\U` can be out of range.
    return chr(code) if code < 0x110000 else match[0]
