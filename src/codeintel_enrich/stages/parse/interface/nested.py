"""What the interface takes from class and function bodies: members, bases, imports, `global` names."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import libcst as cst
import msgspec

from codeintel_enrich.model.interface import Bind, ClassInterface, DefinitionKind, ImportBind, MemberKind
from codeintel_enrich.stages.parse.cst_helpers import (
    AnyImport,
    dotted,
    first_parameter,
    has_decorator,
    import_clauses,
    import_source,
    imports_from,
    inside,
    is_import,
    is_lazy,
    parameters,
    target_names,
    targets,
)
from codeintel_enrich.stages.parse.interface.aliases import aliases
from codeintel_enrich.stages.parse.interface.imports import Imports, When, expects_import_errors, handles_import_errors
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.python_names import mangled, normalised

Body = Sequence[cst.BaseStatement | cst.BaseSmallStatement]


class SelfAttributes(NamedTuple):
    """The first parameter of a method, as written, and the names of attributes that are assigned on it."""

    name: str
    assigned: dict[str, str]
    """The name by which it is found -> as written."""


class Nested:
    """Collects from everything below module level."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports
        self.classes: dict[str, ClassInterface] = {}
        self.as_base: dict[str, str] = {}
        """As `Interface.as_base`, of what classes hold."""
        self.globals: list[Bind | ImportBind] = []
        """How methods bind module-level names."""

    def add_class(self, node: cst.ClassDef, when: When, values: Values) -> list[tuple[str, DefinitionKind]]:
        """Record a class, the classes in it, and what their methods hold; return what their bodies bind at module
        level through `global`."""
        outside: list[tuple[str, DefinitionKind]] = []
        waiting = [(node, "")]
        while waiting:
            node, prefix = waiting.pop()
            private = normalised(node.name.value)
            local_name = prefix + private
            members: dict[str, DefinitionKind] = {}
            attributes: dict[str, str] = {}
            written = _PrivateNames(private)
            global_names: set[str] = set()
            for statement, guarded in _statements(node.body.body, values):
                kind = type(statement)
                if kind is cst.FunctionDef:
                    members[written.key(normalised(statement.name.value))] = "function"
                    instance = _instance(statement, attributes)
                    self.globals.extend(self.add_function(statement, values, instance, private))
                elif kind is cst.ClassDef:
                    members[written.key(normalised(statement.name.value))] = "class"
                    waiting.append((statement, f"{local_name}."))
                elif is_import(statement):
                    self.imports.add(statement, when, guarded, private)
                    for operation in import_binds(statement):
                        members.setdefault(written.key(operation.name), "variable")
                elif kind is cst.Del:
                    for name in target_names(statement.target):
                        members.pop(written.key(name), None)
                elif kind is cst.Global:
                    global_names.update(written.key(normalised(item.name.value)) for item in statement.names)
                else:
                    # A method or a class of that name says more than a variable.
                    for target in _bound_targets(statement):
                        for name in target_names(target):
                            members.setdefault(written.key(name), "variable")
                    self._note_bases(statement, local_name, members)
            outside.extend((name, members.pop(name)) for name in sorted(global_names & members.keys()))
            self._record(local_name, node, members, {**attributes, **written.names}, attributes)
        return outside

    def _record(
        self,
        local_name: str,
        node: cst.ClassDef,
        members: dict[str, DefinitionKind],
        written: dict[str, str],
        attributes: Iterable[str],
    ) -> None:
        """Record a class; where two branches define it, it has the members of both."""
        bases = tuple(_base(argument) for argument in node.bases if argument.keyword is None)
        metaclass = _metaclass(node)
        given: dict[str, MemberKind] = {**dict.fromkeys(attributes, "attribute"), **members}
        earlier = self.classes.get(local_name)
        if earlier is not None:
            given = {**given, **earlier.members, **members}
            written = {**written, **earlier.written}
            bases = bases or earlier.bases
            metaclass = metaclass or earlier.metaclass
        names = {key: name for key, name in sorted(written.items()) if key in given and key != name}
        self.classes[local_name] = ClassInterface(local_name, dict(sorted(given.items())), bases, metaclass, names)

    def _note_bases(self, statement: Any, owner: str, members: Container[str]) -> None:
        """Note what names of a class body stand for as a base."""
        if type(statement) is not cst.Assign and type(statement) is not cst.AnnAssign:
            return
        value = statement.value
        path = dotted(value.value if type(value) is cst.Subscript else value)
        if path is None:
            return
        is_own = path.partition(".")[0] in members
        for target in targets(statement):
            for name in target_names(target):
                self.as_base[f"{owner}.{name}"] = f"{owner}.{path}" if is_own else path

    def add_function(
        self,
        node: cst.FunctionDef,
        values: Values,
        instance: SelfAttributes | None = None,
        private: str | None = None,
    ) -> list[Bind | ImportBind]:
        """Record a function's imports and, for a method, what it assigns on its `instance`; return how it binds
        module-level names through `global`, sorted by name. `private` is the class that mangles names in it."""
        names = _FunctionNames(private)
        for statement, guarded in _statements(node.body.body, values):
            kind = type(statement)
            if is_import(statement):
                self.imports.add(statement, "local", guarded, private)
                for found in import_binds(statement):
                    name = mangled(found.name, private)
                    names.bound[name] = msgspec.structs.replace(found, name=name)
            elif kind is cst.Global:
                names.declared.update(mangled(normalised(item.name.value), private) for item in statement.names)
            elif kind is cst.FunctionDef:
                names.bind(normalised(statement.name.value), "function")
                # Functions inside a method see its first parameter, and share what they declare global.
                for operation in self.add_function(statement, values, instance, private):
                    names.declared.add(operation.name)
                    names.bound[operation.name] = operation
            elif kind is cst.ClassDef:
                names.bind(normalised(statement.name.value), "class")
                self._add_local_class(statement, values)
            else:
                for target in _bound_targets(statement):
                    if instance is not None:
                        for name in _attribute_names(target, instance.name):
                            instance.assigned.setdefault(mangled(name, private), name)
                    # `global` must precede every use of the name, so nothing is missed above it.
                    if names.declared:
                        names.assign(target, statement, values)
        return names.at_module_level(node) if names.declared else []

    def _add_local_class(self, node: cst.ClassDef, values: Values) -> None:
        """Record the imports of a class in a function; no other module can name the class or its members."""
        for statement, guarded in _statements(node.body.body, values):
            if type(statement) is cst.FunctionDef:
                self.add_function(statement, values, None, normalised(node.name.value))
            elif is_import(statement):
                self.imports.add(statement, "local", guarded, normalised(node.name.value))


