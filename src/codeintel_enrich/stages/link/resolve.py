"""Owns the following of routes: what a name of a module, or a path from it, finally is.

The questions form a graph whose nodes are `(path, name)` for a name of a module's namespace and `(path, Class!)` for
a class's method resolution order. Each node is answered by a generator that yields the nodes it needs, driven by a
loop, so chains of any length need no stack. A node that is asked for while it is being answered contributes nothing
there. What is found so inside a cycle depends on where one entered it, so only nodes outside of cycles are remembered:
the answer to a question is a function of the faces, never of the questions asked before. Every node notes the facts it
was answered from, so that a change finds the nodes it concerns.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Generator

import msgspec

from codeintel_enrich.model.interface import DefinitionKind
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import (
    IMPORT_GRAPH,
    INITIALISATION,
    LOADED,
    OPEN,
    Face,
    Route,
    bases_fact,
    idle_node,
    order_node,
    table_fact,
    table_facts,
)
from codeintel_enrich.stages.link.loading import LoadedBy, is_early
from codeintel_enrich.stages.link.meanings import Answer, Meaning, distinct, hop, linearised, preference
from codeintel_enrich.stages.link.table import Table

Fact = tuple[str, str]
Node = tuple[str, str]

_BUILTINS = frozenset(dir(builtins)) | {"WindowsError", "__builtins__"}
_MODULE_ATTRIBUTES = frozenset(
    {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__", "__path__", "__dict__", "__cached__"}
    | {"__builtins__", "__annotations__", "__class__"}
)
_OBJECT_MEMBERS = frozenset(dir(object)) | {"__dict__", "__module__", "__qualname__", "__name__", "__mro__"}
_MANY_CUTS = 2_000
"""Ways round a cycle after which a question is given up."""
_NONE = 1 << 60


CYCLE = "an import cycle in which nothing defines it"
_CUT = Answer(reason=CYCLE)
Step = Generator[Node, Answer, Answer]


class _Frame:
    __slots__ = ("cut", "facts", "generator", "node")

    def __init__(self, node: Node, generator: Step, facts: set[Fact]) -> None:
        self.node = node
        self.generator = generator
        self.facts = facts
        self.cut = _NONE
        """Depth of the outermost frame that was asked for again while this one was being answered."""


class Resolver:
    """Answers nodes over a set of faces that do not change meanwhile."""

    def __init__(
        self,
        table: Table,
        face_of: Callable[[str], Face],
        is_loaded: Callable[[str], bool],
        loaded_by: LoadedBy,
    ) -> None:
        self.facts_of: dict[Node, frozenset[Fact]] = {}
        """Node -> the facts it was answered from."""
        self._table = table
        self._face_of = face_of
        self._is_loaded = is_loaded
        self._loaded_by = loaded_by
        self._answers: dict[Node, Answer] = {}
        self._cyclic: dict[Node, Answer] = {}

    def answer(self, node: Node) -> Answer:
        """Answer one node."""
        known = self._answers.get(node) or self._cyclic.get(node)
        if known is not None:
            return known
        facts: set[Fact] = set()
        answer = self._drive(node, self._open(node, facts), facts)
        if node not in self._answers:
            self._cyclic[node] = answer
            self.facts_of[node] = frozenset(facts)
        return answer

    def ask(self, question: Callable[[set[Fact]], Step], facts: set[Fact]) -> Answer:
        """Answer a question that is no node; the facts it is answered from are added to `facts`."""
        return self._drive(("", ""), question(facts), facts)

    def _open(self, node: Node, facts: set[Fact]) -> Step:
        path, name = node
        return self._order(path, name[:-1], facts) if name.endswith("!") else self._name(path, name, facts)

    def _drive(self, root: Node, generator: Step, facts: set[Fact]) -> Answer:
        stack = [_Frame(root, generator, facts)]
        depth_of = {root: 0}
        value: Answer | None = None
        cuts = 0
        while True:
            frame = stack[-1]
            try:
                wanted = frame.generator.send(value) if value is not None else next(frame.generator)
            except StopIteration as stop:
                value = stop.value
                stack.pop()
                del depth_of[frame.node]
                if frame.cut == _NONE and frame.node[0]:
                    self._answers[frame.node] = value
                    self.facts_of[frame.node] = frozenset(frame.facts)
                if not stack:
                    return value
                if frame.cut < len(stack):
                    stack[-1].cut = min(stack[-1].cut, frame.cut)
                continue
            frame.facts.add(wanted)
            value = self._answers.get(wanted)
            if value is not None:
                continue
            if wanted in depth_of:
                frame.cut = min(frame.cut, depth_of[wanted])
                value = _CUT
                cuts += 1
                if cuts > _MANY_CUTS:
                    return _CUT
                continue
            inner: set[Fact] = set()
            depth_of[wanted] = len(stack)
            stack.append(_Frame(wanted, self._open(wanted, inner), inner))

    # -- names ------------------------------------------------------------------------------------------------------

    def _name(self, path: str, name: str, facts: set[Fact]) -> Step:
        """A name of a module's namespace, by all its routes."""
        face = self._face_of(path)
        is_idle = name.startswith("~")
        name = name.removeprefix("~")
        entry = (face.idle if is_idle else face.names).get(name)
        if entry is None:
            return Answer(reason="not bound")
        here = self._table.names[path]
        own = f"{here.module}.{name}" if here.module else name
        found: list[Meaning] = []
        ranks: dict[tuple[str, str], tuple[bool, ...]] = {}
        reason: str | None = None
        for route in entry.routes:
            if route.how == "local" and not route.alias and route.name == name:
                meanings = [Meaning(own, route.kind, path, name, (own,))]
            else:
                answer = yield from self._route(path, here, route, facts)
                reason = reason or answer.reason
                meanings = list(answer.meanings)
                if route.alias:
                    # A new name for a class, function or module is that thing; any other value makes a variable.
                    things = [meaning for meaning in meanings if meaning.kind not in ("variable", "unknown")]
                    meanings = [] if things else [Meaning(own, "variable", path, name, (own,))]
                    meanings += [msgspec.structs.replace(thing, named=own, named_path=path) for thing in things]
            # Where the route leads, its meanings are in order already.
            is_renamed = bool(meanings) and meanings[0].qualified.rpartition(".")[2] != name
            for meaning in meanings:
                rank = preference(meaning, route.optional, is_renamed)
                ranks.setdefault((meaning.qualified, meaning.kind), rank)
            found.extend(meanings)
        for route in entry.earlier if not found else ():
            answer = yield from self._route(path, here, route, facts)
            found.extend(answer.meanings)
        if len(found) > 1 and ranks:
            found.sort(key=lambda meaning: ranks[meaning.qualified, meaning.kind])
        return Answer(distinct(found), None if found else reason)

    def _route(self, path: str, here: ModuleName, route: Route, facts: set[Fact]) -> Step:
        if route.how == "local":
            own = f"{here.module}.{route.name}" if here.module else route.name
            answer = Answer((Meaning(own, route.kind, path, route.name, (own,)),))
        elif route.how == "module":
            answer = self.module(route.module, facts, here.is_stub)
        elif route.how == "from":
            answer = yield from self.module_attribute(route.module, route.name, facts, here)
        else:
            return Answer(reason=f"`{route.module}` leaves the top-level package")
        return (yield from self.attributes(answer, route.rest, facts))

    def module(self, dotted: str, facts: set[Fact], for_stub: bool = False) -> Answer:
        """A module by its absolute name."""
        facts.update(table_facts(dotted))
        if self._table.has(dotted):
            return Answer((Meaning(dotted, "module", self._table.path(dotted, for_stub), "", (dotted,)),))
        if self._table.owns(dotted):
            return Answer(reason=f"no module `{dotted}`")
        return Answer((Meaning(dotted, "external", None, "", (dotted,)),))

    def module_attribute(
        self, dotted: str, name: str, facts: set[Fact], asker: ModuleName | None = None, for_stub: bool = False
    ) -> Step:
        """`from dotted import name` in the module `asker`; with no asker, the attribute `dotted.name`."""
        facts.update(table_facts(dotted))
        spelled = f"{dotted}.{name}"
        for_stub = asker.is_stub if asker is not None else for_stub
        path = self._table.path(dotted, for_stub)
        if path is None:
            if not self._table.has(dotted) and not self._table.owns(dotted):
                return Answer((Meaning(spelled, "external", None, "", (spelled,)),))
            answer = self.module(spelled, facts)
            return answer if answer.meanings else Answer(reason=f"no module `{dotted}`")
        facts.add((path, name))
        facts.add((table_fact(spelled), ""))
        face = self._face_of(path)
        is_submodule = self._table.has(spelled)
        if name in face.names:
            if is_submodule and asker is not None and self._sees_submodule(dotted, name, face, path, asker, facts):
                return self.module(spelled, facts, for_stub)
            answer = yield (path, name)
            return Answer(tuple([hop(spelled, meaning) for meaning in answer.meanings]), answer.reason)
        facts.add((path, OPEN))
        if is_submodule:
            if asker is None:
                facts.add((table_fact(spelled), LOADED))
                if not self._is_loaded(spelled):
                    return Answer(reason=f"nothing imports `{spelled}`")
            return self.module(spelled, facts, for_stub)
        if name in _MODULE_ATTRIBUTES:
            return Answer((Meaning(spelled, "variable", path, name, (spelled,)),))
        if face.open_stars:
            return Answer(
                tuple(Meaning(f"{star}.{name}", "external", None, "", (f"{star}.{name}",)) for star in face.open_stars)
            )
        if face.dynamic_getattr:
            return Answer(reason=f"`{dotted}.__getattr__` decides")
        return Answer(reason=f"`{dotted}` has no `{name}`")

    def _sees_submodule(
        self, package: str, name: str, face: Face, path: str, asker: ModuleName, facts: set[Fact]
    ) -> bool:
        """Whether an import inside a package that is still being initialised finds the submodule of a name, because
        the package has not bound the name yet."""
        if not (asker.module or "").startswith(f"{package}."):
            return False
        facts.add((path, INITIALISATION))
        facts.add(IMPORT_GRAPH)
        return is_early(asker.module or "", package, name, face, self._loaded_by)

    def root(self, path: str, name: str, facts: set[Fact]) -> Step:
        """A name as code in the module sees it: its namespace, then the stars nobody can see, then builtins."""
        facts.add((path, name))
        face = self._face_of(path)
        if name in face.names:
            return (yield (path, name))
        facts.add((path, OPEN))
        if name in _BUILTINS:
            return Answer((Meaning(f"builtins.{name}", "external", None, "", (f"builtins.{name}",)),))
        if name in _MODULE_ATTRIBUTES:
            module = self._table.names[path].module
            own = f"{module}.{name}" if module else name
            return Answer((Meaning(own, "variable", path, name, (own,)),))
        if face.open_stars:
            return Answer(
                tuple(Meaning(f"{star}.{name}", "external", None, "", (f"{star}.{name}",)) for star in face.open_stars)
            )
        facts.add((path, idle_node(name)))
        if name in face.idle:
            return (yield (path, idle_node(name)))
        return Answer(reason="unbound name")

    # -- attributes -------------------------------------------------------------------------------------------------

    def attributes(self, answer: Answer, rest: str, facts: set[Fact]) -> Step:
        """Follow dotted attributes from an answer."""
        for name in rest.split(".") if rest else ():
            found: list[Meaning] = []
            reason = answer.reason
            for meaning in answer.meanings:
                if meaning.kind == "module":
                    is_stub = meaning.path is not None and meaning.path.endswith(".pyi")
                    step = yield from self.module_attribute(meaning.qualified, name, facts, for_stub=is_stub)
                elif meaning.kind == "class":
                    step = yield from self.member(meaning, name, facts)
                elif meaning.kind == "external":
                    spelled = f"{meaning.qualified}.{name}"
                    step = Answer((Meaning(spelled, "external", None, "", (spelled,)),))
                else:
                    step = Answer(reason=f"attribute of a {meaning.kind}")
                found.extend(step.meanings)
                reason = reason or step.reason
            answer = Answer(distinct(found), None if found else reason)
        return answer

    def member(self, owner: Meaning, name: str, facts: set[Fact], after: bool = False) -> Step:
        """A class's attribute by its method resolution order; with `after`, what follows the class itself.

        A class that assigns an attribute on its instances does not define it where one of its bases does: a property
        or another attribute of a base is what it assigns to, and what several assign is the farthest base's.
        """
        assigned: Answer | None = None
        if not after:
            own, is_assigned = self._own_member(owner, name, facts)
            if own is not None and not is_assigned:
                return Answer((own,))
            assigned = None if own is None else Answer((own,))
        if owner.path is None:
            return Answer(reason="attribute of an unknown class")
        answer = yield (owner.path, order_node(owner.local))
        for ancestor in answer.order[1:]:
            if ancestor.kind == "external":
                builtin = getattr(builtins, ancestor.qualified.removeprefix("builtins."), None)
                if isinstance(builtin, type):
                    giver = next((base.__name__ for base in builtin.__mro__ if name in vars(base)), "object")
                    if giver == "object":
                        # Every class has these; another ancestor may have its own.
                        continue
                    spelled = f"builtins.{giver}.{name}"
                    return Answer((Meaning(spelled, "external", None, "", (spelled,)),))
                if assigned is not None:
                    return assigned
                spelled = f"{ancestor.qualified}.{name}"
                return Answer((Meaning(spelled, "external", None, "", (spelled,)),))
            if ancestor.kind != "class":
                return assigned or Answer(reason=f"`{owner.qualified}` has a base that is not known")
            found, is_assigned = self._own_member(ancestor, name, facts)
            if found is not None:
                assigned = Answer((found,))
                if not is_assigned:
                    return assigned
        if assigned is not None:
            return assigned
        if name in _OBJECT_MEMBERS:
            spelled = f"builtins.object.{name}"
            return Answer((Meaning(spelled, "external", None, "", (spelled,)),))
        return Answer(reason=f"`{owner.qualified}` has no `{name}`")

    def _own_member(self, owner: Meaning, name: str, facts: set[Fact]) -> tuple[Meaning | None, bool]:
        """What a class itself makes of a name, and whether only its methods assign it."""
        if owner.path is None:
            return None, False
        facts.add((owner.path, f"{owner.local}.{name}"))
        kind = self._face_of(owner.path).members.get(owner.local, {}).get(name)
        if kind is None:
            return None, False
        qualified = f"{owner.qualified}.{name}"
        is_assigned = kind == "attribute"
        of_kind: DefinitionKind = "variable" if kind == "attribute" else kind
        return Meaning(qualified, of_kind, owner.path, f"{owner.local}.{name}", (qualified,)), is_assigned

    def _order(self, path: str, local: str, facts: set[Fact]) -> Step:
        """The method resolution order of a class (C3, as CPython's `mro_implementation`)."""
        facts.add((path, bases_fact(local)))
        module = self._table.names[path].module
        itself = Meaning(f"{module}.{local}" if module else local, "class", path, local)
        bases: list[Meaning] = []
        orders: list[list[Meaning]] = []
        for base in self._face_of(path).bases.get(local, ()):
            found = Meaning("", "unknown")
            if base is not None:
                root, _, rest = base.partition(".")
                answer = yield from self.attributes((yield from self.root(path, root, facts)), rest, facts)
                meanings = [m for m in answer.meanings if m.kind in ("class", "external")]
                if meanings:
                    found = msgspec.structs.replace(meanings[0], chain=(), named=None, named_path=None)
            if found.qualified in ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC"):
                # They have no member that anybody asks for, and would end what is known.
                continue
            bases.append(found)
            if found.kind == "class" and found.path is not None:
                answer = yield (found.path, order_node(found.local))
                orders.append(list(answer.order) or [found])
            else:
                orders.append([found])
        return Answer(order=(itself, *linearised([*orders, bases])))
