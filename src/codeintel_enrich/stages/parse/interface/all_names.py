"""Which names an expression stands for that is assigned or added to `__all__`.

An expression becomes `ListedNames`: literal names, lists of other modules that only `link` can read, and filters over
the module's own namespace. What is none of these is `dynamic`, with the reason.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import libcst as cst
import msgspec

from codeintel_enrich.model.interface import AllOperation, NameTest
from codeintel_enrich.stages.parse.cst_helpers import compared_pair, dotted, only_index
from codeintel_enrich.stages.parse.interface.containers import OWN, Refused, container_of, item_type, type_of
from codeintel_enrich.stages.parse.interface.platform import UNKNOWN
from codeintel_enrich.stages.parse.interface.values import Values
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.string_literals import string_value

# Order and repetition mean nothing in `__all__`.
_COPIES = frozenset({"sorted", "list", "tuple", "set", "frozenset", "reversed", "dict.fromkeys"})
_NAMESPACES = frozenset({"globals", "dir", "locals", "vars"})
_INSPECTIONS: dict[str, Literal["is-module", "is-class", "is-function"]] = {
    "inspect.ismodule": "is-module",
    "inspect.isclass": "is-class",
    "inspect.isfunction": "is-function",
}
_INSTANCE_OF: dict[str, Literal["is-module", "is-class", "is-function"]] = {
    "types.ModuleType": "is-module",
    "type": "is-class",
    "types.FunctionType": "is-function",
}


class ListedNames(msgspec.Struct):
    """What an expression of names stands for; the union of its parts."""

    names: list[str] = []
    lists: list[str] = []
    filters: list[tuple[NameTest, ...]] = []
    has_own: bool = False
    """The current value of `__all__` is a part."""
    without: list[str] = []
    bad_item: str = ""
    """The type of the first item that is no string."""

    def add(self, other: ListedNames) -> None:
        """Join another expression's names."""
        self.names += other.names
        self.lists += other.lists
        self.filters += other.filters
        self.has_own |= other.has_own
        self.bad_item = self.bad_item or other.bad_item


class NotStatic(Exception):
    """An expression that stands for no static names; the message says what it is."""


def all_operations(
    operation: Literal["set", "extend", "remove"], node: cst.BaseExpression, values: Values, how: str = ""
) -> list[AllOperation]:
    """Return what assigning, adding or removing the names of an expression does to `__all__`; `how` is as
    `AllOperation.how` has it."""
    try:
        container = container_of(node, values)
    except Refused as problem:
        return [AllOperation("fails", reason=str(problem))]
    try:
        found = read_names(node, values)
    except NotStatic as problem:
        return [AllOperation("dynamic", reason=str(problem), container=container.strip("+"), how=how)]
    # `__all__ = __all__ + [...]` adds to it.
    if operation == "set" and found.has_own:
        operation = "extend"
        if container == OWN:
            how, container = "own", ""
        elif container.startswith("+"):
            how, container = "+", container[1:]
    operations = [
        AllOperation(
            operation,
            tuple(dict.fromkeys(found.names)),
            tuple(dict.fromkeys(found.lists)),
            tuple(found.filters),
            container=container,
            how=how,
            bad_item=found.bad_item,
        )
    ]
    if found.without:
        operations.append(AllOperation("remove", tuple(found.without), how="own"))
    return operations


