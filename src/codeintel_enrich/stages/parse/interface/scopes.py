"""Owns what a interface takes from class and function bodies: members, bases, imports, `global` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import libcst as cst

from codeintel_enrich.model.interface import Bind, ClassInterface, DefinitionKind, ImportBind, MemberKind
from codeintel_enrich.stages.parse.interface.aliases import aliases
from codeintel_enrich.stages.parse.interface.imported import Imports, When, expects_import_errors, handles_import_errors
from codeintel_enrich.stages.parse.interface.nodes import dotted, inside
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.names import normalised

Body = Sequence[cst.BaseStatement | cst.BaseSmallStatement]


class Nested:
    """Collects from everything below module level."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports
        self.classes: dict[str, ClassInterface] = {}
        self.globals: list[Bind | ImportBind] = []
        """How methods bind module-level names."""

    def add_class(
        self, node: cst.ClassDef, prefix: str, when: When, values: Values
    ) -> list[tuple[str, DefinitionKind]]:
        """Record a class, the classes in it, and what their methods hold; return what their bodies bind at module
        level through `global`."""
        outside: list[tuple[str, DefinitionKind]] = []
        waiting = [(node, prefix)]
        while waiting:
            node, prefix = waiting.pop()
            local_name = prefix + normalised(node.name.value)
            members: dict[str, DefinitionKind] = {}
            attributes: set[str] = set()
            global_names: set[str] = set()
            for statement, guarded in _statements(node.body.body, values):
                kind = type(statement)
                if kind is cst.FunctionDef:
                    members[normalised(statement.name.value)] = "function"
                    own = _self_name(statement)
                    self.globals.extend(self.add_function(statement, values, own, attributes))
                elif kind is cst.ClassDef:
                    members[normalised(statement.name.value)] = "class"
                    waiting.append((statement, f"{local_name}."))
                elif kind is cst.Import or kind is cst.ImportFrom:
                    self.imports.add(statement, when, guarded)
                    for operation in import_binds(statement):
                        members.setdefault(operation.name, "variable")
                elif kind is cst.Del:
                    for name in target_names(statement.target):
                        members.pop(name, None)
                elif kind is cst.Global:
                    global_names.update(normalised(item.name.value) for item in statement.names)
                else:
                    for name in bound_names(statement):
                        members.setdefault(name, "variable")
            outside.extend((name, members.pop(name)) for name in sorted(global_names & members.keys()))
            bases = tuple(map(_base, _bases(node)))
            given: dict[str, MemberKind] = {**dict.fromkeys(attributes, "attribute"), **members}
            earlier = self.classes.get(local_name)
            if earlier is not None:
                # Two branches define the class; it has the members of both.
                given = {**given, **earlier.members, **members}
                bases = bases or earlier.bases
            self.classes[local_name] = ClassInterface(local_name, dict(sorted(given.items())), bases)
        return outside

    def add_function(
        self,
        node: cst.FunctionDef,
        values: Values,
        own: str | None = None,
        attributes: set[str] | None = None,
    ) -> list[Bind | ImportBind]:
        """Record a function's imports and, for a method, what it assigns on `own`; return how it binds module-level
        names through `global`, sorted by name."""
        global_names: set[str] = set()
        bound: dict[str, Bind | ImportBind] = {}
        other_names: dict[str, tuple[str, ...]] = {}
        for statement, guarded in _statements(node.body.body, values):
            kind = type(statement)
            if kind is cst.Import or kind is cst.ImportFrom:
                self.imports.add(statement, "local", guarded)
                bound.update({operation.name: operation for operation in import_binds(statement)})
            elif kind is cst.Global:
                global_names.update(normalised(item.name.value) for item in statement.names)
            elif kind is cst.FunctionDef:
                name = normalised(statement.name.value)
                bound[name] = Bind(name, "function")
                for operation in self.add_function(statement, values, own, attributes):
                    global_names.add(operation.name)
                    bound[operation.name] = operation
            elif kind is cst.ClassDef:
                name = normalised(statement.name.value)
                bound[name] = Bind(name, "class")
                for inner, inner_guarded in _statements(statement.body.body, values):
                    if type(inner) is cst.FunctionDef:
                        self.add_function(inner, values)
                    elif type(inner) is cst.Import or type(inner) is cst.ImportFrom:
                        self.imports.add(inner, "local", inner_guarded)
            else:
                for target in _targets(statement):
                    if own is not None and attributes is not None:
                        attributes.update(_attribute_names(target, own))
                    if global_names:
                        bound.update({name: Bind(name, "variable") for name in target_names(target)})
                        if kind is cst.Assign and type(target) is cst.Name:
                            other_names[normalised(target.value)] = aliases(statement.value, values)
        if global_names:
            for inner in inside(node.body):
                if isinstance(inner, cst.NamedExpr):
                    for name in target_names(inner.target):
                        bound.setdefault(name, Bind(name, "variable"))
        for name in global_names & other_names.keys() & bound.keys():
            # What the module calls so as well, not a local variable or a parameter.
            paths = other_names[name]
            if paths and not {path.partition(".")[0] for path in paths} & (bound.keys() | _parameters(node)):
                bound[name] = Bind(name, "variable", aliases=paths)
        return [bound[name] for name in sorted(global_names & bound.keys())]


