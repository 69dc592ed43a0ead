"""The walk over expressions: reads, attributes, calls, assignment expressions and comprehensions."""

from __future__ import annotations

import libcst as cst

from codeintel_enrich.stages.parse.bind.annotations import call_arguments, concatenated, string, subscript
from codeintel_enrich.stages.parse.bind.walk import Walk, children, handlers


def _name(walk: Walk, node: cst.Name) -> int:
    return -1 if node.value in _CONSTANTS else walk.mention(node, "read")


def _call(walk: Walk, node: cst.Call) -> None:
    call_arguments(walk, node, walk.visit(node.func))


def _binary_operation(walk: Walk, node: cst.BinaryOperation | cst.BooleanOperation) -> None:
    """A loop down the left side: `a + b + c` nests there, and generated sums have hundreds of terms."""
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
    """The first iterable is evaluated outside, all else inside (language reference, section "Displays").

    Mentions are numbered as they stand in the source, so the element is walked before the clauses that bind its names.
    """
    outer = walk.scope
    label = _COMPREHENSIONS.get(type(node), "<dictcomp>")
    scope = walk.open("comprehension", node, walk.table.qualify(outer, "", label) + ".<locals>")
    walk.scope = scope
    # A `StarredDictComp` (PEP 798) has a value and no key.
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
# The names of CPython up to 3.11. Later versions run most comprehensions inline (PEP 709), with the same scopes.
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
        "ConcatenatedString": concatenated,
        "Dict": children("elements"),
        "DictComp": _comprehension,
        "DictElement": children("key", "value"),
        "Element": children("value"),
        "FormattedString": children("parts"),
        "FormattedStringExpression": children("expression", "format_spec"),
        "From": children("item"),
        "GeneratorExp": _comprehension,
        # In source order, not in that of evaluation.
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
        "SimpleString": string,
        "Subscript": subscript,
        "SubscriptElement": children("slice"),
        "TemplatedString": children("parts"),
        "TemplatedStringExpression": children("expression", "format_spec"),
        "Tuple": children("elements"),
        "UnaryOperation": children("expression"),
        "Yield": children("value"),
    }
)
