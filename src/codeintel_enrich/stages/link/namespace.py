"""Owns `evaluate`: a interface's operations, run in order, give the module's face.

Other modules are asked only what a star or another `__all__` needs; nothing is resolved to its definition here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from codeintel_enrich.model.interface import (
    AllOperation,
    Bind,
    Branch,
    Decorated,
    Delete,
    ImportBind,
    Interface,
    Opaque,
    Operation,
    Star,
)
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.all_names import AllNames
from codeintel_enrich.stages.link.faces import (
    ALL,
    IMPORT_GRAPH,
    INITIALISATION,
    OPEN,
    STAR,
    Entry,
    Face,
    Route,
    table_fact,
)
from codeintel_enrich.stages.link.judge import Judge
from codeintel_enrich.stages.link.loading import LoadedBy, is_early
from codeintel_enrich.stages.link.names import Names, doubt, make_optional, merged
from codeintel_enrich.stages.link.opaque import star_reasons
from codeintel_enrich.stages.link.package import Package
from codeintel_enrich.stages.link.sketch import Chaser, split_target
from codeintel_enrich.stages.link.table import Table, absolute


class Evaluation(msgspec.Struct):
    """What evaluation may ask about the rest of the tree."""

    table: Table
    face_of: Callable[[str], Face]
    """Path -> face; of a module that is being evaluated in the same cycle, as far as it is known."""
    chaser: Chaser
    loaded_by: LoadedBy
    is_loaded: Callable[[str], bool]
    """Whether any module of the tree imports this one at run time."""
    patches: Mapping[str, Sequence[tuple[str, str, str]]] = {}
    """Module -> what other modules set in it: (module that does, name, dotted path in that module or empty)."""


def evaluate(
    name: ModuleName, interface: Interface, reads: Iterable[str], evaluation: Evaluation
) -> tuple[Face, frozenset[tuple[str, str]]]:
    """Return a module's face, and the facts about other modules that it was made from.

    `reads` are the modules whose faces it may look at, as its sketch has them.
    """
    run = _Run(name, interface, frozenset(reads), evaluation)
    run.operations(interface.operations, run.state)
    face = run.finish()
    return face, frozenset(run.facts)


class _Run:
    def __init__(self, name: ModuleName, interface: Interface, reads: frozenset[str], evaluation: Evaluation) -> None:
        self.facts: set[tuple[str, str]] = set()
        self.state = Names()
        self._name = name
        self._module = name.module or ""
        self._interface = interface
        self._evaluation = evaluation
        self._table = evaluation.table
        self._judge = Judge(name, evaluation.table, evaluation.chaser, self.facts)
        self._all = AllNames(name, reads, evaluation.table, evaluation.face_of, self.facts)
        self._open_stars: set[str] = set()
        self._package = Package(name, evaluation.table, evaluation.loaded_by, evaluation.is_loaded, self.facts)

    # -- operations -------------------------------------------------------------------------------------------------

    def operations(self, operations: Sequence[Operation], state: Names) -> None:
        """Run operations on a state."""
        for operation in operations:
            kind = type(operation)
            if kind is Bind:
                self._bind(operation, state)  # type: ignore[arg-type]
            elif kind is ImportBind:
                self._import(operation, state)  # type: ignore[arg-type]
            elif kind is Decorated:
                self._decorated(operation, state)  # type: ignore[arg-type]
            elif kind is Star:
                self._star(operation, state)  # type: ignore[arg-type]
            elif kind is Delete:
                self._delete(operation.name, state)  # type: ignore[union-attr]
            elif kind is AllOperation:
                self._all.apply(operation, state)  # type: ignore[arg-type]
            elif kind is Opaque:
                self._opaque(operation, state)  # type: ignore[arg-type]
            elif kind is Branch:
                self._branch(operation, state)  # type: ignore[arg-type]

    def _opaque(self, operation: Opaque, state: Names) -> None:
        state.opaque[operation.reason] = None

    def _delete(self, name: str, state: Names) -> None:
        if name == "__all__":
            state.all_names = state.all_dynamic = None
        state.names.pop(name, None)
        state.typing.pop(name, None)

    def _put(self, state: Names, name: str, entry: Entry) -> None:
        if entry.typing_only:
            state.typing[name] = entry
        else:
            state.names[name] = entry
            self._package.bound(name)

    def _bind(self, operation: Bind, state: Names) -> None:
        if operation.declared and not self._name.is_stub:
            return
        name = operation.name
        own = Route("local", "", name, operation.kind)
        routes: tuple[Route, ...] = (own,)
        if operation.aliases:
            found: list[Route] = []
            for path in operation.aliases:
                root, _, rest = path.partition(".")
                held = state.names.get(root) or state.typing.get(root)
                if held is None:
                    found.append(own)
                else:
                    found.extend(_extend(route, rest, operation.kind, name) for route in held.routes)
            routes = tuple(dict.fromkeys(found))
        source = "definition" if all(route.how == "local" for route in routes) else "reexport"
        self._put(state, name, Entry(routes, source, operation.typing_only, operation.certain))  # type: ignore[arg-type]

    def _import(self, operation: ImportBind, state: Names) -> None:
        target = absolute(self._name, operation.level, operation.module)
        hidden = self._name.is_stub and not operation.redundant_alias
        if target is None:
            route = Route("missing", "." * operation.level + (operation.module or ""), operation.attribute or "")
            self._put(state, operation.name, Entry((route,), "reexport", operation.typing_only, True, hidden))
            return
        if not operation.typing_only:
            self._package.load(target, operation.attribute, state)
        routes: tuple[Route, ...]
        if operation.attribute is None:
            module = target.partition(".")[0] if operation.binds_top else target
            routes = (Route("module", module),)
        elif target == self._module and self._package.children | state.names.keys():
            held = state.names.get(operation.attribute) or state.typing.get(operation.attribute)
            if held is not None:
                routes = held.routes
            elif operation.attribute in self._package.children:
                routes = (Route("module", f"{target}.{operation.attribute}"),)
            else:
                routes = (Route("from", target, operation.attribute),)
        else:
            routes = (Route("from", target, operation.attribute),)
        self._put(state, operation.name, Entry(routes, "reexport", operation.typing_only, operation.certain, hidden))

    def _star(self, operation: Star, state: Names) -> None:
        target = absolute(self._name, operation.level, operation.module)
        if target is None:
            return
        self.facts.add((table_fact(target), ""))
        path = self._table.path(target, self._name.is_stub)
        if not operation.typing_only:
            self._package.load(target, None, state)
        if path is None:
            if not self._table.has(target):
                self._open_stars.add(target)
                if not operation.typing_only:
                    state.opaque.update(dict.fromkeys(star_reasons(target, None)))
            return
        self.facts.update(((path, STAR), (path, OPEN), (path, ALL)))
        face = self._evaluation.face_of(path)
        if not operation.typing_only:
            state.opaque.update(dict.fromkeys(star_reasons(target, face)))
        for name in self._visible(target, path, face):
            held = state.names.get(name)
            earlier = held.routes if held is not None and not operation.typing_only else ()
            route = Route("from", target, name)
            self._put(state, name, Entry((route,), "star", operation.typing_only, earlier=earlier))
        if face.all_names is None:
            self._open_stars.update(face.open_stars)

    def _visible(self, target: str, path: str, face: Face) -> Iterable[str]:
        """What a star gives: inside a package that is still being initialised, what it has bound by then."""
        if not self._module.startswith(f"{target}.") or face.all_names is not None:
            return face.star
        self.facts.add((path, INITIALISATION))
        self.facts.add(IMPORT_GRAPH)
        return [
            name for name in face.star if not is_early(self._module, target, name, face, self._evaluation.loaded_by)
        ]

    def _decorated(self, operation: Decorated, state: Names) -> None:
        root, _, rest = operation.decorator.partition(".")
        if root in self._interface.exporters:
            found = not rest
        else:
            found = False
            held = state.names.get(root)
            for route in held.routes if held is not None else ():
                if route.how == "from":
                    attribute = ".".join(part for part in (route.name, route.rest, rest) if part)
                    found |= self._evaluation.chaser.exports_by_decorator(route.module, attribute, self.facts)
                elif route.how == "module":
                    attribute = ".".join(part for part in (route.rest, rest) if part)
                    found |= self._evaluation.chaser.exports_by_decorator(route.module, attribute, self.facts)
        if found:
            state.all_names = {**(state.all_names or {}), operation.name: None}

    # -- branches ---------------------------------------------------------------------------------------------------

    def _branch(self, operation: Branch, state: Names) -> None:
        alternatives: Sequence[Sequence[Operation]] = operation.alternatives
        optional: Sequence[Operation] | None = None
        if operation.test is not None:
            verdict = self._judge.test(operation.test, state)
            if verdict is not None:
                self.operations(alternatives[0 if verdict else 1], state)
                return
            usual = self._judge.usual_test(operation.test, state)
            if usual is not None:
                optional = alternatives[1 if usual else 0]
        if optional is None and operation.kind in ("import", "try"):
            verdict = self._judge.imports_succeed(alternatives[0])
            if verdict is True and operation.kind == "import":
                self._body_or_handlers(alternatives, state)
                return
            if verdict is False or self._judge.is_foreign(alternatives[0]):
                optional = alternatives[0]
        n_usual = 0
        if optional is not None:
            alternatives = [*(other for other in alternatives if other is not optional), optional]
            n_usual = len(alternatives) - 1
        elif operation.kind == "if":
            alternatives = sorted(alternatives, key=self._judge.is_foreign)
            n_usual = sum(not self._judge.is_foreign(alternative) for alternative in alternatives)
        states: list[Names] = []
        bound: dict[str, int] = {}
        before = dict(self._package.bound_at)
        for alternative in alternatives:
            inner = state.copy()
            self._package.bound_at = dict(before)
            self.operations(alternative, inner)
            for name, at in self._package.bound_at.items():
                bound[name] = max(at, bound.get(name, 0))
            if 0 < n_usual <= len(states):
                make_optional(inner, state)
            states.append(inner)
        self._package.bound_at = bound
        if optional is not None:
            doubt(states[-1], states[:-1])
        state.take(merged(states))

    def _body_or_handlers(self, alternatives: Sequence[Sequence[Operation]], state: Names) -> None:
        """Run the body of a `try` whose imports find their modules. Whether these have the names is not known yet: a
        name that turns out to be missing is what the handlers make it."""
        wanted = {
            operation.name
            for operation in alternatives[0]
            if isinstance(operation, ImportBind) and operation.attribute is not None
        }
        instead: dict[str, tuple[Route, ...]] = {}
        for alternative in alternatives[1:]:
            for operation in alternative:
                if isinstance(operation, Bind) and operation.name in wanted and not operation.aliases:
                    instead[operation.name] = (Route("local", "", operation.name, operation.kind),)
                elif isinstance(operation, ImportBind) and operation.name in wanted and operation.attribute:
                    target = absolute(self._name, operation.level, operation.module)
                    if target is not None:
                        instead[operation.name] = (Route("from", target, operation.attribute),)
        self.operations(alternatives[0], state)
        for name, routes in instead.items():
            entry = state.names.get(name)
            if entry is not None and not entry.earlier:
                state.names[name] = msgspec.structs.replace(entry, earlier=routes)

    # -- the end ----------------------------------------------------------------------------------------------------

    def finish(self) -> Face:
        """Make the face of the final state."""
        state = self.state
        self._lazy(state)
        self._package.settle(state)
        self._patch(state)
        for name, entry in state.typing.items():
            state.names.setdefault(name, entry)
        if state.all_names is None or (state.all_dynamic is not None and not state.all_names):
            star = [
                name
                for name, entry in state.names.items()
                if not name.startswith("_")
                and entry.certain
                and not entry.typing_only
                and not entry.hidden
                and entry.source != "dynamic"
            ]
        else:
            star = list(state.all_names)
        return Face(
            names=dict(sorted(state.names.items())),
            star=tuple(sorted(star)),
            all_names=None if state.all_names is None else tuple(sorted(state.all_names)),
            all_dynamic=state.all_dynamic,
            opaque=tuple(sorted(state.opaque)) if state.all_names is None else (),
            open_stars=tuple(sorted(self._open_stars)),
            dynamic_getattr=self._interface.dynamic_getattr,
            members={found.local_name: found.members for found in self._interface.classes},
            bases={found.local_name: found.bases for found in self._interface.classes},
            idle=self._idle(state),
            initialisation=self._package.initialisation(),
        )

    def _patch(self, state: Names) -> None:
        """Bind what other modules set here; a name that is bound here already is taken for what it is bound to."""
        if self._name.is_stub:
            return
        for setter, name, alias in self._evaluation.patches.get(self._module, ()):
            if name in state.names or name.startswith("__"):
                continue
            root, _, rest = alias.partition(".")
            if alias:
                state.names[name] = Entry((Route("from", setter, root, rest=rest),), "reexport")
            else:
                state.names[name] = Entry((Route("local", "", name),), "definition")

    def _idle(self, state: Names) -> dict[str, Entry]:
        if not self._interface.inactive:
            return {}
        elsewhere = state.copy()
        self.operations(self._interface.inactive, elsewhere)
        return {name: entry for name, entry in sorted(elsewhere.typing.items()) if name not in state.names}

    def _lazy(self, state: Names) -> None:
        for name, path in self._interface.lazy_names.items():
            target = split_target(self._name, path)
            if name in state.names or target is None:
                continue
            module, attribute = target
            route = Route("from", module, attribute.partition(".")[0], rest=attribute.partition(".")[2])
            # What type checkers are told of it answers where the table leads nowhere.
            told = state.typing[name].routes if name in state.typing else ()
            state.names[name] = Entry((route if attribute else Route("module", module),), "dynamic", earlier=told)
        if not self._interface.lazy_stub or self._name.is_stub:
            return
        self.facts.add((table_fact(self._module), ""))
        stub = self._table.stub(self._module)
        if stub is None:
            return
        self.facts.add((stub, STAR))
        face = self._evaluation.face_of(stub)
        for name, entry in face.names.items():
            if name not in state.names and not any(route.how == "local" for route in entry.routes):
                self.facts.add((stub, name))
                state.names[name] = Entry(entry.routes, "dynamic")
        state.all_names, state.all_dynamic = dict.fromkeys(face.star), None


def _extend(route: Route, rest: str, kind: str, name: str) -> Route:
    """The route of an alias of what another route leads to."""
    if route.how == "local" and route.kind == "variable" and not route.alias:
        return Route("local", "", name, kind)  # type: ignore[arg-type]
    path = ".".join(part for part in (route.rest, rest) if part)
    return Route(route.how, route.module, route.name, route.kind, path, True)
