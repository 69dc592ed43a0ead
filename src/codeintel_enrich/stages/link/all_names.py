"""The evaluation of `__all__`: other modules' lists, filters over the namespace, and what the interpreter refuses.

A star reads `__all__` by index and takes strings only (CPython, `import_all_from`): a set there, or a function instead
of its name, raises at every star. A list is changed as its type allows, else the module itself raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from codeintel_enrich.model.interface import AllOperation, NameTest
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.abstract_state import AbstractState
from codeintel_enrich.stages.link.dependencies import ALL, Dependency, table_provider
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import Namespace
from codeintel_enrich.stages.link.summary import split_target

_INDEXED = frozenset({"", "list", "tuple", "str", "bytes", "range"})
"""Types whose items have an index; the empty one is not known."""
_MUTABLE = {
    "list": frozenset({"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse"}),
    "set": frozenset({"add", "update", "remove", "discard", "pop", "clear"}),
    "dict": frozenset({"update", "pop", "clear"}),
}
"""The methods that change a value of each type."""
_SETS = frozenset({"set", "frozenset", "dict_keys"})
_NO_ITEMS = frozenset({"NoneType", "int", "bool", "function", "type", "module"})


def star_failure(state: AbstractState, module: str) -> str | None:
    """What `from module import *` raises because of `__all__`, as the interpreter words it."""
    if state.fails is not None:
        return state.fails
    if state.all_names is None:
        return None
    if state.all_container == "dict":
        return "TypeError: dict is not a sequence"
    if state.all_container not in _INDEXED:
        return f"TypeError: '{state.all_container}' object does not support indexing"
    return f"TypeError: Item in {module}.__all__ must be str, not {state.bad_item}" if state.bad_item else None


def _refusal(held: str, how: str, given: str) -> str | None:
    """What it raises to change an `__all__` of the type `held` by an operator or a method; `given` is the type of the
    other side."""
    if held and how.isidentifier():
        methods = _MUTABLE.get(held, frozenset())
        return None if how in methods else f"AttributeError: '{held}' object has no attribute '{how}'"
    if not held or not given or how.isidentifier():
        return None
    if how in ("+", "+=") and held in ("list", "tuple", "str"):
        if how == "+=" and held == "list":
            return f"TypeError: '{given}' object is not iterable" if given in _NO_ITEMS else None
        return None if held == given else f'TypeError: can only concatenate {held} (not "{given}") to {held}'
    fits = (held in _SETS and given in _SETS) or (how == "|=" and held == given == "dict")
    return (
        None if fits and "+" not in how else f"TypeError: unsupported operand type(s) for {how}: '{held}' and '{given}'"
    )


class AllNames:
    """Runs the operations on one module's `__all__`; records what it asks for in `dependencies`."""

    def __init__(
        self,
        name: ModuleName,
        reads: frozenset[str],
        table: ModuleTable,
        namespace_of: Callable[[str], Namespace],
        dependencies: set[Dependency],
    ) -> None:
        self._name = name
        self._reads = reads
        self._table = table
        self._namespace_of = namespace_of
        self._dependencies = dependencies

    def apply(self, operation: AllOperation, state: AbstractState) -> None:
        """Run one operation on a namespace's `__all__`."""
        if operation.operation == "fails":
            state.fails = state.fails or operation.reason
            return
        if not self._accepts(operation, state):
            return
        if operation.operation == "dynamic":
            # What was in the list before may still be in it: it is known in part.
            state.all_names = state.all_names or {}
            state.all_dynamic = operation.reason
            return
        names, reasons = self._operands(operation, state)
        if operation.operation == "set":
            state.all_names, state.all_dynamic = names, None
        elif operation.operation == "extend":
            state.all_names = {**(state.all_names or {}), **names}
        # To remove from a list that is not there fails at run time; it is no way to get one.
        elif state.all_names is not None:
            state.all_names = {name: None for name in state.all_names if name not in names}
        if reasons:
            state.all_dynamic = "; ".join(reasons)

    def take(self, namespace: Namespace, state: AbstractState) -> None:
        """Let a module's list be that of another one, as a star gives it that passes `__all__` on."""
        state.all_names = dict.fromkeys(namespace.all_names or ())
        state.all_dynamic = namespace.all_dynamic
        state.all_container, state.bad_item = namespace.all_container, namespace.bad_item

    def _accepts(self, operation: AllOperation, state: AbstractState) -> bool:
        """Note what becomes of the type of `__all__`; False where the interpreter refuses the change."""
        given, bad_item = operation.container, operation.bad_item
        if given == "=":
            given = ""
            for namespace in self._lists(operation.lists[0], state):
                given, bad_item = namespace.all_container, namespace.bad_item
        if not operation.how:
            state.all_container, state.bad_item = given, bad_item
            return True
        if operation.how != "own" and state.all_names is not None:
            refusal = _refusal(state.all_container, operation.how, given)
            if refusal is not None:
                state.fails = state.fails or refusal
                return False
        state.bad_item = state.bad_item or bad_item
        return True

    def _operands(self, operation: AllOperation, state: AbstractState) -> tuple[dict[str, None], list[str]]:
        """The names that an operation adds or removes, in order, and why they may be incomplete."""
        names = dict.fromkeys(operation.names)
        reasons: list[str] = []
        for path in operation.lists:
            found, reason = self._list(path, state)
            names.update(dict.fromkeys(found))
            if reason is not None:
                reasons.append(reason)
        for tests in operation.filters:
            names.update(dict.fromkeys(sorted(name for name in state.names if self._passes(name, tests, state))))
        return names, reasons

    def _list(self, path: str, state: AbstractState) -> tuple[Iterable[str], str | None]:
        """Another module's `__all__`, by namespace path or `module:attribute`, and why it may be incomplete."""
        for namespace in self._lists(path, state):
            return namespace.all_names or (), namespace.all_dynamic
        return (), f"`{path}` is not known"

    def _lists(self, path: str, state: AbstractState) -> Iterator[Namespace]:
        """The namespaces whose `__all__` a path may be; the first one counts."""
        for dotted in self._list_modules(path, state):
            if dotted not in self._reads:
                # Namespaces are evaluated in an order that is made from `reads`; another one may not be there yet.
                continue
            self._dependencies.add((table_provider(dotted), ""))
            file = self._table.path(dotted, self._name.is_stub)
            if file is None:
                continue
            self._dependencies.add((file, ALL))
            namespace = self._namespace_of(file)
            if namespace.all_names is not None:
                yield namespace
                return

    def _list_modules(self, path: str, state: AbstractState) -> Iterator[str]:
        """The modules whose `__all__` a path may be."""
        if ":" in path:
            target = split_target(self._name, path)
            if target is not None and target[1] == "__all__":
                yield target[0]
            return
        root, _, rest = path.partition(".")
        held = state.names.get(root)
        for route in held.routes if held is not None else ():
            found = route.leads_to(rest)
            if found is not None:
                inner, _, last = found[1].rpartition(".")
                if last == "__all__":
                    yield f"{found[0]}.{inner}" if inner else found[0]

    def _passes(self, name: str, tests: Iterable[NameTest], state: AbstractState) -> bool:
        return all(self._passes_one(name, test, state) is not test.negated for test in tests)

    def _passes_one(self, name: str, test: NameTest, state: AbstractState) -> bool:
        if test.test == "startswith":
            return name.startswith(test.values)
        if test.test == "endswith":
            return name.endswith(test.values)
        if test.test == "in":
            return name in test.values
        if test.test == "is-upper":
            return name.isupper()
        # The preferred route stands for the name: a filter has to say yes or no.
        route = state.names[name].routes[0]
        if test.test == "is-module":
            if route.how == "from" and not route.rest:
                self._dependencies.add((table_provider(f"{route.module}.{route.name}"), ""))
                return self._table.has(f"{route.module}.{route.name}")
            return route.how == "module" and not route.rest
        wanted = "class" if test.test == "is-class" else "function"
        return route.how == "local" and route.kind == wanted
