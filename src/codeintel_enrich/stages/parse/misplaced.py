"""Lazy imports (PEP 810) where CPython refuses them: it parses them, and its compiler raises a SyntaxError.

The file is analysed all the same: what the statement means is clear, and the finding says what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.stages.parse.cst_helpers import AnyImport, import_source, imports_from, is_import, is_lazy, parts
from codeintel_enrich.stages.parse.tree import ParsedTree

_SCOPES: dict[type[cst.CSTNode], str] = {cst.FunctionDef: "functions", cst.ClassDef: "classes"}


def misplaced_imports(tree: ParsedTree) -> tuple[Diagnostic, ...]:
    """A finding for each lazy import that is no valid one, in source order, as CPython 3.15 words it."""
    if not any(is_lazy(node) for node in tree.recorded):
        return ()
    found: list[Diagnostic] = []
    for node, place in _lazy_imports(tree.module):
        message = _refusal(node, place)
        if message is not None:
            start, end = tree.spans[node]
            span = (*tree.position(start)[:2], *tree.position(end)[:2])
            found.append(Diagnostic("parse", "error", "syntax-error", message, *span))
    return tuple(sorted(found, key=lambda item: (item.line, item.col)))


def _lazy_imports(module: cst.Module) -> Iterator[tuple[AnyImport, str]]:
    """Every lazy import and where it stands: `functions`, `classes`, `try/except blocks`, or nowhere special."""
    waiting: list[tuple[cst.CSTNode, str]] = [(module, "")]
    while waiting:
        node, place = waiting.pop()
        kind = type(node)
        if is_import(node):
            if is_lazy(node):
                yield node, place
            continue
        if kind in _SCOPES:
            place = _SCOPES[kind]
        elif kind is cst.Try or kind is cst.TryStar:
            place = "try/except blocks"
        if isinstance(node, cst.BaseExpression):
            continue
        waiting.extend((part, place) for part in parts(node))


def _refusal(node: AnyImport, place: str) -> str | None:
    is_from = imports_from(node)
    if is_from and import_source(node) == (0, "__future__"):
        return "lazy from __future__ import is not allowed"
    if place:
        return f"lazy {'from ... ' if is_from else ''}import not allowed inside {place}"
    return "lazy from ... import * is not allowed" if isinstance(node.names, cst.ImportStar) else None
