"""Owns straight-line statements at module level: each becomes operations of the surface, in order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import libcst as cst

from codeintel_enrich.model.surface import (
    AllOperation,
    Bind,
    Decorated,
    DefinitionKind,
    Delete,
    ImportBind,
    Operation,
    Star,
)
from codeintel_enrich.stages.parse.names import normalised
from codeintel_enrich.stages.parse.surface_all import Names, NotStatic, all_operations, read_names
from codeintel_enrich.stages.parse.surface_imports import Imports, When
from codeintel_enrich.stages.parse.surface_lazy import attached_names
from codeintel_enrich.stages.parse.surface_nodes import dotted, parts
from codeintel_enrich.stages.parse.surface_scopes import Nested, adds_to_all, import_binds, target_names
from codeintel_enrich.stages.parse.surface_values import UNKNOWN, Values
from codeintel_enrich.stages.parse.tree import Tree

_INDENTED_ALL = re.compile(r"^[ \t]+[^\n]*__all__", re.MULTILINE)
_LIST_EXPRESSIONS = (cst.BinaryOperation, cst.List, cst.Tuple, cst.Call, cst.Attribute)
_LIST_METHODS = frozenset({"append", "extend", "insert", "add", "update", "remove", "discard", "clear", "pop"})


class Statements:
    """What the statements run so far do, and what is known after them."""

    def __init__(self, tree: Tree) -> None:
        self.values = Values(tree.config)
        self.imports = Imports()
        self.nested = Nested(self.imports)
        self.operations: list[Operation] = []
        self.idle: list[Operation] = []
        self.lazy_names: dict[str, str] = {}
        self.dynamic_getattr = False
        self.lazy_stub = False
        self.exporters: set[str] = set()
        self.getattr_function: cst.FunctionDef | None = None
        self.globals_of: dict[str, list[Bind | ImportBind]] = {}
        """Function -> how it binds module-level names."""
        self.when: When = "runtime"
        self.guarded = False
        """Whether a handler catches what fails here."""
        self._has_walrus = ":=" in tree.text
        self._mentions_all = "__all__" in tree.text
        self._exports_elsewhere = _INDENTED_ALL.search(tree.text) is not None

    def bind(
        self,
        name: str,
        kind: DefinitionKind,
        aliases: tuple[str, ...] = (),
        declared: bool = False,
        test: bool | None = None,
    ) -> None:
        """Bind a name to something made here."""
        self.operations.append(Bind(name, kind, self.when != "runtime", aliases, declared=declared, test=test))
        self.values.rebind(name)

    def on_import(self, node: cst.Import) -> None:
        """`import a.b`, `import a as b`."""
        self.imports.add(node, self.when, self.guarded)
        for operation in import_binds(node, self.when != "runtime"):
            self._bind_import(operation)

    def on_import_from(self, node: cst.ImportFrom) -> None:
        """`from m import n`, stars too."""
        self.imports.add(node, self.when, self.guarded)
        level, module = len(node.relative), dotted(node.module)
        if isinstance(node.names, cst.ImportStar):
            self.operations.append(Star(level, module, self.when != "runtime"))
            return
        for operation in import_binds(node, self.when != "runtime"):
            if operation.name == "__all__":
                path = f"{'.' * level}{module or ''}:{operation.attribute}"
                self.operations.append(AllOperation("set", lists=(path,)))
            else:
                self._bind_import(operation)

    def _bind_import(self, operation: ImportBind) -> None:
        name, module = operation.name, operation.module
        self.operations.append(operation)
        self.values.rebind(name)
        if operation.level:
            self.values.relatives.add(name)
        elif operation.attribute is not None:
            self.values.origins[name] = f"{module}.{operation.attribute}"
        else:
            self.values.origins[name] = name if operation.binds_top else module or name

    def on_assign(self, node: cst.Assign) -> None:
        """`a = b = value`, in every shape of target."""
        self.walrus(node.value)
        call = node.value if isinstance(node.value, cst.Call) else None
        if call is not None:
            self._call_function(call)
            if self._attach(node, call):
                return
        for target in node.targets:
            self._assign_target(target.target, node.value)

    def _assign_target(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        if isinstance(target, cst.Name):
            name = normalised(target.value)
            if name == "__all__":
                if value is not None:
                    self.operations.extend(all_operations("set", value, self.values))
                return
            if value is None:
                self.bind(name, "variable")
            else:
                self._bind_value(name, value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            pairs: Sequence[cst.BaseElement] = ()
            if isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
                starred = [*value.elements, *target.elements]
                pairs = () if any(isinstance(item, cst.StarredElement) for item in starred) else value.elements
            for index, element in enumerate(target.elements):
                self._assign_target(element.value, pairs[index].value if pairs else None)
        elif isinstance(target, cst.Subscript) and _is_globals(target.value) and len(target.slice) == 1:
            key = target.slice[0].slice
            self._bind_computed(self.values.evaluate(key.value) if isinstance(key, cst.Index) else UNKNOWN, value)

    def _bind_value(self, name: str, value: cst.BaseExpression) -> None:
        """Bind a name to the value of an expression, and remember what can be known of it."""
        names: Names | None = None
        is_list = self._mentions_all and isinstance(value, _LIST_EXPRESSIONS)
        if is_list and self.values.evaluate(value) is UNKNOWN:
            with suppress(NotStatic):
                names = read_names(value, self.values)
        module = self._optional_module(value)
        self.bind(name, "variable", aliases(value, self.values), test=self._constant_test(value))
        self.values.constants[name] = value
        if names is not None:
            self.values.lists[name] = names
        if module is not None:
            self.values.optional[name] = module

    def _optional_module(self, value: cst.BaseExpression) -> str | None:
        """The module in `name = import_module("module")`, as helpers that give None where it is missing are called."""
        if (
            not isinstance(value, cst.Call)
            or not value.args
            or (dotted(value.func) or "").rpartition(".")[2] != "import_module"
        ):
            return None
        module = self.values.evaluate(value.args[0].value)
        return module if isinstance(module, str) and module[:1] != "." else None

    def _constant_test(self, value: cst.BaseExpression) -> bool | None:
        if not isinstance(value, (cst.Comparison, cst.Call, cst.UnaryOperation, cst.BooleanOperation)):
            return None
        verdict = self.values.evaluate(value)
        return verdict if isinstance(verdict, bool) else None

    def on_annotated(self, node: cst.AnnAssign) -> None:
        """`a: T = value`; without a value it declares."""
        annotation = dotted(node.annotation.annotation) or ""
        if node.value is not None:
            self.walrus(node.value)
        if isinstance(node.target, cst.Name) and node.target.value != "__all__":
            name = normalised(node.target.value)
            if annotation.rpartition(".")[2] == "TypeAlias":
                self.bind(name, "type-alias", aliases(node.value, self.values), node.value is None)
                return
            if node.value is None:
                self.operations.append(Bind(name, "variable", self.when != "runtime", declared=True))
                return
        if node.value is not None:
            self._assign_target(node.target, node.value)

    def on_augmented(self, node: cst.AugAssign) -> None:
        """`a += value`."""
        self.walrus(node.value)
        name = dotted(node.target)
        if name == "__all__":
            if isinstance(node.operator, (cst.AddAssign, cst.BitOrAssign)):
                self.operations.extend(all_operations("extend", node.value, self.values))
            elif isinstance(node.operator, cst.SubtractAssign):
                self.operations.extend(all_operations("remove", node.value, self.values))
            else:
                self.operations.append(AllOperation("dynamic", reason="an augmented assignment"))
        elif name is not None and "." not in name:
            self._change_list(name, "extend", node.value)

    def on_type_alias(self, node: cst.TypeAlias) -> None:
        """`type X = ...`."""
        self.bind(normalised(node.name.value), "type-alias")

    def on_del(self, node: cst.Del) -> None:
        """`del a`, `del globals()["a"]`."""
        names = list(target_names(node.target))
        if isinstance(node.target, cst.Subscript) and _is_globals(node.target.value):
            key = node.target.slice[0].slice
            name = self.values.evaluate(key.value) if isinstance(key, cst.Index) else UNKNOWN
            names = [name] if isinstance(name, str) else []
        for name in names:
            self.operations.append(Delete(name))
            self.values.rebind(name)

    def on_function(self, node: cst.FunctionDef) -> None:
        """`def f`."""
        name = normalised(node.name.value)
        bound = self.nested.add_function(node, self.values)
        if bound:
            self.globals_of[name] = bound
        if name == "__getattr__":
            self.getattr_function = node
        if self._exports_elsewhere and adds_to_all(node):
            self.exporters.add(name)
        if self._has_walrus:
            for decorator in node.decorators:
                self.walrus(decorator.decorator)
            for default in (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params):
                self.walrus(default.default)
        self.bind(name, "function")
        self._decorators(name, node.decorators)

    def on_class(self, node: cst.ClassDef) -> None:
        """`class C`."""
        name = normalised(node.name.value)
        if self._has_walrus:
            for decorator in node.decorators:
                self.walrus(decorator.decorator)
            for argument in (*node.bases, *node.keywords):
                self.walrus(argument.value)
        for member, kind in self.nested.add_class(node, "", self.when, self.values):
            self.bind(member, kind)
        self.bind(name, "class")
        self._decorators(name, node.decorators)

    def _decorators(self, name: str, decorators: Sequence[cst.Decorator]) -> None:
        for decorator in decorators:
            path = dotted(decorator.decorator)
            root = path.partition(".")[0] if path else ""
            if path and (path in self.exporters or self.values.is_imported(root)):
                self.operations.append(Decorated(name, path))

    def on_expression(self, node: cst.Expr) -> None:
        """An expression alone: calls may bind names or change a list."""
        self.walrus(node.value)
        call = node.value
        if not isinstance(call, cst.Call):
            return
        self._call_function(call)
        function = call.func
        if not isinstance(function, cst.Attribute):
            if (
                dotted(function) == "setattr"
                and len(call.args) == 3
                and _is_own_module(call.args[0].value, self.values)
            ):
                self._bind_computed(self.values.evaluate(call.args[1].value), call.args[2].value)
            return
        method = function.attr.value
        if _is_globals(function.value) and method == "update":
            self._update_globals(call)
            return
        name = dotted(function.value)
        if name is None or "." in name or method not in _LIST_METHODS:
            return
        argument = call.args[-1].value if call.args else None
        if name != "__all__":
            self._change_list(name, method, argument)
        elif argument is not None and method in ("append", "insert", "add", "remove", "discard"):
            single = cst.List([cst.Element(argument)])
            operation = "remove" if method in ("remove", "discard") else "extend"
            self.operations.extend(all_operations("remove" if operation == "remove" else "extend", single, self.values))
        elif argument is not None and method in ("extend", "update"):
            for given in call.args:
                self.operations.extend(all_operations("extend", given.value, self.values))
        elif method == "clear":
            self.operations.append(AllOperation("set"))
        else:
            self.operations.append(AllOperation("dynamic", reason=f"a call of `__all__.{method}`"))

    def _bind_computed(self, name: Any, value: cst.BaseExpression | None) -> None:
        """Bind a name that an expression gave; where it cannot be told, any name may be bound."""
        if isinstance(name, str) and name.isidentifier():
            self._assign_target(cst.Name(name), value)
        else:
            self.dynamic_getattr = True

    def _update_globals(self, call: cst.Call) -> None:
        for argument in call.args:
            if argument.keyword is not None:
                self.bind(normalised(argument.keyword.value), "variable")
                continue
            names = self.values.evaluate(argument.value)
            if not isinstance(names, dict):
                self.dynamic_getattr = True
                continue
            for name in names:
                self._bind_computed(name, None)

    def _change_list(self, name: str, method: str, argument: cst.BaseExpression | None) -> None:
        """Follow `names += [...]` and `names.append(...)` on a list that `__all__` may be made from."""
        if name not in self.values.constants and name not in self.values.lists:
            return
        changed: Names | None = None
        if argument is not None and method in ("append", "extend") and self._mentions_all:
            single = cst.List([cst.Element(argument)]) if method == "append" else argument
            with suppress(NotStatic):
                changed = read_names(cst.Name(name), self.values)
                changed.add(read_names(single, self.values))
        self.values.rebind(name)
        if changed is not None:
            self.values.lists[name] = changed

    def _attach(self, node: cst.Assign, call: cst.Call) -> bool:
        """`__getattr__, __dir__, __all__ = lazy_loader.attach(...)`."""
        path = (self.values.path(call.func) or "").rpartition(".")[2]
        names = [name for target in node.targets for name in target_names(target.target)]
        if "__getattr__" not in names or not path.startswith("attach"):
            return False
        table = attached_names(call, self.values) if path == "attach" else None
        self.lazy_names.update(table or {})
        self.lazy_stub = path == "attach_stub"
        self.dynamic_getattr = table is None and not self.lazy_stub
        for name in names:
            if name != "__all__":
                self.bind(name, "variable")
            elif table is not None:
                self.operations.append(AllOperation("set", tuple(sorted(table))))
            else:
                self.operations.append(AllOperation("dynamic", reason=f"a call of `{path}`"))
        return True

    def _call_function(self, call: cst.Call) -> None:
        """A call that binds names through `global`."""
        for operation in self.globals_of.get(dotted(call.func) or "", ()):
            self.operations.append(operation)
            self.values.rebind(operation.name)

    def walrus(self, node: cst.CSTNode | None) -> None:
        """Bind the targets of the assignment expressions inside an expression."""
        if not self._has_walrus or node is None:
            return
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, cst.NamedExpr):
                for name in target_names(inner.target):
                    self._bind_value(name, inner.value)
            if not isinstance(inner, cst.Lambda):
                waiting.extend(reversed(parts(inner)))


def aliases(value: cst.BaseExpression | None, values: Values) -> tuple[str, ...]:
    """The plain dotted paths that a value may be."""
    if isinstance(value, cst.IfExp):
        verdict = values.truth(value.test)
        if verdict is not None:
            return aliases(value.body if verdict else value.orelse, values)
        body, orelse = aliases(value.body, values), aliases(value.orelse, values)
        return (*body, *orelse) if body and orelse else ()
    path = dotted(value) if isinstance(value, (cst.Name, cst.Attribute)) else None
    return (path,) if path and path not in ("True", "False", "None", "__name__", "__file__", "__doc__") else ()


def _is_globals(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Call) and not node.args and dotted(node.func) in ("globals", "vars", "locals")


def _is_own_module(node: cst.BaseExpression, values: Values) -> bool:
    """`sys.modules[__name__]`."""
    return (
        isinstance(node, cst.Subscript)
        and values.path(node.value) == "sys.modules"
        and len(node.slice) == 1
        and isinstance(index := node.slice[0].slice, cst.Index)
        and dotted(index.value) == "__name__"
    )