def read_names(node: cst.BaseExpression, values: Values) -> ListedNames:
    """Return the names an expression stands for; raises NotStatic."""
    value = values.evaluate(node)
    if value is not UNKNOWN:
        # A string is a sequence as well, of its characters.
        items = list(value) if isinstance(value, (list, tuple, dict, str)) else []
        if UNKNOWN in items:
            raise NotStatic("not a list of strings")
        bad = next((type_of(item) for item in items if not isinstance(item, str)), "")
        return ListedNames([normalised(name) for name in items if isinstance(name, str)], bad_item=bad)
    if isinstance(node, (cst.List, cst.Tuple, cst.Set)):
        return _read_elements(node, values)
    if isinstance(node, cst.BinaryOperation):
        return _read_operation(node, values)
    if isinstance(node, cst.Call):
        return _read_call(node, values)
    if isinstance(node, (cst.ListComp, cst.SetComp, cst.GeneratorExp)):
        return _read_comprehension(node, values)
    # One of the two, and nobody can say which: a name too many is a smaller fault than one that is missing.
    if isinstance(node, cst.IfExp):
        found = read_names(node.body, values)
        found.add(read_names(node.orelse, values))
        return found
    path = dotted(node)
    if path == "__all__":
        return ListedNames(has_own=True)
    if path is not None:
        root, _, rest = path.partition(".")
        # Copies, as what is read here is added to.
        held = values.lists.get(root)
        if isinstance(held, ListedNames) and not rest:
            return ListedNames(
                [*held.names], [*held.lists], [*held.filters], held.has_own, [*held.without], held.bad_item
            )
        # `from m import names`: only `link` can say whether that is a list, and of what.
        if rest.endswith("__all__") or (not rest and values.is_imported(root)):
            return ListedNames(lists=[path])
        raise NotStatic(f"the value of `{path}`")
    raise NotStatic(_describe(node))


def _read_elements(node: cst.List | cst.Tuple | cst.Set, values: Values) -> ListedNames:
    found = ListedNames()
    for element in node.elements:
        if isinstance(element, cst.StarredElement):
            found.add(read_names(element.value, values))
            continue
        value = values.evaluate(element.value)
        if isinstance(value, str):
            found.names.append(normalised(value))
            continue
        kind = item_type(element.value, value, values)
        if not kind:
            raise NotStatic(_describe(element.value))
        found.bad_item = found.bad_item or kind
    return found


def _read_operation(node: cst.BinaryOperation, values: Values) -> ListedNames:
    found = read_names(node.left, values)
    other = read_names(node.right, values)
    if isinstance(node.operator, (cst.Add, cst.BitOr)):
        found.add(other)
        return found
    if isinstance(node.operator, cst.Subtract) and not (other.lists or other.filters or other.has_own):
        found.without += other.names
        return found
    raise NotStatic(_describe(node))


def _read_call(node: cst.Call, values: Values) -> ListedNames:
    path = values.path(node.func)
    arguments = [argument.value for argument in node.args if argument.keyword is None]
    if path in _COPIES and arguments:
        return read_names(arguments[0], values)
    if path in _NAMESPACES and not node.args:
        return ListedNames(filters=[()])
    if isinstance(node.func, cst.Attribute):
        method = node.func.attr.value
        if method in ("keys", "copy") and not arguments:
            return read_names(node.func.value, values)
        if method == "union":
            found = read_names(node.func.value, values)
            for argument in arguments:
                found.add(read_names(argument, values))
            return found
    raise NotStatic(_describe(node))


def _read_comprehension(node: cst.BaseSimpleComp, values: Values) -> ListedNames:
    """`[n for n in <names> if <tests>]`, also over `globals().items()`; `[f.__name__ for f in (a, b)]`."""
    loop = _loop_over_names(node.for_in)
    if loop is None:
        raise NotStatic(_describe(node))
    element = dotted(node.elt)
    if element == f"{loop.name}.__name__" and isinstance(loop.source, (cst.Tuple, cst.List, cst.Set)):
        objects = [dotted(item.value) for item in loop.source.elements]
        if node.for_in.ifs or None in objects:
            raise NotStatic(_describe(node))
        return ListedNames([path.rpartition(".")[2] for path in objects if path])
    if element != loop.name:
        raise NotStatic(_describe(node))
    found = read_names(loop.source, values)
    tests: list[NameTest] = []
    for condition in node.for_in.ifs:
        tests += _read_test(condition.test, loop.name, loop.held, values)
    if not tests:
        return found
    if found.lists or found.has_own:
        raise NotStatic("a filter over another module's names")
    if found.names:
        raise NotStatic(_describe(node))
    found.filters = [(*selected, *tests) for selected in found.filters]
    return found


