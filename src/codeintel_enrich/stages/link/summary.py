"""Module summaries: what `link` takes from one interface alone, before any namespace is evaluated.

Summaries answer the questions that must not wait for namespaces, because the evaluation of namespaces asks them: what a
module loads, which namespaces have to come first, where a decorator or a constant was written. They follow explicit
imports only, no stars.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping

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
from codeintel_enrich.stages.link.dependencies import Dependency, table_provider, written_item
from codeintel_enrich.stages.link.module_table import ModuleTable, absolute, bound_by
from codeintel_enrich.stages.link.namespace import joined

_MAX_PATHS = 32
"""A name that is assigned from itself more often than this leads to no list of names: the paths it may stand for
double with each `m = m.a`."""


class ModuleSummary(msgspec.Struct, frozen=True, array_like=True):
    """What one module's interface says by itself."""

    imported: dict[str, tuple[str, str]] = {}
    """Name bound by an explicit import -> (absolute module, attribute); the attribute of `import m` is empty."""
    exporters: tuple[str, ...] = ()
    """As `Interface.exporters`."""
    tests: dict[str, bool] = {}
    """Constant -> its truth value."""
    usual: dict[str, UsualValue] = {}
    """As `Interface.usual`."""
    loads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(absolute module, imported names) of every import at module level that runs, sorted."""
    local_loads: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """The same of imports that run later: inside functions, lazy ones, and where the module is run as a program."""
    patches: tuple[tuple[str, str, str], ...] = ()
    """(absolute dotted name that may be a module, name set in it, dotted path in this namespace or empty)."""
    extends_path: bool = False
    """As `Interface.extends_path`, for whatever reason."""
    reads: tuple[str, ...] = ()
    """Absolute modules whose stars or `__all__` its namespace is made from, and no others, sorted."""


def summarize(name: ModuleName, interface: Interface) -> ModuleSummary:
    """Take the summary of an interface, read as the module `name`."""
    written = _Written(name)
    # The branches of a module are not told apart: which of them runs may itself be a question to other summaries.
    for operation in all_operations(interface.operations):
        written.take(operation)
    # Its stub has the same dotted name.
    if (interface.lazy_stub or written.is_dynamic) and name.key is not None:
        written.reads.add(name.key)
    return ModuleSummary(
        written.imported,
        interface.exporters,
        written.tests,
        interface.usual,
        _loads(name, interface, ("runtime",)),
        _loads(name, interface, ("local", "lazy", "main")),
        tuple(_patches(name, interface, written.imported)),
        interface.extends_path is not None,
        tuple(sorted(written.reads)),
    )


class _Written:
    """What a module's operations say, taken one after the other, those of every branch."""

    def __init__(self, name: ModuleName) -> None:
        self.imported: dict[str, tuple[str, str]] = {}
        self.tests: dict[str, bool] = {}
        self.reads: set[str] = set()
        self.is_dynamic = False
        """Whether its `__all__` is not static."""
        self._name = name
        self._paths: dict[str, dict[str, None]] = {}
        """Name -> what it is bound to at some time, as absolute dotted paths: `reads` must not miss a module, since
        evaluation can only look at namespaces that come first."""

    def take(self, operation: Operation) -> None:
        """Take up one operation."""
        if isinstance(operation, ImportBind):
            self._import(operation)
        elif isinstance(operation, Bind):
            self._bind(operation)
        elif isinstance(operation, Star):
            target = absolute(self._name, operation.level, operation.module)
            if target is not None:
                self.reads.add(target)
        elif isinstance(operation, AllOperation):
            self.is_dynamic |= operation.operation == "dynamic"
            for path in operation.lists:
                self.reads.update(self._list_modules(path))

    def _import(self, operation: ImportBind) -> None:
        target = absolute(self._name, operation.level, operation.module)
        if target is None:
            return
        # `import a.b` binds `a` (https://docs.python.org/3/reference/simple_stmts.html#import).
        attribute = operation.attribute or ""
        if operation.attribute is None:
            top = bound_by(target, operation.module or "")
            target, attribute = top, "" if operation.binds_top else target[len(top) + 1 :]
        self.imported[operation.name] = (target, attribute)
        self._paths.setdefault(operation.name, {})[f"{target}.{attribute}" if attribute else target] = None

    def _bind(self, operation: Bind) -> None:
        # Whoever follows explicit imports must stop here: this module has made something else of the name.
        self.imported.pop(operation.name, None)
        for alias in operation.aliases:
            root, dot, rest = alias.partition(".")
            paths = [f"{path}{dot}{rest}" for path in self._paths.get(root, ())]
            if len(paths) <= _MAX_PATHS:
                self._paths.setdefault(operation.name, {}).update(dict.fromkeys(paths))
        # The last assignment counts, as it does at run time.
        if operation.test is not None:
            self.tests[operation.name] = operation.test
        else:
            self.tests.pop(operation.name, None)

    def _list_modules(self, path: str) -> Iterator[str]:
        """The modules that a list's path may lie in, by what is written."""
        if ":" in path:
            target = split_target(self._name, path)
            if target is not None:
                yield target[0]
            return
        root, dot, rest = path.partition(".")
        for held in self._paths.get(root, ()):
            module, _, attribute = f"{held}{dot}{rest}".rpartition(".")
            if attribute == "__all__":
                yield module


