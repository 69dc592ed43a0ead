"""Annotations, defaults and decorators in one spelling: what means the same comes out as the same text."""

import ast
import contextlib
from collections.abc import Callable, Mapping

from codeintel_enrich.commands.api.objects import Types

# What `typing` says of each: "Deprecated alias to ...".
_ALIASES = {
    **{f"typing.{name}": name.lower() for name in ("List", "Dict", "Set", "FrozenSet", "Tuple", "Type")},
    **{f"typing.{name}": f"collections.{name}" for name in ("OrderedDict", "Counter", "ChainMap")},
    **{f"typing.{name}": f"re.{name}" for name in ("Pattern", "Match")},
    "typing.Text": "str",
    "typing.Deque": "collections.deque",
    "typing.DefaultDict": "collections.defaultdict",
    "typing.ContextManager": "contextlib.AbstractContextManager",
    "typing.AsyncContextManager": "contextlib.AbstractAsyncContextManager",
    "typing.AbstractSet": "collections.abc.Set",
    "builtins.IOError": "builtins.OSError",
    "builtins.EnvironmentError": "builtins.OSError",
    "socket.error": "builtins.OSError",
    "select.error": "builtins.OSError",
    "socket.timeout": "builtins.TimeoutError",
    "asyncio.TimeoutError": "builtins.TimeoutError",
    "asyncio.exceptions.TimeoutError": "builtins.TimeoutError",
    "concurrent.futures.TimeoutError": "builtins.TimeoutError",
}
_ABSTRACT = frozenset(
    (
        *("Awaitable", "Coroutine", "AsyncIterable", "AsyncIterator", "AsyncGenerator", "Hashable", "Iterable"),
        *("Iterator", "Generator", "Reversible", "Container", "Collection", "Callable", "Set", "MutableSet", "Sized"),
        *("Mapping", "MutableMapping", "Sequence", "MutableSequence", "MappingView", "KeysView", "ItemsView"),
        *("ValuesView", "ByteString"),
    )
)
"""Names that `typing` took over from `collections.abc`."""
_EMPTY = {"dict()": "{}", "list()": "[]", "tuple()": "()", "str()": "''", "bytes()": "b''", "int()": "0"}

Names = Callable[[str], str | None]
"""Dotted path as written -> the qualified name of what it means; None where nothing static can say."""


def one_name(qualified: str) -> str:
    """The one name among those under which the standard library has a thing."""
    name = qualified.replace("typing_extensions.", "typing.", 1)
    module, _, last = name.rpartition(".")
    if module == "typing" and last in _ABSTRACT and name not in _ALIASES:
        return f"collections.abc.{last}"
    name = _ALIASES.get(name, name)
    return name.removeprefix("_") if name.startswith("_collections_abc.") else name


def types_of(text: str | None, names: Names) -> Types | None:
    """The members of an annotation. `Optional[X]`, `Union[None, X]` and `"X | None"` are the same."""
    if text is None:
        return None
    tree = _parsed(text)
    return (" ".join(text.split()),) if tree is None else _union(tree, names)


def spelled(text: str | None, names: Names) -> str | None:
    """An expression in one spelling: quotes, digits, brackets and sums of numbers as Python itself writes them."""
    if text is None:
        return None
    tree = _parsed(text)
    if tree is None:
        return " ".join(text.split())
    value = number(tree)
    if value is not None:
        return repr(value)
    written = ast.unparse(_Renamed(names).visit(tree))
    return _EMPTY.get(written, written)


def is_literal(text: str | None) -> bool:
    """Whether an expression is written out: a number, a text, a list of such."""
    tree = None if text is None else _parsed(text)
    if tree is None:
        return False
    return number(tree) is not None or not any(
        isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Lambda | ast.Await) for node in ast.walk(tree)
    )


