"""Owns lazy modules (PEP 562): the static table of names behind a module-level `__getattr__`, where there is one.

Entries are `module:attribute`, or `module:` for a submodule; relative modules keep their dots.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from codeintel_enrich.stages.parse.interface.nodes import dotted, inside, string
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.names import normalised


def attached_names(call: cst.Call, values: Values) -> dict[str, str] | None:
    """The table of `lazy_loader.attach(__name__, submodules, submod_attrs)`; None where it is not static."""
    given: dict[str, cst.BaseExpression] = {}
    parameters = ("package_name", "submodules", "submod_attrs")
    for position, argument in enumerate(call.args):
        if argument.star or (argument.keyword is None and position >= len(parameters)):
            return None
        given[argument.keyword.value if argument.keyword else parameters[position]] = argument.value
    submodules = values.evaluate(given["submodules"]) if "submodules" in given else []
    attributes = values.evaluate(given["submod_attrs"]) if "submod_attrs" in given else {}
    if submodules is UNKNOWN or attributes is UNKNOWN:
        return None
    table = {str(name): f".{name}:" for name in submodules or ()}
    for module, names in (attributes or {}).items():
        if names is UNKNOWN:
            return None
        table.update({str(name): f".{module}:{name}" for name in names})
    return table


def getattr_names(function: cst.FunctionDef, values: Values) -> dict[str, str]:
    """The names that a module's `__getattr__` serves from static tables and tests; empty where none are seen."""
    parameters = function.params.posonly_params or function.params.params
    if not parameters:
        return {}
    asked = normalised(parameters[0].name.value)
    table: dict[str, str] = {}
    nodes = list(inside(function.body))
    is_relative, wants_attribute = _import_habit(nodes, asked)
    for node in nodes:
        if isinstance(node, cst.If):
            names = _tested_names(node.test, asked, values)
            found = _served(node.body, asked, values) if names else None
            if found is not None:
                for name in names:
                    table[name] = found.replace("{name}", name)
            elif names and any(isinstance(inner, cst.Return) for inner in inside(node.body)):
                for name in names:
                    if _imports_by_name(node.body):
                        table.setdefault(name, f".{name}:")
        mapping = _looked_up(node, asked, values)
        if mapping is not None:
            for name, value in mapping.items():
                target = _entry(str(name), value, is_relative, wants_attribute)
                if target is not None:
                    table.setdefault(str(name), target)
    return table


def _tested_names(test: cst.BaseExpression, asked: str, values: Values) -> list[str]:
    """The names for which `name == "x"` or `name in (...)` holds."""
    if isinstance(test, cst.BooleanOperation) and isinstance(test.operator, cst.Or):
        return _tested_names(test.left, asked, values) + _tested_names(test.right, asked, values)
    if not isinstance(test, cst.Comparison) or len(test.comparisons) != 1 or dotted(test.left) != asked:
        return []
    target = test.comparisons[0]
    value = values.evaluate(target.comparator)
    if isinstance(target.operator, cst.Equal) and isinstance(value, str):
        return [value]
    if isinstance(target.operator, cst.In) and isinstance(value, (list, tuple)):
        return [str(name) for name in value]
    return []


def _served(body: cst.BaseSuite, asked: str, values: Values) -> str | None:
    """What a branch imports and returns; `{name}` stands for the name asked for."""
    imported: dict[str, str] = {}
    for node in inside(body):
        if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
            module = "." * len(node.relative) + (dotted(node.module) or "")
            for alias in node.names:
                name = dotted(alias.name) or ""
                bound = dotted(alias.asname.name) if alias.asname else name
                imported[bound or name] = f"{module}:{name}"
        elif isinstance(node, cst.Import):
            for alias in node.names:
                name = dotted(alias.name) or ""
                imported[(dotted(alias.asname.name) or name) if alias.asname else name] = f"{name}:"
        elif isinstance(node, cst.Return) and node.value is not None:
            path = dotted(node.value)
            if path is not None:
                root, _, rest = path.partition(".")
                if root in imported:
                    return _extend(imported[root], rest)
                if path in imported:
                    return imported[path]
            elif isinstance(node.value, cst.Call) and dotted(node.value.func) == "getattr" and len(node.value.args) > 1:
                root = dotted(node.value.args[0].value) or ""
                if root in imported and dotted(node.value.args[1].value) == asked:
                    return _extend(imported[root], "{name}")
    return None


def _extend(target: str, rest: str) -> str:
    if not rest:
        return target
    return target + rest if target.endswith(":") else f"{target}.{rest}"


def _looked_up(node: cst.CSTNode, asked: str, values: Values) -> dict[Any, Any] | None:
    """The table in `table[name]`, `table.get(name)` or `name in table`."""
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        if isinstance(index, cst.Index) and dotted(index.value) == asked:
            value = values.evaluate(node.value)
            return value if isinstance(value, dict) else None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in ("get", "pop"):
        value = values.evaluate(node.func.value) if node.args and dotted(node.args[0].value) == asked else None
        return value if isinstance(value, dict) else None
    if isinstance(node, cst.Comparison) and dotted(node.left) == asked and len(node.comparisons) == 1:
        value = values.evaluate(node.comparisons[0].comparator)
        if isinstance(node.comparisons[0].operator, (cst.In, cst.NotIn)) and isinstance(value, dict):
            return value
    return None


def _import_habit(nodes: list[cst.CSTNode], asked: str) -> tuple[bool, bool]:
    """Whether `import_module` is given a relative module, and whether an attribute is then taken from it."""
    is_relative = False
    takes_attribute = False
    for node in nodes:
        if not isinstance(node, cst.Call):
            continue
        path = dotted(node.func) or ""
        if path == "getattr":
            takes_attribute = True
        elif path.endswith(("import_module", "__import__")) and node.args:
            argument = node.args[0].value
            is_relative |= any(
                string(inner) == "." or (isinstance(inner, cst.FormattedStringText) and inner.value.startswith("."))
                for inner in inside(argument)
            ) or (isinstance(argument, cst.FormattedString) and _starts_with_own_name(argument))
    return is_relative, takes_attribute


def _starts_with_own_name(node: cst.FormattedString) -> bool:
    first = node.parts[0] if node.parts else None
    return isinstance(first, cst.FormattedStringExpression) and dotted(first.expression) in ("__name__", "__package__")


def _imports_by_name(body: cst.BaseSuite) -> bool:
    return any(
        isinstance(node, cst.Call) and (dotted(node.func) or "").endswith("import_module") for node in inside(body)
    )


def _entry(name: str, value: Any, is_relative: bool, wants_attribute: bool) -> str | None:
    """Read one table value: a module, `module:attribute`, `module.attribute`, or a pair."""
    dot = "." if is_relative else ""
    if isinstance(value, (tuple, list)) and 0 < len(value) <= 3 and isinstance(value[0], str):
        attribute = value[1] if len(value) > 1 else name
        if attribute is None:
            return f"{dot}{value[0]}:"
        return f"{dot}{value[0]}:{attribute}" if isinstance(attribute, str) else None
    if not isinstance(value, str) or not value:
        return None
    if ":" in value:
        return dot + value
    if wants_attribute:
        head, _, tail = value.rpartition(".")
        if tail == name and head and head.strip("."):
            return f"{dot}{head}:{tail}"
        return f"{dot}{value}:{name}"
    return f"{dot}{value}:"
