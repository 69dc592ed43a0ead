"""The evaluation of a module: an interface's operations, run in order on an abstract state, give its namespace.

It is an abstract interpreter of the small program that an interface is: it runs both sides of a branch which nobody can
decide and joins what comes of them. Other modules are asked only what a star or another `__all__` needs; nothing is
resolved to its definition here.
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
from codeintel_enrich.stages.link.abstract_state import AbstractState, join, mark_optional, mark_uncertain
from codeintel_enrich.stages.link.all_names import AllNames, star_failure
from codeintel_enrich.stages.link.branches import BranchConditions
from codeintel_enrich.stages.link.dependencies import (
    ALL,
    IMPORT_GRAPH,
    INITIALISATION,
    OPEN,
    STAR,
    Dependency,
    table_provider,
)
from codeintel_enrich.stages.link.import_graph import LoadedBy, runs_before_binding
from codeintel_enrich.stages.link.initialisation import PackageInitialisation
from codeintel_enrich.stages.link.module_table import ModuleTable, absolute, bound_by
from codeintel_enrich.stages.link.namespace import Namespace, NamespaceEntry, Route, joined
from codeintel_enrich.stages.link.opaque import star_reasons
from codeintel_enrich.stages.link.openings import Openings
from codeintel_enrich.stages.link.summary import ImportFollower, split_target


class EvaluationContext(msgspec.Struct):
    """What evaluation may ask about the rest of the tree."""

    table: ModuleTable
    namespace_of: Callable[[str], Namespace]
    """Path -> namespace; of a module that is being evaluated in the same cycle, as far as it is known."""
    follower: ImportFollower
    openings: Openings
    loaded_by: LoadedBy
    is_loaded: Callable[[str], bool]
    """Whether any module of the tree imports this one at run time."""
    patches: Mapping[str, Sequence[tuple[str, str, str]]] = {}
    """Module -> what other modules set in it: (module that does, name, dotted path in that module or empty)."""


def evaluate(
    name: ModuleName, interface: Interface, reads: Iterable[str], context: EvaluationContext
) -> tuple[Namespace, frozenset[Dependency]]:
    """Return a module's namespace, and what of other modules it was made from.

    `reads` are the modules whose namespaces it may look at, as its summary has them.
    """
    evaluator = _Evaluator(name, interface, frozenset(reads), context)
    evaluator.operations(interface.operations, evaluator.state)
    namespace = evaluator.finish()
    return namespace, frozenset(evaluator.dependencies)


class _Evaluator:
    def __init__(
        self, name: ModuleName, interface: Interface, reads: frozenset[str], context: EvaluationContext
    ) -> None:
        self.dependencies: set[Dependency] = set()
        self.state = AbstractState()
        self._name = name
        self._module = name.key or ""
        self._interface = interface
        self._context = context
        self._reads = reads
        self._table = context.table
        self._conditions = BranchConditions(name, context.table, context.follower, context.openings, self.dependencies)
        self._all = AllNames(name, reads, context.table, context.namespace_of, self.dependencies)
        self._open_stars: set[str] = set()
        self._initialisation = PackageInitialisation(
            name, context.table, context.loaded_by, context.is_loaded, self.dependencies
        )

    # -- operations -------------------------------------------------------------------------------------------------

    def operations(self, operations: Sequence[Operation], state: AbstractState) -> None:
        """Run operations on a state."""
        for operation in operations:
            # By identity and not by `match`, since every operation of the tree comes by here.
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

    def _opaque(self, operation: Opaque, state: AbstractState) -> None:
        state.opaque[operation.reason] = None

    def _delete(self, name: str, state: AbstractState) -> None:
        # Without its list, a star of the module gives its public names again.
        if name == "__all__":
            state.forget_all()
        state.names.pop(name, None)
        state.typing.pop(name, None)

    def _put(self, state: AbstractState, name: str, entry: NamespaceEntry) -> None:
        # What only type checkers see is bound at no moment of the initialisation.
        if entry.typing_only:
            state.typing[name] = entry
        else:
            state.names[name] = entry
            self._initialisation.note_bound(name)

    def _bind(self, operation: Bind, state: AbstractState) -> None:
        # `x: int` binds nothing at run time (PEP 526); in a stub it is how a variable is declared.
        if operation.declared and not self._name.is_stub:
            return
        name = operation.name
        own = Route("local", "", name, operation.kind)
        routes: tuple[Route, ...] = (own,)
        if operation.aliases:
            found: list[Route] = []
            # `x = a.b if t else a.c`: it may be any of them.
            for path in operation.aliases:
                root, _, rest = path.partition(".")
                held = state.entry(root)
                if held is None:
                    found.append(own)
                else:
                    found.extend(_alias_route(route, rest, operation.kind, name) for route in held.routes)
            routes = tuple(dict.fromkeys(found))
        source = "definition" if all(route.how == "local" for route in routes) else "reexport"
        self._put(state, name, NamespaceEntry(routes, source, operation.typing_only, operation.certain))  # type: ignore[arg-type]

    def _import(self, operation: ImportBind, state: AbstractState) -> None:
        target = absolute(self._name, operation.level, operation.module)
        # What a stub imports it does not export, unless it is written `import x as x` (PEP 484, "Stub Files").
        hidden = self._name.is_stub and not operation.redundant_alias
        if target is None:
            route = Route("missing", "." * operation.level + (operation.module or ""), operation.attribute or "")
            self._put(state, operation.name, NamespaceEntry((route,), "reexport", operation.typing_only, True, hidden))
            return
        if not operation.typing_only and not operation.lazy:
            self._initialisation.note_import(target, operation.attribute, state)
        entry = NamespaceEntry(
            self._imported_routes(operation, target, state),
            "reexport",
            operation.typing_only,
            operation.certain,
            hidden,
        )
        self._put(state, operation.name, entry)

    def _imported_routes(self, operation: ImportBind, target: str, state: AbstractState) -> tuple[Route, ...]:
        if operation.attribute is None:
            top = bound_by(target, operation.module or "")
            rest = target[len(top) + 1 :]
            if operation.binds_top or not rest:
                return (Route("module", top),)
            # `import a.b as c` is the attribute `b` of `a`, and the module only where there is none (CPython,
            # `import_from`).
            name, _, rest = rest.partition(".")
            held = state.entry(name) if top == self._module else None
            if held is not None and not operation.lazy:
                return tuple(msgspec.structs.replace(route, rest=joined(route.rest, rest)) for route in held.routes)
            return (Route("from", top, name, rest=rest),)
        if operation.lazy and target == self._module and operation.attribute in self._initialisation.children:
            return (Route("module", f"{target}.{operation.attribute}"),)
        if target == self._module and not self._open_stars:
            # A module that imports from itself finds what it has bound so far, not what it will have in the end; else
            # there is to be a submodule, in the tree or made otherwise.
            held = state.entry(operation.attribute)
            if held is not None:
                return held.routes
            if not operation.lazy:
                return (Route("module", f"{target}.{operation.attribute}"),)
        return (Route("from", target, operation.attribute),)

    def _star(self, operation: Star, state: AbstractState) -> None:
        target = absolute(self._name, operation.level, operation.module)
        if target is None:
            return
        self.dependencies.add((table_provider(target), ""))
        path = self._table.path(target, self._name.is_stub)
        if not operation.typing_only:
            self._initialisation.note_import(target, None, state)
        if path is None:
            # A namespace package has no names for a star to give, and hides none.
            if not self._table.has(target):
                self._open_stars.add(target)
                if not operation.typing_only:
                    state.opaque.update(dict.fromkeys(star_reasons(target, None)))
            return
        self.dependencies.update(((path, STAR), (path, OPEN), (path, ALL)))
        namespace = self._context.namespace_of(path)
        if not operation.typing_only:
            state.opaque.update(dict.fromkeys(star_reasons(target, namespace)))
        for name in self._visible(target, path, namespace):
            # The list itself is given, not another name for it: it is now what a star of this module binds.
            if name == "__all__":
                if not operation.typing_only and namespace.all_names is not None:
                    self._all.take(namespace, state)
                continue
            held = state.names.get(name)
            earlier = held.routes if held is not None and not operation.typing_only else ()
            route = Route("from", target, name)
            self._put(state, name, NamespaceEntry((route,), "star", operation.typing_only, earlier=earlier))
        # Stars pass on what they bring, unless an `__all__` says what is passed on.
        if namespace.all_names is None:
            self._open_stars.update(namespace.open_stars)

    def _visible(self, target: str, path: str, namespace: Namespace) -> Iterable[str]:
        """What a star gives: inside a package that is still being initialised, what it has bound by then."""
        if not self._module.startswith(f"{target}.") or namespace.all_names is not None:
            return namespace.star
        self.dependencies.add((path, INITIALISATION))
        self.dependencies.add(IMPORT_GRAPH)
        loaded_by = self._context.loaded_by
        return [
            name for name in namespace.star if not runs_before_binding(self._module, target, name, namespace, loaded_by)
        ]

    def _decorated(self, operation: Decorated, state: AbstractState) -> None:
        root, _, rest = operation.decorator.partition(".")
        if root in self._interface.exporters:
            found = not rest
        else:
            found = False
            held = state.names.get(root)
            for route in held.routes if held is not None else ():
                target = route.leads_to(rest)
                if target is not None:
                    found |= self._context.follower.exports_by_decorator(*target, self.dependencies)
        if found:
            state.all_names = {**(state.all_names or {}), operation.name: None}

    # -- branches ---------------------------------------------------------------------------------------------------

    def _branch(self, operation: Branch, state: AbstractState) -> None:
        conditions = self._conditions
        body = operation.alternatives[0]
        if operation.test is not None:
            verdict = conditions.truth(operation.test, state)
            if verdict is not None:
                self.operations(operation.alternatives[0 if verdict else 1], state)
                return
        optional = self._unusual(operation, state)
        if optional is None and operation.kind in ("import", "try"):
            # A `try` around imports asks what is installed; one around anything else may fail for any reason.
            verdict = conditions.imports_succeed(body)
            if verdict is True and operation.kind == "import":
                self._body_before_handlers(operation.alternatives, state)
                return
            if verdict is False or conditions.needs_third_party(body):
                optional = body
        states = self._run_apart(*self._ordered(operation, optional), state)
        if optional is not None:
            mark_uncertain(states[-1], states[:-1])
        state.become(join(states))

    def _unusual(self, operation: Branch, state: AbstractState) -> Sequence[Operation] | None:
        """The alternative that usually does not run; None where nobody knows."""
        usual = None if operation.test is None else self._conditions.usual_truth(operation.test, state)
        return None if usual is None else operation.alternatives[1 if usual else 0]

    def _ordered(
        self, operation: Branch, optional: Sequence[Operation] | None
    ) -> tuple[Sequence[Sequence[Operation]], int]:
        """The alternatives, usual ones first, and how many these are; 0 where none is more usual than others.

        The order is one of preference: where several definitions of a name remain, the first is what most readers and
        checkers take it for.
        """
        alternatives = operation.alternatives
        if optional is not None:
            ordered = [*(other for other in alternatives if other is not optional), optional]
            return ordered, len(ordered) - 1
        if operation.kind == "if":
            needs_third_party = self._conditions.needs_third_party
            n_usual = sum(not needs_third_party(alternative) for alternative in alternatives)
            return sorted(alternatives, key=needs_third_party), n_usual
        return alternatives, 0

    def _run_apart(
        self, alternatives: Sequence[Sequence[Operation]], n_usual: int, state: AbstractState
    ) -> list[AbstractState]:
        """Run each alternative on a copy of the state, and return these; the first `n_usual` are the usual ones."""
        states: list[AbstractState] = []
        bound: dict[str, int] = {}
        before = dict(self._initialisation.bound_at)
        for alternative in alternatives:
            inner = state.copy()
            self._initialisation.bound_at = dict(before)
            self.operations(alternative, inner)
            # Which alternative runs is not known: a name counts as bound as late as any of them binds it.
            for name, at in self._initialisation.bound_at.items():
                bound[name] = max(at, bound.get(name, 0))
            if 0 < n_usual <= len(states):
                mark_optional(inner, state)
            states.append(inner)
        self._initialisation.bound_at = bound
        return states

    def _body_before_handlers(self, alternatives: Sequence[Sequence[Operation]], state: AbstractState) -> None:
        """Run the body of a `try` whose imports find their modules. Whether these have the names is not known yet: a
        name that turns out to be missing is what the handlers make it."""
        body, *handlers = alternatives
        wanted = {
            operation.name
            for operation in body
            if isinstance(operation, ImportBind) and operation.attribute is not None
        }
        instead = {
            operation.name: route
            for handler in handlers
            for operation in handler
            if isinstance(operation, (Bind, ImportBind))
            and operation.name in wanted
            and (route := self._replacement(operation)) is not None
        }
        self.operations(body, state)
        for name, route in instead.items():
            entry = state.names.get(name)
            if entry is not None and not entry.earlier:
                state.names[name] = msgspec.structs.replace(entry, earlier=(route,))

    def _replacement(self, operation: Bind | ImportBind) -> Route | None:
        """What a handler's statement binds a name to that its `try` failed to import; None where that is not plain."""
        if isinstance(operation, Bind):
            return None if operation.aliases else Route("local", "", operation.name, operation.kind)
        target = absolute(self._name, operation.level, operation.module)
        return Route("from", target, operation.attribute) if operation.attribute and target is not None else None

    # -- the end ----------------------------------------------------------------------------------------------------

    def finish(self) -> Namespace:
        """Make the namespace of the final state."""
        state = self.state
        # In this order: a `__getattr__` is asked only for what no statement has bound, and what is loaded replaces it.
        self._lazy_names(state)
        self._lazy_stub(state)
        self._described(state)
        self._initialisation.bind_submodules(state)
        self._patch(state)
        for name, entry in state.typing.items():
            state.names.setdefault(name, entry)
        return Namespace(
            names=dict(sorted(state.names.items())),
            star=tuple(sorted(_star_names(state, self._module))),
            all_names=None if state.all_names is None else tuple(sorted(state.all_names)),
            all_dynamic=state.all_dynamic,
            all_container=state.all_container,
            bad_item=state.bad_item,
            star_fails=star_failure(state, self._module),
            opaque=tuple(sorted(state.opaque)) if state.all_names is None else (),
            unseen=tuple(sorted(state.opaque)),
            open_stars=tuple(sorted(self._open_stars)),
            dynamic_getattr=self._interface.dynamic_getattr or self._has_foreign_getattr(state),
            members={found.local_name: found.members for found in self._interface.classes},
            bases={found.local_name: found.bases for found in self._interface.classes},
            metaclasses={found.local_name: found.metaclass for found in self._interface.classes if found.metaclass},
            written={found.local_name: found.written for found in self._interface.classes if found.written},
            as_base=self._interface.as_base,
            inactive=self._inactive(state),
            initialisation=self._initialisation.order(),
        )

    def _has_foreign_getattr(self, state: AbstractState) -> bool:
        """Whether `__getattr__` is there and was not defined here, so that its table is not known."""
        found = state.names.get("__getattr__")
        if found is None or self._interface.lazy_names or self._interface.lazy_stub:
            return False
        return any(not (route.defines("__getattr__") and route.kind == "function") for route in found.routes)

    def _lazy_names(self, state: AbstractState) -> None:
        """Bind what a module `__getattr__` with a static table gives (PEP 562)."""
        for name, path in self._interface.lazy_names.items():
            target = split_target(self._name, path)
            if name in state.names or target is None:
                continue
            module, attribute = target
            root, _, rest = attribute.partition(".")
            route = Route("from", module, root, rest=rest) if attribute else Route("module", module)
            # What type checkers see of it answers where the table leads nowhere.
            declared = state.typing[name].routes if name in state.typing else ()
            state.names[name] = NamespaceEntry((route,), "dynamic", earlier=declared)

    def _lazy_stub(self, state: AbstractState) -> None:
        """Bind what `lazy_loader.attach_stub` takes from the module's own stub, as Scientific Python recommends it."""
        if not self._interface.lazy_stub or self._name.is_stub:
            return
        self.dependencies.add((table_provider(self._module), ""))
        stub = self._table.stub(self._module)
        if stub is None:
            return
        self.dependencies.add((stub, STAR))
        namespace = self._context.namespace_of(stub)
        for name, entry in namespace.names.items():
            # What the stub defines itself it merely describes; its imports are the table.
            if name not in state.names and not any(route.how == "local" for route in entry.routes):
                self.dependencies.add((stub, name))
                state.names[name] = NamespaceEntry(entry.routes, "dynamic")
        state.forget_all()
        state.all_names = dict.fromkeys(namespace.star)

    def _described(self, state: AbstractState) -> None:
        """Add to an `__all__` that is not static what the module's own stub lists: names that C code or loops bind."""
        if state.all_dynamic is None or state.all_names is None or self._name.is_stub:
            return
        self.dependencies.add((table_provider(self._module), ""))
        stub = self._table.stub(self._module)
        if stub is not None and self._module in self._reads:
            self.dependencies.add((stub, ALL))
            namespace = self._context.namespace_of(stub)
            for name in namespace.all_names or ():
                state.all_names[name] = None
                if name not in state.names and name in namespace.names:
                    self.dependencies.add((stub, name))
                    # What the stub declares is bound in the module, where nobody sees.
                    routes = namespace.names[name].routes
                    own = all(route.how == "local" for route in routes)
                    state.names[name] = NamespaceEntry(routes, "definition" if own else "reexport")

    def _patch(self, state: AbstractState) -> None:
        """Bind what other modules set here; a name that is bound here already is taken for what it is bound to."""
        if self._name.is_stub:
            return
        for setter, name, alias in self._context.patches.get(self._module, ()):
            if name in state.names or name.startswith("__"):
                continue
            root, _, rest = alias.partition(".")
            if alias:
                state.names[name] = NamespaceEntry((Route("from", setter, root, rest=rest),), "reexport")
            else:
                state.names[name] = NamespaceEntry((Route("local", "", name),), "definition")

    def _inactive(self, state: AbstractState) -> dict[str, NamespaceEntry]:
        """The names that only branches bind which do not run here: code in them still means something by them."""
        if not self._interface.inactive:
            return {}
        elsewhere = state.copy()
        self.operations(self._interface.inactive, elsewhere)
        return {name: entry for name, entry in sorted(elsewhere.typing.items()) if name not in state.names}


def _star_names(state: AbstractState, module: str) -> Iterable[str]:
    """What a star of the module binds: its `__all__`, or else each public name; nothing where it fails."""
    if star_failure(state, module) is not None:
        return ()
    if state.all_names is not None and (state.all_names or state.all_dynamic is None):
        return state.all_names
    # A name that a lazy `__getattr__` gives is not in the module's `__dict__`, which a star reads.
    return [
        name
        for name, entry in state.names.items()
        if not name.startswith("_")
        and entry.certain
        and not entry.typing_only
        and not entry.hidden
        and entry.source != "dynamic"
    ]


def _alias_route(route: Route, rest: str, kind: str, name: str) -> Route:
    """The route of an alias of what another route leads to."""
    if route.how == "local" and route.kind == "variable" and not route.alias:
        # `y = x` of a plain value makes another variable: there is no thing with a name of its own to follow.
        return Route("local", "", name, kind)  # type: ignore[arg-type]
    return Route(route.how, route.module, route.name, route.kind, joined(route.rest, rest), True)
