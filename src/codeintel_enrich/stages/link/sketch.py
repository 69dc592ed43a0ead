"""Owns the sketch: what `link` takes from one interface before any namespace is evaluated.

Sketches answer the questions that must not wait for namespaces: what a module loads, where a decorator or a constant
was written. They follow explicit imports only, no stars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import msgspec

from codeintel_enrich.model.interface import (
    AllOperation,
    Bind,
    Branch,
    ImportBind,
    Interface,
    Operation,
    Star,
    UsualValue,
)
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.faces import table_fact
from codeintel_enrich.stages.link.table import Table, absolute

_MANY_PATHS = 32
"""A name that is assigned from itself more often than this leads to no list of names."""


class Sketch(msgspec.Struct, frozen=True, array_like=True):
    """What one module's interface says by itself."""

    hops: dict[str, tuple[str, str]] = {}
    """Name bound by an explicit import -> (absolute module, attribute); the attribute of `import m` is empty."""
    exporters: tuple[str, ...] = ()
    tests: dict[str, bool] = {}
    usual: dict[str, UsualValue] = {}
    loads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(absolute module, imported names) of every import at module level that runs, sorted."""
    local_loads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The same inside functions."""
    patches: tuple[tuple[str, str, str], ...] = ()
    """(absolute dotted name that may be a module, name set in it, dotted path in this namespace or empty)."""
    reads: tuple[str, ...] = ()
    """Absolute modules whose stars or `__all__` its namespace is made from, and no others, sorted."""


def sketch(name: ModuleName, interface: Interface) -> Sketch:
    """Take the sketch of a interface, read as the module `name`."""
    hops: dict[str, tuple[str, str]] = {}
    tests: dict[str, bool] = {}
    reads: set[str] = set()
    ever: dict[str, dict[str, None]] = {}
    """Name -> what it is bound to at some time, as absolute dotted paths."""
    for operation in all_operations(interface.operations):
        if isinstance(operation, ImportBind):
            target = absolute(name, operation.level, operation.module)
            if target is None:
                continue
            if operation.attribute is None and operation.binds_top:
                target = target.partition(".")[0]
            attribute = operation.attribute or ""
            hops[operation.name] = (target, attribute)
            ever.setdefault(operation.name, {})[f"{target}.{attribute}" if attribute else target] = None
        elif isinstance(operation, Bind):
            hops.pop(operation.name, None)
            for alias in operation.aliases:
                root, dot, rest = alias.partition(".")
                paths = [f"{path}{dot}{rest}" for path in ever.get(root, ())]
                if len(paths) <= _MANY_PATHS:
                    ever.setdefault(operation.name, {}).update(dict.fromkeys(paths))
            if operation.test is not None:
                tests[operation.name] = operation.test
            else:
                tests.pop(operation.name, None)
        elif isinstance(operation, Star):
            target = absolute(name, operation.level, operation.module)
            if target is not None:
                reads.add(target)
        elif isinstance(operation, AllOperation):
            for path in operation.lists:
                reads.update(_list_modules(name, path, ever))
    if interface.lazy_stub and name.module is not None:
        reads.add(name.module)
    return Sketch(
        hops,
        interface.exporters,
        tests,
        interface.usual,
        _loads(name, interface, "runtime"),
        _loads(name, interface, "local"),
        tuple(_patches(name, interface, hops)),
        tuple(sorted(reads)),
    )


def _loads(name: ModuleName, interface: Interface, phase: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, set[str]] = {}
    for wanted in interface.imports:
        target = absolute(name, wanted.level, wanted.module)
        if target is not None and wanted.phase == phase:
            found.setdefault(target, set()).update(wanted.names)
    return tuple((target, tuple(sorted(names))) for target, names in sorted(found.items()))


