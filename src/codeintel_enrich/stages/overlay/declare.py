"""From statements to declarations: what a stub says of each statement of a module or class body.

A stub keeps what type checkers read (signatures, annotations, conditions on version and platform) and drops what they
would infer from bodies, so that what they do infer from a body is declared here in its place.
"""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

MARK = "# Made by codeintel-enrich; edits are lost."
"""The first line of every overlay."""

_LONGEST_VALUE = 200
"""Characters up to which the value of an assignment is kept, so that checkers infer what they infer from the source."""

_ELLIPSIS = ast.Constant(...)
_KEPT_VALUES = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.UnaryOp, ast.Tuple)
# What the stub itself needs: module, name, and an alias under which no star exports it.
_NO_RETURN = ("typing", "NoReturn", "_NoReturn")
_ANY = ("typing", "Any", "_Any")
_ASYNC_GENERATOR = ("collections.abc", "AsyncGenerator", "_AsyncGenerator")

StarNames = Callable[[ast.ImportFrom], list[str] | None]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class _SelfAssignment(NamedTuple):
    """One assignment to an attribute of a method's first parameter."""

    method_line: int
    parameter: str
    name: str
    annotation: ast.expr | None
    value: ast.expr | None
    """None unless it means the same in a stub: a constant, a parameter, an empty container."""

    def target(self) -> ast.Attribute:
        """`self.name`, to be assigned."""
        return ast.Attribute(ast.Name(self.parameter, ast.Load()), self.name, ast.Store())


