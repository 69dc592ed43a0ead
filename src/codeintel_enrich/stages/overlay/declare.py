"""Owns the way from statements to declarations: what a stub says of each statement of a module or class body."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

MARK = "# Made by codeintel-enrich; edits are lost."
"""The first line of every overlay."""

_LONGEST_VALUE = 200
"""Characters up to which the value of an assignment is kept, so that checkers infer what they infer from the source."""

_ELLIPSIS = ast.Constant(...)
_KEPT_VALUES = (ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Call, ast.BinOp, ast.UnaryOp, ast.Tuple)
_NO_RETURN = ("typing", "NoReturn", "_NoReturn")
_ANY = ("typing", "Any", "_Any")
_ASYNC_GENERATOR = ("collections.abc", "AsyncGenerator", "_AsyncGenerator")

Names = Callable[[ast.ImportFrom], list[str] | None]
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Declarer:
    """Turns the statements of one module into those of its stub."""

    def __init__(self, star_names: Names) -> None:
        """`star_names` gives the names a star import brings, None where nobody knows them."""
        self._star_names = star_names
        self._helpers: set[tuple[str, str, str]] = set()

    def statements(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        """The declarations of the module's statements."""
        return self._body(body, None)

    def helpers(self) -> list[ast.stmt]:
        """The imports that what was declared so far needs."""
        return [ast.ImportFrom(module, [ast.alias(name, alias)], 0) for module, name, alias in sorted(self._helpers)]

    def unknown(self, name: str) -> ast.stmt:
        """A declaration of a name of which nothing is known."""
        annotation = ast.Name(self._helper(_ANY), ast.Load())
        return ast.AnnAssign(ast.Name(name, ast.Store()), annotation, None, 1)

    def _body(self, body: Iterable[ast.stmt], holder: ast.ClassDef | None) -> list[ast.stmt]:
        return [declared for statement in body for declared in self._declared(statement, holder)]

    def _declared(self, statement: ast.stmt, holder: ast.ClassDef | None) -> Iterator[ast.stmt]:
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
                yield from self._assign(statement, holder)
            case ast.AnnAssign(target=ast.Name()):
                yield ast.AnnAssign(statement.target, statement.annotation, _default(statement), 1)
            case ast.If():
                branches = self._body(statement.body, holder), self._body(statement.orelse, holder)
                if any(branches):
                    yield ast.If(statement.test, branches[0] or [ast.Pass()], branches[1])
            case ast.Try() | ast.TryStar():
                yield from self._try(statement, holder)
            case ast.For() | ast.AsyncFor():
                yield from map(self.unknown, _names(statement.target))
                yield from self._body([*statement.body, *statement.orelse], holder)
            case ast.While():
                yield from self._body([*statement.body, *statement.orelse], holder)
            case ast.With() | ast.AsyncWith():
                for item in statement.items:
                    if item.optional_vars is not None:
                        yield from map(self.unknown, _names(item.optional_vars))
                yield from self._body(statement.body, holder)
            case ast.Match():
                yield from self._body((inner for case in statement.cases for inner in case.body), holder)
            case ast.Delete():
                targets: list[ast.expr] = [target for target in statement.targets if isinstance(target, ast.Name)]
                if targets:
                    yield ast.Delete(targets)
            case ast.Raise():
                yield statement
            case _ if type(statement).__name__ == "TypeAlias":
                yield statement

    def _try(self, statement: ast.Try | ast.TryStar, holder: ast.ClassDef | None) -> Iterator[ast.stmt]:
        body = self._body([*statement.body, *statement.orelse], holder)
        handlers = [
            ast.ExceptHandler(handler.type, handler.name, self._body(handler.body, holder) or [ast.Pass()])
            for handler in statement.handlers
        ]
        if body or any(not isinstance(handler.body[0], ast.Pass) for handler in handlers):
            yield ast.Try(body or [ast.Pass()], handlers, [], []) if handlers else ast.If(ast.Constant(True), body, [])
        yield from self._body(statement.finalbody, holder)

    def _import_from(self, statement: ast.ImportFrom) -> Iterator[ast.stmt]:
        if statement.module == "__future__":
            return
        if statement.names[0].name != "*":
            aliases = [ast.alias(item.name, item.asname or item.name) for item in statement.names]
            yield ast.ImportFrom(statement.module, aliases, statement.level)
            return
        names = self._star_names(statement)
        if names is None:
            yield statement
        elif names:
            yield ast.ImportFrom(statement.module, [ast.alias(name, name) for name in names], statement.level)

    def _assign(self, statement: ast.Assign, holder: ast.ClassDef | None) -> Iterator[ast.stmt]:
        names = [name for target in statement.targets for name in _names(target)]
        if not names or names in (["__all__"], ["__slots__"]):
            return
        if holder is not None or _is_kept(statement.value):
            # In a class an annotation would make it a field.
            yield ast.Assign([target for target in statement.targets if _names(target)], statement.value)
        else:
            yield from map(self.unknown, names)

    def _class(self, node: ast.ClassDef) -> ast.stmt:
        body = self._body(node.body, node)
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
        found: dict[str, list[tuple[int, ast.expr | None, ast.expr | None, str]]] = {}
        for method in node.body:
            if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef):
                for owner, name, annotation, value in _set_on_self(method):
                    found.setdefault(name, []).append((method.lineno, annotation, value, owner))
        bodies: dict[int, list[ast.stmt]] = {}
        for name, settings in found.items():
            line, annotation, _, owner = next((item for item in settings if item[1] is not None), settings[0])
            kept = [(where, own, given) for where, _, given, own in settings if given is not None]
            if annotation is None and len(kept) == len(settings):
                for where, own, given in kept:
                    bodies.setdefault(where, []).append(ast.Assign([_attribute(own, name)], given))
            else:
                declared = annotation or ast.Name(self._helper(_ANY), ast.Load())
                bodies.setdefault(line, []).append(ast.AnnAssign(_attribute(owner, name), declared, None, 0))
        return bodies

    def _function(self, node: Function) -> ast.stmt:
        returns, is_async = node.returns, isinstance(node, ast.AsyncFunctionDef)
        own = list(_own_nodes(node))
        if is_async and any(isinstance(item, ast.Yield | ast.YieldFrom) for item in own):
            # A stub tells an asynchronous generator from a coroutine by its declaration alone.
            is_async = False
            if returns is None:
                anything = ast.Name(self._helper(_ANY), ast.Load())
                generator = ast.Name(self._helper(_ASYNC_GENERATOR), ast.Load())
                returns = ast.Subscript(generator, ast.Tuple([anything, anything], ast.Load()), ast.Load())
        elif returns is None and not is_async and _never_returns(node, own):
            returns = ast.Name(self._helper(_NO_RETURN), ast.Load())
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
            case _ if type(statement).__name__ == "TypeAlias":
                names.update(_names(statement.name))  # type: ignore[attr-defined]
    return names


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


