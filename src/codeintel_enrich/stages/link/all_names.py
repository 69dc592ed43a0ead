"""Owns the evaluation of `__all__`: other modules' lists, and filters over the namespace."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from codeintel_enrich.model.interface import AllOperation, NameTest
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import ALL, Face, table_fact
from codeintel_enrich.stages.link.names import Names
from codeintel_enrich.stages.link.sketch import split_target
from codeintel_enrich.stages.link.table import Table


class AllNames:
    """Runs the operations on one module's `__all__`; adds the facts it asks for to `facts`."""

    def __init__(
        self,
        name: ModuleName,
        reads: frozenset[str],
        table: Table,
        face_of: Callable[[str], Face],
        facts: set[tuple[str, str]],
    ) -> None:
        self._name = name
        self._reads = reads
        self._table = table
        self._face_of = face_of
        self._facts = facts

    def apply(self, operation: AllOperation, state: Names) -> None:
        """Run one operation on a namespace's `__all__`."""
        if operation.operation == "dynamic":
            state.all_names = state.all_names or {}
            state.all_dynamic = operation.reason
            return
        names = dict.fromkeys(operation.names)
        reasons: list[str] = []
        for path in operation.lists:
            found, reason = self._list(path, state)
            names.update(dict.fromkeys(found))
            if reason is not None:
                reasons.append(reason)
        for tests in operation.filters:
            names.update(dict.fromkeys(sorted(name for name in state.names if self._passes(name, tests, state))))
        if operation.operation == "set":
            state.all_names, state.all_dynamic = names, None
        elif operation.operation == "extend":
            state.all_names = {**(state.all_names or {}), **names}
        elif state.all_names is not None:
            state.all_names = {name: None for name in state.all_names if name not in names}
        if reasons:
            state.all_dynamic = "; ".join(reasons)

    def _list(self, path: str, state: Names) -> tuple[Iterable[str], str | None]:
        """Another module's `__all__`, by namespace path or `module:attribute`."""
        candidates: list[str] = []
        if ":" in path:
            target = split_target(self._name, path)
            if target is not None and target[1] == "__all__":
                candidates.append(target[0])
        else:
            root, *rest = path.split(".")
            held = state.names.get(root)
            for route in held.routes if held is not None else ():
                parts = [*(route.rest.split(".") if route.rest else ()), *rest]
                if route.how == "from":
                    parts.insert(0, route.name)
                if parts and parts[-1] == "__all__" and route.module:
                    candidates.append(".".join([route.module, *parts[:-1]]))
        for dotted in candidates:
            if dotted not in self._reads:
                # The order of evaluation does not allow for it.
                continue
            self._facts.add((table_fact(dotted), ""))
            file = self._table.path(dotted, self._name.is_stub)
            if file is None:
                continue
            self._facts.add((file, ALL))
            face = self._face_of(file)
            if face.all_names is not None:
                return face.all_names, face.all_dynamic
        return (), f"`{path}` is not known"

    def _passes(self, name: str, tests: Iterable[NameTest], state: Names) -> bool:
        return all(self._passes_one(name, test, state) is not test.negated for test in tests)

    def _passes_one(self, name: str, test: NameTest, state: Names) -> bool:
        if test.test == "startswith":
            return name.startswith(test.values)
        if test.test == "endswith":
            return name.endswith(test.values)
        if test.test == "in":
            return name in test.values
        if test.test == "is-upper":
            return name.isupper()
        route = state.names[name].routes[0]
        if test.test == "is-module":
            if route.how == "from" and not route.rest:
                self._facts.add((table_fact(f"{route.module}.{route.name}"), ""))
                return self._table.has(f"{route.module}.{route.name}")
            return route.how == "module" and not route.rest
        wanted = "class" if test.test == "is-class" else "function"
        return route.how == "local" and route.kind == wanted
