"""The kind of scope each recorded node stands in, by nesting alone: no name is looked up for it."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from codeintel_enrich.model.syntax import ScopeKind
from codeintel_enrich.stages.parse.cst_helpers import parameters
from codeintel_enrich.stages.parse.tree.places import ParsedTree

_OPENED: dict[type[cst.CSTNode], ScopeKind] = {
    cst.Module: "module",
    cst.ClassDef: "class",
    cst.FunctionDef: "function",
}
_COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.GeneratorExp, cst.DictComp)
_OPENERS = frozenset({cst.FunctionDef, cst.Lambda, cst.ClassDef, cst.TypeAlias, *_COMPREHENSIONS})


def scope_kinds(tree: ParsedTree) -> list[ScopeKind]:
    """Return for each recorded node the kind of scope in which Python looks its names up.

    Decorators, defaults, bases and a comprehension's first iterable stand outside what they belong to: Python evaluates
    them there (language reference, sections "Function definitions", "Class definitions" and "Displays for lists, sets
    and dictionaries"). With type parameters, annotations and bases stand in the scope that those open (PEP 695).
    """
    kinds: list[ScopeKind] = ["module"]
    if tree.config.level == "defs":
        # Only statements are recorded, and statements inside a definition stand in its body.
        for parent in tree.parents[1:]:
            kinds.append(_OPENED.get(type(tree.recorded[parent])) or kinds[parent])
        return kinds
    # By identity, not by recorded index: children are met before they have their turn.
    elsewhere: dict[int, ScopeKind] = {}
    for node, parent in zip(tree.recorded, tree.parents, strict=True):
        kind = elsewhere.get(id(node)) or kinds[parent]
        if parent >= 0:
            kinds.append(kind)
        if type(node) in _OPENERS:
            for child, opened in _children(node, kind):
                if child is not None:
                    elsewhere[id(child)] = opened
    return kinds


def _children(node: cst.CSTNode, outer: ScopeKind) -> Iterator[tuple[cst.CSTNode | None, ScopeKind]]:
    """Yield the children of a node that opens a scope where they stand in another one than their parent."""
    if isinstance(node, (cst.FunctionDef, cst.ClassDef, cst.TypeAlias)):
        around: ScopeKind = outer if node.type_parameters is None else "type-params"
        yield node.type_parameters, around
        if isinstance(node, cst.TypeAlias):
            yield node.value, around
        elif isinstance(node, cst.ClassDef):
            yield from ((argument, around) for argument in (*node.bases, *node.keywords))
            yield node.body, "class"
        else:
            yield node.params, "function"
            for parameter, _ in parameters(node.params):
                yield parameter.annotation, around
                yield parameter.default, outer
            yield node.returns, around
            yield node.body, "function"
    elif isinstance(node, cst.Lambda):
        yield node.params, "lambda"
        yield from ((parameter.default, outer) for parameter, _ in parameters(node.params))
        yield node.body, "lambda"
    elif isinstance(node, _COMPREHENSIONS):
        elements = (node.key, node.value) if isinstance(node, cst.DictComp) else (node.elt,)
        yield from ((element, "comprehension") for element in elements)
        yield node.for_in, "comprehension"
        yield node.for_in.iter, outer
