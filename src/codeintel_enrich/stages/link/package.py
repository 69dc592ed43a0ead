"""Owns what a package's own statements load, and which of its submodules end up as its attributes."""

from __future__ import annotations

from collections.abc import Callable

from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import (
    CHILDREN,
    IMPORT_GRAPH,
    LOADED,
    Entry,
    Initialisation,
    Route,
    table_fact,
)
from codeintel_enrich.stages.link.loading import LoadedBy
from codeintel_enrich.stages.link.names import Names
from codeintel_enrich.stages.link.table import Table


class Package:
    """One package while its statements run; a module that is no package has no children. Adds the facts it asks for
    to `facts`."""

    def __init__(
        self,
        name: ModuleName,
        table: Table,
        loaded_by: LoadedBy,
        is_loaded: Callable[[str], bool],
        facts: set[tuple[str, str]],
    ) -> None:
        self.bound_at: dict[str, int] = {}
        """Name -> how many imports had run when it was last bound."""
        self.children: set[str] = set()
        """The names of its submodules."""
        self._module = name.module or ""
        self._table = table
        self._loaded_by = loaded_by
        self._is_loaded = is_loaded
        self._facts = facts
        self._targets: list[str] = []
        """What the statements run so far have imported, in order."""
        self._loaded: set[str] = set()
        """Its submodules that they loaded."""
        if name.is_package:
            facts.add((table_fact(self._module), CHILDREN))
            if name.module is not None:
                self.children.update(table.children(name.module))

    def bound(self, name: str) -> None:
        """Note that a name is bound now."""
        self.bound_at[name] = len(self._targets)

    def load(self, target: str, attribute: str | None, state: Names) -> None:
        """Note an import, and bind the submodule of this package that it loads for the first time."""
        if not self.children:
            return
        child = ""
        if target.startswith(f"{self._module}."):
            child = target[len(self._module) + 1 :].partition(".")[0]
        elif target == self._module and attribute in self.children:
            submodule = f"{self._module}.{attribute}"
            is_loaded = attribute in state.names and submodule in self._so_far()
            child = attribute if attribute not in state.names or is_loaded else ""
        if child in self.children and child not in self._loaded:
            self._loaded.add(child)
            if child not in state.names or not self._was_loaded_before(child):
                submodule = f"{self._module}.{child}"
                state.names[child] = Entry((Route("module", submodule),), "submodule")
                self.bound(child)
        self._facts.add((table_fact(target), ""))
        if self._table.has(target):
            self._targets.append(target)
            is_bound = target == self._module and child != attribute
            if attribute is not None and not is_bound and self._table.has(f"{target}.{attribute}"):
                self._targets.append(f"{target}.{attribute}")

    def _was_loaded_before(self, child: str) -> bool:
        """Whether a submodule was loaded before the name of it was last bound to something else."""
        return f"{self._module}.{child}" in self._so_far(self.bound_at.get(child, 0))

    def _so_far(self, count: int | None = None) -> set[str]:
        self._facts.add(IMPORT_GRAPH)
        return self._loaded_by(self._module, self._targets[:count])

    def initialisation(self) -> Initialisation | None:
        """How far the package had come when, for the modules in it that it loads meanwhile."""
        if not self.children or not self._targets:
            return None
        return Initialisation(tuple(self._targets), dict(sorted(self.bound_at.items())))

    def settle(self, state: Names) -> None:
        """Bind the submodules that end up as attributes: loaded later than the name was bound, or by others.

        The regime is that of a program which imports all of the tree: a submodule that this package's own
        initialisation does not load is bound once somebody imports it.
        """
        for child in sorted(self.children - self._loaded):
            submodule = f"{self._module}.{child}"
            held = state.names.get(child)
            if held is None and state.all_names is not None:
                continue
            self._facts.add((table_fact(submodule), LOADED))
            if not self._is_loaded(submodule):
                continue
            by_own = bool(self._targets) and submodule in self._so_far()
            if held is None:
                if by_own:
                    state.names[child] = Entry((Route("module", submodule),), "submodule")
            elif held.routes[0].how == "module" and held.routes[0].module == submodule:
                continue
            elif not by_own or submodule not in self._so_far(self.bound_at.get(child, 0)):
                state.names[child] = Entry((Route("module", submodule),), "submodule")
