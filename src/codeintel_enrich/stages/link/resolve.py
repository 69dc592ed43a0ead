"""The resolver: what a name of a module, or a path from it, finally is.

It follows the routes of names from namespace to namespace, and attributes through modules and classes. `Queries` drives
it; every method that may need another node is a generator, and every one records what it asks for in `dependencies`.
"""

from __future__ import annotations

import builtins
import types
from collections.abc import Callable, Generator, Iterable

import msgspec

from codeintel_enrich.model.interface import DefinitionKind
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.definitions import (
    Resolution,
    ResolvedDefinition,
    c3_merge,
    distinct,
    external,
    preference,
    with_hop,
)
from codeintel_enrich.stages.link.dependencies import (
    ALL,
    IMPORT_GRAPH,
    INITIALISATION,
    LOADED,
    OPEN,
    Dependency,
    base_item,
    bases_item,
    inactive_node,
    member_item,
    mro_node,
    table_dependencies,
    table_provider,
)
from codeintel_enrich.stages.link.import_graph import LoadedBy, runs_before_binding
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import Namespace, Route
from codeintel_enrich.stages.link.opaque import in_one_line
from codeintel_enrich.stages.link.openings import Openings
from codeintel_enrich.stages.link.queries import Lookup, Queries, QueryNode