def _patches(
    name: ModuleName, interface: Interface, hops: dict[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Only modules of the same distribution: what a test or a script does to a package is no part of it."""
    for patch in interface.patches:
        root, _, rest = patch.path.partition(".")
        module, attribute = hops.get(root, ("", ""))
        target, _, changed = ".".join(part for part in (module, attribute, rest) if part).rpartition(".")
        if name.module and module and target.partition(".")[0] == name.module.partition(".")[0]:
            yield target, changed, patch.alias or ""


def all_operations(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Every operation, those of all branches included."""
    for operation in operations:
        if isinstance(operation, Branch):
            for alternative in operation.alternatives:
                yield from all_operations(alternative)
        else:
            yield operation


def _list_modules(name: ModuleName, path: str, ever: dict[str, dict[str, None]]) -> Iterator[str]:
    """The modules that a list's path may lie in, by what is written."""
    if ":" in path:
        target = split_target(name, path)
        if target is not None:
            yield target[0]
        return
    root, dot, rest = path.partition(".")
    for held in ever.get(root, ()):
        module, _, attribute = f"{held}{dot}{rest}".rpartition(".")
        if attribute == "__all__":
            yield module


def split_target(name: ModuleName, path: str) -> tuple[str, str] | None:
    """`..pkg.m:attribute` -> (absolute module, attribute); None where the dots leave the top-level package."""
    module, _, attribute = path.partition(":")
    written = module.lstrip(".")
    target = absolute(name, len(module) - len(written), written or None)
    return None if target is None else (target, attribute)


class Chaser:
    """Follows explicit imports through sketches, noting each question it asks."""

    def __init__(self, table: Table, sketch_of: Callable[[str], Sketch]) -> None:
        self._table = table
        self._sketch_of = sketch_of

    def exports_by_decorator(self, module: str, attribute: str, facts: set[tuple[str, str]]) -> bool:
        """Whether `module.attribute` is a decorator that adds to `__all__`."""
        found = self._chase(module, attribute, facts)
        return found is not None and found[1] in self._sketch_of(found[0]).exporters

    def test(self, module: str, attribute: str, facts: set[tuple[str, str]]) -> bool | None:
        """The truth value of the constant `module.attribute`; None where it has none."""
        found = self._chase(module, attribute, facts)
        return None if found is None else self._sketch_of(found[0]).tests.get(found[1])

    def usual(self, module: str, attribute: str, facts: set[tuple[str, str]]) -> UsualValue | None:
        """What the constant `module.attribute` usually is, and the module it depends on; None where nobody knows."""
        found = self._chase(module, attribute, facts)
        return None if found is None else self._sketch_of(found[0]).usual.get(found[1])

    def _chase(self, module: str, attribute: str, facts: set[tuple[str, str]]) -> tuple[str, str] | None:
        seen: set[tuple[str, str]] = set()
        while (module, attribute) not in seen:
            seen.add((module, attribute))
            facts.add((table_fact(module), ""))
            path = self._table.path(module)
            name, _, rest = attribute.partition(".")
            if path is None or not name:
                return None
            facts.add((path, f"={name}"))
            here = self._sketch_of(path)
            if name in here.hops:
                module, inner = here.hops[name]
                attribute = ".".join(part for part in (inner, rest) if part)
            elif rest and self._table.has(f"{module}.{name}"):
                module, attribute = f"{module}.{name}", rest
            else:
                return None if rest else (path, name)
        return None


def changed_sketch_facts(before: Sketch, after: Sketch) -> Iterator[str]:
    """The facts in which two sketches of one module differ."""
    for name in before.hops.keys() | after.hops.keys():
        if before.hops.get(name) != after.hops.get(name):
            yield f"={name}"
    for name in before.tests.keys() | after.tests.keys():
        if before.tests.get(name) != after.tests.get(name):
            yield f"={name}"
    for name in before.usual.keys() | after.usual.keys():
        if before.usual.get(name) != after.usual.get(name):
            yield f"={name}"
    for name in set(before.exporters) ^ set(after.exporters):
        yield f"={name}"
