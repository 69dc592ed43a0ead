"""Makes one linked module: its exports, its references resolved, its imports and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import msgspec

from codeintel_enrich.model.diagnostics import Severity
from codeintel_enrich.model.interface import AllOperation, Interface, Star
from codeintel_enrich.model.linked import Export, ExportKind, Finding, LinkedModule, ResolvedImport, Target
from codeintel_enrich.stages.link.faces import (
    CHILDREN,
    OPEN,
    STAR,
    Entry,
    Face,
    idle_node,
    order_node,
    table_fact,
    table_facts,
)
from codeintel_enrich.stages.link.meanings import Answer, Meaning
from codeintel_enrich.stages.link.opaque import by_statement, told
from codeintel_enrich.stages.link.resolve import CYCLE, Fact, Node, Resolver, Step
from codeintel_enrich.stages.link.sketch import all_operations, split_target
from codeintel_enrich.stages.link.table import Table, absolute, is_standard


class Linked(msgspec.Struct, frozen=True):
    """A module's linked_module and what it was made from."""

    linked_module: LinkedModule
    nodes: dict[str, frozenset[Fact]]
    """This module's nodes, and `` for everything that is no node -> the facts they were answered from."""


def link_module(
    path: str, interface: Interface, table: Table, face_of: Callable[[str], Face], resolver: Resolver
) -> Linked:
    """Make the linked_module of the file `path`."""
    return _Maker(path, interface, table, face_of, resolver).make()