_BUILTINS = frozenset(dir(builtins)) | {"WindowsError", "__builtins__"}
_MODULE_ATTRIBUTES = frozenset(
    {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__file__", "__path__", "__dict__", "__cached__"}
    | {"__builtins__", "__annotations__", "__class__"}
)
"""What the import system sets on every module (https://docs.python.org/3/reference/datamodel.html#modules)."""
_OF_EVERY_MODULE = _MODULE_ATTRIBUTES | frozenset(dir(types.ModuleType))
_OBJECT_MEMBERS = frozenset(dir(object)) | {"__dict__", "__module__", "__qualname__", "__name__", "__mro__"}
_BASES_WITHOUT_MEMBERS = ("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC")


def is_implicit(name: str, module: ModuleName, has_all: bool) -> bool:
    """Whether a module has a name that no statement binds: as every module, as a package, or as its `__all__`."""
    if name == "__all__":
        return has_all
    return name in _OF_EVERY_MODULE and (name != "__path__" or module.is_package)


class NameResolver:
    """Resolves names over a set of namespaces that do not change meanwhile."""

    def __init__(
        self,
        table: ModuleTable,
        namespace_of: Callable[[str], Namespace],
        is_loaded: Callable[[str], bool],
        loaded_by: LoadedBy,
        openings: Openings,
    ) -> None:
        self._table = table
        self.own_name = table.own_name
        self._openings = openings
        self._namespace_of = namespace_of
        self._is_loaded = is_loaded
        self._loaded_by = loaded_by
        self._queries = Queries(self._start)
        self.resolve = self._queries.resolve
        self.ask = self._queries.ask
        self.dependencies_of = self._queries.dependencies_of

    def _start(self, node: QueryNode, dependencies: set[Dependency]) -> Lookup:
        path, name = node
        if name.endswith("!"):
            return self._mro(path, name[:-1], dependencies)
        return self._name(path, name, dependencies)

    # -- names ------------------------------------------------------------------------------------------------------

    def _name(self, path: str, name: str, dependencies: set[Dependency]) -> Lookup:
        """A name of a module's namespace, by all its routes."""
        namespace = self._namespace_of(path)
        is_inactive = name.startswith("~")
        name = name.removeprefix("~")
        entry = (namespace.inactive if is_inactive else namespace.names).get(name)
        if entry is None:
            return Resolution(reason="not bound")
        here = self._table.names[path]
        own = f"{here.owner}.{name}"
        found: list[ResolvedDefinition] = []
        ranks: dict[tuple[str, str], tuple[bool, ...]] = {}
        reason: str | None = None
        for route in entry.routes:
            definitions: tuple[ResolvedDefinition, ...]
            if route.defines(name):
                definitions = (ResolvedDefinition(own, route.kind, path, name, (own,)),)
            else:
                resolution = yield from self._route(path, here, route, dependencies)
                reason = reason or resolution.reason
                definitions = resolution.definitions
                if route.alias:
                    definitions = _aliased(definitions, own, path, name)
            # Where the route leads, its definitions are in order already.
            is_renamed = bool(definitions) and definitions[0].qualified.rpartition(".")[2] != name
            for definition in definitions:
                # The same definition by a worse route is no worse for it, so its first rank stays.
                rank = preference(definition, route.optional, is_renamed)
                ranks.setdefault((definition.qualified, definition.kind), rank)
            found.extend(definitions)
        # Only now: what was replaced is no second meaning of the name, but the answer where the first is a dead end.
        for route in entry.earlier if not found else ():
            resolution = yield from self._route(path, here, route, dependencies)
            found.extend(resolution.definitions)
        if len(found) > 1 and ranks:
            found.sort(key=lambda definition: ranks[definition.qualified, definition.kind])
        return Resolution(distinct(found), None if found else reason)

    def _route(self, path: str, here: ModuleName, route: Route, dependencies: set[Dependency]) -> Lookup:
        if route.how == "local":
            own = f"{here.owner}.{route.name}"
            resolution = Resolution((ResolvedDefinition(own, route.kind, path, route.name, (own,)),))
        elif route.how == "module":
            resolution = self.module(route.module, dependencies, here.is_stub)
        elif route.how == "from":
            resolution = yield from self.module_attribute(route.module, route.name, dependencies, here)
        else:
            return Resolution(reason=f"`{route.module}` leaves the top-level package")
        return (yield from self.attributes(resolution, route.rest, dependencies))

    def module(self, dotted: str, dependencies: set[Dependency], for_stub: bool = False) -> Resolution:
        """A module by its absolute name."""
        dependencies.update(table_dependencies(dotted))
        if self._table.has(dotted):
            path = self._table.path(dotted, for_stub)
            return Resolution((ResolvedDefinition(dotted, "module", path, "", (dotted,)),))
        return self._missing(dotted, dependencies) if self._table.owns(dotted) else external(dotted)

    def _missing(self, dotted: str, dependencies: set[Dependency]) -> Resolution:
        """A module that a package of the tree does not have in the tree."""
        opening = self._openings.of(dotted, dependencies)
        return Resolution(reason=f"no module `{dotted}`" if opening is None else f"`{dotted}`: {opening.reason}")

    def module_attribute(
        self,
        dotted: str,
        name: str,
        dependencies: set[Dependency],
        importer: ModuleName | None = None,
        for_stub: bool = False,
    ) -> Lookup:
        """`from dotted import name` in the module `importer`; without one, the attribute `dotted.name`."""
        dependencies.update(table_dependencies(dotted))
        spelled = f"{dotted}.{name}"
        for_stub = importer.is_stub if importer is not None else for_stub
        path = self._table.path(dotted, for_stub)
        if path is None:
            # A namespace package has no names but its submodules; of a third party's module any name is taken to exist.
            if not self._table.has(dotted) and not self._table.owns(dotted):
                # A folder of modules beside a script is no module itself for anybody else.
                beside = importer.sees.get(spelled) if importer is not None else None
                return external(spelled) if beside is None else self.module(beside, dependencies, for_stub)
            return self.module(spelled, dependencies)
        dependencies.add((path, name))
        dependencies.add((table_provider(spelled), ""))
        namespace = self._namespace_of(path)
        is_submodule = self._table.has(spelled)
        if name in namespace.names:
            if (
                is_submodule
                and importer is not None
                and self._sees_submodule(dotted, name, path, importer, dependencies)
            ):
                return self.module(spelled, dependencies, for_stub)
            resolution = yield (path, name)
            return Resolution(
                tuple([with_hop(spelled, definition) for definition in resolution.definitions]), resolution.reason
            )
        dependencies.add((path, OPEN))
        if is_submodule:
            # An import statement loads the submodule itself; an attribute is there only once something has.
            if importer is None:
                dependencies.add((table_provider(spelled), LOADED))
                if not self._is_loaded(spelled):
                    return Resolution(reason=f"nothing imports `{spelled}`")
            return self.module(spelled, dependencies, for_stub)
        if name == "__all__":
            dependencies.add((path, ALL))
        if is_implicit(name, self._table.names[path], namespace.all_names is not None):
            return Resolution((ResolvedDefinition(spelled, "variable", path, name, (spelled,)),))
        if not namespace.open_stars and not namespace.dynamic_getattr:
            opening = self._openings.of(spelled, dependencies)
            if opening is not None:
                return Resolution(reason=f"`{spelled}`: {opening.reason}")
        return _unseen(namespace, dotted, name)

    def _sees_submodule(
        self, package: str, name: str, path: str, importer: ModuleName, dependencies: set[Dependency]
    ) -> bool:
        """Whether an import inside a package that is still being initialised finds the submodule of a name, because
        the package has not bound the name yet."""
        if not (importer.key or "").startswith(f"{package}."):
            return False
        dependencies.add((path, INITIALISATION))
        dependencies.add(IMPORT_GRAPH)
        return runs_before_binding(importer.key or "", package, name, self._namespace_of(path), self._loaded_by)

    def root(self, path: str, name: str, dependencies: set[Dependency]) -> Lookup:
        """A name as code in the module sees it: its namespace, then builtins, then the stars nobody can see."""
        dependencies.add((path, name))
        namespace = self._namespace_of(path)
        if name in namespace.names:
            return (yield (path, name))
        dependencies.add((path, OPEN))
        # A star of a module that nobody sees could replace a builtin, but a use of one is far more often just that.
        if name in _BUILTINS:
            return external(f"builtins.{name}")
        if name == "__all__":
            dependencies.add((path, ALL))
        if name in _MODULE_ATTRIBUTES or (name == "__all__" and namespace.all_names is not None):
            own = f"{self._table.names[path].owner}.{name}"
            return Resolution((ResolvedDefinition(own, "variable", path, name, (own,)),))
        if namespace.open_stars:
            return _of_open_stars(namespace, name)
        dependencies.add((path, inactive_node(name)))
        if name in namespace.inactive:
            return (yield (path, inactive_node(name)))
        if namespace.unseen:
            return Resolution(reason=f"not all names here are known: {in_one_line(namespace.unseen)}")
        return Resolution(reason="unbound name")

    # -- attributes -------------------------------------------------------------------------------------------------

    def attributes(self, resolution: Resolution, rest: str, dependencies: set[Dependency]) -> Lookup:
        """Follow dotted attributes from a resolution."""
        for name in rest.split(".") if rest else ():
            found: list[ResolvedDefinition] = []
            reason = resolution.reason
            for definition in resolution.definitions:
                if definition.kind == "module":
                    # From a stub on, type checkers read stubs.
                    is_stub = definition.path is not None and definition.path.endswith(".pyi")
                    step = yield from self.module_attribute(definition.qualified, name, dependencies, for_stub=is_stub)
                elif definition.kind == "class":
                    step = yield from self.member(definition, name, dependencies)
                elif definition.kind == "external":
                    step = external(f"{definition.qualified}.{name}")
                else:
                    step = Resolution(reason=f"attribute of a {definition.kind}")
                found.extend(step.definitions)
                reason = reason or step.reason
            resolution = Resolution(distinct(found), None if found else reason)
        return resolution

    def member(
        self,
        owner: ResolvedDefinition,
        name: str,
        dependencies: set[Dependency],
        after: bool = False,
        of_instance: bool = False,
    ) -> Lookup:
        """A class's attribute by its method resolution order, then by its metaclass; with `after`, what follows the
        class itself. An instance has no attributes of the metaclass.

        A class that assigns an attribute on its instances does not define it where one of its bases does: a property
        or another attribute of a base is what it assigns to, and what several assign is the farthest base's.
        """
        assigned: Resolution | None = None
        if not after:
            own, is_assigned = self._own_member(owner, name, dependencies)
            if own is not None:
                assigned = Resolution((own,))
                if not is_assigned:
                    return assigned
        if owner.path is None:
            return Resolution(reason="attribute of an unknown class")
        mro = yield (owner.path, mro_node(owner.local))
        for ancestor in mro.order[1:]:
            if ancestor.kind == "external":
                given = _external_member(ancestor.qualified, name)
                if given is not None:
                    spelled, is_certain = given
                    return assigned if assigned is not None and not is_certain else external(spelled)
            elif ancestor.kind != "class":
                # It may have the member, and so hide that of every class that follows.
                return assigned or Resolution(reason=f"`{owner.qualified}` has a base that is not known")
            else:
                found, is_assigned = self._own_member(ancestor, name, dependencies)
                if found is not None:
                    assigned = Resolution((found,))
                    if not is_assigned:
                        return assigned
        if assigned is not None:
            return assigned
        if name in _OBJECT_MEMBERS:
            return external(f"builtins.object.{name}")
        if not of_instance:
            found_there = yield from self._of_metaclass(mro.order, name, dependencies)
            if found_there.definitions:
                return found_there
        return Resolution(reason=f"`{owner.qualified}` has no `{name}`")

    def _of_metaclass(self, order: Iterable[ResolvedDefinition], name: str, dependencies: set[Dependency]) -> Lookup:
        """An attribute that a class has from its metaclass; `order` is its method resolution order."""
        for definition in order:
            if definition.path is None:
                continue
            dependencies.add((definition.path, bases_item(definition.local)))
            written = self._namespace_of(definition.path).metaclasses.get(definition.local)
            if written is not None:
                metaclass = yield from self._base(definition.path, definition.local, written, dependencies)
                if metaclass.kind == "class":
                    return (yield from self.member(metaclass, name, dependencies, of_instance=True))
                # Of another's metaclass any attribute could be taken to exist, but of those few have any.
                return Resolution(reason="attribute of an unknown metaclass")
        return external(f"builtins.type.{name}") if hasattr(type, name) else Resolution(reason="no such attribute")

    def _own_member(
        self, owner: ResolvedDefinition, name: str, dependencies: set[Dependency]
    ) -> tuple[ResolvedDefinition | None, bool]:
        """What a class itself makes of a name, and whether only its methods assign it."""
        if owner.path is None:
            return None, False
        dependencies.add((owner.path, member_item(owner.local, name)))
        kind = self._namespace_of(owner.path).members.get(owner.local, {}).get(name)
        if kind is None:
            return None, False
        written = self._namespace_of(owner.path).written.get(owner.local, {}).get(name, name)
        qualified = f"{owner.qualified}.{written}"
        is_assigned = kind == "attribute"
        of_kind: DefinitionKind = "variable" if kind == "attribute" else kind
        local = f"{owner.local}.{written}"
        return ResolvedDefinition(qualified, of_kind, owner.path, local, (qualified,)), is_assigned

    def _mro(self, path: str, local: str, dependencies: set[Dependency]) -> Lookup:
        """The method resolution order of a class: its bases' orders and its bases, merged as C3 does."""
        dependencies.add((path, bases_item(local)))
        itself = ResolvedDefinition(f"{self._table.names[path].owner}.{local}", "class", path, local)
        bases: list[ResolvedDefinition] = []
        orders: list[list[ResolvedDefinition]] = []
        for written in self._namespace_of(path).bases.get(local, ()):
            base = yield from self._base(path, local, written, dependencies)
            if base.qualified in _BASES_WITHOUT_MEMBERS:
                # They have no member that anybody asks for, and would end what is known.
                continue
            bases.append(base)
            if base.kind == "class" and base.path is not None:
                inherited = yield (base.path, mro_node(base.local))
                orders.append(list(inherited.order) or [base])
            else:
                orders.append([base])
        return Resolution(order=(itself, *c3_merge([*orders, bases])))

    def _base(
        self, path: str, local: str, written: str | None, dependencies: set[Dependency]
    ) -> Generator[QueryNode, Resolution, ResolvedDefinition]:
        """What a base of the class `local` is; of several that it may be, the preferred one."""
        outer = local.rpartition(".")[0]
        if written is not None and outer:
            # A nested class sees the names of the class whose body it stands in, and of no other.
            root = written.partition(".")[0]
            dependencies.add((path, member_item(outer, root)))
            if root in self._namespace_of(path).members.get(outer, {}):
                written = f"{outer}.{written}"
        return (yield from self._as_base(path, written, dependencies, frozenset()))

    def _as_base(
        self, path: str, written: str | None, dependencies: set[Dependency], seen: frozenset[tuple[str, str]]
    ) -> Generator[QueryNode, Resolution, ResolvedDefinition]:
        if written is None:
            return ResolvedDefinition("", "unknown")
        root, _, rest = written.partition(".")
        start = yield from self.root(path, root, dependencies)
        resolution = yield from self.attributes(start, rest, dependencies)
        for definition in resolution.definitions:
            if definition.kind in ("class", "external"):
                return msgspec.structs.replace(definition, chain=(), named=None, named_path=None)
        for definition in resolution.definitions:
            # A class with type arguments is no class, but it stands for one here.
            place = (definition.path or "", definition.local)
            if definition.path is not None and place not in seen:
                dependencies.add((definition.path, base_item(definition.local)))
                inner = self._namespace_of(definition.path).as_base.get(definition.local)
                found = yield from self._as_base(definition.path, inner, dependencies, seen | {place})
                if found.kind != "unknown":
                    return found
        return ResolvedDefinition("", "unknown")

    def base(self, path: str, local: str, written: str, dependencies: set[Dependency]) -> Lookup:
        """What a base of a class of a module is, also through names of classes with type arguments."""
        found = yield from self._base(path, local, written, dependencies)
        return Resolution() if found.kind == "unknown" else Resolution((found,))


def _aliased(
    definitions: Iterable[ResolvedDefinition], own: str, path: str, name: str
) -> tuple[ResolvedDefinition, ...]:
    """What `name = other` makes of the definitions of `other`; `own` is the qualified name of `name`.

    A new name for a class, function or module is that thing; any other value makes a variable.
    """
    things = [definition for definition in definitions if definition.kind not in ("variable", "unknown")]
    if not things:
        return (ResolvedDefinition(own, "variable", path, name, (own,)),)
    return tuple([msgspec.structs.replace(thing, named=own, named_path=path) for thing in things])


def _of_open_stars(namespace: Namespace, name: str) -> Resolution:
    """A name that only stars of modules outside the tree can give."""
    spelled = [f"{star}.{name}" for star in namespace.open_stars]
    return Resolution(tuple([ResolvedDefinition(each, "external", None, "", (each,)) for each in spelled]))


def _unseen(namespace: Namespace, dotted: str, name: str) -> Resolution:
    """A name that a module does not visibly have."""
    if namespace.open_stars:
        return _of_open_stars(namespace, name)
    if namespace.unseen:
        return Resolution(reason=f"not all names of `{dotted}` are known: {in_one_line(namespace.unseen)}")
    if namespace.dynamic_getattr:
        return Resolution(reason=f"`{dotted}.__getattr__` decides")
    return Resolution(reason=f"`{dotted}` has no `{name}`")


def _external_member(class_name: str, name: str) -> tuple[str, bool] | None:
    """The qualified name of a member that a class outside the tree gives, and whether it surely does: only the
    interpreter's own classes can be asked. None where such a one has no member of its own by that name."""
    builtin = getattr(builtins, class_name.removeprefix("builtins."), None)
    if not isinstance(builtin, type):
        return f"{class_name}.{name}", False
    giver = next((base.__name__ for base in builtin.__mro__ if name in vars(base)), "object")
    # Every class has the members of `object`; another ancestor may have its own.
    return None if giver == "object" else (f"builtins.{giver}.{name}", True)
