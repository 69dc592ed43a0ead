"""The initialisation of a package: what its statements load, and which submodules end up as its attributes.

Loading a submodule binds it in its package, over whatever had the name before, and the package's later statements may
bind the name again (https://docs.python.org/3/reference/import.html#submodules). So what `p.m` is depends on the order
of the statements of `p` and on what its imports load in turn.
"""

from __future__ import annotations

from collections.abc import Callable

from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.abstract_state import AbstractState
from codeintel_enrich.stages.link.dependencies import CHILDREN, IMPORT_GRAPH, LOADED, Dependency, table_provider
from codeintel_enrich.stages.link.import_graph import LoadedBy
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import InitialisationOrder, NamespaceEntry, Route


class PackageInitialisation:
    """One package while its statements run; a module that is no package has no children. Records what it asks for in
    `dependencies`."""

    def __init__(
        self,
        name: ModuleName,
        table: ModuleTable,
        loaded_by: LoadedBy,
        is_loaded: Callable[[str], bool],
        dependencies: set[Dependency],
    ) -> None:
        self.bound_at: dict[str, int] = {}
        """Name -> how many imports had run when it was last bound."""
        self.children: set[str] = set()
        """The names of its submodules."""
        self._module = name.key or ""
        self._table = table
        self._loaded_by = loaded_by
        self._is_loaded = is_loaded
        self._dependencies = dependencies
        self._targets: list[str] = []
        """What the statements run so far have imported, in order."""
        self._loaded: set[str] = set()
        """Its submodules that they loaded."""
        if name.is_package:
            dependencies.add((table_provider(self._module), CHILDREN))
            if name.module is not None:
                self.children.update(table.children(self._module))

    def note_bound(self, name: str) -> None:
        """Note that a name is bound now."""
        self.bound_at[name] = len(self._targets)

    def note_import(self, target: str, attribute: str | None, state: AbstractState) -> None:
        """Note an import, and bind the submodule of this package that it loads for the first time."""
        # Where there are no submodules, no import can bind one.
        if not self.children:
            return
        child = self._child_loaded(target, attribute, state)
        # A submodule is bound in its package when it is loaded: a second import finds it in `sys.modules`, and binds it
        # no more.
        if child in self.children and child not in self._loaded:
            self._loaded.add(child)
            if child not in state.names or not self._was_loaded_before(child):
                self._bind_submodule(child, state)
                self.note_bound(child)
        self._dependencies.add((table_provider(target), ""))
        if self._table.has(target):
            self._targets.append(target)
            # `from . import name` of a name that is bound loads nothing.
            is_bound = target == self._module and child != attribute
            if attribute is not None and not is_bound and self._table.has(f"{target}.{attribute}"):
                self._targets.append(f"{target}.{attribute}")

    def _child_loaded(self, target: str, attribute: str | None, state: AbstractState) -> str:
        """The name of the submodule that an import loads, or empty.

        `from . import m` loads a submodule only where the package has no attribute `m` yet.
        """
        if target.startswith(f"{self._module}."):
            return target[len(self._module) + 1 :].partition(".")[0]
        if target != self._module or attribute is None or attribute not in self.children:
            return ""
        is_loaded = attribute in state.names and f"{self._module}.{attribute}" in self._so_far()
        return attribute if attribute not in state.names or is_loaded else ""

    def _bind_submodule(self, child: str, state: AbstractState) -> None:
        state.names[child] = NamespaceEntry((Route("module", f"{self._module}.{child}"),), "submodule")

    def _was_loaded_before(self, child: str) -> bool:
        """Whether a submodule was loaded before the name of it was last bound to something else."""
        return f"{self._module}.{child}" in self._so_far(self.bound_at.get(child, 0))

    def _so_far(self, count: int | None = None) -> set[str]:
        """What the first `count` imports, or all, have loaded in turn."""
        self._dependencies.add(IMPORT_GRAPH)
        return self._loaded_by(self._module, self._targets[:count])

    def order(self) -> InitialisationOrder | None:
        """How far the package had come when, for the modules in it that it loads meanwhile."""
        if not self.children or not self._targets:
            return None
        return InitialisationOrder(tuple(self._targets), dict(sorted(self.bound_at.items())))

    def bind_submodules(self, state: AbstractState) -> None:
        """Bind the submodules that end up as attributes: loaded later than the name was bound, or by others.

        The regime is that of a program which imports all of the tree: a submodule that this package's own
        initialisation does not load is bound once somebody imports it. Which modules a given program imports, nobody
        can tell from the tree.
        """
        for child in sorted(self.children - self._loaded):
            submodule = f"{self._module}.{child}"
            held = state.names.get(child)
            # A star does not give it, since `__all__` says what it gives, and as an attribute the module table has it.
            if held is None and state.all_names is not None:
                continue
            self._dependencies.add((table_provider(submodule), LOADED))
            if not self._is_loaded(submodule):
                continue
            by_own = bool(self._targets) and submodule in self._so_far()
            # What only others load is an attribute in the end, but not yet when a star of the package is taken.
            if held is None:
                if by_own:
                    self._bind_submodule(child, state)
            elif held.routes[0].how == "module" and held.routes[0].module == submodule:
                continue
            # Loaded after the name was bound to something else: the submodule has replaced that.
            elif not by_own or not self._was_loaded_before(child):
                self._bind_submodule(child, state)
