"""The types of expressions that `__all__` is made of, as far as the interpreter cares.

A star reads `__all__` by index, so a set there fails, and `["a"] + ("b",)` fails before that. What is in them is none
of this module's business.
"""

from __future__ import annotations

from typing import Any, Final

import libcst as cst

from codeintel_enrich.stages.parse.cst_helpers import dotted
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.interface.values import SetValue, Values

OWN: Final = "__all__"
"""The type of `__all__` itself, which only `link` knows."""
_NODES: dict[type[cst.CSTNode], str] = {
    cst.List: "list",
    cst.ListComp: "list",
    cst.Tuple: "tuple",
    cst.Set: "set",
    cst.SetComp: "set",
    cst.Dict: "dict",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
    cst.SimpleString: "str",
    cst.ConcatenatedString: "str",
    cst.FormattedString: "str",
    cst.Lambda: "function",
}
_CALLS = {
    "list": "list",
    "sorted": "list",
    "dir": "list",
    "tuple": "tuple",
    "set": "set",
    "frozenset": "frozenset",
    "dict": "dict",
    "dict.fromkeys": "dict",
    "globals": "dict",
    "locals": "dict",
    "vars": "dict",
    "map": "map",
    "filter": "filter",
    "zip": "zip",
    "reversed": "list_reverseiterator",
    "iter": "list_iterator",
}
"""What builtins return."""
_METHODS = {
    "split": "list",
    "rsplit": "list",
    "splitlines": "list",
    "keys": "dict_keys",
    "values": "dict_values",
    "items": "dict_items",
}
"""What methods return that only one type has."""
_OPERATORS: dict[type[cst.BaseBinaryOp], str] = {cst.Add: "+", cst.BitOr: "|", cst.BitAnd: "&", cst.Subtract: "-"}
_SETS = frozenset({"set", "frozenset", "dict_keys"})


class Refused(Exception):
    """An operation that the interpreter refuses; the message is what it raises."""


def type_of(value: Any) -> str:
    """The type of a value that `Values` found."""
    if isinstance(value, SetValue):
        return "set"
    return next((kind.__name__ for kind in (str, bool, int, list, tuple, dict) if isinstance(value, kind)), "NoneType")


def item_type(node: cst.BaseExpression, value: Any, values: Values) -> str:
    """The type of one item; empty where it is not known."""
    if value is not UNKNOWN:
        return type_of(value)
    if isinstance(node, cst.SimpleString) and "b" in node.prefix:
        return "bytes"
    if isinstance(node, cst.Name):
        return values.kinds.get(node.value, "")
    return _NODES.get(type(node), "") if not isinstance(node, (cst.FormattedString, cst.SimpleString)) else ""


def container_of(node: cst.BaseExpression, values: Values) -> str:
    """The type of an expression of names; empty where it is not known.

    `OWN` is that of `__all__`, `+` and a type that of a sum of `__all__` and this type, `=` that of the one list of
    another module that the expression is. Raises `Refused`.
    """
    if isinstance(node, cst.BinaryOperation):
        return _of_operation(node, values)
    if isinstance(node, cst.SimpleString) and "b" in node.prefix:
        return "bytes"
    if isinstance(node, cst.Call):
        return _of_call(node, values)
    if isinstance(node, cst.IfExp):
        kinds = {container_of(node.body, values), container_of(node.orelse, values)}
        return kinds.pop() if len(kinds) == 1 else ""
    path = dotted(node)
    if path == "__all__":
        return OWN
    if path is not None and path in values.kinds:
        return values.kinds[path]
    if type(node) in _NODES:
        return _NODES[type(node)]
    # What holds unknown values has a type all the same.
    value = values.constants.get(path or "", UNKNOWN)
    if type(value) in _NODES:
        return _NODES[type(value)]
    found = values.evaluate(node)
    if found is not UNKNOWN:
        return type_of(found)
    if path is None:
        return ""
    return "=" if path.endswith(".__all__") or values.is_imported(path) else ""


def _of_operation(node: cst.BinaryOperation, values: Values) -> str:
    left, right = container_of(node.left, values), container_of(node.right, values)
    sign = _OPERATORS.get(type(node.operator), "")
    if left == OWN:
        return f"+{right}" if sign == "+" else ""
    if left.startswith("+"):
        return ""
    known = [kind for kind in (left, right) if kind not in ("", "=", OWN) and not kind.startswith("+")]
    if not sign or len(known) < 2:
        # A sum has one type on both sides.
        return known[0] if known and (sign == "+" or known[0] == left) else ""
    refusal = _refused_sum(left, right) if sign == "+" else _refused_sets(sign, left, right)
    if refusal is not None:
        raise Refused(f"TypeError: {refusal}")
    return left


def _refused_sum(left: str, right: str) -> str | None:
    if left not in ("list", "tuple", "str"):
        return f"unsupported operand type(s) for +: '{left}' and '{right}'"
    return None if left == right else f'can only concatenate {left} (not "{right}") to {left}'


def _refused_sets(sign: str, left: str, right: str) -> str | None:
    if {left, right} <= _SETS or (sign == "|" and left == right == "dict"):
        return None
    return f"unsupported operand type(s) for {sign}: '{left}' and '{right}'"


def _of_call(node: cst.Call, values: Values) -> str:
    path = values.path(node.func) or ""
    if path in _CALLS and path not in values.constants and path not in values.kinds:
        return _CALLS[path]
    if not isinstance(node.func, cst.Attribute):
        return ""
    method = node.func.attr.value
    if method in ("copy", "union", "difference", "intersection"):
        found = container_of(node.func.value, values)
        return "" if found == "=" or found.startswith("+") else found
    return _METHODS.get(method, "")
