"""Owns the incremental run of `link`: which faces and linked_modules a change concerns, and redoing just those.

A face is redone when a fact it was made from changed; faces that read each other in a cycle are redone together, from
nothing, so that no name survives on the strength of a copy of itself. An linked_module is redone when one of its
module's nodes, or a node these lead to, was answered from a changed fact.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import (
    CHILDREN,
    EMPTY_FACE,
    IMPORT_GRAPH,
    LOADED,
    changed_facts,
    table_fact,
)
from codeintel_enrich.stages.link.graph import components, reachable
from codeintel_enrich.stages.link.linked import link_module
from codeintel_enrich.stages.link.loading import Loading
from codeintel_enrich.stages.link.namespace import Evaluation, evaluate
from codeintel_enrich.stages.link.resolve import Fact, Resolver
from codeintel_enrich.stages.link.sketch import Chaser, Sketch, changed_sketch_facts, sketch
from codeintel_enrich.stages.link.state import (
    FORMAT,
    Known,
    LinkState,
    Stored,
    Users,
    empty,
    encoded,
    faces,
    sketches,
)
from codeintel_enrich.stages.link.table import Table

_LINKED = msgspec.msgpack.Encoder(order="deterministic")
_FACTS = msgspec.msgpack.Decoder(list[Fact])
_NODE_FACTS = msgspec.msgpack.Decoder(dict[str, list[Fact]])
_COUNTS = msgspec.msgpack.Decoder(dict[str, int])


class Encoded(NamedTuple):
    """An linked_module as bytes; equal linked_modules have equal ones."""

    digest: str
    data: bytes


class Update:
    """One run. Its methods are its steps, in the order `sketch`, `evaluate`, `resolve`, `state`."""

    def __init__(
        self,
        state: LinkState | None,
        modules: Mapping[str, ModuleName],
        interfaces: Mapping[str, str],
        load: Callable[[str], Interface],
        config: LinkConfig,
    ) -> None:
        kept = state is not None and state.stored.python_version == config.python_version
        self._old: Stored = state.stored if state is not None and kept else empty(config.python_version)
        self._interfaces = interfaces
        self._load = load
        self._loaded_interfaces: dict[str, Interface] = {}
        self._config = config
        names = {path: modules[path] for path in interfaces}
        self._table = Table(names)
        files = self._old.files
        gone = state.stored.files.keys() - interfaces.keys() if state is not None else set()
        self.removed: set[str] = set(gone)
        self._changed = sorted(
            path
            for path, interface in interfaces.items()
            if (known := files.get(path)) is None or known.interface != interface or known.name != names[path]
        )
        self._vanished = sorted(files.keys() - interfaces.keys())
        self._sketches = sketches(self._old)
        self._faces = faces(self._old)
        self._loading = Loading(self._table, self._sketches.__getitem__)
        self._face_users: Users[int] = Users(self._old.face_users, int)
        self._node_users: Users[tuple[int, str]] = Users(self._old.node_users, tuple[int, str])
        self._reads = dict(self._old.reads)
        self._patches = dict(self._old.patches)
        self._counts: dict[str, int] | None = None
        self._next_number = self._old.next_number
        self._numbers = {path: known.number for path, known in files.items()}
        self._paths: dict[int, str] = {number: path for path, number in self._numbers.items()}
        for path in self._changed:
            if path not in self._numbers:
                self._numbers[path] = self._next_number
                self._paths[self._next_number] = path
                self._next_number += 1
        self._facts: dict[Fact, None] = {}
        """The facts that changed, in the order in which that was found."""
        self._stale: set[str] = set()
        """Paths whose face is to be made again."""
        self._touched: set[str] = set()
        """Paths whose linked_module is to be made again because of their own interface or face."""
        self._face_facts: dict[str, msgspec.Raw] = {}
        self._node_facts: dict[str, msgspec.Raw] = {}
        self._linked_modules: dict[str, str] = {}
        self._made_faces: set[str] = set()
        self._made_sketches: set[str] = set()

    def _interface(self, path: str) -> Interface:
        found = self._loaded_interfaces.get(path)
        if found is None:
            found = self._loaded_interfaces[path] = self._load(path)
        return found

    def _change(self, provider: str, item: str) -> None:
        self._facts[(provider, item)] = None
        for number in self._face_users.of(provider, item):
            self._stale.add(self._paths[number])

    # -- sketches ---------------------------------------------------------------------------------------------------

    def sketch(self) -> None:
        """Take the sketches of changed files, and note every fact that changed with them or with the module table."""
        regraphed = False
        delta: dict[str, int] = {}
        patched: set[str] = set()
        for path in [*self._changed, *self._vanished]:
            before = self._sketches[path] if path in self._old.files else Sketch()
            after = sketch(self._table.names[path], self._interface(path)) if path in self._interfaces else Sketch()
            self._sketches[path] = after
            if path in self._interfaces:
                self._made_sketches.add(path)
            for item in changed_sketch_facts(before, after):
                self._change(path, item)
            if (before.loads, before.local_loads) != (after.loads, after.local_loads):
                _count(before, delta, -1)
                _count(after, delta, 1)
            regraphed |= before.loads != after.loads
            patched.update(target for target, _, _ in (*before.patches, *after.patches))
            if after.patches:
                self._patches[path] = after.patches
            else:
                self._patches.pop(path, None)
            if after.reads:
                self._reads[path] = after.reads
            else:
                self._reads.pop(path, None)
        self._count_loaders(delta)
        if self._compare_tables() or regraphed:
            self._change(*IMPORT_GRAPH)
        if patched:
            self._stale.update(path for path, name in self._table.names.items() if name.module in patched)
        self._stale.update(self._changed)
        self._touched.update(self._changed)

    def _count_loaders(self, delta: dict[str, int]) -> None:
        if not any(delta.values()):
            return
        counts = self._loaders()
        for dotted, change in delta.items():
            before = counts.get(dotted, 0)
            if before + change:
                counts[dotted] = before + change
            else:
                counts.pop(dotted, None)
            if (before > 0) is not (before + change > 0):
                self._change(table_fact(dotted), LOADED)

    def _loaders(self) -> dict[str, int]:
        if self._counts is None:
            self._counts = _COUNTS.decode(self._old.loaders)
        return self._counts

    def _is_loaded(self, dotted: str) -> bool:
        return self._loaders().get(dotted, 0) > 0

    def _compare_tables(self) -> bool:
        """Note which dotted names mean something else now; False where none do."""
        files = self._old.files
        if not self._vanished and all(
            path in files and files[path].name == self._table.names[path] for path in self._changed
        ):
            return False
        before = Table({path: known.name for path, known in files.items()})
        names, packages = self._table.changed(before)
        for dotted in sorted(names):
            self._change(table_fact(dotted), "")
        for dotted in sorted(packages):
            self._change(table_fact(dotted), CHILDREN)
        return bool(names or packages)

    # -- faces ------------------------------------------------------------------------------------------------------

    def evaluate(self) -> None:
        """Make the faces that are stale, those they are made from first."""
        for path in self._vanished:
            self._stale.discard(path)
            self._faces[path] = EMPTY_FACE
            self._face_users.change(self._numbers[path], self._old_face_facts(path), ())
        evaluation = Evaluation(
            self._table,
            self._faces.__getitem__,
            Chaser(self._table, self._sketches.__getitem__),
            self._loading,
            self._is_loaded,
            self._patches_by_module(),
        )
        for path in sorted(self._stale - self._reads.keys()):
            self._make_faces([path], evaluation)
        graph = {path: self._read_paths(path) for path in self._reads}
        for component in components(self._affected(graph)):
            if not self._stale.isdisjoint(component):
                self._make_faces(component, evaluation)

    def _patches_by_module(self) -> dict[str, list[tuple[str, str, str]]]:
        """Module -> who sets what in it, sorted."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for path, patches in sorted(self._patches.items()):
            setter = self._table.names[path]
            if setter.module is not None and setter.importable and not setter.is_stub:
                for module, name, alias in patches:
                    found.setdefault(module, []).append((setter.module, name, alias))
        return found

    def _read_paths(self, path: str) -> list[str]:
        found: set[str] = set()
        for dotted in self._reads[path]:
            for file in (self._table.path(dotted), self._table.stub(dotted)):
                if file is not None and file != path:
                    found.add(file)
        return sorted(found)

    def _affected(self, graph: dict[str, list[str]]) -> dict[str, list[str]]:
        """The part of the graph that a stale face may reach: whole components, since their members reach each other."""
        readers: dict[str, list[str]] = {}
        for path, sources in graph.items():
            for source in sources:
                readers.setdefault(source, []).append(path)
        region = reachable(self._stale | self._made_faces, lambda path: readers.get(path, ()))
        return {path: sources for path, sources in graph.items() if path in region}

    def _make_faces(self, component: list[str], evaluation: Evaluation) -> None:
        before = {path: self._faces[path] for path in component}
        facts: dict[str, frozenset[Fact]] = {}
        for path in component:
            self._faces[path] = EMPTY_FACE
        waiting = deque(component)
        rounds = dict.fromkeys(component, 0)
        while waiting:
            path = waiting.popleft()
            rounds[path] += 1
            reads = self._reads.get(path, ())
            face, facts[path] = evaluate(self._table.names[path], self._interface(path), reads, evaluation)
            # Names deleted or filtered after a star can make a cycle swing for ever; it is then left where it is.
            if face != self._faces[path] and rounds[path] <= len(component) + 4:
                self._faces[path] = face
                waiting.extend(
                    other
                    for other in component
                    if other not in waiting
                    and (other not in facts or any(source == path for source, _ in facts[other]))
                )
        for path in component:
            self._made_faces.add(path)
            self._face_facts[path] = encoded(sorted(facts[path]))
            self._face_users.change(self._numbers[path], self._old_face_facts(path), facts[path])
            items = list(changed_facts(before[path], self._faces[path]))
            if items:
                self._touched.add(path)
            for item in sorted(items):
                self._change(path, item)
        self._stale.difference_update(component)

    def _old_face_facts(self, path: str) -> Iterable[Fact]:
        raw = self._old.face_facts.get(path)
        return _FACTS.decode(raw) if raw is not None else ()

    # -- linked_modules -----------------------------------------------------------------------------------------------

    def resolve(self) -> tuple[dict[str, Encoded], set[str]]:
        """Make the linked_modules that are concerned; return those that differ, and the paths of all."""
        for path in self._vanished:
            self._change_nodes(path, {})
        resolver = Resolver(self._table, self._faces.__getitem__, self._is_loaded, self._loading)
        concerned = self._concerned()
        differing: dict[str, Encoded] = {}
        for path in sorted(concerned):
            linked = link_module(path, self._interface(path), self._table, self._faces.__getitem__, resolver)
            nodes = {node: sorted(facts) for node, facts in sorted(linked.nodes.items())}
            self._node_facts[path] = encoded(nodes)
            self._change_nodes(path, nodes)
            data = _LINKED.encode(linked.linked_module)
            made = self._linked_modules[path] = digest(data)
            # Nothing asks for this interface again, and a large repository has many.
            self._loaded_interfaces.pop(path, None)
            known = self._old.files.get(path)
            if known is None or known.linked_module != made:
                differing[path] = Encoded(made, data)
        return differing, concerned

    def _concerned(self) -> set[str]:
        """The files with a node that was, through any number of others, answered from a changed fact."""
        concerned = set(self._touched)
        waiting: deque[Fact] = deque(self._facts)
        seen = set(waiting)
        while waiting:
            for number, node in self._node_users.of(*waiting.popleft()):
                path = self._paths[number]
                if path not in self._interfaces:
                    continue
                concerned.add(path)
                if node and (path, node) not in seen:
                    seen.add((path, node))
                    waiting.append((path, node))
        return concerned

    def _change_nodes(self, path: str, nodes: dict[str, list[Fact]]) -> None:
        before = self._old_node_facts(path)
        number = self._numbers[path]
        for node in before.keys() | nodes.keys():
            if before.get(node) != nodes.get(node):
                self._node_users.change((number, node), before.get(node, ()), nodes.get(node, ()))

    def _old_node_facts(self, path: str) -> dict[str, list[Fact]]:
        raw = self._old.node_facts.get(path)
        return _NODE_FACTS.decode(raw) if raw is not None else {}

    # -- the end ----------------------------------------------------------------------------------------------------

    def state(self) -> LinkState:
        """Return what the next run is to remember."""
        old = self._old
        touched = {*self._changed, *self._linked_modules}
        files = {path: known for path, known in old.files.items() if path in self._interfaces}
        for path in touched:
            files[path] = Known(
                self._table.names[path],
                self._interfaces[path],
                self._linked_modules.get(path) or old.files[path].linked_module,
                self._numbers[path],
            )
        stored = Stored(
            FORMAT,
            self._config.python_version,
            self._next_number,
            files,
            self._kept(old.sketches, {path: encoded(self._sketches[path]) for path in self._made_sketches}),
            self._kept(old.faces, {path: encoded(self._faces[path]) for path in self._made_faces}),
            self._kept(old.face_facts, self._face_facts),
            self._kept(old.node_facts, self._node_facts),
            self._face_users.save(),
            self._node_users.save(),
            {path: reads for path, reads in self._reads.items() if path in self._interfaces},
            self._patches,
            old.loaders if self._counts is None else encoded(self._counts),
        )
        return LinkState(stored)

    def _kept(self, old: dict[str, msgspec.Raw], new: dict[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        kept = {**old, **new}
        for path in self._vanished:
            kept.pop(path, None)
        return kept


def _count(taken: Sketch, counts: dict[str, int], change: int) -> None:
    """Count what a file imports at run time, each dotted name that may be a module once, parents included."""
    found: set[str] = set()
    for target, names in (*taken.loads, *taken.local_loads):
        found.update(f"{target}.{name}" for name in names if name != "*")
        while target and target not in found:
            found.add(target)
            target = target.rpartition(".")[0]
    for dotted in found:
        counts[dotted] = counts.get(dotted, 0) + change
