"""The names that a module's `__getattr__` (PEP 562) gives: shims for what is deprecated, mostly."""

import ast
from collections.abc import Callable

import msgspec

_ASKS_ONLY = frozenset(
    ("AttributeError", "get", "pop", "format", "warn", "repr", "startswith", "endswith", "isinstance")
)
"""Calls that are given the name and look nothing up by it elsewhere."""


class ServedNames(msgspec.Struct, frozen=True):
    """What `__getattr__` answers."""

    names: frozenset[str] = frozenset()
    """Names that it compares the one it is asked for with."""
    may_be_any: bool = False
    """Whether it hands the name on, or cannot be read."""


def served_names(text: str, value_of: Callable[[str], str | None]) -> ServedNames:
    """Read the source of a `__getattr__`; `value_of` gives the source of what a name of the module is assigned."""
    try:
        function = ast.parse(text).body[0]
    except (SyntaxError, ValueError, IndexError, RecursionError):
        return ServedNames(may_be_any=True)
    if not isinstance(function, ast.FunctionDef) or not function.args.args:
        return ServedNames(may_be_any=True)
    asked = function.args.args[0].arg
    names: set[str] = set()
    may_be_any = False
    for node in ast.walk(function):
        if isinstance(node, ast.Match) and _is(node.subject, asked):
            for case in node.cases:
                names |= _texts(case.pattern)
        if isinstance(node, ast.Call) and any(_is(argument, asked) for argument in node.args):
            may_be_any |= _called(node) not in _ASKS_ONLY
        table = _table(node, asked)
        if table is not None:
            found = _keys(table, value_of)
            may_be_any |= found is None
            names |= found or set()
    # Where tests decide, what is handed on is one of the names tested for.
    return ServedNames(frozenset(names), may_be_any and not names)


def _table(node: ast.AST, asked: str) -> ast.expr | None:
    """What the name is looked for in: `name == "x"`, `name in table`, `table[name]`, `table.get(name)`."""
    if isinstance(node, ast.Compare) and _is(node.left, asked):
        return node.comparators[0]
    if isinstance(node, ast.Subscript) and _is(node.slice, asked):
        return node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
        return node.func.value if node.args and _is(node.args[0], asked) else None
    return None


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _is(node: ast.expr, asked: str) -> bool:
    return isinstance(node, ast.Name) and node.id == asked


def _keys(table: ast.expr, value_of: Callable[[str], str | None]) -> set[str] | None:
    """The texts that a table is asked by; None where it is not written out."""
    if isinstance(table, ast.Name):
        value = value_of(table.id)
        try:
            table = ast.parse(value or "", mode="eval").body
        except (SyntaxError, ValueError, RecursionError):
            return None
    if isinstance(table, ast.Dict):
        return {key.value for key in table.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    if isinstance(table, ast.Call) and table.args:  # `frozenset(("a", "b"))`
        return _keys(table.args[0], value_of)
    if isinstance(table, ast.Constant | ast.Tuple | ast.List | ast.Set):
        return _texts(table)
    return None


def _texts(tree: ast.AST) -> set[str]:
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
