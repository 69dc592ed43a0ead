"""Types in strings: where a string stands for a type (PEP 484, "Forward references"), and the identifiers in it.

They stand for a type in annotations, in the arguments of what `typing` names (`Optional["Node"]`), of a builtin class
that takes types (`list["Node"]`), and of calls that make types (`cast`, `NewType`, `TypedDict`). Their values are read
as if in parentheses, as type checkers do, so that one may span lines. An identifier is mentioned at the characters of
the file that spell it, whatever prefixes, escapes and quotes stand around.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterator, Sequence
from typing import Any, NamedTuple

import libcst as cst

from codeintel_enrich.model.syntax import ReferenceKind
from codeintel_enrich.stages.parse.bind.walk import Walk
from codeintel_enrich.stages.parse.cst_helpers import last_name, name_tokens
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.string_literals import Spelled, spelled_string

_IDENTIFIER = re.compile(r"\w+")
_LAST_IDENTIFIER = re.compile(r"\w+$")
_TOKEN = re.compile(r"""[rRuUbBfF]{0,2}(?:'''.*?'''|\"\"\".*?\"\"\"|'[^']*'|"[^"]*")""", re.DOTALL)
"""A string literal without escapes."""
_LONGEST = 2_000
"""Code points of a type in a string; it bounds how deep one can be nested."""
_TYPING = ("typing", "typing_extensions")
_GENERIC_MODULES = (*_TYPING, "collections", "collections.abc", "contextlib")
"""Whose names take types when they are subscripted."""
_GENERIC_BUILTINS = frozenset({"dict", "frozenset", "list", "set", "tuple", "type"})
_STRINGS = (cst.SimpleString, cst.ConcatenatedString)
_MAY_HOLD_STRINGS = (*_STRINGS, cst.Subscript, cst.List, cst.BinaryOperation, cst.Tuple)


class _Callee(NamedTuple):
    """Which arguments of a call are types."""

    positional: Sequence[int] = ()
    keywords: frozenset[str] = frozenset()
    fields: str = ""
    """The keyword of its second argument that holds the fields; every other keyword is one."""


_CALLEES = {
    "cast": _Callee((0,), frozenset({"typ"})),
    "assert_type": _Callee((1,), frozenset({"typ"})),
    "NewType": _Callee((1,), frozenset({"tp"})),
    "TypeAliasType": _Callee((1,), frozenset({"value"})),
    "TypeVar": _Callee(range(1, 100), frozenset({"bound", "default"})),
    "ParamSpec": _Callee((), frozenset({"bound", "default"})),
    "TypeVarTuple": _Callee((), frozenset({"default"})),
    "TypedDict": _Callee((), frozenset({"extra_items"}), "fields"),
    "NamedTuple": _Callee((), frozenset(), "fields"),
}
_OPTIONS = frozenset({"typename", "total", "closed"})
"""Keywords of `TypedDict` and `NamedTuple` that are no fields."""


def visit_type(walk: Walk, node: cst.CSTNode) -> None:
    """Walk an expression whose strings are types."""
    outer, walk.in_type = walk.in_type, True
    walk.visit(node)
    walk.in_type = outer


def visit_no_type(walk: Walk, node: cst.CSTNode) -> None:
    """Walk an expression whose strings are values."""
    outer, walk.in_type = walk.in_type, False
    walk.visit(node)
    walk.in_type = outer


def string(walk: Walk, node: cst.SimpleString | cst.ConcatenatedString) -> int:
    """Mention the identifiers of a type in a string; a plain name or attribute gives its index, as `Walk.visit`."""
    if not walk.in_type:
        return -1
    text = spelled_string((part.value, walk.spans[part][0]) for part in _parts(node))
    return -1 if text is None else _read_type(walk, text)


def _parts(node: cst.CSTNode) -> Iterator[Any]:
    """The literals of strings side by side."""
    while isinstance(node, cst.ConcatenatedString):
        yield node.left
        node = node.right
    yield node


def concatenated(walk: Walk, node: cst.ConcatenatedString) -> int:
    """Walk strings side by side: all of them are one type, and expressions in f-strings are values."""
    if all(type(part) is cst.SimpleString for part in _parts(node)):
        return string(walk, node)
    for part in _parts(node):
        visit_no_type(walk, part)
    return -1


def subscript(walk: Walk, node: cst.Subscript) -> None:
    """Walk a subscript; that of a type has types in it, apart from `Literal` and the notes of `Annotated`."""
    walk.visit(node.value)
    outer = walk.in_type
    # Only where a string may stand in it does it matter what is subscribed; looking every one up would cost.
    if outer or any(isinstance(getattr(element.slice, "value", None), _MAY_HOLD_STRINGS) for element in node.slice):
        name = last_name(node.value)
        walk.in_type = name != "Literal" and (outer or _takes_types(walk, node.value))
        # PEP 593: the first argument is a type, what follows are any values.
        if name == "Annotated":
            walk.each(node.slice[:1])
            walk.in_type = False
            walk.each(node.slice[1:])
            walk.in_type = outer
            return
    walk.each(node.slice)
    walk.in_type = outer


def call_arguments(walk: Walk, node: cst.Call, base: int) -> None:
    """Walk the arguments of a call; `base` is the mention of what is called."""
    outer, walk.in_type = walk.in_type, False
    callee = _callee(walk, node)
    for index, argument in enumerate(node.args):
        keyword = None if argument.keyword is None else argument.keyword.value
        if argument.keyword is not None:
            walk.mention(argument.keyword, "read", "keyword", base)
        if callee is None:
            walk.visit(argument.value)
        elif callee.fields and (keyword == callee.fields or (keyword is None and index == 1)):
            _visit_fields(walk, argument.value)
        elif keyword is None:
            (visit_type if index in callee.positional else visit_no_type)(walk, argument.value)
        else:
            is_type = keyword in callee.keywords or (callee.fields and keyword not in _OPTIONS)
            (visit_type if is_type else visit_no_type)(walk, argument.value)
    walk.in_type = outer


def _callee(walk: Walk, node: cst.Call) -> _Callee | None:
    # All of these are given a string first, as few other calls are, or go by the name that `typing` has for them.
    called = last_name(node.func)
    if called in _CALLEES or (called and node.args and type(node.args[0].value) in _STRINGS):
        return _CALLEES.get(typing_name(walk, node.func) or "")
    return None


def _visit_fields(walk: Walk, node: cst.BaseExpression) -> None:
    """`{"name": type}`, `[("name", type)]`."""
    if isinstance(node, cst.Dict):
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                walk.visit(element.key)
            visit_type(walk, element.value)
    elif isinstance(node, (cst.List, cst.Tuple)):
        for item in node.elements:
            pair = item.value
            if isinstance(pair, (cst.Tuple, cst.List)) and len(pair.elements) == 2:
                walk.visit(pair.elements[0].value)
                visit_type(walk, pair.elements[1].value)
            else:
                walk.visit(pair)
    else:
        walk.visit(node)


def typing_name(walk: Walk, node: cst.CSTNode, modules: Container[str] = _TYPING) -> str | None:
    """The name that `typing` has for a plain name or `module.name`, as far as imports up to here say."""
    tokens = name_tokens(node)
    for root in _roots(walk, tokens[0]) if tokens else ():
        # `module:name` is a name imported from it, `module:` the module itself; see `ScopeTable.roots`.
        path = [*root.strip(":").replace(":", ".").split("."), *(token.value for token in tokens[1:])]
        if ".".join(path[:-1]) in modules:
            return path[-1]
    return None


def _takes_types(walk: Walk, node: cst.CSTNode) -> bool:
    """Whether what is subscripted is given types."""
    if type(node) is cst.Name and node.value in _GENERIC_BUILTINS:
        return walk.table.owner(walk.scope, node.value) < 0
    return typing_name(walk, node, _GENERIC_MODULES) is not None


def _roots(walk: Walk, node: cst.Name) -> list[str]:
    """The imported things that a name may stand for, as unresolved references."""
    table = walk.table
    owner = table.owner(walk.scope, node.value)
    return [table.roots[index] for index in table.scopes[owner].names[node.value]] if owner >= 0 else []


def _read_type(walk: Walk, text: Spelled) -> int:
    """Mention the identifiers of a type; a plain name or attribute gives its index."""
    value = text.value
    # An escaped line end or backslash in a type means something only to strings in it.
    if len(value) > _LONGEST or "\r" in value or "\\" in value:
        return -1
    # `*Ts` stands for a type only where `*args` is annotated.
    close = ",)" if value.lstrip().startswith("*") else "\n)"
    # CPython's parser: its nodes have columns, and it is several times as fast as LibCST's.
    try:
        expression = ast.parse(f"({value}{close}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return -1
    if (expression.lineno, expression.col_offset) == (1, 0) and not isinstance(expression, ast.Tuple):
        # `A) + (B`: the parentheses are not those around it.
        return -1
    return _TypeReader(walk, text).read(expression)


class _TypeReader:
    """Mentions what stands in a type that was parsed."""

    def __init__(self, walk: Walk, text: Spelled) -> None:
        self._walk = walk
        self._text = text
        self._lines = [line.encode() for line in f"({text.value}".split("\n")]
        self._starts = [0]
        for line in text.value.split("\n")[:-1]:
            self._starts.append(self._starts[-1] + len(line) + 1)

    def read(self, node: ast.AST, in_type: bool = True) -> int:
        """Mention what stands in a node; `in_type` is whether strings in it are types."""
        if isinstance(node, ast.Name):
            written = _IDENTIFIER.match(self._text.value, self._offset(node.lineno, node.col_offset))
            return self._mention(node.id, written, "name", -1)
        if isinstance(node, ast.Attribute):
            base = self.read(node.value, in_type)
            end = self._offset(node.end_lineno or 0, node.end_col_offset or 0)
            return self._mention(node.attr, _LAST_IDENTIFIER.search(self._text.value, 0, end), "attribute", base)
        if isinstance(node, ast.Constant):
            return self._string(node) if in_type and isinstance(node.value, str) else -1
        if isinstance(node, ast.Subscript):
            self._subscript(node, in_type)
        elif isinstance(node, ast.Call):
            for part in (node.func, *node.args, *(keyword.value for keyword in node.keywords)):
                self.read(part, False)
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self.read(child, in_type)
        return -1

    def _subscript(self, node: ast.Subscript, in_type: bool) -> None:
        self.read(node.value, in_type)
        name = getattr(node.value, "attr", getattr(node.value, "id", ""))
        arguments = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        for index, argument in enumerate(arguments):
            self.read(argument, in_type and name != "Literal" and (name != "Annotated" or index == 0))

    def _string(self, node: ast.Constant) -> int:
        """A type in a string in a type."""
        text = self._text
        start = self._offset(node.lineno, node.col_offset)
        written = text.value[start : self._offset(node.end_lineno or 0, node.end_col_offset or 0)]
        inner = spelled_string((match[0], start + match.start()) for match in _TOKEN.finditer(written))
        if inner is None:
            return -1
        starts = tuple([text.starts[at] for at in inner.starts])
        return _read_type(self._walk, Spelled(inner.value, starts, tuple([text.ends[at - 1] for at in inner.ends])))

    def _offset(self, line: int, column: int) -> int:
        """The offset in the value of a place that the parser names by line and byte."""
        before = self._lines[line - 1][:column].decode()
        # The parenthesis in front of the value.
        return self._starts[line - 1] + len(before) - (line == 1)

    def _mention(self, name: str, written: re.Match[str] | None, kind: ReferenceKind, base: int) -> int:
        """Mention an identifier, where the file spells it in one piece."""
        if written is None or normalised(written[0]) != name:
            return -1
        starts, ends = self._text.starts[slice(*written.span())], self._text.ends[slice(*written.span())]
        if any(end != start for start, end in zip(starts[1:], ends[:-1], strict=True)):
            return -1
        return self._walk.mention_in_string(name, starts[0], ends[-1] - starts[0], kind, base)
