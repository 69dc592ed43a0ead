"""The docstring of a module, class or function."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from codeintel_enrich.stages.parse.string_literals import string_value


def docstring(node: cst.Module | cst.ClassDef | cst.FunctionDef) -> str | None:
    """Return the docstring of a definition as `__doc__` has it, not cleaned; None where there is none."""
    body: Sequence[cst.CSTNode]
    if isinstance(node, cst.Module):
        body = node.body
    else:
        body = node.body.body if isinstance(node.body, cst.IndentedBlock) else (node.body,)
    first = body[0] if body else None
    if not isinstance(first, (cst.SimpleStatementLine, cst.SimpleStatementSuite)) or not first.body:
        return None
    expression = first.body[0]
    return string_value(expression.value) if isinstance(expression, cst.Expr) else None