def _set_on_self(method: Function) -> Iterator[tuple[str, str, ast.expr | None, ast.expr | None]]:
    """(parameter, attribute, annotation, value) for each assignment to an attribute of a method's first parameter, in
    source order.

    The value is None unless it means the same in a stub: a constant, a parameter, an empty container.
    """
    parameters = [*method.args.posonlyargs, *method.args.args]
    if not parameters or any(
        isinstance(item, ast.Name) and item.id == "staticmethod" for item in method.decorator_list
    ):
        return
    own = parameters[0].arg
    known = {item.arg for item in (*parameters[1:], *method.args.kwonlyargs)}
    found: list[tuple[int, int, str, ast.expr | None, ast.expr | None]] = []
    for node in _own_nodes(method):
        annotation = value = None
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, ast.AnnAssign):
            targets, annotation = [node.target], node.annotation
        elif isinstance(node, ast.AugAssign | ast.For | ast.AsyncFor):
            targets = [node.target]
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            targets = [node.optional_vars]
        else:
            continue
        for target in targets:
            whole = (
                value if isinstance(target, ast.Attribute) and value is not None and _is_plain(value, known) else None
            )
            found.extend(
                (item.lineno, item.col_offset, item.attr, annotation, whole) for item in _attributes_of(target, own)
            )
    for _, _, name, annotation, value in sorted(found, key=lambda item: item[:2]):
        yield own, name, annotation, value


def _is_plain(value: ast.expr, parameters: set[str]) -> bool:
    match value:
        case ast.Constant():
            return _is_short(value)
        case ast.Name():
            return value.id in parameters
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
    return False


def _attribute(owner: str, name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name(owner, ast.Load()), name, ast.Store())


def _attributes_of(target: ast.expr, owner: str) -> list[ast.Attribute]:
    return [
        item
        for item in ast.walk(target)
        if isinstance(item, ast.Attribute)
        and isinstance(item.ctx, ast.Store)
        and isinstance(item.value, ast.Name)
        and item.value.id == owner
    ]
