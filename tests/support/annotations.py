"""How much of a module is annotated, counted with `ast` alone."""

import ast
from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef


def annotated_share(source: str | bytes) -> float | None:
    """Annotated share of all parameters and returns of a module; None where there are none.

    The first parameter of a function in a class body is not counted, unless it is a static method.
    """
    total = typed = 0
    tree = ast.parse(source)
    methods = {
        function
        for scope in ast.walk(tree)
        if isinstance(scope, ast.ClassDef)
        for function in _direct_functions(scope)
        if not any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in function.decorator_list)
    }
    for function in ast.walk(tree):
        if isinstance(function, Function):
            arguments = function.args
            positional = [*arguments.posonlyargs, *arguments.args][int(function in methods) :]
            rest = [*arguments.kwonlyargs, *filter(None, (arguments.vararg, arguments.kwarg))]
            total += len(positional) + len(rest) + 1
            typed += sum(a.annotation is not None for a in positional + rest) + (function.returns is not None)
    return typed / total if total else None


def _direct_functions(scope: ast.ClassDef) -> Iterator[Function]:
    """Functions of a class body, also inside its `if`, `try` and `with`."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        if isinstance(node, Function):
            yield node
        elif not isinstance(node, ast.ClassDef | ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))