class _Loop(NamedTuple):
    """The clause of a comprehension over names."""

    name: str
    """What it calls each name."""
    held: str | None
    """What it calls the object of that name, where it goes over `items()`."""
    source: cst.BaseExpression


def _loop_over_names(clause: cst.CompFor) -> _Loop | None:
    source = clause.iter
    target: cst.BaseExpression = clause.target
    held: str | None = None
    if clause.inner_for_in is not None:
        return None
    if isinstance(source, cst.Call) and isinstance(source.func, cst.Attribute) and source.func.attr.value == "items":
        if not isinstance(target, cst.Tuple) or len(target.elements) != 2:
            return None
        source = source.func.value
        held = dotted(target.elements[1].value)
        target = target.elements[0].value
    name = dotted(target)
    return None if name is None else _Loop(name, held, source)


def _read_test(
    node: cst.BaseExpression, name: str, held: str | None, values: Values, negated: bool = False
) -> list[NameTest]:
    """Return the tests, all of which must pass, that a filter puts to each name."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
        return _read_test(node.expression, name, held, values, not negated)
    if isinstance(node, cst.BooleanOperation):
        # By De Morgan a negated `or` is an `and` of negations, and tests of one filter must all pass.
        if isinstance(node.operator, cst.And) is negated:
            raise NotStatic("a filter with alternatives")
        left = _read_test(node.left, name, held, values, negated)
        return left + _read_test(node.right, name, held, values, negated)
    if isinstance(node, cst.Call):
        return [_read_call_test(node, name, held, values, negated)]
    pair = compared_pair(node)
    if pair is not None:
        flipped = isinstance(pair.operator, (cst.NotIn, cst.NotEqual)) is not negated
        options = values.evaluate(pair.right)
        if isinstance(pair.operator, (cst.In, cst.NotIn)) and dotted(pair.left) == name:
            if isinstance(options, (list, tuple, dict)):
                return [NameTest("in", tuple(sorted(map(str, options))), flipped)]
        elif isinstance(pair.operator, (cst.Equal, cst.NotEqual)) and isinstance(options, str):
            if dotted(pair.left) == name:
                return [NameTest("in", (options,), flipped)]
            if isinstance(pair.left, cst.Subscript) and dotted(pair.left.value) == name:
                # `name[0] == "_"`, `name[:2] == "__"`: as long as the text compared with, or it never holds.
                return [NameTest("startswith", (options,), flipped)]
    raise NotStatic("a filter that is not static")


def _read_call_test(node: cst.Call, name: str, held: str | None, values: Values, negated: bool) -> NameTest:
    path = values.path(node.func)
    arguments = [argument.value for argument in node.args]
    if path in (f"{name}.startswith", f"{name}.endswith") and len(arguments) == 1:
        options = values.evaluate(arguments[0])
        if isinstance(options, str):
            options = (options,)
        if isinstance(options, tuple):
            return NameTest("startswith" if path.endswith("startswith") else "endswith", options, negated)
    if path == f"{name}.isupper":
        return NameTest("is-upper", (), negated)
    if arguments and (dotted(arguments[0]) in (held, name) or _looks_up(arguments[0], name)):
        test = _INSPECTIONS.get(path or "")
        if path == "isinstance" and len(arguments) == 2:
            test = _INSTANCE_OF.get(values.path(arguments[1]) or "")
        if test is not None:
            return NameTest(test, (), negated)
    raise NotStatic("a filter that is not static")


def _looks_up(node: cst.BaseExpression, name: str) -> bool:
    """`globals()[name]`, `vars()[name]`."""
    return (
        isinstance(node, cst.Subscript)
        and isinstance(node.value, cst.Call)
        and dotted(node.value.func) in _NAMESPACES
        and dotted(only_index(node)) == name
    )


def _describe(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Call):
        path = dotted(node.func)
        return f"a call of `{path}`" if path else "a call"
    if isinstance(node, cst.BaseComp):
        return "a comprehension that is not static"
    if string_value(node) is not None:
        return "a string"
    return f"an expression ({type(node).__name__})"
