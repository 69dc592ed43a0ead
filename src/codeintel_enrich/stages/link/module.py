"""The making of one linked module: its exports, its references resolved, its imports and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import msgspec

from codeintel_enrich.model.diagnostics import Severity
from codeintel_enrich.model.dotted import path_name
from codeintel_enrich.model.interface import AllOperation, ImportedModule, Interface, Star
from codeintel_enrich.model.linked import ExportKind, LinkedModule, LinkFinding, ModuleExport, ResolvedImport, Target
from codeintel_enrich.model.modules import plain
from codeintel_enrich.stages.link.definitions import Resolution, ResolvedDefinition
from codeintel_enrich.stages.link.dependencies import (
    CHILDREN,
    LOADED,
    OPEN,
    STAR,
    Dependency,
    inactive_node,
    mro_node,
    table_dependencies,
    table_provider,
)
from codeintel_enrich.stages.link.module_table import ModuleTable, absolute, is_standard
from codeintel_enrich.stages.link.namespace import Namespace, NamespaceEntry, Route
from codeintel_enrich.stages.link.opaque import in_one_line, reasons_by_statement
from codeintel_enrich.stages.link.openings import Openings
from codeintel_enrich.stages.link.queries import CYCLE, QueryNode
from codeintel_enrich.stages.link.references import References, target_of
from codeintel_enrich.stages.link.resolve import NameResolver, is_implicit
from codeintel_enrich.stages.link.summary import all_operations


class LinkedWithDependencies(msgspec.Struct, frozen=True):
    """A linked module and what it was made from."""

    module: LinkedModule
    nodes: dict[str, frozenset[Dependency]]
    """This module's nodes, and `` for everything that is no node -> what they were answered from."""


def link_module(
    path: str,
    interface: Interface,
    table: ModuleTable,
    namespace_of: Callable[[str], Namespace],
    resolver: NameResolver,
    openings: Openings,
    is_loaded: Callable[[str], bool],
) -> LinkedWithDependencies:
    """Make the linked module of the file `path`. `is_loaded`: whether any file imports a module of that name."""
    return _ModuleLinker(path, interface, table, namespace_of, resolver, openings, is_loaded).make()


