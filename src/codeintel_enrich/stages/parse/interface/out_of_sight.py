"""Signs that code binds names by string, or changes `__all__`, out of sight: in calls and function bodies.

Signs, not proofs: whoever sees one says that any name may be bound, so that nothing false is claimed of a module.
"""

from __future__ import annotations

import re
from typing import Literal

import libcst as cst

from codeintel_enrich.stages.parse.cst_helpers import dotted, inside, only_index
from codeintel_enrich.stages.parse.interface.values import Values

_MERGES = re.compile(r"\bextend_path\(\s*__path__\b|\bdeclare_namespace\(\s*__name__\b")
_PLACES_MODULES = re.compile(
    r"\b__path__\b(?:\[[^\]\n]*\])?\s*(?:=[^=]|\+=|:|\.\s*(?:append|extend|insert)\b)"
    r"|\bsys\.modules(?:\[(?!__name__\])[^\n]*?\]\s*=[^=]|\.(?:update|setdefault)\()"
    r"|\bsys\.meta_path\b"
)
_HOLDS_ITSELF = re.compile(
    # The module as an object, other than to read from it; one function sets names of whichever module calls it.
    r"(?<!\bgetattr\(sys\.)\bmodules\[[\w.]{0,80}__(?:name|module)__\]"
    r"|\bmodules\.(?:get|pop|setdefault|__setitem__)\(\s{0,80}__name__\b"
    r"|\b(?:import_module|__import__)\(\s{0,80}__name__\s{0,80}\)"
    # Its namespace, by way of a frame or a function, or changed in other ways than those that are followed.
    r"|\bf_globals\b|\b__globals__\b"
    r"|\bglobals\(\)(?:\.(?:setdefault|__setitem__|__ior__)\(|\[[^\]\n]{0,80}__name__)"
    r"|\blambda\b[^\n]{0,80}\bglobals\(\)"
    # The members of an enum become names of its module.
    r"|\bglobal_enum\b|\b_convert_?\("
    # A call for what it does, not for what it returns, that is told which module it is for.
    r"|^(?!print\b|[\w.]{0,80}(?:getLogger|warn)\()[A-Za-z_][\w.]{0,80}\([^()\n]{0,80}\b__name__\b",
    re.MULTILINE,
)
_NAMESPACE = re.compile(r"^[ \t]{0,80}(\w{1,80}) = (?:globals|vars|locals)\(\)", re.MULTILINE)
LIST_METHODS = frozenset({"append", "extend", "insert", "add", "update", "remove", "discard", "clear", "pop"})
"""How a list, or a set, of names is changed in place."""


def is_exporter(function: cst.FunctionDef) -> bool:
    """Whether a function's body adds to some `__all__`: a decorator that exports what it is put on."""
    # `sys.modules[f.__module__].__all__.append(f.__name__)`, and with `setdefault("__all__", [])` in any shape.
    return any(
        isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in ("append", "add", "extend")
        and any(_is_all(inner) for inner in inside(node.func.value))
        for node in inside(function.body)
    )


def changes_all(function: cst.FunctionDef) -> bool:
    """Whether a function's body changes the `__all__` of its own module."""
    return any(
        any(item.name.value == "__all__" for item in node.names)
        if isinstance(node, cst.Global)
        else isinstance(node, cst.Call)
        and isinstance(node.func, cst.Attribute)
        and node.func.attr.value in LIST_METHODS
        and dotted(node.func.value) == "__all__"
        for node in inside(function.body)
    )


def sets_names(function: cst.FunctionDef) -> bool:
    """Whether a function's body sets names in the namespace of its module by string."""
    # `locals()` and `vars()` are those of the function here, and no way to set a name of the module.
    for node in inside(function.body):
        if isinstance(node, cst.AssignTarget) and isinstance(node.target, cst.Subscript):
            namespace = node.target.value
        elif isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "update":
            namespace = node.func.value
        else:
            continue
        if isinstance(namespace, cst.Call) and not namespace.args and dotted(namespace.func) == "globals":
            return True
    return False


def is_globals(node: cst.BaseExpression, values: Values | None = None) -> bool:
    """Whether an expression at module level is the namespace, as a dictionary; `values` tell which names are."""
    if values is not None and isinstance(node, cst.Name):
        return node.value in values.namespaces
    return isinstance(node, cst.Call) and not node.args and dotted(node.func) in ("globals", "vars", "locals")


def is_own_module(node: cst.BaseExpression, values: Values) -> bool:
    """Whether an expression is `sys.modules[__name__]`."""
    return (
        isinstance(node, cst.Subscript)
        and values.path(node.value) == "sys.modules"
        and dotted(only_index(node)) == "__name__"
    )


def holds_itself(text: str) -> bool:
    """Whether a module has a hold of itself by which it may get names that nobody sees, by the text of it."""
    if _HOLDS_ITSELF.search(text):
        return True
    named = {re.escape(found) for found in _NAMESPACE.findall(text)}
    return any(re.search(rf"\b{name}(?: \|=|\.(?:setdefault|__setitem__|__ior__)\()", text) for name in named)


def path_extension(text: str) -> Literal["roots", "anywhere"] | None:
    """Where a module's submodules come from beside its own folder, by the text of it."""
    if _MERGES.search(text):
        return "roots"
    return "anywhere" if _PLACES_MODULES.search(text) else None


def _is_all(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.SimpleString):
        return node.raw_value == "__all__"
    return isinstance(node, cst.Name) and node.value == "__all__"