def _loads(name: ModuleName, interface: Interface, phases: Container[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, set[str]] = {}
    for wanted in interface.imports:
        target = absolute(name, wanted.level, wanted.module)
        # A module may be imported by several statements, which count as one.
        if target is not None and wanted.phase in phases:
            found.setdefault(target, set()).update(wanted.names)
    return tuple((target, tuple(sorted(names))) for target, names in sorted(found.items()))


def _patches(
    name: ModuleName, interface: Interface, imported: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Only modules of the same distribution: what a test or a script does to a package is no part of it."""
    for patch in interface.patches:
        root, _, rest = patch.path.partition(".")
        module, attribute = imported.get(root, ("", ""))
        target, _, changed = joined(module, attribute, rest).rpartition(".")
        if name.key and module and target.partition(".")[0] == name.key.partition(".")[0]:
            yield target, changed, patch.alias or ""


def all_operations(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Every operation, those of all branches included."""
    for operation in operations:
        if isinstance(operation, Branch):
            for alternative in operation.alternatives:
                yield from all_operations(alternative)
        else:
            yield operation


def split_target(name: ModuleName, path: str) -> tuple[str, str] | None:
    """`..pkg.m:attribute` -> (absolute module, attribute); None where the dots leave the top-level package."""
    module, _, attribute = path.partition(":")
    written = module.lstrip(".")
    target = absolute(name, len(module) - len(written), written or None)
    return None if target is None else (target, attribute)


class ImportFollower:
    """Follows explicit imports through summaries, recording each question it asks."""

    def __init__(self, table: ModuleTable, summary_of: Callable[[str], ModuleSummary]) -> None:
        self._table = table
        self._summary_of = summary_of

    def exports_by_decorator(self, module: str, attribute: str, dependencies: set[Dependency]) -> bool:
        """Whether `module.attribute` is a decorator that adds to `__all__`."""
        found = self._follow(module, attribute, dependencies)
        return found is not None and found[1] in self._summary_of(found[0]).exporters

    def test(self, module: str, attribute: str, dependencies: set[Dependency]) -> bool | None:
        """The truth value of the constant `module.attribute`; None where it has none."""
        found = self._follow(module, attribute, dependencies)
        return None if found is None else self._summary_of(found[0]).tests.get(found[1])

    def usual(self, module: str, attribute: str, dependencies: set[Dependency]) -> UsualValue | None:
        """What the constant `module.attribute` usually is, and the module it depends on; None where nobody knows."""
        found = self._follow(module, attribute, dependencies)
        return None if found is None else self._summary_of(found[0]).usual.get(found[1])

    def _follow(self, module: str, attribute: str, dependencies: set[Dependency]) -> tuple[str, str] | None:
        """The file and the name where `module.attribute` is written; None where explicit imports do not lead there."""
        # Imports may go round in a cycle; then the name is written nowhere.
        seen: set[tuple[str, str]] = set()
        while (module, attribute) not in seen:
            seen.add((module, attribute))
            dependencies.add((table_provider(module), ""))
            path = self._table.path(module)
            name, _, rest = attribute.partition(".")
            if path is None or not name:
                return None
            dependencies.add((path, written_item(name)))
            here = self._summary_of(path)
            if name in here.imported:
                module, inner = here.imported[name]
                attribute = joined(inner, rest)
            # `import pkg` and then `pkg.m.NAME`: a submodule, whoever loads it.
            elif rest and self._table.has(f"{module}.{name}"):
                module, attribute = f"{module}.{name}", rest
            else:
                return None if rest else (path, name)
        return None


def changed_summary_items(before: ModuleSummary, after: ModuleSummary) -> Iterator[str]:
    """The items in which two summaries of one module differ, as followers of imports may have asked for them."""
    # What a module loads, reads and patches concerns the tree and not who asked for a name; `incremental` compares it.
    said: tuple[tuple[Mapping[str, object], Mapping[str, object]], ...] = (
        (before.imported, after.imported),
        (before.tests, after.tests),
        (before.usual, after.usual),
    )
    for old, new in said:
        for name in old.keys() | new.keys():
            if old.get(name) != new.get(name):
                yield written_item(name)
    for name in set(before.exporters) ^ set(after.exporters):
        yield written_item(name)
    if before.extends_path is not after.extends_path:
        yield written_item("__path__")
