"""Owns scopes, bindings and references of one file: who binds each name, and what each identifier means.

    walk      tree -> table of scopes and bindings, mentions of identifiers in source order
              (expressions, annotations, statements, imports, definitions: its handlers, by type of node)
    resolve   table, mentions -> the meaning of each mention: a local name, or a reference that `link` resolves

Of identifiers inside strings only those of types are looked at (`annotations`). What an expression evaluates to is
known for modules, classes, functions of this module and the first parameter of methods only: the attributes of any
other object have no meaning here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.model.syntax import Binding, Reference, Scope
from codeintel_enrich.stages.parse.bind.definitions import DEFINITIONS
from codeintel_enrich.stages.parse.bind.expressions import EXPRESSIONS
from codeintel_enrich.stages.parse.bind.imports import IMPORTS
from codeintel_enrich.stages.parse.bind.resolve import Resolver
from codeintel_enrich.stages.parse.bind.statements import STATEMENTS
from codeintel_enrich.stages.parse.bind.walk import Handlers, Walk

if TYPE_CHECKING:
    from codeintel_enrich.stages.parse.tree import Tree

HANDLERS: Handlers = {**EXPRESSIONS, **STATEMENTS, **IMPORTS, **DEFINITIONS}


class Bound(msgspec.Struct, frozen=True):
    """The binder's part of a file's syntax, and the unresolved references of its interface."""

    scopes: tuple[Scope, ...]
    bindings: tuple[Binding, ...]
    references: tuple[Reference, ...]
    """In source order."""
    unresolved: tuple[str, ...]
    """Sorted, each once; `Reference.unresolved` is an index into it."""


def bind(tree: Tree) -> Bound:
    """Find every scope, binding and reference of a parsed file."""
    found = Walk(tree, HANDLERS)
    found.each(tree.module.body)
    table = found.table
    meanings = Resolver(table, found.mentions, found.super_calls, found.in_strings).resolve()
    unresolved = sorted({meaning.unresolved for meaning in meanings if meaning.unresolved is not None})
    index_of = {unresolved: index for index, unresolved in enumerate(unresolved)}
    position = tree.position
    references = []
    for mention, meaning in zip(found.mentions, meanings, strict=True):
        start = mention.start
        line, col, start_byte = position(start)
        width = mention.width
        name = mention.name
        references.append(
            Reference(
                name,
                line,
                col,
                col + width,
                start_byte,
                start_byte + width if name.isascii() else position(start + width)[2],
                mention.role,
                mention.kind,
                meaning.scope if mention.kind == "name" else mention.scope,
                mention.node,
                mention.base,
                -1 if meaning.unresolved is None else index_of[meaning.unresolved],
                meaning.local,
                "typing" if mention.typing else "runtime",
            )
        )
    scopes, bindings = table.result()
    return Bound(scopes, bindings, tuple(references), tuple(unresolved))