class _ModuleLinker:
    def __init__(
        self,
        path: str,
        interface: Interface,
        table: ModuleTable,
        namespace_of: Callable[[str], Namespace],
        resolver: NameResolver,
        openings: Openings,
        is_loaded: Callable[[str], bool],
    ) -> None:
        self._path = path
        self._name = table.names[path]
        self._interface = interface
        self._table = table
        self._namespace_of = namespace_of
        self._namespace = namespace_of(path)
        self._resolver = resolver
        self._openings = openings
        self._is_loaded = is_loaded
        self._dependencies: set[Dependency] = set()
        self._references = References(path, self._name, self._namespace, resolver, self._dependencies)
        self._nodes: dict[str, frozenset[Dependency]] = {}
        self._findings: list[LinkFinding] = []

    def make(self) -> LinkedWithDependencies:
        """Answer everything the module exports or asks for."""
        name, namespace = self._name, self._namespace
        exports = self._exports()
        # Nobody may ask for these here, but other modules' nodes are answered from them: what is not recorded as a node
        # of this file would not carry a change on.
        for class_name in namespace.bases:
            self._resolve_node((self._path, mro_node(class_name)))
        for bound in namespace.inactive:
            self._resolve_node((self._path, inactive_node(bound)))
        imports = self._imports()
        resolved = self._references.resolve_all(self._interface.unresolved)
        self._find_dynamic()
        made = LinkedModule(
            module=name.module if name.importable else None,
            owner=plain(name.owner),
            identity=path_name(self._path) if name.realm else name.owner,
            package=plain(name.package),
            is_package=name.is_package,
            is_stub=name.is_stub,
            resolved=resolved,
            overrides=self._overrides(),
            bases=self._bases(resolved),
            exports=exports,
            imports=imports,
            has_all=namespace.all_names is not None,
            all_dynamic=plain(namespace.all_dynamic or in_one_line(namespace.opaque)) or None,
            is_open=namespace.is_open,
            star_modules=self._star_modules(),
            findings=tuple(sorted(set(self._findings), key=lambda item: (item.rule, item.message, item.subject))),
        )
        self._nodes[""] = frozenset(self._dependencies)
        nodes = {node: dependencies for node, dependencies in self._nodes.items() if dependencies}
        return LinkedWithDependencies(made, nodes)

    def _resolve_node(self, node: QueryNode) -> Resolution:
        resolution = self._resolver.resolve(node)
        self._nodes[node[1]] = self._resolver.dependencies_of[node]
        return resolution

    # -- exports ----------------------------------------------------------------------------------------------------

    def _exports(self) -> tuple[ModuleExport, ...]:
        names, in_star, module = self._namespace.names, set(self._namespace.star), self._name.key
        exports = [self._export(name, entry, name in in_star) for name, entry in names.items()]
        if self._name.is_package and module is not None:
            exports.extend(self._submodules(module, in_star))
        known = {export.name for export in exports}
        exports.extend(self._unseen(name) for name in sorted(in_star - known))
        if self._name.is_stub and module is not None:
            exports = list(self._at_run_time(exports, module))
        return tuple(sorted(exports, key=lambda export: export.name))

    def _export(self, name: str, entry: NamespaceEntry, in_star: bool) -> ModuleExport:
        if len(entry.routes) == 1 and entry.routes[0].defines(name):
            # Most names are plain definitions. They need no node, since there is nothing that could change below them.
            own = plain(f"{self._name.owner}.{name}")
            own_kind: ExportKind = "star" if entry.source == "star" else "definition"
            return ModuleExport(name, own_kind, own, self._path, in_star, entry.typing_only, (own,))
        resolution = self._resolve_node((self._path, name))
        if resolution.reason == CYCLE:
            self._find("warning", "import-cycle", f"`{name}` goes round in a cycle of imports", name)
        if not resolution.definitions:
            return ModuleExport(name, entry.source, None, None, in_star, entry.typing_only, ())
        best = resolution.definitions[0]
        kind = entry.source
        # Where a name ends decides, not how it is written: an import may come back to this file through others.
        if kind in ("definition", "reexport") and best.kind != "module":
            is_own = best.path == self._path and best.named is None
            if is_own:
                kind = "definition"
            elif best.path != self._path:
                kind = "reexport"
        origin = plain(self._table.own_name(best.qualified, best.path))
        chain = tuple(map(plain, best.chain))
        return ModuleExport(name, kind, origin, best.path, in_star, entry.typing_only, chain)

    def _submodules(self, package: str, in_star: set[str]) -> Iterator[ModuleExport]:
        """What `from package import name` finds beside the names of the package: its submodules."""
        self._dependencies.add((table_provider(package), CHILDREN))
        for child in self._table.children(package):
            # `__main__` is a program (PEP 338): to import it would run it.
            if child not in self._namespace.names and child != "__main__":
                dotted = f"{package}.{child}"
                found = self._resolver.module(dotted, self._dependencies).definitions[0]
                own = plain(self._table.own_name(dotted, found.path))
                yield ModuleExport(child, "submodule", own, found.path, child in in_star, False, (own,))

    def _unseen(self, name: str) -> ModuleExport:
        """A name that only `__all__` mentions: each module has it, or a star from outside or `__getattr__` gives it."""
        if is_implicit(name, self._name, has_all=True):
            own = f"{self._name.owner}.{name}"
            return ModuleExport(name, "definition", own, self._path, True, False, (own,))
        stars = self._namespace.open_stars
        origin = plain(f"{stars[0]}.{name}") if len(stars) == 1 else None
        return ModuleExport(name, "dynamic", origin, None, True, False, (origin,) if origin else ())

    def _at_run_time(self, exports: list[ModuleExport], module: str) -> Iterator[ModuleExport]:
        """A stub's exports, described by the module itself where there is one: that is what runs."""
        self._dependencies.add((table_provider(module), ""))
        path = self._table.path(module)
        if path is None or path == self._path:
            yield from exports
            return
        self._dependencies.add((path, STAR))
        namespace = self._namespace_of(path)
        star = set(namespace.star)
        for export in exports:
            self._dependencies.add((path, export.name))
            if export.name not in namespace.names:
                yield msgspec.structs.replace(export, in_star=export.name in star, typing_only=True)
                continue
            # The answer is recorded as a node of the other file; of this one it is a dependency.
            best = next(iter(self._resolver.resolve((path, export.name)).definitions), None)
            if best is None:
                yield msgspec.structs.replace(export, in_star=export.name in star)
            else:
                yield msgspec.structs.replace(
                    export,
                    in_star=export.name in star,
                    origin=plain(best.qualified),
                    origin_path=best.path,
                    chain=tuple(map(plain, best.chain)),
                )

    # -- overrides --------------------------------------------------------------------------------------------------

    def _overrides(self) -> dict[str, Target]:
        found: dict[str, Target] = {}
        for owner, members in sorted(self._namespace.members.items()):
            if not self._namespace.bases.get(owner):
                continue
            itself = self._references.own_class(owner)
            written = self._namespace.written.get(owner, {})
            for name, kind in sorted(members.items()):
                # What methods assign on an instance is in no class: there is nothing that it hides.
                if kind == "attribute":
                    continue
                lookup = partial(self._resolver.member, itself, name, after=True)
                resolution = self._resolver.ask(lookup, self._dependencies)
                if resolution.definitions and _is_seen(resolution.definitions[0]):
                    found[f"{owner}.{written.get(name, name)}"] = target_of(resolution, self._table.own_name)
        return found

    def _bases(self, resolved: Mapping[str, Target]) -> dict[str, Target]:
        found: dict[str, Target] = {}
        for owner, bases in sorted(self._namespace.bases.items()):
            for written in bases:
                # Most bases are what their name means.
                meant = resolved.get(written or "")
                if written is None or (meant is not None and meant.kind in ("class", "external", "unknown")):
                    continue
                if written not in self._namespace.members or "." in owner:
                    lookup = partial(self._resolver.base, self._path, owner, written)
                    resolution = self._resolver.ask(lookup, self._dependencies)
                    if resolution.definitions:
                        found[f"{owner}({written})"] = target_of(resolution, self._table.own_name)
        return found

    # -- imports ----------------------------------------------------------------------------------------------------

    def _imports(self) -> tuple[ResolvedImport, ...]:
        found: dict[tuple[int, str | None], ResolvedImport] = {}
        for wanted in self._interface.imports:
            target = absolute(self._name, wanted.level, wanted.module)
            if target is None:
                target_module, path, is_known = _spelled(wanted), None, False
            else:
                self._dependencies.update(table_dependencies(target))
                is_known = self._table.has(target) or (not self._table.owns(target) and is_standard(target))
                target_module, path = target, self._table.path(target, self._name.is_stub)
            found[wanted.level, wanted.module] = ResolvedImport(
                wanted.level, wanted.module, plain(target_module), path, is_known
            )
            # An import that is guarded, or never runs, is allowed to fail.
            if not wanted.guarded and wanted.phase != "never":
                self._find_unresolved(wanted, target)
        return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], key[1] or "")))

    def _find_unresolved(self, wanted: ImportedModule, target: str | None) -> None:
        """Report what an import asks of the tree and does not get; of a third party's modules nothing is known."""
        rule, spelled = "unresolved-import", _spelled(wanted)
        if target is None:
            self._find("warning", rule, f"`{spelled}` leaves the top-level package", f"{spelled}:")
        elif not self._table.owns(target) or self._may_be_another(wanted, target):
            return
        elif not self._table.has(target):
            self._find_no_module(target, f"{spelled}:")
        else:
            path = self._table.path(target, self._name.is_stub)
            for name in wanted.names:
                if name == "*" or self._has_name(target, path, name):
                    continue
                # A namespace package has nothing but modules.
                if path is None:
                    self._find_no_module(f"{target}.{name}", f"{spelled}:{name}")
                elif self._openings.of(f"{target}.{name}", self._dependencies) is None:
                    self._find("warning", rule, f"`{target}` has no `{name}`", f"{spelled}:{name}")

    def _find_no_module(self, dotted: str, subject: str) -> None:
        opening = self._openings.of(dotted, self._dependencies)
        if opening is None:
            self._find("warning", "unresolved-import", f"no module `{dotted}`", subject)
        elif not opening.is_likely:
            self._find("info", "unresolved-import", f"no module `{dotted}` in the tree; {opening.reason}", subject)

    def _may_be_another(self, wanted: ImportedModule, target: str) -> bool:
        """Whether an import that leads to a file beside this one may mean a third party's module.

        The file beside is what it means where this file is run as a program; where its folder is a package without an
        `__init__.py`, and imported as that, it is not.
        """
        if wanted.level or not self._name.beside or not self._name.package:
            return False
        self._dependencies.add((table_provider(self._name.package), LOADED))
        return target.startswith(f"{self._name.package}.") and self._is_loaded(self._name.package)

    def _has_name(self, module: str, path: str | None, name: str) -> bool:
        """Whether `from module import name` finds something, as far as anybody can see."""
        submodule = f"{module}.{name}"
        self._dependencies.add((table_provider(submodule), ""))
        if self._table.has(submodule):
            return True
        if path is None:
            return False
        self._dependencies.add((path, name))
        namespace = self._namespace_of(path)
        if name in namespace.names:
            # An import of the submodule binds the name, and so is no sign that there is something to import.
            return any(route != Route("module", submodule) for route in namespace.names[name].routes)
        self._dependencies.add((path, OPEN))
        # Dunder names may be set by the import system, or in ways that no statement shows: not worth a warning.
        return namespace.is_open or name.startswith("__")

    def _star_modules(self) -> tuple[str, ...]:
        found: set[str] = set()
        for operation in all_operations(self._interface.operations):
            if isinstance(operation, Star):
                target = absolute(self._name, operation.level, operation.module)
                if target is not None:
                    found.add(plain(target))
        return tuple(sorted(found))

    # -- findings ---------------------------------------------------------------------------------------------------

    def _find(self, severity: Severity, rule: str, message: str, subject: str) -> None:
        self._findings.append(LinkFinding(severity, rule, plain(message), plain(subject)))

    def _find_dynamic(self) -> None:
        """Report why it is not known, or not all of it, what the module exports."""
        namespace = self._namespace
        if namespace.star_fails is not None:
            star = f"`from {self._name.module} import *` raises" if self._name.module else "a star of it raises"
            self._find("warning", "broken-all", f"{star} {namespace.star_fails}", "__all__")
        if namespace.all_dynamic is not None:
            message = f"`__all__` is not static: {namespace.all_dynamic}"
            self._find("info", "dynamic-all", message, self._dynamic_part(namespace.all_dynamic))
        if namespace.opaque:
            # Everything that is looked at here, the namespace was made from: there is nothing more to record.
            causes = reasons_by_statement(
                self._name, self._interface.operations, namespace, self._table, self._namespace_of
            )
            for subject, reasons in causes.items():
                self._find("info", "dynamic-names", f"not all names are known: {in_one_line(reasons)}", subject)

    def _dynamic_part(self, reason: str) -> str:
        """What of this module makes its `__all__` dynamic."""
        lists = ""
        for operation in all_operations(self._interface.operations):
            if isinstance(operation, AllOperation):
                if operation.reason is not None and operation.reason in reason:
                    return operation.reason
                lists = lists or next(iter(operation.lists), "")
        return lists


def _spelled(wanted: ImportedModule) -> str:
    return "." * wanted.level + (wanted.module or "")


def _is_seen(member: ResolvedDefinition) -> bool:
    """Whether a class has such a member for sure: of classes elsewhere only the interpreter's own can be asked."""
    if member.kind != "external":
        return True
    return member.qualified.startswith("builtins.") and not member.qualified.startswith("builtins.object.")