class _PrivateNames:
    """The private names of one class body, as they are written."""

    def __init__(self, private: str) -> None:
        self.names: dict[str, str] = {}
        """The name by which it is found -> as written."""
        self._private = private

    def key(self, name: str) -> str:
        """The name by which a name of the body is found."""
        key = mangled(name, self._private)
        if key != name:
            self.names.setdefault(key, name)
        return key


class _FunctionNames:
    """What a function binds, as far as it matters for what it declares `global`."""

    def __init__(self, private: str | None) -> None:
        self._private = private
        """The class that mangles names in it."""
        self.declared: set[str] = set()
        self.bound: dict[str, Bind | ImportBind] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}
        """Name -> the dotted paths assigned to it."""

    def bind(self, name: str, kind: DefinitionKind) -> None:
        name = mangled(name, self._private)
        self.bound[name] = Bind(name, kind)

    def assign(self, target: cst.BaseExpression, statement: Any, values: Values) -> None:
        for name in target_names(target):
            self.bind(name, "variable")
        if isinstance(target, cst.Name) and isinstance(statement, cst.Assign):
            paths = aliases(statement.value, values)
            self._aliases[mangled(normalised(target.value), self._private)] = tuple(
                ".".join(mangled(part, self._private) for part in path.split(".")) for path in paths
            )

    def at_module_level(self, node: cst.FunctionDef) -> list[Bind | ImportBind]:
        """How the function binds the names that it declares, sorted by name."""
        for inner in inside(node.body):
            if isinstance(inner, cst.NamedExpr):
                for name in target_names(inner.target):
                    name = mangled(name, self._private)
                    self.bound.setdefault(name, Bind(name, "variable"))
        found = self.declared & self.bound.keys()
        own = self.bound.keys() | {normalised(parameter.name.value) for parameter, _ in parameters(node.params)}
        for name in found & self._aliases.keys():
            # What the module calls so as well, not a local variable or a parameter.
            paths = self._aliases[name]
            if paths and not {path.partition(".")[0] for path in paths} & own:
                self.bound[name] = Bind(name, "variable", aliases=paths)
        return [self.bound[name] for name in sorted(found)]


