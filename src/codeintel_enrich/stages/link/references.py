"""The references of one module that `parse` could not resolve by itself, taken to what they stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from codeintel_enrich.model.linked import Target
from codeintel_enrich.model.modules import ModuleName, plain
from codeintel_enrich.stages.link.definitions import Resolution, ResolvedDefinition
from codeintel_enrich.stages.link.dependencies import Dependency
from codeintel_enrich.stages.link.namespace import Namespace
from codeintel_enrich.stages.link.queries import Lookup
from codeintel_enrich.stages.link.resolve import NameResolver
from codeintel_enrich.stages.link.summary import split_target


class References:
    """Resolves dotted paths as code in one module sees them; records what it asks for in `dependencies`."""

    def __init__(
        self,
        path: str,
        name: ModuleName,
        namespace: Namespace,
        resolver: NameResolver,
        dependencies: set[Dependency],
    ) -> None:
        self._path = path
        self._name = name
        self._namespace = namespace
        self._resolver = resolver
        self._dependencies = dependencies
        self._known: dict[str, Resolution] = {}
        """Reference, or a prefix of one -> what it resolves to."""

    def resolve_all(self, references: Iterable[str]) -> dict[str, Target]:
        """The target of each reference, spelled as `Interface.unresolved` has it."""
        return {reference: target_of(self._resolve(reference), self._resolver.own_name) for reference in references}

    def own_class(self, local: str) -> ResolvedDefinition:
        """A class that the module defines, by its local name."""
        own = f"{self._name.owner}.{local}"
        return ResolvedDefinition(own, "class", self._path, local, (own,))

    def _resolve(self, reference: str) -> Resolution:
        known = self._known.get(reference)
        if known is None:
            known = self._known[reference] = self._resolver.ask(
                lambda dependencies: self._lookup(reference, dependencies), self._dependencies
            )
        return known

    def _lookup(self, reference: str, dependencies: set[Dependency]) -> Lookup:
        if ":" in reference:
            return (yield from self._imported_locally(reference, dependencies))
        if reference.startswith("super("):
            owner, _, path = reference.removeprefix("super(").partition(").")
            return (yield from self._member(owner, path, dependencies, after=True))
        owner, of_instance, path = reference.partition("().")
        if of_instance:
            return (yield from self._member(owner, path, dependencies))
        return (yield from self._path_from_here(reference, dependencies))

    def _path_from_here(self, path: str, dependencies: set[Dependency]) -> Lookup:
        """A dotted path in this module's namespace; each prefix is answered once."""
        prefix, resolution = "", Resolution()
        for name in path.split("."):
            longer = f"{prefix}.{name}" if prefix else name
            known = self._known.get(longer)
            if known is not None:
                resolution = known
            elif prefix:
                resolution = yield from self._resolver.attributes(resolution, name, dependencies)
            else:
                resolution = yield from self._resolver.root(self._path, name, dependencies)
            # `np.array`, `np.zeros` and `np` share a prefix, and modules use few roots very often.
            self._known[longer] = resolution
            prefix = longer
        return resolution

    def _member(self, owner: str, path: str, dependencies: set[Dependency], after: bool = False) -> Lookup:
        """`name.attribute` of an instance of a class; `after` looks at what follows the class itself."""
        resolution = yield from self._written_class(owner, dependencies)
        name, _, deeper = path.partition(".")
        found: list[ResolvedDefinition] = []
        reason = resolution.reason
        for definition in resolution.definitions:
            if definition.kind != "class":
                reason = reason or f"attribute of a {definition.kind}"
                continue
            step = yield from self._resolver.member(definition, name, dependencies, after, of_instance=True)
            found.extend(step.definitions)
            reason = reason or step.reason
        member = Resolution(tuple(found), None if found else reason)
        return (yield from self._resolver.attributes(member, deeper, dependencies))

    def _written_class(self, local: str, dependencies: set[Dependency]) -> Lookup:
        """A class written in this file, by its local name."""
        if local in self._namespace.members:
            return Resolution((self.own_class(local),))
        root, _, rest = local.partition(".")
        resolution = yield from self._resolver.root(self._path, root, dependencies)
        return (yield from self._resolver.attributes(resolution, rest, dependencies))

    def _imported_locally(self, reference: str, dependencies: set[Dependency]) -> Lookup:
        """`..pkg.m:name.attribute`, `a.b:` (the module itself)."""
        target = split_target(self._name, reference)
        if target is None:
            return Resolution(reason="the import leaves the top-level package")
        module, path = target
        name, _, rest = path.partition(".")
        if not name:
            return self._resolver.module(module, dependencies, self._name.is_stub)
        resolution = yield from self._resolver.module_attribute(module, name, dependencies, self._name)
        return (yield from self._resolver.attributes(resolution, rest, dependencies))


def target_of(resolution: Resolution, own_name: Callable[[str, str | None], str]) -> Target:
    """What references see: the definitions, and behind them the names that assignments gave them on the way.

    `own_name` says of a dotted name and a file what the module that it leads to is called by itself.
    """
    if not resolution.definitions:
        return Target((), "unknown", None, plain(resolution.reason or "unknown"))
    first = resolution.definitions[0]
    names = [plain(own_name(definition.qualified, definition.path)) for definition in resolution.definitions]
    names += [plain(definition.named) for definition in resolution.definitions if definition.named]
    return Target(tuple(dict.fromkeys(names)), first.kind, first.path)
