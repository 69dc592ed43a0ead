"""Owns signatures: a function's parameters in source order, and how much of them is annotated."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import libcst as cst

from codeintel_enrich.model.syntax import Parameter, ParameterKind, Signature
from codeintel_enrich.stages.parse.names import normalised

Code = Callable[[cst.CSTNode], str]


def parameters(node: cst.Parameters) -> Iterator[tuple[cst.Param, ParameterKind]]:
    """Yield parameters in source order; a bare `*` or `/` is none."""
    for parameter in node.posonly_params:
        yield parameter, "positional-only"
    for parameter in node.params:
        yield parameter, "positional-or-keyword"
    if isinstance(node.star_arg, cst.Param):
        yield node.star_arg, "var-positional"
    for parameter in node.kwonly_params:
        yield parameter, "keyword-only"
    if node.star_kwarg is not None:
        yield node.star_kwarg, "var-keyword"


def signature(node: cst.FunctionDef, code: Code) -> Signature:
    """Describe a function; `code` gives the source text of an expression."""
    return Signature(
        parameters=tuple(
            Parameter(
                name=normalised(parameter.name.value),
                kind=kind,
                annotation=None if parameter.annotation is None else code(parameter.annotation.annotation),
                default=None if parameter.default is None else code(parameter.default),
            )
            for parameter, kind in parameters(node.params)
        ),
        returns=None if node.returns is None else code(node.returns.annotation),
        is_async=node.asynchronous is not None,
    )


def typedness(described: Signature, drops_first: bool) -> tuple[int, int]:
    """Return how many places of a signature can be annotated and how many are: parameters and the return.

    `drops_first`: the first positional parameter is the object or class that a call provides, and is not counted.
    """
    counted = described.parameters
    if drops_first and counted and counted[0].kind in ("positional-only", "positional-or-keyword"):
        counted = counted[1:]
    typed = sum(parameter.annotation is not None for parameter in counted) + (described.returns is not None)
    return len(counted) + 1, typed


def is_static(node: cst.FunctionDef) -> bool:
    """Whether a function is decorated with plain `staticmethod`."""
    return any(
        isinstance(decorator.decorator, cst.Name) and decorator.decorator.value == "staticmethod"
        for decorator in node.decorators
    )
