"""Constant evaluation: what an expression at module level is worth for the configured Python and platform.

It knows names, strings, numbers and containers of them, and never runs code of the analysed file. Sizes are bounded.
What it does not know for certain is UNKNOWN, and stays so through whatever is made of it; only `and`, `or` and `x if y`
have values where a part that does not matter is unknown.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.stages.parse.cst_helpers import dotted, only_index
from codeintel_enrich.stages.parse.interface.known import KnownNames
from codeintel_enrich.stages.parse.interface.platform import (
    TYPE_CHECKING_PATHS,
    UNKNOWN,
    Version,
    known_calls,
    known_names,
)
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.string_literals import string_value

_LIMIT = 20_000
"""Rounds of a comprehension; generated tables of names have thousands."""
_ENVIRONMENT = frozenset({"os.environ", "sys.modules"})
"""Taken for empty where the usual value of a test is asked for."""
_COMPARISONS: dict[type[cst.BaseCompOp], Callable[[Any, Any], bool]] = {
    cst.Equal: operator.eq,
    cst.NotEqual: operator.ne,
    cst.LessThan: operator.lt,
    cst.LessThanEqual: operator.le,
    cst.GreaterThan: operator.gt,
    cst.GreaterThanEqual: operator.ge,
    cst.In: lambda left, right: left in right,
    cst.NotIn: lambda left, right: left not in right,
    cst.Is: lambda left, right: left is right,
    cst.IsNot: lambda left, right: left is not right,
}
_STRING_METHODS = frozenset(
    {"startswith", "endswith", "lower", "upper", "strip", "lstrip", "rstrip", "split", "rsplit", "replace", "join"}
    | {"partition", "rpartition", "removeprefix", "removesuffix", "title", "capitalize", "format", "isupper", "islower"}
)


class SetValue(list[Any]):
    """A set is a list in the order of the source, so that what is made of it does not vary with the hash seed."""

    __slots__ = ()


_CONTAINERS: dict[str, Callable[[Any], Any]] = {
    "sorted": sorted,
    "list": list,
    "tuple": tuple,
    "set": SetValue,
    "frozenset": SetValue,
    "dict": dict,
    "len": len,
    "reversed": lambda value: list(reversed(value)),
    "bool": bool,
    "int": int,
    "enumerate": lambda value: list(enumerate(value)),
}


class Values(KnownNames):
    """What module-level names are worth at one point of the program."""

    def __init__(self, config: ParseConfig, asks_environment: bool = False) -> None:
        super().__init__()
        self.assumed: set[str] = set()
        """The modules whose absence the last assumption was made of."""
        self._known = known_names(config)
        self._calls = known_calls(config)
        self._typing = False
        self._asks_environment = asks_environment
        self._assuming = False

    def export_usual(self) -> dict[str, tuple[bool | int | str | None, str]]:
        """The plain values of `usual`, as other modules may test them; sorted."""
        plain = ((name, self._assume(cst.Name(name)), found.module) for name, found in sorted(self.usual.items()))
        return {
            name: (value, module) for name, value, module in plain if value is None or isinstance(value, (int, str))
        }

    def truth(self, test: cst.BaseExpression, typing: bool = False) -> bool | None:
        """Judge a test, at run time or as a type checker does; None where it cannot be judged."""
        self._typing = typing
        value = self.evaluate(test)
        self._typing = False
        return None if value is UNKNOWN else bool(value)

    def usual_truth(self, test: cst.BaseExpression) -> bool | None:
        """Judge a test as it comes out where no environment variable is set, no other program's modules are loaded and
        no optional module is installed (`assumed` are those that matter); None where that does not decide it."""
        if not self._asks_environment and not self.usual:
            return None
        self.assumed.clear()
        value = self._assume(test)
        return None if value is UNKNOWN else bool(value)

    def _assume(self, node: cst.CSTNode) -> Any:
        self._assuming = True
        value = self.evaluate(node)
        self._assuming = False
        return value

    def evaluate(self, node: cst.CSTNode, scope: dict[str, Any] | None = None) -> Any:
        """Return what an expression is worth, or UNKNOWN. Sets are `SetValue`, dictionaries keep their order."""
        handler = _EVALUATORS.get(type(node))
        if handler is None:
            return UNKNOWN
        try:
            return handler(self, node, scope or {})
        # What the analysed code would raise itself, if it ran: an index out of range, `1 + "a"`, `int("x")`.
        except (ValueError, TypeError, KeyError, IndexError, AttributeError, SyntaxError, OverflowError):
            return UNKNOWN

    def _name(self, node: cst.Name | cst.Attribute, scope: dict[str, Any]) -> Any:
        if type(node) is cst.Name:
            name = normalised(node.value)
            if name in scope:
                return scope[name]
            if name in ("True", "False", "None"):
                return {"True": True, "False": False, "None": None}[name]
        path = self.path(node)
        # Before what is assigned: `TYPE_CHECKING = False` stands in files that do without `typing`.
        if path in TYPE_CHECKING_PATHS:
            return self._typing
        if path in self._known:
            return self._known[path]
        if self._assuming and path in _ENVIRONMENT:
            return {}
        if type(node) is cst.Name and self._assuming and name in self.usual:
            value, module = self.usual[name]
            self.assumed.add(module)
            return self.evaluate(value) if isinstance(value, cst.CSTNode) else value
        if type(node) is cst.Name and name in self.constants:
            return self._constant(name)
        if type(node) is cst.Attribute and node.attr.value == "__name__":
            # The name a class or function was defined under; an alias would differ.
            inner = dotted(node.value)
            return inner.rpartition(".")[2] if inner else UNKNOWN
        return UNKNOWN

    def _constant(self, name: str) -> Any:
        value = self.constants[name]
        if isinstance(value, cst.CSTNode):
            written = value
            # Not known while it is asked for: it may be made from itself (`x = x + 1`).
            self.constants[name] = UNKNOWN
            value = self.evaluate(written)
            # A value that rests on an assumption is not kept.
            self.constants[name] = written if self._assuming else value
            if value is UNKNOWN and (self._asks_environment or self.usual):
                self.unknown[name] = written
        elif value is UNKNOWN and self._assuming and name in self.unknown:
            written = self.unknown.pop(name)
            value = self.evaluate(written)
            self.unknown[name] = written
        return value

    def _string(self, node: cst.CSTNode, scope: dict[str, Any]) -> Any:
        value = string_value(node)
        return UNKNOWN if value is None else value

    def _formatted(self, node: cst.FormattedString, scope: dict[str, Any]) -> Any:
        parts = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(part.value)
                continue
            value = (
                self.evaluate(part.expression, scope) if isinstance(part, cst.FormattedStringExpression) else UNKNOWN
            )
            if not isinstance(value, (str, int)):
                return UNKNOWN
            parts.append(str(value))
        return "".join(parts)

    def _number(self, node: cst.Integer, scope: dict[str, Any]) -> Any:
        return node.evaluated_value

    def _sequence(self, node: cst.Tuple | cst.List | cst.Set, scope: dict[str, Any]) -> Any:
        values: list[Any] = []
        for element in node.elements:
            value = self.evaluate(element.value, scope)
            if value is UNKNOWN:
                return UNKNOWN
            if isinstance(element, cst.StarredElement):
                values.extend(value)
            else:
                values.append(value)
        if type(node) is cst.Tuple:
            return tuple(values)
        return SetValue(values) if type(node) is cst.Set else values

    def _dict(self, node: cst.Dict, scope: dict[str, Any]) -> Any:
        values: dict[Any, Any] = {}
        for element in node.elements:
            if isinstance(element, cst.StarredDictElement):
                values.update(self.evaluate(element.value, scope))
                continue
            key = self.evaluate(element.key, scope) if isinstance(element, cst.DictElement) else UNKNOWN
            if key is UNKNOWN:
                return UNKNOWN
            # A value may be unknown: the keys alone are names.
            values[key] = self.evaluate(element.value, scope)
        return values

    def _boolean(self, node: cst.BooleanOperation, scope: dict[str, Any]) -> Any:
        left = self.evaluate(node.left, scope)
        right = self.evaluate(node.right, scope)
        decisive = isinstance(node.operator, cst.Or)
        # `x and False` is false whatever `x` is: an unknown side does not matter where the other one decides.
        if left is not UNKNOWN:
            return left if bool(left) is decisive else right
        return right if right is not UNKNOWN and bool(right) is decisive else UNKNOWN

    def _unary(self, node: cst.UnaryOperation, scope: dict[str, Any]) -> Any:
        value = self.evaluate(node.expression, scope)
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(node.operator, cst.Not):
            return not value
        return -value if isinstance(node.operator, cst.Minus) else UNKNOWN

    def _binary(self, node: cst.BinaryOperation, scope: dict[str, Any]) -> Any:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        if left is UNKNOWN or right is UNKNOWN:
            return UNKNOWN
        if isinstance(node.operator, cst.Add):
            return left + right if type(left) is type(right) and type(left) is not SetValue else UNKNOWN
        if isinstance(node.operator, cst.BitOr):
            return left | right if isinstance(left, dict) else SetValue([*left, *right])
        if isinstance(node.operator, cst.Subtract) and isinstance(left, list):
            return SetValue([value for value in left if value not in right])
        # Bounded, as `10 ** 10 ** 10` is a short text.
        if isinstance(node.operator, cst.Power) and abs(left) < 100 and abs(right) < 100:
            return left**right
        return UNKNOWN

    def _comparison(self, node: cst.Comparison, scope: dict[str, Any]) -> Any:
        if type(node.left) is cst.Name and node.left.value == "__name__" and len(node.comparisons) == 1:
            target = node.comparisons[0]
            # As a module that others import; a script of its own has no one who could see its names.
            is_main = string_value(target.comparator) == "__main__"
            return isinstance(target.operator, cst.NotEqual) if is_main else UNKNOWN
        left = self.evaluate(node.left, scope)
        for target in node.comparisons:
            right = self.evaluate(target.comparator, scope)
            compare = _COMPARISONS.get(type(target.operator))
            if left is UNKNOWN or right is UNKNOWN or compare is None:
                return UNKNOWN
            if isinstance(left, Version) or isinstance(right, Version):
                version, other = (left, right) if isinstance(left, Version) else (right, left)
                # Which of the two is the later depends on the micro version, of which the settings say nothing.
                if len(other) > 2 and tuple(other[:2]) == tuple(version[:2]):
                    return UNKNOWN
            if not compare(left, right):
                return False
            left = right
        return True

    def _subscript(self, node: cst.Subscript, scope: dict[str, Any]) -> Any:
        value = self.evaluate(node.value, scope)
        if value is UNKNOWN or len(node.slice) != 1:
            return UNKNOWN
        single = only_index(node)
        if single is not None:
            key = self.evaluate(single, scope)
            # Major and minor are known, what is behind them is made up.
            return UNKNOWN if key is UNKNOWN or (isinstance(value, Version) and key > 1) else value[key]
        index = node.slice[0].slice
        if not isinstance(index, cst.Slice):
            return UNKNOWN
        bounds = [
            None if part is None else self.evaluate(part, scope) for part in (index.lower, index.upper, index.step)
        ]
        if UNKNOWN in bounds:
            return UNKNOWN
        found = value[slice(*bounds)]
        if isinstance(value, Version):
            return tuple(found) if len(found) < 3 else UNKNOWN
        return found

    def _conditional(self, node: cst.IfExp, scope: dict[str, Any]) -> Any:
        test = self.evaluate(node.test, scope)
        return UNKNOWN if test is UNKNOWN else self.evaluate(node.body if test else node.orelse, scope)

    def _call(self, node: cst.Call, scope: dict[str, Any]) -> Any:
        path = self.path(node.func)
        positional = [argument for argument in node.args if argument.keyword is None and not argument.star]
        is_plain = len(positional) == len(node.args)
        if path in self._calls and is_plain:
            return self._calls[path](*(self.evaluate(argument.value, scope) for argument in positional))
        if self._assuming and path == "os.getenv":
            return self.evaluate(positional[1].value, scope) if len(positional) > 1 else None
        if path in _CONTAINERS and path not in self.constants:
            return self._container(path, positional, is_plain, scope)
        if not isinstance(node.func, cst.Attribute) or not is_plain:
            return UNKNOWN
        arguments = [self.evaluate(argument.value, scope) for argument in positional]
        is_known = all(argument is not UNKNOWN for argument in arguments)
        if path == "dict.fromkeys" and arguments:
            return dict.fromkeys(arguments[0]) if is_known else UNKNOWN
        receiver = self.evaluate(node.func.value, scope)
        return _call_method(receiver, node.func.attr.value, arguments) if is_known else UNKNOWN

    def _container(self, path: str, positional: list[cst.Arg], is_plain: bool, scope: dict[str, Any]) -> Any:
        """`list(...)` and its like. Keywords are left aside (`key=` of `sorted`), but those of `dict` are items."""
        if path == "dict" and not is_plain:
            return UNKNOWN
        if not positional:
            return {} if path == "dict" else []
        value = self.evaluate(positional[0].value, scope)
        return UNKNOWN if value is UNKNOWN else _CONTAINERS[path](value)

    def _comprehension(self, node: cst.BaseSimpleComp, scope: dict[str, Any]) -> Any:
        values: list[Any] = []
        for inner in self._rounds(node.for_in, scope):
            value = UNKNOWN if inner is None else self.evaluate(node.elt, inner)
            if value is UNKNOWN:
                return UNKNOWN
            values.append(value)
        return SetValue(values) if type(node) is cst.SetComp else values

    def _dict_comprehension(self, node: cst.DictComp, scope: dict[str, Any]) -> Any:
        values: dict[Any, Any] = {}
        for inner in self._rounds(node.for_in, scope):
            key = UNKNOWN if inner is None else self.evaluate(node.key, inner)
            if key is UNKNOWN or inner is None:
                return UNKNOWN
            values[key] = self.evaluate(node.value, inner)
        return values

    def _rounds(self, clause: cst.CompFor, scope: dict[str, Any]) -> Iterator[dict[str, Any] | None]:
        """The scopes that a comprehension's element sees; None where that is unknown."""
        iterable = self.evaluate(clause.iter, scope)
        if iterable is UNKNOWN or len(iterable) > _LIMIT:
            yield None
            return
        for item in iterable:
            inner = dict(scope)
            if not bind_target(clause.target, item, inner):
                yield None
                return
            tests = [self.evaluate(test.test, inner) for test in clause.ifs]
            if any(test is UNKNOWN for test in tests):
                yield None
                return
            if not all(tests):
                continue
            if clause.inner_for_in is None:
                yield inner
            else:
                yield from self._rounds(clause.inner_for_in, inner)


