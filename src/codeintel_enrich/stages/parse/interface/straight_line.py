"""Straight-line statements at module level: each becomes operations of the interface, in order."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codeintel_enrich.model.interface import (
    AllOperation,
    Bind,
    Decorated,
    Delete,
    ImportBind,
    Star,
)
from codeintel_enrich.stages.parse.cst_helpers import (
    Import,
    ImportFrom,
    dotted,
    import_source,
    is_type_alias,
    only_index,
    parameters,
    target_names,
)
from codeintel_enrich.stages.parse.interface.aliases import aliases
from codeintel_enrich.stages.parse.interface.all_names import all_operations
from codeintel_enrich.stages.parse.interface.effects import Effects
from codeintel_enrich.stages.parse.interface.nested import import_binds
from codeintel_enrich.stages.parse.interface.out_of_sight import (
    LIST_METHODS,
    changes_all,
    is_exporter,
    is_globals,
    is_own_module,
    sets_names,
)
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.python_names import BUILTINS, normalised

_READERS = BUILTINS - {"exec", "eval"}
"""Functions that leave a namespace given to them as it is."""


class StraightLine(Effects):
    """Handlers of statements that run whenever they are reached."""

    def on_import(self, node: Import) -> None:
        """`import a.b`, `import a as b`."""
        self.imports.add(node, self.when, self.guarded)
        for operation in import_binds(node, self.when != "runtime"):
            self._bind_import(operation)

    def on_import_from(self, node: ImportFrom) -> None:
        """`from m import n`, stars too."""
        self.imports.add(node, self.when, self.guarded)
        level, module = import_source(node)
        # A star rebinds names that only `link` knows, so nothing that is known here is forgotten for it.
        if isinstance(node.names, cst.ImportStar):
            self.operations.append(Star(level, module, self.when != "runtime"))
            return
        for operation in import_binds(node, self.when != "runtime"):
            # Another module's list becomes this one's own.
            if operation.name == "__all__":
                path = f"{'.' * level}{module or ''}:{operation.attribute}"
                self.change_all([AllOperation("set", lists=(path,), container="=")], node)
            else:
                self._bind_import(operation)

    def _bind_import(self, operation: ImportBind) -> None:
        name, module = operation.name, operation.module
        self.operations.append(operation)
        self.values.rebind(name)
        # What a relative module is called depends on where this file stands, of which the interface must not know.
        if operation.level:
            self.values.relatives.add(name)
        elif operation.attribute is not None:
            self.values.origins[name] = f"{module}.{operation.attribute}"
        else:
            self.values.kinds[name] = "module"
            self.values.origins[name] = name if operation.binds_top else module or name

    def on_assign(self, node: cst.Assign) -> None:
        """`a = b = value`, in every shape of target."""
        self.walrus(node.value)
        call = node.value if isinstance(node.value, cst.Call) else None
        if call is not None:
            self.call_function(call)
            if self.attach(node, call):
                return
        for target in node.targets:
            self.assign(target.target, node.value)

    def on_annotated(self, node: cst.AnnAssign) -> None:
        """`a: T = value`; without a value it declares."""
        if node.value is not None:
            self.walrus(node.value)
        if isinstance(node.target, cst.Name) and node.target.value != "__all__":
            name = normalised(node.target.value)
            if is_type_alias(node.annotation.annotation):
                self.bind(name, "type-alias", aliases(node.value, self.values), node.value is None)
                self.note_base(name, node.value)
                return
            if node.value is None:
                self.operations.append(Bind(name, "variable", self.when != "runtime", declared=True))
                return
        if node.value is not None:
            self.assign(node.target, node.value)

    def on_augmented(self, node: cst.AugAssign) -> None:
        """`a += value`."""
        self.walrus(node.value)
        name = dotted(node.target)
        if name == "__all__":
            if isinstance(node.operator, (cst.AddAssign, cst.BitOrAssign)):
                sign = "+=" if isinstance(node.operator, cst.AddAssign) else "|="
                operations = all_operations("extend", node.value, self.values, sign)
            elif isinstance(node.operator, cst.SubtractAssign):
                operations = all_operations("remove", node.value, self.values, "-=")
            else:
                operations = [AllOperation("dynamic", reason="an augmented assignment")]
            self.change_all(operations, node.value)
        elif name is not None and "." not in name:
            self.change_list(name, "extend", node.value)

    def on_type_alias(self, node: cst.TypeAlias) -> None:
        """`type X = ...`."""
        self.bind(normalised(node.name.value), "type-alias")

    def on_del(self, node: cst.Del) -> None:
        """`del a`, `del globals()["a"]`."""
        names = list(target_names(node.target))
        if isinstance(node.target, cst.Subscript) and is_globals(node.target.value, self.values):
            index = only_index(node.target)
            name = UNKNOWN if index is None else self.values.evaluate(index)
            names = [name] if isinstance(name, str) else []
        for name in names:
            self.operations.append(Delete(name))
            self.values.rebind(name)

    def on_function(self, node: cst.FunctionDef) -> None:
        """`def f`."""
        name = normalised(node.name.value)
        # What a function binds through `global` is bound when it is called, if ever: see `call_function`.
        bound = self.nested.add_function(node, self.values)
        if bound:
            self.globals_of[name] = bound
        if name == "__getattr__":
            self.getattr_function = node
        if self.exports_elsewhere:
            if changes_all(node):
                self.all_changers[name] = node
            if is_exporter(node):
                self.exporters.add(name)
        if self.sets_names_elsewhere and sets_names(node):
            self.namespace_changers.add(name)
        if self.has_walrus:
            for decorator in node.decorators:
                self.walrus(decorator.decorator)
            for parameter, _ in parameters(node.params):
                self.walrus(parameter.default)
        self.bind(name, "function")
        if not node.decorators:
            self.values.kinds[name] = "function"
        self._decorators(name, node.decorators)

    def on_class(self, node: cst.ClassDef) -> None:
        """`class C`."""
        name = normalised(node.name.value)
        if self.has_walrus:
            for decorator in node.decorators:
                self.walrus(decorator.decorator)
            for argument in (*node.bases, *node.keywords):
                self.walrus(argument.value)
        for member, kind in self.nested.add_class(node, self.when, self.values):
            self.bind(member, kind)
        self.bind(name, "class")
        if not node.decorators and not node.keywords:
            self.values.kinds[name] = "type"
        self._decorators(name, node.decorators)

    def _decorators(self, name: str, decorators: Sequence[cst.Decorator]) -> None:
        for decorator in decorators:
            path = dotted(decorator.decorator)
            root = path.partition(".")[0] if path else ""
            # A decorator is called here and now.
            if path in self.all_changers:
                self.all_changers_used.add(path)
            if path and (path in self.exporters or self.values.is_imported(root)):
                self.operations.append(Decorated(name, path))

    def on_expression(self, node: cst.Expr) -> None:
        """An expression alone: calls may bind names or change a list."""
        self.walrus(node.value)
        call = node.value
        if not isinstance(call, cst.Call):
            return
        self.call_function(call)
        function = call.func
        path = dotted(function) or ""
        if path == "setattr" and len(call.args) == 3 and is_own_module(call.args[0].value, self.values):
            self.bind_computed(self.values.evaluate(call.args[1].value), call.args[2].value, call)
        elif path == "exec" and len(call.args) == 1:
            self.bind_unseen("a call of `exec`", call)
        # `f(globals())` may set any name; `len`, `print` and their like do not.
        elif path not in _READERS and any(is_globals(argument.value) for argument in call.args):
            self.bind_unseen(f"a call of `{path}` with the namespace" if path else "a call with the namespace", call)
        elif (
            isinstance(function, cst.Attribute)
            and function.attr.value == "update"
            and is_globals(function.value, self.values)
        ):
            self.update_globals(call)
        elif path.count(".") == 1 and path.partition(".")[2] in LIST_METHODS:
            self._call_list_method(call, *path.split("."))

    def _call_list_method(self, call: cst.Call, name: str, method: str) -> None:
        """`__all__.append(...)`, `names.extend(...)`."""
        argument = call.args[-1].value if call.args else None
        if name != "__all__":
            self.change_list(name, method, argument)
        elif argument is not None and method in ("append", "insert", "add", "remove", "discard"):
            single = cst.List([cst.Element(argument)])
            removes = method in ("remove", "discard")
            self.change_all(all_operations("remove" if removes else "extend", single, self.values, method), call)
        elif argument is not None and method in ("extend", "update"):
            for given in call.args:
                self.change_all(all_operations("extend", given.value, self.values, method), call)
        elif method == "clear":
            self.change_all([AllOperation("set", how=method)], call)
        else:
            self.change_all([AllOperation("dynamic", reason=f"a call of `__all__.{method}`", how=method)], call)
