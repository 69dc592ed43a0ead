"""Owns what a surface takes from class and function bodies: members, bases, imports, `global` names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import libcst as cst

from codeintel_enrich.model.surface import ClassSurface, DefinitionKind
from codeintel_enrich.stages.parse.surface_imports import Imports, When, handles_import_errors
from codeintel_enrich.stages.parse.surface_values import Values, dotted, identifier

Body = Sequence[cst.BaseStatement | cst.BaseSmallStatement]


class Nested:
    """Collects from everything below module level."""

    def __init__(self, imports: Imports) -> None:
        self.imports = imports
        self.classes: dict[str, ClassSurface] = {}

    def add_class(self, node: cst.ClassDef, prefix: str, when: When, values: Values) -> None:
        """Record a class, the classes in it, and what their methods hold."""
        waiting = [(node, prefix)]
        while waiting:
            node, prefix = waiting.pop()
            local_name = prefix + identifier(node.name.value)
            members: dict[str, DefinitionKind] = {}
            for statement, guarded in _statements(node.body.body, values):
                kind = type(statement)
                if kind is cst.FunctionDef:
                    members[identifier(statement.name.value)] = "function"
                    own = _self_name(statement)
                    self.add_function(statement, values, own, members)
                elif kind is cst.ClassDef:
                    members[identifier(statement.name.value)] = "class"
                    waiting.append((statement, f"{local_name}."))
                elif kind is cst.Import or kind is cst.ImportFrom:
                    self.imports.add(statement, when, guarded)
                    for name in imported_names(statement):
                        members.setdefault(name, "variable")
                elif kind is cst.Del:
                    for name in target_names(statement.target):
                        members.pop(name, None)
                else:
                    for name in bound_names(statement):
                        members.setdefault(name, "variable")
            found = ClassSurface(local_name, dict(sorted(members.items())), tuple(map(_base, _bases(node))))
            earlier = self.classes.get(local_name)
            if earlier is not None:
                # Two branches define the class; it has the members of both.
                merged = dict(sorted({**earlier.members, **found.members}.items()))
                found = ClassSurface(local_name, merged, found.bases or earlier.bases)
            self.classes[local_name] = found

    def add_function(
        self,
        node: cst.FunctionDef,
        values: Values,
        own: str | None = None,
        attributes: dict[str, DefinitionKind] | None = None,
    ) -> list[str]:
        """Record a function's imports and, for a method, what it assigns to `own`; return the module-level names
        that it binds through `global`, sorted."""
        global_names: set[str] = set()
        bound: set[str] = set()
        for statement, guarded in _statements(node.body.body, values):
            kind = type(statement)
            if kind is cst.Import or kind is cst.ImportFrom:
                self.imports.add(statement, "local", guarded)
                bound.update(imported_names(statement))
            elif kind is cst.Global:
                global_names.update(identifier(item.name.value) for item in statement.names)
            elif kind is cst.FunctionDef:
                bound.add(identifier(statement.name.value))
                global_names.update(self.add_function(statement, values, own, attributes))
                bound.update(global_names)
            elif kind is cst.ClassDef:
                bound.add(identifier(statement.name.value))
                for inner, inner_guarded in _statements(statement.body.body, values):
                    if type(inner) is cst.FunctionDef:
                        self.add_function(inner, values)
                    elif type(inner) is cst.Import or type(inner) is cst.ImportFrom:
                        self.imports.add(inner, "local", inner_guarded)
            else:
                for target in _targets(statement):
                    if own is not None and attributes is not None:
                        for name in _attribute_names(target, own):
                            attributes.setdefault(name, "variable")
                    if global_names:
                        bound.update(target_names(target))
        return sorted(global_names & bound)


def _statements(body: Body, values: Values) -> Iterator[tuple[cst.CSTNode, bool]]:
    """Every statement of a body, compound ones opened, in source order, and whether a handler guards it.
    Definitions are not opened; tests that can be judged leave out what never runs."""
    waiting: list[tuple[cst.CSTNode, bool]] = [(node, False) for node in reversed(body)]
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
            inner.extend((part.body.body, guarded) for part in (node.orelse, node.finalbody) if part is not None)
        elif kind is cst.Match:
            inner.extend((case.body.body, guarded) for case in node.cases)
        elif kind is cst.For or kind is cst.While or kind is cst.With:
            inner.append((node.body.body, guarded))
            if kind is not cst.With and node.orelse is not None:
                inner.append((node.orelse.body.body, guarded))
        for body, is_guarded in reversed(inner):
            waiting.extend((statement, is_guarded) for statement in reversed(list(body)))


def _targets(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
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


def bound_names(node: cst.CSTNode) -> Iterator[str]:
    """The names a statement binds itself, apart from imports and definitions."""
    for target in _targets(node):
        yield from target_names(target)


def target_names(target: cst.CSTNode) -> Iterator[str]:
    """The plain names in a target."""
    kind = type(target)
    if kind is cst.Name:
        yield identifier(target.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from target_names(element.value)


def _attribute_names(target: cst.CSTNode, own: str) -> Iterator[str]:
    kind = type(target)
    if kind is cst.Attribute:
        if type(target.value) is cst.Name and target.value.value == own:
            yield identifier(target.attr.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from _attribute_names(element.value, own)


def imported_names(node: cst.Import | cst.ImportFrom) -> Iterator[str]:
    """The names an import statement binds; a star binds none that are known here."""
    if isinstance(node.names, cst.ImportStar):
        return
    for alias in node.names:
        if alias.asname is not None:
            yield from target_names(alias.asname.name)
        else:
            yield (dotted(alias.name) or "").partition(".")[0]


def pattern_names(pattern: cst.CSTNode) -> list[str]:
    """The names a `match` pattern captures, in source order."""
    names: list[str] = []
    waiting = [pattern]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            names.append(identifier(node.name.value))
        if isinstance(node, cst.MatchMapping) and node.rest is not None:
            names.append(identifier(node.rest.value))
        waiting.extend(reversed(node.children))
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


def adds_to_all(function: cst.FunctionDef) -> bool:
    """Whether a function's body adds to some `__all__`: a decorator that exports what it is put on."""
    waiting: list[cst.CSTNode] = [function.body]
    while waiting:
        node = waiting.pop()
        if (
            isinstance(node, cst.Call)
            and isinstance(node.func, cst.Attribute)
            and node.func.attr.value in ("append", "add", "extend")
            and _mentions_all(node.func.value)
        ):
            return True
        waiting.extend(node.children)
    return False


def _mentions_all(node: cst.CSTNode) -> bool:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, cst.Name) and node.value == "__all__":
            return True
        if isinstance(node, cst.SimpleString) and node.raw_value == "__all__":
            return True
        waiting.extend(node.children)
    return False
