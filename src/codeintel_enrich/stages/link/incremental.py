"""The incremental run: which namespaces and linked modules a change concerns, and making just those again.

It works as a build system with early cutoff does whose tasks find their dependencies while they run (Mokhov, Mitchell,
Peyton Jones: "Build Systems a la Carte", 2018). Each namespace, and each node of resolution, is kept with the
dependencies it was made from. What is made again is compared with what it was, item by item, and only who has recorded
an item that differs is made again in turn. A namespace that comes out as before stops the change.

What makes an incremental run equal to a clean one:

- Every question is recorded while it is asked, also one that found nothing; whoever looks at a namespace, the module
  table or a summary without recording it is not made again when that changes.
- A result is a function of its recorded dependencies, not of the state before. So namespaces that read each other in a
  cycle are made again together, from nothing: from their old contents, a name could survive on the strength of a copy
  of itself.
- Each step reads only what the steps before it have finished: summaries and the module table ask no namespace,
  namespaces ask no node.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.dependencies import CHILDREN, IMPORT_GRAPH, LOADED, Dependency, table_provider
from codeintel_enrich.stages.link.evaluate import EvaluationContext, evaluate
from codeintel_enrich.stages.link.graph import components, reachable
from codeintel_enrich.stages.link.import_graph import ImportGraph, LoadCounts
from codeintel_enrich.stages.link.module import link_module
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import EMPTY_NAMESPACE, changed_items
from codeintel_enrich.stages.link.openings import Openings, Provided
from codeintel_enrich.stages.link.resolve import NameResolver
from codeintel_enrich.stages.link.state import (
    FORMAT,
    Dependents,
    LinkedFile,
    LinkState,
    StoredState,
    empty_state,
    encoded,
    stored_namespaces,
    stored_summaries,
)
from codeintel_enrich.stages.link.summary import ImportFollower, ModuleSummary, changed_summary_items, summarize

_LINKED = msgspec.msgpack.Encoder(order="deterministic")
_DEPENDENCIES = msgspec.msgpack.Decoder(list[Dependency])
_NODE_DEPENDENCIES = msgspec.msgpack.Decoder(dict[str, list[Dependency]])
_EXTRA_ROUNDS = 4
"""How often a namespace of a cycle may still change after one round for each member."""


class EncodedModule(NamedTuple):
    """A linked module as bytes; equal linked modules have equal ones."""

    digest: str
    data: bytes


class IncrementalLink:
    """One run. Its methods are its steps, in the order `summarize`, `evaluate`, `link`, `state`."""

    def __init__(
        self,
        state: LinkState | None,
        modules: Mapping[str, ModuleName],
        interfaces: Mapping[str, str],
        load: Callable[[str], Interface],
        config: LinkConfig,
        others: Mapping[str, str],
        provided: Provided,
    ) -> None:
        self._interfaces = interfaces
        self._others = dict(others)
        self._load = load
        self._loaded_interfaces: dict[str, Interface] = {}
        self._config = config
        # From the state as it was, kept or not: the caller has linked modules of these files in either case.
        self.removed: set[str] = set() if state is None else set(state.stored.files.keys() - interfaces.keys())
        # Another Python version decides branches otherwise, and all that follows from them.
        is_kept = state is not None and state.stored.python_version == config.python_version
        self._old: StoredState = state.stored if state is not None and is_kept else empty_state(config.python_version)
        names = {path: modules[path] for path in interfaces}
        self._sees_digests: dict[int, str] = {}
        files = self._old.files
        self._changed = sorted(
            path
            for path, interface in interfaces.items()
            if (known := files.get(path)) is None
            or known.interface_digest != interface
            or known.name != _by_itself(names[path])
            or known.sees != self._sees(names[path])
        )
        self._vanished = sorted(files.keys() - interfaces.keys())
        self._number_files()

        self._table = ModuleTable(names, self._others)
        self._summaries = stored_summaries(self._old)
        self._namespaces = stored_namespaces(self._old)
        self._load_counts = LoadCounts(self._old.loaders)
        self._openings = Openings(self._table, self._summaries.__getitem__, provided, dict(self._old.asked))
        self._import_graph = ImportGraph(self._table, self._summaries.__getitem__)
        self._namespace_dependents: Dependents[int] = Dependents(self._old.namespace_dependents, int)
        self._node_dependents: Dependents[tuple[int, str]] = Dependents(self._old.node_dependents, tuple[int, str])
        self._reads = dict(self._old.reads)
        self._patches = dict(self._old.patches)

        self._changes: dict[Dependency, None] = {}
        """What changed, in the order in which that was found."""
        self._stale: set[str] = set()
        """Paths whose namespace is to be made again."""
        self._touched: set[str] = set()
        """Paths whose linked module is to be made again because of their own interface or namespace."""
        self._summarized: set[str] = set()
        self._evaluated: set[str] = set()
        self._namespace_dependencies: dict[str, msgspec.Raw] = {}
        self._node_dependencies: dict[str, msgspec.Raw] = {}
        self._linked_digests: dict[str, str] = {}
        """Path -> digest of each linked module that was made."""

    def _sees(self, name: ModuleName) -> str:
        """Digest of what a file sees."""
        # Files of one folder share it, so that there are few to be digested.
        found = self._sees_digests.get(id(name.sees))
        if found is None:
            made = digest(msgspec.msgpack.encode(name.sees, order="deterministic")) if name.sees else ""
            found = self._sees_digests[id(name.sees)] = made
        return found

    def _number_files(self) -> None:
        # Vanished files keep their numbers until the end of the run: their dependents are found by them.
        self._numbers = {path: known.number for path, known in self._old.files.items()}
        self._next_number = self._old.next_number
        for path in self._changed:
            if path not in self._numbers:
                self._numbers[path] = self._next_number
                self._next_number += 1
        self._paths = {number: path for path, number in self._numbers.items()}

    def _interface(self, path: str) -> Interface:
        found = self._loaded_interfaces.get(path)
        if found is None:
            found = self._loaded_interfaces[path] = self._load(path)
        return found

    def _change(self, provider: str, item: str) -> None:
        self._changes[(provider, item)] = None
        for number in self._namespace_dependents.of(provider, item):
            self._stale.add(self._paths[number])

    # -- summaries --------------------------------------------------------------------------------------------------

    def summarize(self) -> None:
        """Take the summaries of changed files, and note everything that changed with them or with the module table."""
        is_regraphed = False
        patched: set[str] = set()
        for path in [*self._changed, *self._vanished]:
            before, after = self._summarize_file(path)
            for item in changed_summary_items(before, after):
                self._change(path, item)
            if (before.loads, before.local_loads) != (after.loads, after.local_loads):
                self._load_counts.replace(before, after)
            # Imports inside functions are counted, but do not run while a module is loaded.
            is_regraphed |= before.loads != after.loads
            patched.update(target for target, _, _ in (*before.patches, *after.patches))
        for dotted in self._load_counts.apply():
            self._change(table_provider(dotted), LOADED)
        if self._compare_tables() or is_regraphed:
            self._change(*IMPORT_GRAPH)
        for dotted in self._openings.changed():
            self._change(table_provider(dotted), "")
        if patched:
            # The one thing that evaluation does not record is who patches a module: whom patches concern is known here.
            self._stale.update(path for path, name in self._table.names.items() if name.key in patched)
        self._stale.update(self._changed)
        self._touched.update(self._changed)

    def _summarize_file(self, path: str) -> tuple[ModuleSummary, ModuleSummary]:
        """Take the summary of a file anew; what it was, and what it is. A vanished file has an empty one."""
        before = self._summaries[path] if path in self._old.files else ModuleSummary()
        after = ModuleSummary()
        if path in self._interfaces:
            after = summarize(self._table.names[path], self._interface(path))
            self._summarized.add(path)
        self._summaries[path] = after
        _set_or_drop(self._patches, path, after.patches)
        _set_or_drop(self._reads, path, after.reads)
        return before, after

    def _compare_tables(self) -> bool:
        """Note which dotted names mean something else now; False where none do."""
        files = self._old.files
        if (
            not self._vanished
            and self._others == self._old.others
            and all(path in files and files[path].name == _by_itself(self._table.names[path]) for path in self._changed)
        ):
            return False
        before = ModuleTable({path: known.name for path, known in files.items()}, self._old.others)
        names, packages = self._table.changed(before)
        for dotted in sorted(names):
            self._change(table_provider(dotted), "")
        for dotted in sorted(packages):
            self._change(table_provider(dotted), CHILDREN)
        return bool(names or packages)

    # -- namespaces -------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Make the namespaces that are stale, those they are made from first."""
        for path in self._vanished:
            self._stale.discard(path)
            self._namespaces[path] = EMPTY_NAMESPACE
            self._namespace_dependents.change(self._numbers[path], self._old_namespace_dependencies(path), ())
        context = EvaluationContext(
            self._table,
            self._namespaces.__getitem__,
            ImportFollower(self._table, self._summaries.__getitem__),
            self._openings,
            self._import_graph.loaded_by,
            self._load_counts.is_loaded,
            self._patches_by_module(),
        )
        # Most modules have neither stars nor other modules' lists: they read no namespace and need no order.
        for path in sorted(self._stale - self._reads.keys()):
            self._evaluate_component([path], context)
        graph = {path: self._read_paths(path) for path in self._reads}
        for component in components(self._stale_region(graph)):
            # Components come dependencies first, so what makes this one stale has been found by now.
            if not self._stale.isdisjoint(component):
                self._evaluate_component(component, context)

    def _patches_by_module(self) -> dict[str, list[tuple[str, str, str]]]:
        """Module -> who sets what in it, sorted."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for path, patches in sorted(self._patches.items()):
            setter = self._table.names[path]
            # What nobody can import by name is a script, and patches its own process alone.
            if setter.key is not None and setter.importable and not setter.is_stub:
                for module, name, alias in patches:
                    found.setdefault(module, []).append((setter.key, name, alias))
        return found

    def _read_paths(self, path: str) -> list[str]:
        found: set[str] = set()
        for dotted in self._reads[path]:
            # Which of the two is read depends on who reads; an edge too many only makes a component larger.
            for file in (self._table.path(dotted), self._table.stub(dotted)):
                if file is not None and file != path:
                    found.add(file)
        return sorted(found)

    def _stale_region(self, graph: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """The part of the graph that a stale namespace may reach: whole components, since their members reach each
        other."""
        readers: dict[str, list[str]] = {}
        for path, sources in graph.items():
            for source in sources:
                readers.setdefault(source, []).append(path)
        # Also from those that were made just now: what read them may have become stale by it.
        region = reachable(self._stale | self._evaluated, lambda path: readers.get(path, ()))
        return {path: sources for path, sources in graph.items() if path in region}

    def _evaluate_component(self, component: list[str], context: EvaluationContext) -> None:
        """Make the namespaces of a component again, and note the items in which they differ from what they were."""
        before = {path: self._namespaces[path] for path in component}
        dependencies = self._iterate(component, context)
        for path in component:
            self._evaluated.add(path)
            self._namespace_dependencies[path] = encoded(sorted(dependencies[path]))
            self._namespace_dependents.change(
                self._numbers[path], self._old_namespace_dependencies(path), dependencies[path]
            )
            items = sorted(changed_items(before[path], self._namespaces[path]))
            if items:
                self._touched.add(path)
            for item in items:
                self._change(path, item)
        self._stale.difference_update(component)

    def _iterate(self, component: list[str], context: EvaluationContext) -> dict[str, frozenset[Dependency]]:
        """Evaluate a component's namespaces to a fixpoint, from empty ones, by a worklist; return what each was made
        from.

        Stars alone only add names, so that a name has come round the cycle after one round for each member. A name that
        is deleted, or filtered out of `__all__`, after a star brought it can make a cycle swing for ever; it is then
        left where it is, at the same place in every run, since the members are sorted.
        """
        dependencies: dict[str, frozenset[Dependency]] = {}
        for path in component:
            self._namespaces[path] = EMPTY_NAMESPACE
        waiting = deque(component)
        rounds = dict.fromkeys(component, 0)
        while waiting:
            path = waiting.popleft()
            rounds[path] += 1
            reads = self._reads.get(path, ())
            namespace, dependencies[path] = evaluate(self._table.names[path], self._interface(path), reads, context)
            if namespace != self._namespaces[path] and rounds[path] <= len(component) + _EXTRA_ROUNDS:
                self._namespaces[path] = namespace
                waiting.extend(
                    other
                    for other in component
                    if other not in waiting
                    and (other not in dependencies or any(source == path for source, _ in dependencies[other]))
                )
        return dependencies

    def _old_namespace_dependencies(self, path: str) -> Iterable[Dependency]:
        raw = self._old.namespace_dependencies.get(path)
        return _DEPENDENCIES.decode(raw) if raw is not None else ()

    # -- linked modules ---------------------------------------------------------------------------------------------

    def link(self) -> tuple[dict[str, EncodedModule], set[str]]:
        """Make the linked modules that are concerned; return those that differ, and the paths of all."""
        for path in self._vanished:
            self._change_nodes(path, {})
        resolver = NameResolver(
            self._table,
            self._namespaces.__getitem__,
            self._load_counts.is_loaded,
            self._import_graph.loaded_by,
            self._openings,
        )
        concerned = self._concerned()
        differing: dict[str, EncodedModule] = {}
        for path in sorted(concerned):
            linked = link_module(
                path,
                self._interface(path),
                self._table,
                self._namespaces.__getitem__,
                resolver,
                self._openings,
                self._load_counts.is_loaded,
            )
            nodes = {node: sorted(dependencies) for node, dependencies in sorted(linked.nodes.items())}
            self._node_dependencies[path] = encoded(nodes)
            self._change_nodes(path, nodes)
            data = _LINKED.encode(linked.module)
            made = self._linked_digests[path] = digest(data)
            # Nothing asks for this interface again, and a large repository has many.
            self._loaded_interfaces.pop(path, None)
            known = self._old.files.get(path)
            if known is None or known.linked_digest != made:
                differing[path] = EncodedModule(made, data)
        return differing, concerned

    def _concerned(self) -> set[str]:
        """The files with a node that was, through any number of others, answered from something that changed.

        Nodes are followed without comparing their answers, so that the answers need not be kept between runs. The early
        cutoff comes after this step: a linked module of the same bytes as before concerns no later stage.
        """
        concerned = set(self._touched)
        waiting: deque[Dependency] = deque(self._changes)
        seen = set(waiting)
        while waiting:
            for number, node in self._node_dependents.of(*waiting.popleft()):
                path = self._paths[number]
                if path not in self._interfaces:
                    continue
                concerned.add(path)
                if node and (path, node) not in seen:
                    seen.add((path, node))
                    waiting.append((path, node))
        return concerned

    def _change_nodes(self, path: str, nodes: Mapping[str, list[Dependency]]) -> None:
        raw = self._old.node_dependencies.get(path)
        before = _NODE_DEPENDENCIES.decode(raw) if raw is not None else {}
        number = self._numbers[path]
        for node in before.keys() | nodes.keys():
            if before.get(node) != nodes.get(node):
                self._node_dependents.change((number, node), before.get(node, ()), nodes.get(node, ()))

    # -- the end ----------------------------------------------------------------------------------------------------

    def state(self) -> LinkState:
        """Return what the next run is to remember."""
        old = self._old
        files = {path: known for path, known in old.files.items() if path in self._interfaces}
        for path in {*self._changed, *self._linked_digests}:
            files[path] = LinkedFile(
                _by_itself(self._table.names[path]),
                self._sees(self._table.names[path]),
                self._interfaces[path],
                self._linked_digests.get(path) or old.files[path].linked_digest,
                self._numbers[path],
            )
        stored = StoredState(
            FORMAT,
            self._config.python_version,
            self._next_number,
            files,
            self._kept(old.summaries, {path: encoded(self._summaries[path]) for path in self._summarized}),
            self._kept(old.namespaces, {path: encoded(self._namespaces[path]) for path in self._evaluated}),
            self._kept(old.namespace_dependencies, self._namespace_dependencies),
            self._kept(old.node_dependencies, self._node_dependencies),
            self._namespace_dependents.save(),
            self._node_dependents.save(),
            {path: reads for path, reads in self._reads.items() if path in self._interfaces},
            self._patches,
            self._load_counts.save(),
            dict(sorted(self._openings.asked.items())),
            self._others,
        )
        return LinkState(stored)

    def _kept(self, old: dict[str, msgspec.Raw], new: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        kept = {**old, **new}
        for path in self._vanished:
            kept.pop(path, None)
        return kept


_Value = TypeVar("_Value")


def _by_itself(name: ModuleName) -> ModuleName:
    """A name without what its file sees, which all files of a folder have in common and is large."""
    return msgspec.structs.replace(name, sees={}) if name.sees else name


def _set_or_drop(values: dict[str, tuple[_Value, ...]], path: str, value: tuple[_Value, ...]) -> None:
    """Keep what is not empty only."""
    if value:
        values[path] = value
    else:
        values.pop(path, None)
