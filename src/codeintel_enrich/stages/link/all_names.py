"""The evaluation of `__all__`: other modules' lists, and filters over the namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from codeintel_enrich.model.interface import AllOperation, NameTest
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.abstract_state import AbstractState
from codeintel_enrich.stages.link.dependencies import ALL, Dependency, table_provider
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import Namespace
from codeintel_enrich.stages.link.summary import split_target


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
                return namespace.all_names, namespace.all_dynamic
        return (), f"`{path}` is not known"

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