def _statements(body: Body, values: Values) -> Iterator[tuple[Any, bool]]:
    """Every statement of a body, compound ones opened, in source order, and whether a handler guards it.
    Definitions are not opened; tests that can be judged leave out what never runs."""
    # A stack: an `elif` chain nests as deep as it is long.
    waiting: list[tuple[Any, bool]] = [(node, False) for node in reversed(body)]
    while waiting:
        node, guarded = waiting.pop()
        kind = type(node)
        if kind is cst.SimpleStatementLine:
            for small in node.body:
                yield small, guarded
            continue
        yield node, guarded
        find_suites = _SUITES.get(kind)
        if find_suites is not None:
            for part, is_guarded in reversed(find_suites(node, guarded, values)):
                waiting.extend((statement, is_guarded) for statement in reversed(list(part)))


_Suites = list[tuple[Iterable[cst.CSTNode], bool]]
"""The statements of each suite of a compound statement, and whether a handler guards them."""


def _suites_of_if(node: cst.If, guarded: bool, values: Values) -> _Suites:
    # As a type checker judges: what only it sees is a member all the same.
    verdict = values.truth(node.test, typing=True)
    suites: _Suites = []
    if verdict is not False:
        suites.append((node.body.body, guarded))
    if node.orelse is not None and verdict is not True:
        suites.append(([node.orelse] if isinstance(node.orelse, cst.If) else node.orelse.body.body, guarded))
    return suites


def _suites_of_try(node: cst.Try | cst.TryStar, guarded: bool, values: Values) -> _Suites:
    suites: _Suites = [(node.body.body, guarded or handles_import_errors(node.handlers)[0])]
    suites.extend((handler.body.body, guarded) for handler in node.handlers)
    suites.extend((block.body.body, guarded) for block in (node.orelse, node.finalbody) if block is not None)
    return suites


def _suites_of_loop(node: cst.For | cst.While, guarded: bool, values: Values) -> _Suites:
    suites: _Suites = [(node.body.body, guarded)]
    if node.orelse is not None:
        suites.append((node.orelse.body.body, guarded))
    return suites


def _suites_of_with(node: cst.With, guarded: bool, values: Values) -> _Suites:
    return [(node.body.body, guarded or expects_import_errors(node))]


def _suites_of_match(node: cst.Match, guarded: bool, values: Values) -> _Suites:
    return [(case.body.body, guarded) for case in node.cases]


_SUITES: dict[type[cst.CSTNode], Callable[[Any, bool, Values], _Suites]] = {
    cst.If: _suites_of_if,
    cst.Try: _suites_of_try,
    cst.TryStar: _suites_of_try,
    cst.For: _suites_of_loop,
    cst.While: _suites_of_loop,
    cst.With: _suites_of_with,
    cst.Match: _suites_of_match,
}


def _bound_targets(node: Any) -> tuple[cst.BaseExpression, ...]:
    """What a statement itself binds or assigns to, apart from imports and definitions."""
    return (node.name,) if type(node) is cst.TypeAlias else targets(node)


def _attribute_names(target: Any, own: str) -> Iterator[str]:
    kind = type(target)
    if kind is cst.Attribute:
        if type(target.value) is cst.Name and target.value.value == own:
            yield normalised(target.attr.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from _attribute_names(element.value, own)


def import_binds(node: AnyImport, typing_only: bool = False) -> Iterator[ImportBind]:
    """What an import statement binds, apart from a star."""
    level, module = import_source(node)
    for _, name, alias in import_clauses(node):
        lazy = is_lazy(node)
        if not imports_from(node):
            is_top = alias is None and "." in name
            top = name.partition(".")[0]
            yield ImportBind(alias or top, 0, name, None, is_top, typing_only, alias == name, lazy=lazy)
        elif name != "*":
            yield ImportBind(alias or name, level, module, name, False, typing_only, alias == name, lazy=lazy)


def _instance(method: cst.FunctionDef, assigned: dict[str, str]) -> SelfAttributes | None:
    """The object that a call provides, by the first parameter; None for a static method."""
    first = first_parameter(method)
    return (
        None if first is None or has_decorator(method, "staticmethod") else SelfAttributes(first.name.value, assigned)
    )


def _metaclass(node: cst.ClassDef) -> str | None:
    named = [argument for argument in node.keywords if argument.keyword and argument.keyword.value == "metaclass"]
    return dotted(named[0].value) if named else None


def _base(argument: cst.Arg) -> str | None:
    value = argument.value
    # `Generic[T]` stands for `Generic` in the method resolution order.
    while type(value) is cst.Subscript:
        value = value.value
    return None if argument.star else dotted(value)