class _Maker:
    def __init__(
        self, path: str, interface: Interface, table: Table, face_of: Callable[[str], Face], resolver: Resolver
    ) -> None:
        self._path = path
        self._name = table.names[path]
        self._interface = interface
        self._table = table
        self._face_of = face_of
        self._face = face_of(path)
        self._resolver = resolver
        self._facts: set[Fact] = set()
        self._nodes: dict[str, frozenset[Fact]] = {}
        self._findings: list[Finding] = []

    def make(self) -> Linked:
        """Answer everything the module exports or asks for."""
        face = self._face
        exports = self._exports()
        for class_name in face.bases:
            self._answer((self._path, order_node(class_name)))
        for bound in face.idle:
            self._answer((self._path, idle_node(bound)))
        imports = self._imports()
        targets: dict[str, Target] = {}
        answers: dict[str, Answer] = {}
        for reference in self._interface.unresolved:
            targets[reference] = _target(self._resolve(reference, answers))
        if face.all_dynamic is not None:
            message = f"`__all__` is not static: {face.all_dynamic}"
            self._find("info", "dynamic-all", message, self._dynamic_part(face.all_dynamic))
        if face.opaque:
            # What the face was made from asked for everything that is looked at here.
            causes = by_statement(self._name, self._interface.operations, face, self._table, self._face_of)
            for subject, reasons in causes.items():
                self._find("info", "dynamic-names", f"not all names are known: {told(reasons)}", subject)
        name = self._name
        made = LinkedModule(
            module=name.module if name.importable else None,
            package=name.package,
            is_package=name.is_package,
            is_stub=name.is_stub,
            resolved=targets,
            overrides=self._overrides(),
            exports=exports,
            imports=imports,
            has_all=face.all_names is not None,
            all_dynamic=face.all_dynamic or (told(face.opaque) if face.opaque else None),
            star_modules=self._star_modules(),
            findings=tuple(sorted(set(self._findings), key=lambda item: (item.rule, item.message, item.subject))),
        )
        self._nodes[""] = frozenset(self._facts)
        return Linked(made, {node: facts for node, facts in self._nodes.items() if facts})

    def _answer(self, node: Node) -> Answer:
        answer = self._resolver.answer(node)
        self._nodes[node[1]] = self._resolver.facts_of[node]
        return answer

    def _dynamic_part(self, reason: str) -> str:
        """What of this module makes its `__all__` dynamic."""
        lists = ""
        for operation in all_operations(self._interface.operations):
            if isinstance(operation, AllOperation):
                if operation.reason is not None and operation.reason in reason:
                    return operation.reason
                lists = lists or next(iter(operation.lists), "")
        return lists

    def _find(self, severity: Severity, rule: str, message: str, subject: str) -> None:
        self._findings.append(Finding(severity, rule, message, subject))

    # -- exports ----------------------------------------------------------------------------------------------------

    def _exports(self) -> tuple[Export, ...]:
        face = self._face
        in_star = set(face.star)
        exports: list[Export] = []
        module = self._name.module
        for name, entry in face.names.items():
            route = entry.routes[0]
            if len(entry.routes) == 1 and route.how == "local" and not route.alias and route.name == name:
                own = f"{module}.{name}" if module else name
                kind: ExportKind = "star" if entry.source == "star" else "definition"
                exports.append(Export(name, kind, own, self._path, name in in_star, entry.typing_only, (own,)))
                continue
            answer = self._answer((self._path, name))
            if answer.reason == CYCLE:
                self._find("warning", "import-cycle", f"`{name}` goes round in a cycle of imports", name)
            exports.append(self._export(name, entry, answer, name in in_star))
        if self._name.is_package and module is not None:
            self._facts.add((table_fact(module), CHILDREN))
            for child in self._table.children(module):
                dotted = f"{module}.{child}"
                if child not in face.names and child != "__main__":
                    found = self._resolver.module(dotted, self._facts).meanings[0]
                    exports.append(Export(child, "submodule", dotted, found.path, child in in_star, False, (dotted,)))
        known = {export.name for export in exports}
        exports.extend(self._unseen(name) for name in sorted(in_star - known))
        if self._name.is_stub and module is not None:
            exports = list(self._at_run_time(exports, module))
        return tuple(sorted(exports, key=lambda export: export.name))

    def _at_run_time(self, exports: list[Export], module: str) -> Iterator[Export]:
        """A stub's exports, told of the module itself where there is one: that is what runs."""
        self._facts.add((table_fact(module), ""))
        path = self._table.path(module)
        if path is None or path == self._path:
            yield from exports
            return
        self._facts.add((path, STAR))
        face = self._face_of(path)
        star = set(face.star)
        for export in exports:
            self._facts.add((path, export.name))
            if export.name not in face.names:
                yield msgspec.structs.replace(export, in_star=export.name in star, typing_only=True)
                continue
            # The answer is noted as a node of the other file; to this one it is a fact.
            best = next(iter(self._resolver.answer((path, export.name)).meanings), None)
            if best is None:
                yield msgspec.structs.replace(export, in_star=export.name in star)
            else:
                yield msgspec.structs.replace(
                    export,
                    in_star=export.name in star,
                    origin=best.qualified,
                    origin_path=best.path,
                    chain=best.chain,
                )

    def _export(self, name: str, entry: Entry, answer: Answer, in_star: bool) -> Export:
        if not answer.meanings:
            return Export(name, entry.source, None, None, in_star, entry.typing_only, ())
        best = answer.meanings[0]
        kind = entry.source
        if kind in ("definition", "reexport") and best.kind != "module":
            is_own = best.path == self._path and best.named is None
            if is_own:
                kind = "definition"
            elif best.path != self._path:
                kind = "reexport"
        return Export(name, kind, best.qualified, best.path, in_star, entry.typing_only, best.chain)

    def _unseen(self, name: str) -> Export:
        """A name that only `__all__` tells of: a star from outside, or `__getattr__`, may give it."""
        stars = self._face.open_stars
        origin = f"{stars[0]}.{name}" if len(stars) == 1 else None
        return Export(name, "dynamic", origin, None, True, False, (origin,) if origin else ())

    # -- references -------------------------------------------------------------------------------------------------

    def _resolve(self, reference: str, answers: dict[str, Answer]) -> Answer:
        known = answers.get(reference)
        if known is None:
            known = answers[reference] = self._resolver.ask(
                lambda facts: self._steps(reference, answers, facts), self._facts
            )
        return known

    def _steps(self, reference: str, answers: dict[str, Answer], facts: set[Fact]) -> Step:
        if ":" in reference:
            return (yield from self._foreign(reference, facts))
        if reference.startswith("super("):
            owner, _, rest = reference[6:].partition(")")
            answer = yield from self._own_class(owner, facts)
            name, _, deeper = rest.lstrip(".").partition(".")
            found: list[Meaning] = []
            reason = answer.reason
            for meaning in answer.meanings:
                step = yield from self._resolver.member(meaning, name, facts, after=True)
                found.extend(step.meanings)
                reason = reason or step.reason
            return (
                yield from self._resolver.attributes(Answer(tuple(found), None if found else reason), deeper, facts)
            )
        return (yield from self._path_from_here(reference, answers, facts))

    def _path_from_here(self, path: str, answers: dict[str, Answer], facts: set[Fact]) -> Step:
        """A dotted path in this module's namespace; each prefix is answered once."""
        parts = path.split(".")
        prefix, answer = "", Answer()
        for name in parts:
            longer = f"{prefix}.{name}" if prefix else name
            known = answers.get(longer)
            if known is not None:
                answer = known
            elif prefix:
                answer = yield from self._resolver.attributes(answer, name, facts)
            else:
                answer = yield from self._resolver.root(self._path, name, facts)
            answers[longer] = answer
            prefix = longer
        return answer

    def _own_class(self, local: str, facts: set[Fact]) -> Step:
        """A class written in this file, by its local name."""
        if local in self._face.members:
            return Answer((self._class_of_own(local),))
        root, _, rest = local.partition(".")
        return (
            yield from self._resolver.attributes((yield from self._resolver.root(self._path, root, facts)), rest, facts)
        )

    def _class_of_own(self, local: str) -> Meaning:
        module = self._name.module
        own = f"{module}.{local}" if module else local
        return Meaning(own, "class", self._path, local, (own,))

    def _foreign(self, reference: str, facts: set[Fact]) -> Step:
        """`..pkg.m:name.attribute`, `a.b:` (the module itself)."""
        target = split_target(self._name, reference)
        if target is None:
            return Answer(reason="the import leaves the top-level package")
        module, path = target
        name, _, rest = path.partition(".")
        if not name:
            return self._resolver.module(module, facts, self._name.is_stub)
        answer = yield from self._resolver.module_attribute(module, name, facts, self._name)
        return (yield from self._resolver.attributes(answer, rest, facts))

    # -- overrides --------------------------------------------------------------------------------------------------

    def _overrides(self) -> dict[str, Target]:
        face, resolver = self._face, self._resolver
        found: dict[str, Target] = {}
        for owner, members in sorted(face.members.items()):
            if not face.bases.get(owner):
                continue
            itself = self._class_of_own(owner)
            for name in sorted(members):
                answer = resolver.ask(partial(resolver.member, itself, name, after=True), self._facts)
                if answer.meanings and _is_seen(answer.meanings[0]):
                    found[f"{owner}.{name}"] = _target(answer)
        return found

    # -- imports ----------------------------------------------------------------------------------------------------

    def _imports(self) -> tuple[ResolvedImport, ...]:
        found: dict[tuple[int, str | None], ResolvedImport] = {}
        for wanted in self._interface.imports:
            target = absolute(self._name, wanted.level, wanted.module)
            key = (wanted.level, wanted.module)
            spelled = "." * wanted.level + (wanted.module or "")
            if target is None:
                found[key] = ResolvedImport(wanted.level, wanted.module, spelled, None, False)
                if not wanted.guarded and wanted.phase != "never":
                    self._find(
                        "warning", "unresolved-import", f"`{spelled}` leaves the top-level package", f"{spelled}:"
                    )
                continue
            self._facts.update(table_facts(target))
            known = self._table.has(target) or (not self._table.owns(target) and is_standard(target))
            found[key] = ResolvedImport(
                wanted.level, wanted.module, target, self._table.path(target, self._name.is_stub), known
            )
            if wanted.guarded or wanted.phase == "never" or not self._table.owns(target):
                continue
            if not self._table.has(target):
                self._find("warning", "unresolved-import", f"no module `{target}`", f"{spelled}:")
                continue
            for name in wanted.names:
                if name != "*" and not self._finds(target, name):
                    self._find("warning", "unresolved-import", f"`{target}` has no `{name}`", f"{spelled}:{name}")
        return tuple(found[key] for key in sorted(found, key=lambda key: (key[0], key[1] or "")))

    def _finds(self, module: str, name: str) -> bool:
        """Whether `from module import name` finds something, as far as anybody can see."""
        self._facts.add((table_fact(f"{module}.{name}"), ""))
        if self._table.has(f"{module}.{name}"):
            return True
        path = self._table.path(module, self._name.is_stub)
        if path is None:
            return False
        self._facts.add((path, name))
        face = self._face_of(path)
        if name in face.names:
            return True
        self._facts.add((path, OPEN))
        return bool(face.open_stars) or face.dynamic_getattr or name.startswith("__")

    def _star_modules(self) -> tuple[str, ...]:
        found: set[str] = set()
        for operation in all_operations(self._interface.operations):
            if isinstance(operation, Star):
                target = absolute(self._name, operation.level, operation.module)
                if target is not None:
                    found.add(target)
        return tuple(sorted(found))


def _is_seen(member: Meaning) -> bool:
    """Whether a class has such a member for sure: of classes elsewhere only the interpreter's own can be asked."""
    if member.kind != "external":
        return True
    return member.qualified.startswith("builtins.") and not member.qualified.startswith("builtins.object.")


def _target(answer: Answer) -> Target:
    """What references see: a name given by an assignment is its own definition."""
    if not answer.meanings:
        return Target((), "unknown", None, answer.reason or "unknown")
    first = answer.meanings[0]
    names = dict.fromkeys(meaning.named or meaning.qualified for meaning in answer.meanings)
    return Target(tuple(names), first.kind, first.named_path if first.named else first.path)
