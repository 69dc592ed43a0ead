"""Types in strings: where a string stands for a type (PEP 484, "Forward references"), and the identifiers in it.

They stand for a type in annotations, in the arguments of what `typing` names (`Optional["Node"]`) and of `cast`,
`NewType` and `TypeVar`. A string that is no expression, spans lines, has escapes or is not ASCII names nothing here.
"""

from __future__ import annotations

import ast
import re

import libcst as cst

from codeintel_enrich.stages.parse.bind.walk import Walk
from codeintel_enrich.stages.parse.cst_helpers import last_name

_TYPE = re.compile(r"[A-Za-z_][\w \t.,|\[\]()*-]{0,999}", re.ASCII)
"""What a type that consists of names looks like; it bounds how deep one can be nested."""
_LITERAL = re.compile(r"[rR]?('''|\"\"\"|'|\")(.*)\1")
_TYPING = ("typing", "typing_extensions")


def visit_type(walk: Walk, node: cst.CSTNode) -> None:
    """Walk an expression whose strings are types."""
    outer, walk.in_type = walk.in_type, True
    walk.visit(node)
    walk.in_type = outer


def visit_no_type(walk: Walk, node: cst.CSTNode) -> None:
    """Walk an expression whose strings are values."""
    outer, walk.in_type = walk.in_type, False
    walk.visit(node)
    walk.in_type = outer


def string(walk: Walk, node: cst.SimpleString) -> int:
    """Mention the identifiers of a type in a string; a plain name or attribute gives its index, as `Walk.visit`."""
    if not walk.in_type:
        return -1
    literal = _LITERAL.fullmatch(node.value)
    if literal is None or _TYPE.fullmatch(literal[2]) is None:
        return -1
    # CPython's parser: its nodes have columns, and it is several times as fast as LibCST's.
    try:
        expression = ast.parse(literal[2], mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return -1
    # Without escapes and on one line, an offset in the value is one in the token.
    return _mention(walk, expression, walk.spans[node][0] + literal.start(2))


def concatenated(walk: Walk, node: cst.ConcatenatedString) -> None:
    """Walk strings side by side: no part of them is a type of its own."""
    visit_no_type(walk, node.left)
    visit_no_type(walk, node.right)


def subscript(walk: Walk, node: cst.Subscript) -> None:
    """Walk a subscript; that of a type has types in it, apart from `Literal` and the notes of `Annotated`."""
    walk.visit(node.value)
    outer = walk.in_type
    # Only where a string stands in it does it matter what is subscribed; looking every one up would cost.
    if outer or any(type(getattr(element.slice, "value", None)) is cst.SimpleString for element in node.slice):
        name = last_name(node.value)
        walk.in_type = name != "Literal" and (outer or typing_name(walk, node.value) is not None)
        # PEP 593: the first argument is a type, what follows are any values.
        if name == "Annotated":
            walk.each(node.slice[:1])
            walk.in_type = False
            walk.each(node.slice[1:])
            walk.in_type = outer
            return
    walk.each(node.slice)
    walk.in_type = outer


def typing_name(walk: Walk, node: cst.CSTNode) -> str | None:
    """The name that `typing` has for a plain name or `module.name`, as far as imports up to here say."""
    if type(node) is cst.Name:
        # `module:name` is a name imported from it, `module:` the module itself; see `ScopeTable.roots`.
        for module in _TYPING:
            for root in _roots(walk, node):
                if root.startswith(f"{module}:"):
                    return root.partition(":")[2] or None
    elif type(node) is cst.Attribute and type(node.value) is cst.Name:
        roots = _roots(walk, node.value)
        if any(f"{module}:" in roots for module in _TYPING):
            return node.attr.value
    return None


def _roots(walk: Walk, node: cst.Name) -> list[str]:
    """The imported things that a name may stand for, as unresolved references."""
    table = walk.table
    owner = table.owner(walk.scope, node.value)
    return [table.roots[index] for index in table.scopes[owner].names[node.value]] if owner >= 0 else []


def _mention(walk: Walk, node: ast.expr, start: int) -> int:
    """Mention what stands in an expression that begins at offset `start`; its columns are offsets, being ASCII."""
    if isinstance(node, ast.Name):
        return walk.mention_in_string(node.id, start + node.col_offset, "name", -1)
    if isinstance(node, ast.Attribute) and node.end_col_offset is not None:
        base = _mention(walk, node.value, start)
        return walk.mention_in_string(node.attr, start + node.end_col_offset - len(node.attr), "attribute", base)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            _mention(walk, child, start)
    return -1
