"""Owns how a interface looks at LibCST nodes: names, strings, and what is inside, without whitespace."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import libcst as cst

from codeintel_enrich.stages.parse.names import normalised


def dotted(node: cst.CSTNode | None) -> str | None:
    """Return `a.b.c` for a plain chain of names, else None."""
    if type(node) is cst.Name:
        return normalised(node.value)
    parts: list[str] = []
    while type(node) is cst.Attribute:
        parts.append(normalised(node.attr.value))
        node = node.value
    if type(node) is not cst.Name:
        return None
    parts.append(normalised(node.value))
    parts.reverse()
    return ".".join(parts)


_WITHOUT_NAMES = (
    *("whitespace", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "dot"),
    *("leading_lines", "lines_after", "header", "footer"),
)
"""How the fields of LibCST's nodes begin that hold no name at any depth."""
_PARTS: dict[type[cst.CSTNode], tuple[str, ...]] = {}


def parts(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly inside another, in source order, without whitespace and punctuation."""
    kind = type(node)
    names = _PARTS.get(kind)
    if names is None:
        fields = [field.name for field in dataclasses.fields(kind)]
        names = _PARTS[kind] = tuple(
            name
            for name in fields
            if not name.startswith(_WITHOUT_NAMES) and name not in ("leading_lines", "header", "footer")
        )
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, (list, tuple)):
            found.extend(value)
        elif isinstance(value, cst.CSTNode):
            found.append(value)
    return found


def inside(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and everything in it, in source order."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        found = parts(node)
        found.reverse()
        waiting += found


def string(node: cst.CSTNode | None) -> str | None:
    """Return the value of a plain string literal, else None."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        try:
            value = node.evaluated_value
        except (ValueError, SyntaxError):
            return None
        return value if isinstance(value, str) else None
    return None
