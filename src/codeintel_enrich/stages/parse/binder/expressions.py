"""Owns the walk over expressions: reads, attributes, calls, assignment expressions and comprehensions."""

from __future__ import annotations

import libcst as cst

from codeintel_enrich.stages.parse.binder.walk import Walk, children, handlers


def _name(walk: Walk, node: cst.Name) -> int:
    return -1 if node.value in _CONSTANTS else walk.mention(node, "read")


def _call(walk: Walk, node: cst.Call) -> None:
    base = walk.visit(node.func)
    for argument in node.args:
        if argument.keyword is not None:
            walk.mention(argument.keyword, "read", "keyword", base)
        walk.visit(argument.value)


def _binary_operation(walk: Walk, node: cst.BinaryOperation | cst.BooleanOperation) -> None:
    right: list[cst.CSTNode] = []
    left: cst.CSTNode = node
    while isinstance(left, (cst.BinaryOperation, cst.BooleanOperation)):
        right.append(left.right)
        left = left.left
    walk.visit(left)
    walk.each(reversed(right))


def _named_expression(walk: Walk, node: cst.NamedExpr) -> None:
    if isinstance(node.target, cst.Name):
        walk.bind_outside(node.target)
    walk.visit(node.value)


def _comprehension(
    walk: Walk,
    node: cst.ListComp | cst.SetComp | cst.GeneratorExp | cst.DictComp,
) -> None:
    outer = walk.scope
    label = _COMPREHENSIONS.get(type(node), "<dictcomp>")
    scope = walk.open("comprehension", node, walk.table.qualify(outer, "", label) + ".<locals>")
    walk.scope = scope
    for part in ("key", "value", "elt"):
        element = getattr(node, part, None)
        if element is not None:
            walk.visit(element)
    iteration: cst.CompFor | None = node.for_in
    first = outer
    while iteration is not None:
        walk.target(iteration.target)
        walk.scope = first
        walk.visit(iteration.iter)
        walk.scope = first = scope
        for condition in iteration.ifs:
            walk.visit(condition.test)
        iteration = iteration.inner_for_in
    walk.scope = outer


_CONSTANTS = frozenset({"None", "True", "False"})
_COMPREHENSIONS: dict[type[cst.CSTNode], str] = {
    cst.ListComp: "<listcomp>",
    cst.SetComp: "<setcomp>",
    cst.GeneratorExp: "<genexpr>",
}

EXPRESSIONS = handlers(
    {
        "Attribute": Walk.attribute,
        "Await": children("expression"),
        "BinaryOperation": _binary_operation,
        "BooleanOperation": _binary_operation,
        "Call": _call,
        "Comparison": children("left", "comparisons"),
        "ComparisonTarget": children("comparator"),
        "ConcatenatedString": children("left", "right"),
        "Dict": children("elements"),
        "DictComp": _comprehension,
        "DictElement": children("key", "value"),
        "Element": children("value"),
        "FormattedString": children("parts"),
        "FormattedStringExpression": children("expression", "format_spec"),
        "From": children("item"),
        "GeneratorExp": _comprehension,
        "IfExp": children("body", "test", "orelse"),
        "Index": children("value"),
        "List": children("elements"),
        "ListComp": _comprehension,
        "Name": _name,
        "NamedExpr": _named_expression,
        "Set": children("elements"),
        "SetComp": _comprehension,
        "Slice": children("lower", "upper", "step"),
        "StarredDictComp": _comprehension,
        "StarredDictElement": children("value"),
        "StarredElement": children("value"),
        "Subscript": children("value", "slice"),
        "SubscriptElement": children("slice"),
        "TemplatedString": children("parts"),
        "TemplatedStringExpression": children("expression", "format_spec"),
        "Tuple": children("elements"),
        "UnaryOperation": children("expression"),
        "Yield": children("value"),
    }
)