class Declarer:
    """Turns the statements of one module into those of its stub."""

    def __init__(self, star_names: StarNames) -> None:
        """`star_names` gives the names a star import brings, None where nobody knows them."""
        self._star_names = star_names
        self._helpers: set[tuple[str, str, str]] = set()

    def statements(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The declarations of the module's statements."""
        return self._body(body, in_class=False)

    def helpers(self) -> list[ast.stmt]:
        """The imports that what was declared so far needs."""
        return [ast.ImportFrom(module, [ast.alias(name, alias)], 0) for module, name, alias in sorted(self._helpers)]

    def unknown(self, name: str) -> ast.stmt:
        """A declaration of a name of which nothing is known."""
        annotation = ast.Name(self._helper(_ANY), ast.Load())
        return ast.AnnAssign(ast.Name(name, ast.Store()), annotation, None, 1)

    def _body(self, body: Iterable[ast.stmt], in_class: bool) -> list[ast.stmt]:
        return [declared for statement in body for declared in self._declared(statement, in_class)]

    def _declared(self, statement: ast.stmt, in_class: bool) -> Iterator[ast.stmt]:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield self._function(statement)
            case ast.ClassDef():
                yield self._class(statement)
            case ast.Import():
                yield from _import(statement)
            case ast.ImportFrom():
                yield from self._import_from(statement)
            case ast.Assign():
                yield from self._assign(statement, in_class)
            case ast.AnnAssign(target=ast.Name()):
                yield ast.AnnAssign(statement.target, statement.annotation, _default(statement), 1)
            case ast.Delete():
                targets: list[ast.expr] = [target for target in statement.targets if isinstance(target, ast.Name)]
                if targets:
                    yield ast.Delete(targets)
            case ast.Raise():
                # Checkers take what follows for unreachable, as in `if sys.platform == "win32": raise ImportError`.
                yield statement
            case _ if _is_type_alias(statement):
                yield statement
            case _:
                yield from self._compound(statement, in_class)

    def _compound(self, statement: ast.stmt, in_class: bool) -> Iterator[ast.stmt]:
        """The declarations in a statement that holds others.

        Conditions and `try` stay, since checkers evaluate them; of loops and the like the body is declared as if it ran
        once.
        """
        match statement:
            case ast.If():
                branches = self._body(statement.body, in_class), self._body(statement.orelse, in_class)
                if any(branches):
                    yield ast.If(statement.test, branches[0] or [ast.Pass()], branches[1])
            case ast.Try() | ast.TryStar():
                yield from self._try(statement, in_class)
            case ast.For() | ast.AsyncFor():
                yield from map(self.unknown, _names(statement.target))
                yield from self._body([*statement.body, *statement.orelse], in_class)
            case ast.While():
                yield from self._body([*statement.body, *statement.orelse], in_class)
            case ast.With() | ast.AsyncWith():
                for item in statement.items:
                    if item.optional_vars is not None:
                        yield from map(self.unknown, _names(item.optional_vars))
                yield from self._body(statement.body, in_class)
            case ast.Match():
                yield from self._body((inner for case in statement.cases for inner in case.body), in_class)

    def _try(self, statement: ast.Try | ast.TryStar, in_class: bool) -> Iterator[ast.stmt]:
        body = self._body([*statement.body, *statement.orelse], in_class)
        handlers = [
            ast.ExceptHandler(handler.type, handler.name, self._body(handler.body, in_class) or [ast.Pass()])
            for handler in statement.handlers
        ]
        # `except*` becomes `except`: for names alone there is no difference.
        if body or any(not isinstance(handler.body[0], ast.Pass) for handler in handlers):
            yield ast.Try(body or [ast.Pass()], handlers, [], []) if handlers else ast.If(ast.Constant(True), body, [])
        yield from self._body(statement.finalbody, in_class)

    def _import_from(self, statement: ast.ImportFrom) -> Iterator[ast.stmt]:
        # A stub's annotations are never evaluated, so that no future import changes anything in it.
        if statement.module == "__future__":
            return
        if statement.names[0].name != "*":
            # `name as name`: a stub exports only what is imported so (PEP 484, "Stub Files").
            aliases = [ast.alias(item.name, item.asname or item.name) for item in statement.names]
            yield ast.ImportFrom(statement.module, aliases, statement.level)
            return
        names = self._star_names(statement)
        if names is None:
            yield statement
        elif names:
            yield ast.ImportFrom(statement.module, [ast.alias(name, name) for name in names], statement.level)

    def _assign(self, statement: ast.Assign, in_class: bool) -> Iterator[ast.stmt]:
        names = [name for target in statement.targets for name in _names(target)]
        # `__all__` is written anew with all of its names.
        if not names or names in (["__all__"], ["__slots__"]):
            return
        if in_class or _is_kept(statement.value):
            # In a class an annotation would make it a field.
            yield ast.Assign([target for target in statement.targets if _names(target)], statement.value)
        else:
            yield from map(self.unknown, names)

    def _class(self, node: ast.ClassDef) -> ast.stmt:
        body = self._body(node.body, in_class=True)
        attributes = self._attributes(node)
        for declared in body:
            if isinstance(declared, ast.FunctionDef | ast.AsyncFunctionDef) and declared.lineno in attributes:
                declared.body = attributes[declared.lineno]
        made = ast.ClassDef(
            name=node.name,
            bases=node.bases,
            keywords=node.keywords,
            body=body or [ast.Expr(_ELLIPSIS)],
            decorator_list=node.decorator_list,
        )
        return _with_type_parameters(made, node)

    def _attributes(self, node: ast.ClassDef) -> dict[int, list[ast.stmt]]:
        """By line of a method, its body in the stub: what it sets on its first parameter.

        Checkers look for instance attributes there, and there they neither become fields nor hide names. Each is
        declared once where it is annotated or where a value cannot be kept, else assigned as in the source.
        """
        found: dict[str, list[_SelfAssignment]] = {}
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                for assigned in _set_on_self(method):
                    found.setdefault(assigned.name, []).append(assigned)
        bodies: dict[int, list[ast.stmt]] = {}
        for assignments in found.values():
            first = next((item for item in assignments if item.annotation is not None), assignments[0])
            kept = [(item, item.value) for item in assignments if item.value is not None]
            # Checkers take the union of what is assigned, so one value that is lost makes all of them misleading.
            if first.annotation is None and len(kept) == len(assignments):
                for item, value in kept:
                    bodies.setdefault(item.method_line, []).append(ast.Assign([item.target()], value))
            else:
                declared = first.annotation or ast.Name(self._helper(_ANY), ast.Load())
                bodies.setdefault(first.method_line, []).append(ast.AnnAssign(first.target(), declared, None, 0))
        return bodies

    def _function(self, node: Function) -> ast.stmt:
        returns, is_async = node.returns, isinstance(node, ast.AsyncFunctionDef)
        own = list(_own_nodes(node))
        if is_async and any(isinstance(item, ast.Yield | ast.YieldFrom) for item in own):
            # A body without `yield` would make it a coroutine: in a stub the declared type alone says which it is.
            is_async = False
            if returns is None:
                anything = ast.Name(self._helper(_ANY), ast.Load())
                generator = ast.Name(self._helper(_ASYNC_GENERATOR), ast.Load())
                returns = ast.Subscript(generator, ast.Tuple([anything, anything], ast.Load()), ast.Load())
        elif returns is None and not is_async and _never_returns(node, own):
            returns = ast.Name(self._helper(_NO_RETURN), ast.Load())
        # The place is kept: by its line a method finds the attributes that it sets.
        made = ast.AsyncFunctionDef if is_async else ast.FunctionDef
        function = made(
            name=node.name,
            args=_with_short_defaults(node.args),
            body=[ast.Expr(_ELLIPSIS)],
            decorator_list=node.decorator_list,
            returns=returns,
            lineno=node.lineno,
            col_offset=node.col_offset,
        )
        return _with_type_parameters(function, node)

    def _helper(self, helper: tuple[str, str, str]) -> str:
        self._helpers.add(helper)
        return helper[2]


def bound_names(body: Iterable[ast.stmt]) -> set[str]:
    """The names that declarations bind in their own scope."""
    names: set[str] = set()
    for statement in body:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(statement.name)
            case ast.Import() | ast.ImportFrom():
                names.update((item.asname or item.name).partition(".")[0] for item in statement.names)
            case ast.Assign():
                names.update(name for target in statement.targets for name in _names(target))
            case ast.AnnAssign():
                names.update(_names(statement.target))
            case ast.If():
                names |= bound_names([*statement.body, *statement.orelse])
            case ast.Try():
                names |= bound_names([*statement.body, *(inner for item in statement.handlers for inner in item.body)])
            case _ if _is_type_alias(statement):
                names.update(_names(statement.name))  # type: ignore[attr-defined]
    return names


def _is_type_alias(statement: ast.stmt) -> bool:
    """Whether it is a `type X = ...` (PEP 695), whose class Python 3.11 does not have."""
    return type(statement).__name__ == "TypeAlias"


def _import(statement: ast.Import) -> Iterator[ast.stmt]:
    """`import a` as `import a as a`; `import a.b` loads `a.b` and binds `a`."""
    for item in statement.names:
        if item.asname is None and "." in item.name:
            yield ast.Import([item])
        top = item.name.partition(".")[0]
        yield ast.Import([ast.alias(item.name, item.asname) if item.asname else ast.alias(top, top)])


def _with_type_parameters(made: ast.stmt, node: ast.stmt) -> ast.stmt:
    """Python 3.12 and later have them."""
    if hasattr(node, "type_params"):
        made.type_params = node.type_params  # type: ignore[attr-defined]
    return made


def _names(target: ast.expr) -> list[str]:
    """The plain names that an assignment target binds."""
    return [item.id for item in ast.walk(target) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)]


