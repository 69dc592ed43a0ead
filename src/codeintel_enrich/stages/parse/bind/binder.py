"""`bind`: the two halves of binding one after the other, and their result as rows."""

from __future__ import annotations

import msgspec

from codeintel_enrich.model.syntax import Binding, Reference, Scope
from codeintel_enrich.stages.parse.bind.definitions import DEFINITIONS
from codeintel_enrich.stages.parse.bind.expressions import EXPRESSIONS
from codeintel_enrich.stages.parse.bind.imports import IMPORTS
from codeintel_enrich.stages.parse.bind.resolve import MentionResolver
from codeintel_enrich.stages.parse.bind.statements import STATEMENTS
from codeintel_enrich.stages.parse.bind.walk import Handlers, Walk
from codeintel_enrich.stages.parse.tree import ParsedTree

HANDLERS: Handlers = {**EXPRESSIONS, **STATEMENTS, **IMPORTS, **DEFINITIONS}


class Bound(msgspec.Struct, frozen=True):
    """The binder's part of a file's syntax, and the unresolved references of its interface."""

    scopes: tuple[Scope, ...]
    bindings: tuple[Binding, ...]
    references: tuple[Reference, ...]
    """In source order."""
    unresolved: tuple[str, ...]
    """Sorted, each once; `Reference.unresolved` is an index into it."""


def bind(tree: ParsedTree) -> Bound:
    """Find every scope, binding and reference of a parsed file."""
    found = Walk(tree, HANDLERS)
    found.each(tree.module.body)
    table = found.table
    meanings = MentionResolver(table, found.mentions, found.super_calls, found.in_strings).resolve()
    unresolved = sorted({meaning.unresolved for meaning in meanings if meaning.unresolved is not None})
    index_of = {unresolved: index for index, unresolved in enumerate(unresolved)}
    position, text = tree.position, tree.text
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
                # Most identifiers are written in ASCII, and then have as many bytes as code points.
                start_byte + width if text[start : start + width].isascii() else position(start + width)[2],
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