def number(tree: ast.expr) -> int | float | complex | None:
    """The number that an expression of numbers is; None of any other expression."""
    if isinstance(tree, ast.Constant):
        return tree.value if isinstance(tree.value, int | float | complex) and type(tree.value) is not bool else None
    if isinstance(tree, ast.UnaryOp) and isinstance(tree.op, ast.USub):
        inner = number(tree.operand)
        return None if inner is None else -inner
    if not isinstance(tree, ast.BinOp):
        return None
    left, right = number(tree.left), number(tree.right)
    if left is None or right is None:
        return None
    with contextlib.suppress(ArithmeticError, TypeError):
        if isinstance(tree.op, ast.Add):
            return left + right
        if isinstance(tree.op, ast.Sub):
            return left - right
        if isinstance(tree.op, ast.Mult):
            return left * right
    return None


def call_of(text: str) -> tuple[str, Mapping[str, str], tuple[str, ...]]:
    """Dotted path, keyword arguments and positional ones of `a.b(x, key=value)`; without brackets there are none."""
    tree = _parsed(text)
    if not isinstance(tree, ast.Call):
        return dotted(tree) or text.strip(), {}, ()
    keywords = {item.arg: ast.unparse(item.value) for item in tree.keywords if item.arg is not None}
    return dotted(tree.func) or "", keywords, tuple(ast.unparse(item) for item in tree.args)


def dotted(tree: ast.expr | None) -> str | None:
    """`a.b.c`; None of anything else."""
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Attribute):
        inner = dotted(tree.value)
        return None if inner is None else f"{inner}.{tree.attr}"
    return None


def texts_in(text: str) -> list[str] | None:
    """The texts of a written list, tuple or dictionary's keys, of pairs the first; None of anything else."""
    tree = _parsed(text)
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return tree.value.replace(",", " ").split()
    items = tree.elts if isinstance(tree, ast.List | ast.Tuple) else tree.keys if isinstance(tree, ast.Dict) else None
    if items is None:
        return None
    firsts = [item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item for item in items]
    found = [item.value for item in firsts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return found if len(found) == len(firsts) else None


def _parsed(text: str) -> ast.expr | None:
    # In brackets: what stood in some may go over several lines. None also where the source is for a later Python.
    try:
        return ast.parse(f"({text}\n)", mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


class _Renamed(ast.NodeTransformer):
    """Writes every dotted path as the qualified name of what it means."""

    def __init__(self, names: Names) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._path(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        return self._path(node) if dotted(node) is not None else self.generic_visit(node)

    def _path(self, node: ast.expr) -> ast.expr:
        return ast.Name(_name(dotted(node) or "", self._names))


def _name(path: str, names: Names) -> str:
    return one_name(names(path) or path).removeprefix("builtins.")


def _union(tree: ast.expr, names: Names) -> Types:
    return tuple(sorted(set(_members(tree, names))))


def _members(tree: ast.expr, names: Names) -> list[str]:
    """The members of what may be a union; several may be equal."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        inner = _parsed(tree.value)
        return [tree.value] if inner is None else _members(inner, names)
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return [*_members(tree.left, names), *_members(tree.right, names)]
    if not isinstance(tree, ast.Subscript):
        return [_single(tree, names)]
    base = _name(dotted(tree.value) or "", names)
    arguments = tree.slice.elts if isinstance(tree.slice, ast.Tuple) else [tree.slice]
    if base == "typing.Optional":
        return [*_members(tree.slice, names), "None"]
    if base == "typing.Union":
        return [name for argument in arguments for name in _members(argument, names)]
    if base in ("typing.Annotated", "typing.Required", "typing.NotRequired", "typing.ReadOnly", "dataclasses.InitVar"):
        return _members(arguments[0], names)
    if base == "typing.Literal":
        return [f"Literal[{ast.unparse(argument)}]" for argument in arguments]
    written = ", ".join(" | ".join(_union(argument, names)) for argument in arguments)
    return [f"{base or ast.unparse(tree.value)}[{written}]"]


def _single(tree: ast.expr, names: Names) -> str:
    path = dotted(tree)
    if path is not None:
        return _name(path, names)
    if isinstance(tree, ast.List):  # The parameters of a Callable.
        return f"[{', '.join(' | '.join(_union(item, names)) for item in tree.elts)}]"
    return ast.unparse(tree)