def _parameters(node: cst.FunctionDef) -> set[str]:
    given = node.params
    every = [*given.posonly_params, *given.params, *given.kwonly_params, given.star_arg, given.star_kwarg]
    return {normalised(parameter.name.value) for parameter in every if isinstance(parameter, cst.Param)}


def _statements(body: Body, values: Values) -> Iterator[tuple[Any, bool]]:
    """Every statement of a body, compound ones opened, in source order, and whether a handler guards it.
    Definitions are not opened; tests that can be judged leave out what never runs."""
    waiting: list[tuple[Any, bool]] = [(node, False) for node in reversed(body)]
    while waiting:
        node, guarded = waiting.pop()
        kind = type(node)
        if kind is cst.SimpleStatementLine:
            for small in node.body:
                yield small, guarded
            continue
        yield node, guarded
        if kind is cst.FunctionDef or kind is cst.ClassDef:
            continue
        inner: list[tuple[Iterable[cst.CSTNode], bool]] = []
        if kind is cst.If:
            verdict = values.truth(node.test, typing=True)
            if verdict is not False:
                inner.append((node.body.body, guarded))
            if node.orelse is not None and verdict is not True:
                inner.append(([node.orelse] if type(node.orelse) is cst.If else node.orelse.body.body, guarded))
        elif kind is cst.Try or kind is cst.TryStar:
            inner.append((node.body.body, guarded or handles_import_errors(node.handlers)[0]))
            inner.extend((handler.body.body, guarded) for handler in node.handlers)
            inner.extend((block.body.body, guarded) for block in (node.orelse, node.finalbody) if block is not None)
        elif kind is cst.Match:
            inner.extend((case.body.body, guarded) for case in node.cases)
        elif kind is cst.With:
            inner.append((node.body.body, guarded or expects_import_errors(node)))
        elif kind is cst.For or kind is cst.While:
            inner.append((node.body.body, guarded))
            if node.orelse is not None:
                inner.append((node.orelse.body.body, guarded))
        for part, is_guarded in reversed(inner):
            waiting.extend((statement, is_guarded) for statement in reversed(list(part)))


def _targets(node: Any) -> Iterator[cst.BaseExpression]:
    """The target expressions of a statement, itself only."""
    kind = type(node)
    if kind is cst.Assign:
        for target in node.targets:
            yield target.target
    elif kind is cst.AnnAssign or kind is cst.AugAssign or kind is cst.For:
        yield node.target
    elif kind is cst.With:
        for item in node.items:
            if item.asname is not None:
                yield item.asname.name
    elif kind is cst.TypeAlias:
        yield node.name


def bound_names(node: Any) -> Iterator[str]:
    """The names a statement binds itself, apart from imports and definitions."""
    for target in _targets(node):
        yield from target_names(target)


def target_names(target: Any) -> Iterator[str]:
    """The plain names in a target."""
    kind = type(target)
    if kind is cst.Name:
        yield normalised(target.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from target_names(element.value)


def _attribute_names(target: Any, own: str) -> Iterator[str]:
    kind = type(target)
    if kind is cst.Attribute:
        if type(target.value) is cst.Name and target.value.value == own:
            yield normalised(target.attr.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from _attribute_names(element.value, own)


def import_binds(node: cst.Import | cst.ImportFrom, typing_only: bool = False) -> Iterator[ImportBind]:
    """What an import statement binds, apart from a star."""
    if isinstance(node, cst.Import):
        for alias in node.names:
            module = dotted(alias.name) or ""
            asname = dotted(alias.asname.name) if alias.asname is not None else None
            is_top = asname is None and "." in module
            yield ImportBind(asname or module.partition(".")[0], 0, module, None, is_top, typing_only, asname == module)
    elif not isinstance(node.names, cst.ImportStar):
        for alias in node.names:
            attribute = normalised(str(alias.name.value))
            asname = dotted(alias.asname.name) if alias.asname is not None else None
            level = len(node.relative)
            yield ImportBind(
                asname or attribute, level, dotted(node.module), attribute, False, typing_only, asname == attribute
            )


def pattern_names(pattern: cst.CSTNode) -> list[str]:
    """The names a `match` pattern captures, in source order."""
    names: list[str] = []
    for node in inside(pattern):
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            names.append(normalised(node.name.value))
        if isinstance(node, cst.MatchMapping) and node.rest is not None:
            names.append(normalised(node.rest.value))
    return names


def _self_name(function: cst.FunctionDef) -> str | None:
    """The first parameter of a method; None for a static method."""
    if any(dotted(decorator.decorator) == "staticmethod" for decorator in function.decorators):
        return None
    parameters = function.params.posonly_params or function.params.params
    return parameters[0].name.value if parameters else None


def _bases(node: cst.ClassDef) -> list[cst.Arg]:
    return [argument for argument in node.bases if argument.keyword is None]


def _base(argument: cst.Arg) -> str | None:
    value = argument.value
    while type(value) is cst.Subscript:
        value = value.value
    return None if argument.star else dotted(value)