def _is_kept(value: ast.expr) -> bool:
    return isinstance(value, _KEPT_VALUES) and _is_short(value)


def _is_short(value: ast.expr) -> bool:
    # On one line, so that the columns give its length.
    if value.end_lineno != value.lineno or value.end_col_offset is None:
        return False
    return value.end_col_offset - value.col_offset <= _LONGEST_VALUE


def _default(statement: ast.AnnAssign) -> ast.expr | None:
    """The value of an annotated name: calls and constants say something of fields and aliases."""
    value = statement.value
    if value is None or isinstance(value, ast.Constant | ast.Call) or _is_alias(statement.annotation):
        return value
    return _ELLIPSIS


def _is_alias(annotation: ast.expr) -> bool:
    name = annotation.attr if isinstance(annotation, ast.Attribute) else getattr(annotation, "id", None)
    return name in ("TypeAlias", "Final")


def _with_short_defaults(arguments: ast.arguments) -> ast.arguments:
    # What a longer default is computed from need not be in the stub; that there is one is all that callers need.
    def short(value: ast.expr) -> ast.expr:
        return value if isinstance(value, ast.Constant) and _is_short(value) else _ELLIPSIS

    return ast.arguments(
        posonlyargs=arguments.posonlyargs,
        args=arguments.args,
        vararg=arguments.vararg,
        kwonlyargs=arguments.kwonlyargs,
        kw_defaults=[value and short(value) for value in arguments.kw_defaults],
        kwarg=arguments.kwarg,
        defaults=[short(value) for value in arguments.defaults],
    )


