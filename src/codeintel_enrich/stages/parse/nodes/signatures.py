"""Signatures: a function's parameters in source order as source text, and how much of them is annotated."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from codeintel_enrich.model.syntax import Parameter, Signature
from codeintel_enrich.stages.parse.cst_helpers import parameters
from codeintel_enrich.stages.parse.python_names import normalised

Code = Callable[[cst.CSTNode], str]


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
    # As type checkers count: what a call provides has the type of the class without being annotated.
    counted = described.parameters
    if drops_first and counted and counted[0].kind in ("positional-only", "positional-or-keyword"):
        counted = counted[1:]
    typed = sum(parameter.annotation is not None for parameter in counted) + (described.returns is not None)
    return len(counted) + 1, typed
