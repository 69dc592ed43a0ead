"""The walk over what opens a scope by definition: classes, functions, lambdas and type aliases.

What a definition evaluates outside its body (decorators, defaults, annotations, bases) is walked in the scope where
Python evaluates it. Type parameters open a scope of their own around the definition's (PEP 695): annotations and bases
see them, and the definition is still bound outside.
"""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from codeintel_enrich.stages.parse.bind.annotations import visit_type
from codeintel_enrich.stages.parse.bind.walk import Walk, handlers
from codeintel_enrich.stages.parse.cst_helpers import first_parameter, has_decorator, parameters
from codeintel_enrich.stages.parse.python_names import mangled, normalised


def _class(walk: Walk, node: cst.ClassDef) -> None:
    outer, binder, enclosing, private = walk.scope, walk.binder, walk.enclosing, walk.private
    table = walk.table
    walk.enclosing = walk.binder = walk.node_of.get(node, enclosing)
    _decorators(walk, node.decorators)
    key = mangled(normalised(node.name.value), private)
    local_name = table.qualify(outer, key, normalised(node.name.value))
    around = outer
    if node.type_parameters is not None:
        around = walk.open("type-params", node, f"{local_name}.<type-params>")
    scope = table.open("class", around, walk.binder, local_name)
    start = len(walk.mentions)
    walk.bind(node.name, "class", "definition", scope)
    # Private names in type parameters are mangled by the class's own name, those in bases by that of the class around.
    walk.private = normalised(node.name.value)
    walk.scope = around
    if node.type_parameters is not None:
        _type_parameters(walk, node.type_parameters)
    bases = [*node.bases, *node.keywords]
    # LibCST keeps keywords apart from bases, but mentions stand in source order, and `*more` may follow a keyword.
    if node.bases and node.keywords:
        bases.sort(key=lambda base: walk.spans[base][0])
    walk.private = private
    for base in bases:
        if base.keyword is not None:
            walk.mention(base.keyword, "read", "keyword")
        # What a base is subscripted with are types, whatever class it is.
        if base.keyword is None and type(base.value) is cst.Subscript:
            visit_type(walk, base.value)
        else:
            walk.visit(base.value)
    walk.private = normalised(node.name.value)
    entry = table.scopes[scope]
    entry.base_count = len(bases)
    # With `<locals>` in its name, no other module can reach the class, and `link` knows nothing of it.
    if "<" not in local_name:
        entry.path = local_name
    walk.scope = scope
    walk.visit(node.body)
    walk.scope, walk.binder, walk.enclosing, walk.private = outer, binder, enclosing, private
    # The body has run before the name is bound, so `class C: x = C` means another `C`.
    walk.bound_from_here(key, start)


def _function(walk: Walk, node: cst.FunctionDef) -> None:
    outer, binder, enclosing, phase = walk.scope, walk.binder, walk.enclosing, walk.phase
    table = walk.table
    walk.enclosing = walk.binder = walk.node_of.get(node, enclosing)
    _decorators(walk, node.decorators)
    key = mangled(normalised(node.name.value), walk.private)
    qualified = table.qualify(outer, key, normalised(node.name.value))
    around = outer
    if node.type_parameters is not None:
        around = walk.open("type-params", node, f"{qualified}.<type-params>")
    scope = table.open("function", around, walk.binder, f"{qualified}.<locals>")
    start = len(walk.mentions)
    walk.bind(node.name, "function", "definition", scope)
    if node.type_parameters is not None:
        walk.scope = around
        _type_parameters(walk, node.type_parameters)
        walk.scope = outer
    _parameters(walk, node.params, outer, scope, around)
    if node.returns is not None:
        walk.scope = around
        visit_type(walk, node.returns.annotation)
        walk.scope = outer
    # Decorators, defaults and annotations are evaluated before the name is bound; the body runs later.
    walk.bound_from_here(key, start)
    if table.scopes[outer].kind == "class":
        _method(walk, node, outer, scope)
    walk.phase = "local"
    walk.scope = scope
    walk.visit(node.body)
    walk.scope, walk.binder, walk.enclosing, walk.phase = outer, binder, enclosing, phase


def _lambda(walk: Walk, node: cst.Lambda) -> None:
    outer = walk.scope
    scope = walk.open("lambda", node, walk.table.qualify(outer, "", "<lambda>") + ".<locals>")
    _parameters(walk, node.params, outer, scope)
    phase = walk.phase
    walk.phase = "local"
    walk.scope = scope
    walk.visit(node.body)
    walk.scope = outer
    walk.phase = phase


def _method(walk: Walk, node: cst.FunctionDef, of_class: int, scope: int) -> None:
    """Note what the first parameter of a method stands for."""
    first = first_parameter(node)
    if first is None or has_decorator(node, "staticmethod"):
        return
    entry = walk.table.scopes[scope]
    entry.self_key = mangled(normalised(first.name.value), walk.private)
    entry.self_class = of_class
    entry.self_is_class = has_decorator(node, "classmethod") or node.name.value in _CLASS_METHODS


def _decorators(walk: Walk, decorators: Iterable[cst.Decorator]) -> None:
    for decorator in decorators:
        walk.visit(decorator.decorator)


def _parameters(walk: Walk, node: cst.Parameters, outer: int, scope: int, annotations: int = -1) -> None:
    """Parameters bind in `scope`; defaults are evaluated in `outer`, annotations in the scope of that name."""
    phase = walk.phase
    for parameter, _ in parameters(node):
        walk.scope = scope
        walk.phase = "local"
        walk.bind(parameter.name, "parameter", "definition")
        walk.phase = phase
        if parameter.annotation is not None:
            walk.scope = annotations
            visit_type(walk, parameter.annotation.annotation)
        if parameter.default is not None:
            walk.scope = outer
            walk.visit(parameter.default)
    walk.scope = outer


def _type_parameters(walk: Walk, parameters: cst.TypeParameters) -> None:
    for parameter in parameters.params:
        walk.bind(parameter.param.name, "type-param", "definition")
        bound = getattr(parameter.param, "bound", None)
        if bound is not None:
            visit_type(walk, bound)
        if parameter.default is not None:
            visit_type(walk, parameter.default)


def _type_alias(walk: Walk, node: cst.TypeAlias) -> None:
    outer = walk.scope
    binder = walk.enter_binder(node)
    walk.bind(node.name, "type-alias", "definition")
    key = walk.mentions[-1].key
    local_name = walk.table.qualify(outer, key, walk.mentions[-1].name)
    if node.type_parameters is not None:
        walk.scope = walk.open("type-params", node, f"{local_name}.<type-params>")
        _type_parameters(walk, node.type_parameters)
    visit_type(walk, node.value)
    walk.scope = outer
    walk.binder = binder


_CLASS_METHODS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
"""Whose first parameter is the class without a decorator (data model, section "Special method names")."""

DEFINITIONS = handlers(
    {
        "ClassDef": _class,
        "FunctionDef": _function,
        "Lambda": _lambda,
        "TypeAlias": _type_alias,
    }
)
