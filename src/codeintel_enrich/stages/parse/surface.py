"""Owns `summarise`: the surface of one module, read off its tree in the order in which statements run.

It knows nothing of other modules: what an import or a star gives is for `link` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import libcst as cst

from codeintel_enrich.model.surface import (
    AllOperation,
    Bind,
    Branch,
    Decorated,
    DefinitionKind,
    Delete,
    ImportBind,
    Operation,
    Star,
    Surface,
)
from codeintel_enrich.stages.parse.binder import Bound
from codeintel_enrich.stages.parse.surface_all import RELATIVE, Names, NotStatic, all_operations, read_names
from codeintel_enrich.stages.parse.surface_imports import Imports, When, handles_import_errors
from codeintel_enrich.stages.parse.surface_lazy import attached_names, getattr_names
from codeintel_enrich.stages.parse.surface_scopes import Nested, adds_to_all, pattern_names, target_names
from codeintel_enrich.stages.parse.surface_values import UNKNOWN, Values, bind_target, dotted, identifier
from codeintel_enrich.stages.parse.tree import Tree

_LIST_METHODS = frozenset({"append", "extend", "insert", "add", "update", "remove", "discard", "clear", "pop"})
_UNROLLED = 2_000
_Suite = tuple[tuple[Operation, ...], bool]
"""The operations of a suite, and whether it ends in a `raise`."""
_BranchKind = Literal["if", "try", "import", "loop"]


def summarise(tree: Tree, bound: Bound) -> Surface:
    """Return the surface of a parsed module; `bound` gives the demands."""
    walk = _Walk(tree)
    for statement in tree.module.body:
        # A module that raises on the configured platform still has the rest of its names elsewhere.
        walk.suite((statement,))
    walk.finish()
    return Surface(
        operations=tuple(walk.operations),
        classes=tuple(found for _, found in sorted(walk.nested.classes.items())),
        lazy_names=dict(sorted(walk.lazy_names.items())),
        dynamic_getattr=walk.dynamic_getattr,
        lazy_stub=walk.lazy_stub,
        exporters=tuple(sorted(walk.exporters)),
        imports=walk.imports.result(),
        demands=bound.demands,
    )


class _Walk:
    """The module-level statements, run through once."""

    def __init__(self, tree: Tree) -> None:
        self.values = Values(tree.config)
        self.imports = Imports()
        self.nested = Nested(self.imports)
        self.operations: list[Operation] = []
        self.lazy_names: dict[str, str] = {}
        self.dynamic_getattr = False
        self.lazy_stub = False
        self.exporters: set[str] = set()
        self._when: When = "runtime"
        self._guarded = False
        self._getattr: cst.FunctionDef | None = None
        self._optional: dict[str, str] = {}
        """Name -> the module that it is, or None where that is not installed."""
        self._globals_of: dict[str, list[str]] = {}
        self._has_walrus = ":=" in tree.text
        self._mentions_all = tree.text.count("__all__") > 1
        self._handlers: dict[type[cst.CSTNode], Callable[[Any], bool | None]] = {
            cst.SimpleStatementLine: self._line,
            cst.Import: self._import,
            cst.ImportFrom: self._import_from,
            cst.Assign: self._assign,
            cst.AnnAssign: self._annotated,
            cst.AugAssign: self._augmented,
            cst.TypeAlias: self._type_alias,
            cst.Del: self._del,
            cst.Expr: self._expression,
            cst.Raise: lambda node: True,
            cst.FunctionDef: self._function,
            cst.ClassDef: self._class,
            cst.If: self._if,
            cst.Try: self._try,
            cst.TryStar: self._try,
            cst.For: self._for,
            cst.While: self._while,
            cst.With: self._with,
            cst.Match: self._match,
        }

    def suite(self, body: Iterable[cst.CSTNode]) -> bool:
        """Run statements in order; True where they end in a `raise`."""
        for node in body:
            handler = self._handlers.get(type(node))
            if handler is not None and handler(node):
                return True
        return False

    def finish(self) -> None:
        """Add what the whole module decides: lazy names, and names that only functions bind."""
        if self._getattr is not None:
            table = getattr_names(self._getattr, self.values)
            self.lazy_names.update(table)
            self.dynamic_getattr |= not table
        certain = self.lazy_names.keys() | {
            operation.name for operation in self.operations if isinstance(operation, (Bind, ImportBind))
        }
        for name in sorted({name for names in self._globals_of.values() for name in names} - certain):
            self.operations.append(Bind(name, "variable", certain=False))

    # -- statements -------------------------------------------------------------------------------------------------

    def _line(self, node: cst.SimpleStatementLine) -> bool:
        return self.suite(node.body)

    def _bind(
        self,
        name: str,
        kind: DefinitionKind,
        value: Any = UNKNOWN,
        aliases: tuple[str, ...] = (),
        declared: bool = False,
        test: bool | None = None,
    ) -> None:
        self.operations.append(
            Bind(name, kind, self._when != "runtime", aliases, declared=declared, test=test)
            if declared or test is not None
            else Bind(name, kind, self._when != "runtime", aliases)
        )
        self.values.origins.pop(name, None)
        self.values.constants[name] = value
        self._optional.pop(name, None)

    def _import(self, node: cst.Import) -> None:
        self.imports.add(node, self._when, self._guarded)
        for alias in node.names:
            module = dotted(alias.name) or ""
            asname = dotted(alias.asname.name) if alias.asname is not None else None
            name = asname or module.partition(".")[0]
            self.operations.append(
                ImportBind(
                    name, 0, module, None, asname is None and "." in module, self._when != "runtime", asname == module
                )
            )
            self.values.constants.pop(name, None)
            self.values.origins[name] = module if asname else name

    def _import_from(self, node: cst.ImportFrom) -> None:
        self.imports.add(node, self._when, self._guarded)
        level, module, typing_only = len(node.relative), dotted(node.module), self._when != "runtime"
        if isinstance(node.names, cst.ImportStar):
            self.operations.append(Star(level, module, typing_only))
            return
        for alias in node.names:
            attribute = identifier(str(alias.name.value))
            asname = dotted(alias.asname.name) if alias.asname is not None else None
            name = asname or attribute
            if name == "__all__":
                self.operations.append(AllOperation("set", lists=(f"{'.' * level}{module or ''}:{attribute}",)))
                continue
            self.operations.append(ImportBind(name, level, module, attribute, False, typing_only, asname == attribute))
            self.values.constants.pop(name, None)
            self.values.origins.pop(name, None)
            if level:
                self.values.constants[name] = RELATIVE
            else:
                self.values.origins[name] = f"{module}.{attribute}"

    def _assign(self, node: cst.Assign) -> None:
        self._walrus(node.value)
        call = node.value if isinstance(node.value, cst.Call) else None
        if call is not None:
            self._call_function(call)
            if self._attach(node, call):
                return
        for target in node.targets:
            self._assign_target(target.target, node.value)

    def _assign_target(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        if isinstance(target, cst.Name):
            name = identifier(target.value)
            if name == "__all__":
                if value is not None:
                    self.operations.extend(all_operations("set", value, self.values))
                return
            if value is None:
                self._bind(name, "variable")
                return
            test = self._constant_test(value)
            self._bind(name, "variable", self._held(value), _aliases(value, self.values), test=test)
            module = self._optional_module(value)
            if module is not None:
                self._optional[name] = module
        elif isinstance(target, (cst.Tuple, cst.List)):
            pairs: Sequence[cst.BaseElement] = ()
            if isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
                starred = [*value.elements, *target.elements]
                pairs = () if any(isinstance(item, cst.StarredElement) for item in starred) else value.elements
            for index, element in enumerate(target.elements):
                self._assign_target(element.value, pairs[index].value if pairs else None)
        elif isinstance(target, cst.Subscript) and _is_globals(target.value) and len(target.slice) == 1:
            index = target.slice[0].slice
            name = self.values.evaluate(index.value) if isinstance(index, cst.Index) else UNKNOWN
            self._bind_computed(name, value)

    def _held(self, value: cst.BaseExpression) -> Any:
        """What to remember of an assigned value: a list that mixes in other modules' lists is read at once."""
        if self._mentions_all and isinstance(value, (cst.BinaryOperation, cst.List, cst.Tuple, cst.Call)):
            if self.values.evaluate(value) is UNKNOWN:
                try:
                    return read_names(value, self.values)
                except NotStatic:
                    return UNKNOWN
        return value

    def _constant_test(self, value: cst.BaseExpression) -> bool | None:
        if not isinstance(value, (cst.Comparison, cst.Call, cst.UnaryOperation, cst.BooleanOperation)):
            return None
        verdict = self.values.evaluate(value)
        return verdict if isinstance(verdict, bool) else None

    def _annotated(self, node: cst.AnnAssign) -> None:
        annotation = dotted(node.annotation.annotation) or ""
        if node.value is not None:
            self._walrus(node.value)
        if isinstance(node.target, cst.Name) and node.target.value != "__all__":
            name = identifier(node.target.value)
            if annotation.rpartition(".")[2] == "TypeAlias":
                self._bind(name, "type-alias", aliases=_aliases(node.value, self.values), declared=node.value is None)
                return
            if node.value is None:
                self.operations.append(Bind(name, "variable", self._when != "runtime", declared=True))
                return
        if node.value is not None:
            self._assign_target(node.target, node.value)

    def _augmented(self, node: cst.AugAssign) -> None:
        self._walrus(node.value)
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

    def _type_alias(self, node: cst.TypeAlias) -> None:
        self._bind(identifier(node.name.value), "type-alias")

    def _del(self, node: cst.Del) -> None:
        for name in target_names(node.target):
            self.operations.append(AllOperation("dynamic", reason="deleted") if name == "__all__" else Delete(name))
            self.values.constants.pop(name, None)
            self.values.origins.pop(name, None)

    def _function(self, node: cst.FunctionDef) -> None:
        name = identifier(node.name.value)
        bound = self.nested.add_function(node, self.values)
        if bound:
            self._globals_of[name] = bound
        if name == "__getattr__":
            self._getattr = node
        if self._mentions_all and adds_to_all(node):
            self.exporters.add(name)
        if self._has_walrus:
            for default in (*node.params.params, *node.params.kwonly_params, *node.params.posonly_params):
                self._walrus(default.default)
        self._bind(name, "function")
        self._decorators(name, node.decorators)

    def _class(self, node: cst.ClassDef) -> None:
        name = identifier(node.name.value)
        self.nested.add_class(node, "", self._when, self.values)
        self._bind(name, "class")
        self._decorators(name, node.decorators)

    def _decorators(self, name: str, decorators: Sequence[cst.Decorator]) -> None:
        for decorator in decorators:
            path = dotted(decorator.decorator)
            root = path.partition(".")[0] if path else ""
            if path and (path in self.exporters or root in self.values.origins or self._is_relative(root)):
                self.operations.append(Decorated(name, path))

    def _is_relative(self, name: str) -> bool:
        return self.values.constants.get(name) is RELATIVE

    def _expression(self, node: cst.Expr) -> None:
        self._walrus(node.value)
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
                self._bind(identifier(argument.keyword.value), "variable")
                continue
            names = self.values.evaluate(argument.value)
            if not isinstance(names, dict):
                self.dynamic_getattr = True
                continue
            for name in names:
                self._bind_computed(name, None)

    def _change_list(self, name: str, method: str, argument: cst.BaseExpression | None) -> None:
        """Follow `names += [...]` and `names.append(...)` on a list that `__all__` may be made from."""
        held = self.values.constants.get(name, UNKNOWN)
        if held is UNKNOWN or held is RELATIVE:
            return
        changed: Any = UNKNOWN
        if argument is not None and method in ("append", "extend") and self._mentions_all:
            try:
                before = read_names(cst.Name(name), self.values)
                single = cst.List([cst.Element(argument)]) if method == "append" else argument
                changed = Names(list(before.names), list(before.lists), list(before.filters), before.has_own)
                changed.add(read_names(single, self.values))
            except NotStatic:
                changed = UNKNOWN
        if isinstance(changed, Names) and not (changed.lists or changed.filters or changed.has_own):
            changed = changed.names
        self.values.constants[name] = changed

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
                self._bind(name, "variable")
            elif table is not None:
                self.operations.append(AllOperation("set", tuple(sorted(table))))
            else:
                self.operations.append(AllOperation("dynamic", reason=f"a call of `{path}`"))
        return True

    def _call_function(self, call: cst.Call) -> None:
        for name in self._globals_of.get(dotted(call.func) or "", ()):
            self._bind(name, "variable")

    def _walrus(self, node: cst.CSTNode | None) -> None:
        if not self._has_walrus or node is None:
            return
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, cst.NamedExpr):
                for name in target_names(inner.target):
                    self._bind(name, "variable", inner.value)
            if not isinstance(inner, cst.Lambda):
                waiting.extend(reversed(inner.children))

    # -- branches ---------------------------------------------------------------------------------------------------

    def _apart(self, body: Iterable[cst.CSTNode], guarded: bool = False) -> _Suite:
        """The operations of a suite that may run, and whether it ends in a `raise`."""
        outer, self.operations = self.operations, []
        was_guarded, self._guarded = self._guarded, self._guarded or guarded
        ended = self.suite(body)
        self._guarded = was_guarded
        found, self.operations = tuple(self.operations), outer
        return found, ended

    def _under(self, when: When, body: Iterable[cst.CSTNode]) -> None:
        """Run a suite that does not run: what it binds is for type checkers, or for nobody."""
        before, self._when = self._when, when if self._when == "runtime" else self._when
        outer = self.operations
        constants, origins = dict(self.values.constants), dict(self.values.origins)
        self.operations = []
        self.suite(body)
        if self._when != "never":
            outer.extend(
                operation for operation in self.operations if isinstance(operation, (Bind, ImportBind, Star, Branch))
            )
            origins = {**self.values.origins, **origins}
        self.operations = outer
        self.values.constants, self.values.origins = constants, origins
        self._when = before

    def _branch(self, alternatives: list[_Suite], kind: _BranchKind, test: str | None = None) -> bool:
        """Add the alternatives that do not raise; True where all do."""
        going = [operations for operations, ended in alternatives if not ended]
        if len(going) < len(alternatives):
            test = None
        if not going:
            if len(alternatives) == 1:
                self.operations.extend(alternatives[0][0])
            return True
        if len(going) == 1:
            self.operations.extend(going[0])
        elif any(going):
            self.operations.append(Branch(tuple(going), kind, test))
        return False

    def _forget_changes(self, constants: dict[str, Any]) -> None:
        """After a branch, what only one side assigned is not known any more."""
        for name, value in list(self.values.constants.items()):
            if value is not RELATIVE and constants.get(name, UNKNOWN) is not value:
                self.values.constants[name] = UNKNOWN

    def _if(self, node: cst.If) -> bool:
        alternatives: list[_Suite] = []
        path: str | None = None
        before = dict(self.values.constants)
        rest: cst.If | cst.Else | None = node
        always = False
        ruled_out: list[cst.BaseSuite] = []
        while isinstance(rest, cst.If):
            self._walrus(rest.test)
            verdict = False if always else self.values.truth(rest.test)
            if verdict is False:
                checked = not always and self.values.truth(rest.test, typing=True) is not False
                ruled_out.append(rest.body)
                self._under("typing" if checked else "never", rest.body.body)
            else:
                if verdict is None and not alternatives:
                    path = self._linked_test(rest.test)
                alternatives.append(self._apart(rest.body.body))
                always = verdict is True
            rest = rest.orelse
        if rest is not None and always:
            self._under("never", rest.body.body)
        elif not always:
            alternatives.append(self._apart(rest.body.body) if rest is not None else ((), False))
        if len(alternatives) == 2 and path is not None and path.startswith("!"):
            alternatives.reverse()
            path = path[1:]
        if len(alternatives) > 1:
            self._forget_changes(before)
        if not self._branch(alternatives, "if", path if len(alternatives) == 2 else None):
            return False
        # Everything else raises: the module is for another platform or version, so read it as it is there.
        return self._guarded or not ruled_out or self.suite(ruled_out[0].body)

    def _linked_test(self, test: cst.BaseExpression) -> str | None:
        """The path of an imported constant that is the whole test, `!` before it where it is negated."""
        negated = isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not)
        if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
            target = test.comparisons[0]
            if dotted(target.comparator) == "None" and isinstance(target.operator, (cst.Is, cst.IsNot)):
                negated = isinstance(target.operator, cst.Is)
                test = test.left
        path = dotted(test.expression if isinstance(test, cst.UnaryOperation) else test)
        root = path.partition(".")[0] if path else ""
        module = self._optional.get(path or "")
        if module is not None:
            return f"!?{module}" if negated else f"?{module}"
        if path and (root in self.values.origins or self._is_relative(root)):
            return f"!{path}" if negated else path
        return None

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

    def _try(self, node: cst.Try | cst.TryStar) -> bool:
        handled, only_imports = handles_import_errors(node.handlers)
        before = dict(self.values.constants)
        suite = [*node.body.body, *(node.orelse.body.body if node.orelse is not None else ())]
        body, body_ended = self._apart(suite, handled)
        handlers: list[_Suite] = []
        for handler in node.handlers:
            name = handler.name.name if handler.name is not None else None
            found, ended = self._apart(handler.body.body)
            if isinstance(name, cst.Name):
                caught = identifier(name.value)
                found = (Bind(caught, "variable"), *found, Delete(caught))
            handlers.append((found, ended))
        if handlers:
            self._forget_changes(before)
        if body_ended:
            self.operations.extend(body)
            ended = self._branch(handlers, "if")
        else:
            ended = self._branch([(body, False), *handlers], "import" if handled and only_imports else "try")
        if node.finalbody is not None:
            ended = self.suite(node.finalbody.body.body) or ended
        return ended

    def _for(self, node: cst.For) -> bool:
        self._walrus(node.iter)
        items = self.values.evaluate(node.iter)
        changes = _changes_namespace(node.body)
        if changes and isinstance(items, (list, tuple, dict)) and len(items) <= _UNROLLED:
            for name in target_names(node.target):
                self._bind(name, "variable")
            for item in items:
                scope: dict[str, Any] = {}
                if bind_target(node.target, item, scope):
                    self.values.constants.update(scope)
                self.suite(node.body.body)
        else:
            last = None
            if isinstance(node.iter, (cst.Tuple, cst.List)) and node.iter.elements:
                last = node.iter.elements[-1].value
            before = dict(self.values.constants)
            outer, self.operations = self.operations, []
            if isinstance(node.target, cst.Name):
                self._bind(identifier(node.target.value), "variable", aliases=_aliases(last, self.values))
            else:
                for name in target_names(node.target):
                    self._bind(name, "variable")
            self.suite(node.body.body)
            found, self.operations = tuple(self.operations), outer
            self._forget_changes(before)
            if last is not None:
                self.operations.extend(found)
            elif found:
                self.operations.append(Branch((found, ()), "loop"))
        return node.orelse is not None and self.suite(node.orelse.body.body)

    def _while(self, node: cst.While) -> bool:
        self._walrus(node.test)
        before = dict(self.values.constants)
        found, _ = self._apart(node.body.body)
        self._forget_changes(before)
        if found and self.values.truth(node.test) is True:
            self.operations.extend(found)
        elif found:
            self.operations.append(Branch((found, ()), "loop"))
        return node.orelse is not None and self.suite(node.orelse.body.body)

    def _with(self, node: cst.With) -> bool:
        suppresses = False
        for item in node.items:
            self._walrus(item.item)
            if item.asname is not None:
                for name in target_names(item.asname.name):
                    self._bind(name, "variable")
            if isinstance(item.item, cst.Call):
                suppresses |= (self.values.path(item.item.func) or "").endswith("suppress")
        if not suppresses:
            return self.suite(node.body.body)
        return self._branch([self._apart(node.body.body, guarded=True), ((), False)], "try")

    def _match(self, node: cst.Match) -> bool:
        self._walrus(node.subject)
        alternatives: list[_Suite] = []
        irrefutable = False
        before = dict(self.values.constants)
        for case in node.cases:
            captures = [
                cst.Assign([cst.AssignTarget(cst.Name(name))], cst.Ellipsis()) for name in pattern_names(case.pattern)
            ]
            alternatives.append(self._apart([*captures, *case.body.body]))
            irrefutable |= case.guard is None and isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None
        if not irrefutable:
            alternatives.append(((), False))
        self._forget_changes(before)
        return self._branch(alternatives, "if")


def _aliases(value: cst.BaseExpression | None, values: Values) -> tuple[str, ...]:
    """The plain dotted paths that a value may be."""
    if isinstance(value, cst.IfExp):
        verdict = values.truth(value.test)
        if verdict is not None:
            return _aliases(value.body if verdict else value.orelse, values)
        body, orelse = _aliases(value.body, values), _aliases(value.orelse, values)
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


def _changes_namespace(body: cst.BaseSuite) -> bool:
    """Whether a loop's body sets names by string or changes `__all__`: then it is worth unrolling."""
    waiting: list[cst.CSTNode] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Name) and node.value in ("globals", "locals", "vars", "__all__", "setattr"):
            return True
        waiting.extend(node.children)
    return False
