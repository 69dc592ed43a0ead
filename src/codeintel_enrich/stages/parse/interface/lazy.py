"""Lazy modules (PEP 562): the static table of names behind a module-level `__getattr__`, where there is one.

Entries are `module:attribute`, or `module:` for a submodule; relative modules keep their dots.

There is no one way to write such a function, so it is searched for signs that real packages share: tests of the name
with an import and a return behind them, and dictionaries that are asked for the name.
"""

from __future__ import annotations

from typing import Any

import libcst as cst

from codeintel_enrich.stages.parse.cst_helpers import (
    AnyImport,
    compared_pair,
    dotted,
    first_parameter,
    import_clauses,
    import_source,
    imports_from,
    inside,
    is_import,
    only_index,
)
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.string_literals import string_value


def attached_names(call: cst.Call, values: Values) -> dict[str, str] | None:
    """The table of `lazy_loader.attach(__name__, submodules, submod_attrs)`; None where it is not static."""
    # Positional arguments in the order that lazy_loader documents.
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
    parameter = first_parameter(function)
    if parameter is None:
        return {}
    asked = normalised(parameter.name.value)
    table: dict[str, str] = {}
    # The whole body, nested functions included: helpers are often written inside.
    nodes = list(inside(function.body))
    is_relative, wants_attribute = _import_habit(nodes, asked)
    for node in nodes:
        if isinstance(node, cst.If):
            names = _tested_names(node.test, asked, values)
            found = _served(node.body, asked, values) if names else None
            if found is not None:
                for name in names:
                    table[name] = found.replace("{name}", name)
            # `return import_module(f".{name}", __name__)`: the name is that of a submodule.
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
    pair = compared_pair(test)
    if pair is None or dotted(pair.left) != asked:
        return []
    value = values.evaluate(pair.right)
    if isinstance(pair.operator, cst.Equal) and isinstance(value, str):
        return [value]
    if isinstance(pair.operator, cst.In) and isinstance(value, (list, tuple)):
        return [str(name) for name in value]
    return []


def _served(body: cst.BaseSuite, asked: str, values: Values) -> str | None:
    """What a branch imports and returns; `{name}` stands for the name asked for."""
    imported: dict[str, str] = {}
    for node in inside(body):
        if is_import(node):
            imported.update(_import_targets(node))
        elif isinstance(node, cst.Return) and node.value is not None:
            found = _returned(node.value, asked, imported)
            if found is not None:
                return found
    return None


def _import_targets(node: AnyImport) -> dict[str, str]:
    """What an import statement binds -> the entry for it; `import a.b` without alias goes under `a.b`."""
    level, module = import_source(node)
    return {
        clause.alias or clause.name: f"{'.' * level}{module or ''}:{clause.name}"
        if imports_from(node)
        else f"{clause.name}:"
        for clause in import_clauses(node)
        if isinstance(clause.node, cst.ImportAlias)
    }


def _returned(value: cst.BaseExpression, asked: str, imported: dict[str, str]) -> str | None:
    """The entry for `imported.attribute`, or for `getattr(imported, name)`."""
    path = dotted(value)
    if path is not None:
        root, _, rest = path.partition(".")
        return _extend(imported[root], rest) if root in imported else imported.get(path)
    if isinstance(value, cst.Call) and dotted(value.func) == "getattr" and len(value.args) > 1:
        root = dotted(value.args[0].value) or ""
        if root in imported and dotted(value.args[1].value) == asked:
            return _extend(imported[root], "{name}")
    return None


def _extend(target: str, rest: str) -> str:
    if not rest:
        return target
    return target + rest if target.endswith(":") else f"{target}.{rest}"


def _looked_up(node: cst.CSTNode, asked: str, values: Values) -> dict[Any, Any] | None:
    """The table in `table[name]`, `table.get(name)` or `name in table`."""
    table: cst.BaseExpression | None = None
    if isinstance(node, cst.Subscript) and dotted(only_index(node)) == asked:
        table = node.value
    elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value in ("get", "pop"):
        table = node.func.value if node.args and dotted(node.args[0].value) == asked else None
    else:
        pair = compared_pair(node)
        if pair is not None and dotted(pair.left) == asked and isinstance(pair.operator, (cst.In, cst.NotIn)):
            table = pair.right
    value = None if table is None else values.evaluate(table)
    return value if isinstance(value, dict) else None


def _import_habit(nodes: list[cst.CSTNode], asked: str) -> tuple[bool, bool]:
    """Whether `import_module` is given a relative module, and whether an attribute is then taken from it."""
    # The same for all names of the table: real functions have one way to import, at their end.
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
                string_value(inner) == "."
                or (isinstance(inner, cst.FormattedStringText) and inner.value.startswith("."))
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
    # `(module, attribute)`; some tables have a third item for their own use, some no attribute where it is the name.
    if isinstance(value, (tuple, list)) and 0 < len(value) <= 3 and isinstance(value[0], str):
        attribute = value[1] if len(value) > 1 else name
        if attribute is None:
            return f"{dot}{value[0]}:"
        return f"{dot}{value[0]}:{attribute}" if isinstance(attribute, str) else None
    if not isinstance(value, str) or not value:
        return None
    if ":" in value:
        return dot + value
    # Tables of dotted paths: with `getattr` behind the import, the last part may be the attribute or the module itself.
    if wants_attribute:
        head, _, tail = value.rpartition(".")
        if tail == name and head and head.strip("."):
            return f"{dot}{head}:{tail}"
        return f"{dot}{value}:{name}"
    return f"{dot}{value}:"
