"""What statements at module level do: the operations made so far, and what is known of values after them.

Operations and knowledge are kept together, as they must move together: a name that is bound again is no longer what it
was known to be.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import libcst as cst

from codeintel_enrich.model.interface import (
    AllOperation,
    Bind,
    DefinitionKind,
    ImportBind,
    Opaque,
    Operation,
    Patch,
)
from codeintel_enrich.stages.parse.cst_helpers import dotted, only_index, parts, target_names
from codeintel_enrich.stages.parse.interface.aliases import aliases
from codeintel_enrich.stages.parse.interface.all_names import ListedNames, NotStatic, all_operations, read_names
from codeintel_enrich.stages.parse.interface.imports import Imports, When
from codeintel_enrich.stages.parse.interface.known import Usual
from codeintel_enrich.stages.parse.interface.lazy import attached_names
from codeintel_enrich.stages.parse.interface.nested import Nested
from codeintel_enrich.stages.parse.interface.out_of_sight import (
    is_globals,
    is_own_module,
)
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.tree import ParsedTree

# Looked for in the text of the whole file first: what few files have should cost the others nothing.
_ASKS_ENVIRONMENT = re.compile(r"\benviron\b|\bgetenv\b|\bsys\.modules\b")
_INDENTED_ALL = re.compile(r"^[ \t]+[^\n]*__all__", re.MULTILINE)
_INDENTED_GLOBALS = re.compile(r"^[ \t]+[^\n]*\bglobals\(\)(?:\[|\.update)", re.MULTILINE)
_LIST_EXPRESSIONS = (cst.BinaryOperation, cst.List, cst.Tuple, cst.Call, cst.Attribute)


class Effects:
    """What the statements run so far did. Its methods are what handlers of statements are made of."""

    def __init__(self, tree: ParsedTree) -> None:
        self.values = Values(tree.config, asks_environment=_ASKS_ENVIRONMENT.search(tree.text) is not None)
        self.imports = Imports()
        self.nested = Nested(self.imports)
        self.operations: list[Operation] = []
        self._certain = self.operations
        """Where operations go that run whenever the module does."""
        self.patches: dict[str, Patch] = {}
        self.as_base: dict[str, str] = {}
        """As `Interface.as_base`."""
        self.inactive: list[Operation] = []
        """As `Interface.inactive`."""
        self.lazy_names: dict[str, str] = {}
        self.dynamic_getattr = False
        self.lazy_stub = False
        self.exporters: set[str] = set()
        self.all_changers: dict[str, cst.FunctionDef] = {}
        """Functions of this module that change its `__all__`."""
        self.all_changers_used: set[str] = set()
        """Those that module code calls, or decorates with."""
        self.namespace_changers: set[str] = set()
        """Functions of this module that set names of it by string."""
        self.getattr_function: cst.FunctionDef | None = None
        self.globals_of: dict[str, list[Bind | ImportBind]] = {}
        """Function -> how it binds module-level names."""
        self.when: When = "runtime"
        self.spots: dict[str, cst.CSTNode] = {}
        """What an operation is about -> the expression that it was first made of."""
        self.guarded = False
        """Whether a handler catches what fails here."""
        self.has_walrus = ":=" in tree.text
        self._mentions_all = "__all__" in tree.text
        self.exports_elsewhere = _INDENTED_ALL.search(tree.text) is not None
        self.sets_names_elsewhere = _INDENTED_GLOBALS.search(tree.text) is not None

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
        self.as_base.pop(name, None)

    def assign(self, target: cst.BaseExpression, value: cst.BaseExpression | None) -> None:
        """Assign to a target of any shape; `value` is None where it is no single expression."""
        if isinstance(target, cst.Name):
            self._assign_name(normalised(target.value), value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            self._assign_elements(target, value)
        elif isinstance(target, cst.Subscript) and is_globals(target.value, self.values):
            if len(target.slice) == 1:
                index = only_index(target)
                self.bind_computed(UNKNOWN if index is None else self.values.evaluate(index), value, target)
        elif isinstance(target, cst.Attribute):
            self._patch(target, value)
        elif is_own_module(target, self.values):
            self.bind_unseen("another object in place of the module", target)

    def _assign_name(self, name: str, value: cst.BaseExpression | None) -> None:
        if name == "__all__":
            if value is not None:
                self.change_all(all_operations("set", value, self.values), value)
        elif value is None:
            self.bind(name, "variable")
        else:
            self._bind_value(name, value)

    def _assign_elements(self, target: cst.Tuple | cst.List, value: cst.BaseExpression | None) -> None:
        """`a, b = c, d`: in pairs, where both sides are as long and nothing is starred."""
        pairs: Sequence[cst.BaseElement] = ()
        if isinstance(value, (cst.Tuple, cst.List)) and len(value.elements) == len(target.elements):
            both = [*value.elements, *target.elements]
            pairs = () if any(isinstance(item, cst.StarredElement) for item in both) else value.elements
        for index, element in enumerate(target.elements):
            self.assign(element.value, pairs[index].value if pairs else None)

    def _patch(self, target: cst.Attribute, value: cst.BaseExpression | None) -> None:
        """`module.name = value`; a patch that may not happen is none, as it would hide what the module has itself."""
        path = dotted(target)
        is_certain = self.operations is self._certain
        if path is not None and is_certain and self.values.is_imported(path.partition(".")[0]):
            self.patches[path] = Patch(path, next(iter(aliases(value, self.values)), None))

    def _bind_value(self, name: str, value: cst.BaseExpression) -> None:
        """Bind a name to the value of an expression, and remember what can be known of it."""
        # Any list may become `__all__`, or a part of it, where the file has one. What can be evaluated needs no record.
        names: ListedNames | None = None
        is_list = self._mentions_all and isinstance(value, _LIST_EXPRESSIONS)
        if is_list and self.values.evaluate(value) is UNKNOWN:
            with suppress(NotStatic):
                names = read_names(value, self.values)
        module = self._optional_module(value)
        self.bind(name, "variable", aliases(value, self.values), test=self._constant_test(value))
        self.note_base(name, value)
        if is_globals(value):
            self.values.namespaces.add(name)
        # The expression, evaluated when it is first asked for: most constants never are.
        self.values.constants[name] = value
        if names is not None:
            self.values.lists[name] = names
        if module is not None:
            self.values.usual[name] = Usual(None, module)

    def note_base(self, name: str, value: cst.BaseExpression | None) -> None:
        """Note what a name stands for as a base, where it is bound to a class with type arguments or to a name."""
        path = dotted(value.value if isinstance(value, cst.Subscript) else value)
        if path is not None:
            self.as_base[name] = path

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

    def bind_computed(self, name: Any, value: cst.BaseExpression | None, node: cst.CSTNode) -> None:
        """Bind a name that an expression gave; where that is unknown, any name may be bound."""
        if not isinstance(name, str):
            self.bind_unseen("a computed name", node)
        # Any other key is no name that code could write.
        elif name.isidentifier():
            self.assign(cst.Name(name), value)

    def bind_unseen(self, reason: str, node: cst.CSTNode) -> None:
        """Let a statement bind any name."""
        # Three marks for three questions: what a star gives, where that stands, what an attribute may be.
        self.operations.append(Opaque(reason))
        self.spots.setdefault(reason, node)
        self.dynamic_getattr = True

    def change_all(self, operations: Sequence[AllOperation], node: cst.CSTNode) -> None:
        """Change `__all__`, and note where that is not static."""
        self.operations.extend(operations)
        for operation in operations:
            for subject in (*operation.lists, *([operation.reason] if operation.reason else ())):
                self.spots.setdefault(subject, node)
            # Only where a star may fail is it asked for where the list was made.
            if operation.container not in ("", "list", "tuple") or operation.bad_item or operation.operation == "fails":
                self.spots.setdefault("__all__", node)

    def update_globals(self, call: cst.Call) -> None:
        """`globals().update(...)`."""
        for argument in call.args:
            if argument.keyword is not None:
                self.bind(normalised(argument.keyword.value), "variable")
                continue
            # The keys are enough; what they stand for need not be known.
            names = self.values.evaluate(argument.value)
            if not isinstance(names, dict):
                self.bind_unseen("a call of `globals().update`", call)
                continue
            for name in names:
                self.bind_computed(name, None, call)

    def change_list(self, name: str, method: str, argument: cst.BaseExpression | None) -> None:
        """Follow `names += [...]` and `names.append(...)` on a list that `__all__` may be made from."""
        if name not in self.values.constants and name not in self.values.lists:
            return
        changed: ListedNames | None = None
        if argument is not None and method in ("append", "extend") and self._mentions_all:
            single = cst.List([cst.Element(argument)]) if method == "append" else argument
            with suppress(NotStatic):
                changed = read_names(cst.Name(name), self.values)
                changed.add(read_names(single, self.values))
        # The list is no constant any more, but its names may still be known.
        self.values.rebind(name)
        if changed is not None:
            self.values.lists[name] = changed

    def attach(self, node: cst.Assign, call: cst.Call) -> bool:
        """`__getattr__, __dir__, __all__ = lazy_loader.attach(...)`."""
        path = (self.values.path(call.func) or "").rpartition(".")[2]
        names = [name for target in node.targets for name in target_names(target.target)]
        # By the function's name alone: packages have copies of lazy_loader of their own.
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
                self.operations.append(AllOperation("set", tuple(sorted(table)), container="list"))
            else:
                self.change_all([AllOperation("dynamic", reason=f"a call of `{path}`")], call)
        return True

    def call_function(self, call: cst.Call) -> None:
        """A call of one of this module's functions, which may bind names and change `__all__`."""
        name = dotted(call.func) or ""
        if name in self.all_changers:
            self.all_changers_used.add(name)
            self.change_all([AllOperation("dynamic", reason=f"a call of `{name}`")], call)
        # Which names, depends on its arguments; nobody follows those.
        if name in self.namespace_changers:
            self.bind_unseen(f"a call of `{name}`", call)
        for operation in self.globals_of.get(name, ()):
            self.operations.append(operation)
            self.values.rebind(operation.name)

    def walrus(self, node: cst.CSTNode | None) -> None:
        """Bind the targets of the assignment expressions inside an expression."""
        if not self.has_walrus or node is None:
            return
        waiting = [node]
        while waiting:
            inner = waiting.pop()
            if isinstance(inner, cst.NamedExpr):
                for name in target_names(inner.target):
                    self._bind_value(name, inner.value)
            # A lambda binds in itself; comprehensions bind outside (PEP 572), so here.
            if not isinstance(inner, cst.Lambda):
                waiting.extend(reversed(parts(inner)))