def _call_method(receiver: Any, method: str, arguments: list[Any]) -> Any:
    """Call a method that gives a new value and cannot take long; a set is a list here, so a list has `union`.

    UNKNOWN is none of the types that have methods.
    """
    if isinstance(receiver, dict):
        if method == "get":
            return receiver.get(*arguments)
        if method in ("keys", "values", "items", "copy"):
            return dict(receiver) if method == "copy" else list(getattr(receiver, method)())
    elif isinstance(receiver, list) and method in ("copy", "union"):
        found = [*receiver, *(value for argument in arguments for value in argument)]
        return SetValue(found) if method == "union" or type(receiver) is SetValue else found
    elif isinstance(receiver, str) and method in _STRING_METHODS:
        return getattr(receiver, method)(*arguments)
    return UNKNOWN


def bind_target(target: cst.BaseExpression, value: Any, scope: dict[str, Any]) -> bool:
    """Bind a loop target to one item; False where the shapes do not fit."""
    if isinstance(target, cst.Name):
        scope[normalised(target.value)] = value
        return True
    if isinstance(target, (cst.Tuple, cst.List)) and isinstance(value, (tuple, list)):
        return len(value) == len(target.elements) and all(
            bind_target(element.value, item, scope) for element, item in zip(target.elements, value, strict=True)
        )
    return False


_EVALUATORS: dict[type[cst.CSTNode], Callable[[Values, Any, dict[str, Any]], Any]] = {
    cst.Name: Values._name,
    cst.Attribute: Values._name,
    cst.SimpleString: Values._string,
    cst.ConcatenatedString: Values._string,
    cst.FormattedString: Values._formatted,
    cst.Integer: Values._number,
    cst.Tuple: Values._sequence,
    cst.List: Values._sequence,
    cst.Set: Values._sequence,
    cst.Dict: Values._dict,
    cst.BooleanOperation: Values._boolean,
    cst.UnaryOperation: Values._unary,
    cst.BinaryOperation: Values._binary,
    cst.Comparison: Values._comparison,
    cst.Subscript: Values._subscript,
    cst.IfExp: Values._conditional,
    cst.Call: Values._call,
    cst.ListComp: Values._comprehension,
    cst.SetComp: Values._comprehension,
    cst.GeneratorExp: Values._comprehension,
    cst.DictComp: Values._dict_comprehension,
}