def _own_nodes(function: Function) -> Iterator[ast.AST]:
    """Every node of a function's body that is not in a function, class or lambda inside it."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting.extend(ast.iter_child_nodes(node))


def _never_returns(function: Function, own: Sequence[ast.AST]) -> bool:
    """Whether checkers infer NoReturn from the body: it ends with `raise`, and that is its only end.

    A `NotImplementedError` says that somebody else shall return.
    """
    last = function.body[-1]
    if not isinstance(last, ast.Raise) or any(isinstance(item, ast.Return | ast.Yield | ast.YieldFrom) for item in own):
        return False
    return not any(isinstance(item, ast.Name) and item.id == "NotImplementedError" for item in ast.walk(last))


def _set_on_self(method: Function) -> Iterator[_SelfAssignment]:
    """The assignments to attributes of a method's first parameter, in source order."""
    parameters = [*method.args.posonlyargs, *method.args.args]
    if not parameters or any(
        isinstance(item, ast.Name) and item.id == "staticmethod" for item in method.decorator_list
    ):
        return
    own = parameters[0].arg
    known = {item.arg for item in (*parameters[1:], *method.args.kwonlyargs)}
    found: list[tuple[int, int, _SelfAssignment]] = []
    for node in _own_nodes(method):
        targets, annotation, value = _assignment(node)
        for target in targets:
            is_plain = isinstance(target, ast.Attribute) and value is not None and _is_plain(value, known)
            kept = value if is_plain else None
            for item in _attributes_of(target, own):
                assigned = _SelfAssignment(method.lineno, own, item.attr, annotation, kept)
                found.append((item.lineno, item.col_offset, assigned))
    for _, _, assigned in sorted(found, key=lambda item: item[:2]):
        yield assigned


def _assignment(node: ast.AST) -> tuple[list[ast.expr], ast.expr | None, ast.expr | None]:
    """The targets of a node that assigns, its annotation, and the value that its targets get as it stands."""
    match node:
        case ast.Assign():
            return node.targets, None, node.value
        case ast.AnnAssign():
            return [node.target], node.annotation, None
        case ast.AugAssign() | ast.For() | ast.AsyncFor():
            return [node.target], None, None
        case ast.withitem() if node.optional_vars is not None:
            return [node.optional_vars], None, None
    return [], None, None


def _is_plain(value: ast.expr, parameters: set[str]) -> bool:
    match value:
        case ast.Constant():
            return _is_short(value)
        case ast.Name():
            return value.id in parameters
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
    return False


def _attributes_of(target: ast.expr, owner: str) -> list[ast.Attribute]:
    return [
        item
        for item in ast.walk(target)
        if isinstance(item, ast.Attribute)
        and isinstance(item.ctx, ast.Store)
        and isinstance(item.value, ast.Name)
        and item.value.id == owner
    ]
