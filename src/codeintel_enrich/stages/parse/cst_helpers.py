"""What small pieces of LibCST's tree say: dotted names, parameters, targets, clauses of imports, what is inside a node.

Every room asks here, so that each question about the shape of syntax has one answer. It knows no scopes and no values.

Node types are compared by `type(node) is`: LibCST's classes are concrete and never subclassed by the parser, and
`isinstance` asks the registry of their abstract base class, which shows when every node of a file is asked.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeGuard

import libcst as cst

from codeintel_enrich.model.syntax import ParameterKind
from codeintel_enrich.stages.parse.python_names import normalised

# -- names --------------------------------------------------------------------------------------------------------


def name_tokens(node: cst.CSTNode | None) -> list[cst.Name]:
    """The tokens of a plain chain of names in source order (`a`, `b` and `c` of `a.b.c`); none for anything else."""
    tokens: list[cst.Name] = []
    while type(node) is cst.Attribute:
        tokens.append(node.attr)
        node = node.value
    if type(node) is not cst.Name:
        return []
    tokens.append(node)
    tokens.reverse()
    return tokens


def dotted(node: cst.CSTNode | None) -> str | None:
    """Return `a.b.c` for a plain chain of names, normalised, else None."""
    if type(node) is cst.Name:
        return normalised(node.value)
    if type(node) is not cst.Attribute:
        return None
    return ".".join([normalised(token.value) for token in name_tokens(node)]) or None


def last_name(node: cst.CSTNode) -> str | None:
    """The name itself, or the attribute that is taken of any object, as written; None for anything else."""
    name = node.attr if type(node) is cst.Attribute else node
    return name.value if type(name) is cst.Name else None


def may_be_alias(node: cst.CSTNode) -> bool:
    """Whether a value is only another name for something: a plain chain of names, a choice between such, a cast."""
    if isinstance(node, cst.IfExp):
        return may_be_alias(node.body) and may_be_alias(node.orelse)
    if isinstance(node, cst.Call):
        return last_name(node.func) == "cast" and len(node.args) == 2 and may_be_alias(node.args[1].value)
    return bool(name_tokens(node))


def is_type_checking(test: cst.CSTNode) -> bool:
    """Whether an `if` tests `TYPE_CHECKING`, by its plain name or as an attribute of any object."""
    return last_name(test) == "TYPE_CHECKING"


def is_type_alias(annotation: cst.CSTNode) -> bool:
    """Whether an annotation says that the value is a type (PEP 613)."""
    return last_name(annotation) == "TypeAlias"


# -- functions ----------------------------------------------------------------------------------------------------


def parameters(node: cst.Parameters) -> Iterator[tuple[cst.Param, ParameterKind]]:
    """Yield parameters in source order; a bare `*` or `/` is none."""
    for parameter in node.posonly_params:
        yield parameter, "positional-only"
    for parameter in node.params:
        yield parameter, "positional-or-keyword"
    if isinstance(node.star_arg, cst.Param):
        yield node.star_arg, "var-positional"
    for parameter in node.kwonly_params:
        yield parameter, "keyword-only"
    if node.star_kwarg is not None:
        yield node.star_kwarg, "var-keyword"


def first_parameter(node: cst.FunctionDef) -> cst.Param | None:
    """The parameter that a call through an instance fills: the first positional one."""
    positional = node.params.posonly_params or node.params.params
    return positional[0] if positional else None


def has_decorator(node: cst.FunctionDef, name: str) -> bool:
    """Whether a function is decorated with a plain name such as `staticmethod`."""
    return any(
        isinstance(decorator.decorator, cst.Name) and decorator.decorator.value == name for decorator in node.decorators
    )


# -- targets ------------------------------------------------------------------------------------------------------


def targets(statement: Any) -> tuple[cst.BaseExpression, ...]:
    """The expressions that a statement itself assigns to, in source order, whole tuples as one."""
    kind = type(statement)
    if kind is cst.Assign:
        return tuple([target.target for target in statement.targets])
    if kind is cst.AnnAssign or kind is cst.AugAssign or kind is cst.For:
        return (statement.target,)
    if kind is cst.With:
        return tuple([item.asname.name for item in statement.items if item.asname is not None])
    return ()


def target_names(target: Any) -> Iterator[str]:
    """The plain names in a target, normalised."""
    kind = type(target)
    if kind is cst.Name:
        yield normalised(target.value)
    elif kind is cst.Tuple or kind is cst.List:
        for element in target.elements:
            yield from target_names(element.value)


def pattern_names(pattern: cst.CSTNode) -> list[str]:
    """The names a `match` pattern captures, in source order."""
    names: list[str] = []
    for node in inside(pattern):
        if isinstance(node, (cst.MatchAs, cst.MatchStar)) and node.name is not None:
            names.append(normalised(node.name.value))
        if isinstance(node, cst.MatchMapping) and node.rest is not None:
            names.append(normalised(node.rest.value))
    return names


# -- imports ------------------------------------------------------------------------------------------------------


class ImportClause(NamedTuple):
    """One name of an import statement: `a.b as c` is (`a.b`, `c`), a star is (`*`, None)."""

    node: cst.ImportAlias | cst.ImportStar
    name: str
    alias: str | None


Import = cst.Import | cst.LazyImport
ImportFrom = cst.ImportFrom | cst.LazyImportFrom
AnyImport = Import | ImportFrom
_LAZY = (cst.LazyImport, cst.LazyImportFrom)


def is_import(node: cst.CSTNode) -> TypeGuard[AnyImport]:
    """Whether a node is an import statement, lazy ones (PEP 810) included."""
    return type(node) in _IMPORTS


_IMPORTS = frozenset({cst.Import, cst.ImportFrom, *_LAZY})


def is_lazy(node: cst.CSTNode) -> bool:
    """Whether a node is a lazy import: its module is loaded when a name that it binds is first used (PEP 810)."""
    return type(node) in _LAZY


def imports_from(node: AnyImport) -> TypeGuard[ImportFrom]:
    """Whether an import takes names from a module."""
    return type(node) is cst.ImportFrom or type(node) is cst.LazyImportFrom


def import_clauses(node: AnyImport) -> list[ImportClause]:
    """The clauses of an import statement, in source order."""
    if isinstance(node.names, cst.ImportStar):
        return [ImportClause(node.names, "*", None)]
    return [
        ImportClause(alias, dotted(alias.name) or "", dotted(alias.asname.name) if alias.asname is not None else None)
        for alias in node.names
    ]


def import_source(node: AnyImport) -> tuple[int, str | None]:
    """The number of leading dots, and the module of a `from` import as written; (0, None) for `import a`."""
    return (len(node.relative), dotted(node.module)) if imports_from(node) else (0, None)


# -- subscripts and comparisons -------------------------------------------------------------------------------------


def only_index(node: cst.Subscript) -> cst.BaseExpression | None:
    """The `i` of `x[i]`; None for slices and for several indices."""
    index = node.slice[0].slice if len(node.slice) == 1 else None
    return index.value if isinstance(index, cst.Index) else None


class ComparedPair(NamedTuple):
    """A comparison of two things."""

    left: cst.BaseExpression
    operator: cst.BaseCompOp
    right: cst.BaseExpression


def compared_pair(node: cst.CSTNode) -> ComparedPair | None:
    """The sides of a comparison; None for a chain such as `a < b < c`, and for anything else."""
    if not isinstance(node, cst.Comparison) or len(node.comparisons) != 1:
        return None
    target = node.comparisons[0]
    return ComparedPair(node.left, target.operator, target.comparator)


# -- what is inside -----------------------------------------------------------------------------------------------

_WITHOUT_NAMES = (
    *("whitespace", "lpar", "rpar", "lbracket", "rbracket", "lbrace", "rbrace", "comma", "semicolon", "dot"),
    *("leading_lines", "lines_after", "header", "footer"),
)
"""How the fields of LibCST's nodes begin that hold no name at any depth."""
_PARTS: dict[type[cst.CSTNode], tuple[str, ...]] = {}


def parts(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly inside another, in source order, without whitespace and punctuation.

    LibCST's own `children` makes and visits the whitespace as well, which is most of a node's children.
    """
    kind = type(node)
    names = _PARTS.get(kind)
    if names is None:
        fields = [field.name for field in dataclasses.fields(kind)]
        names = _PARTS[kind] = tuple(name for name in fields if not name.startswith(_WITHOUT_NAMES))
    found: list[cst.CSTNode] = []
    for name in names:
        value = getattr(node, name)
        if isinstance(value, (list, tuple)):
            found.extend(value)
        elif isinstance(value, cst.CSTNode):
            found.append(value)
    return found


def inside(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """A node and everything in it, in source order; by a stack, as chains of operators are deeper than recursion."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        found = parts(node)
        found.reverse()
        waiting += found
