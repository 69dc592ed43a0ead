"""The walk over LibCST's tree: it opens scopes, declares names and notes every identifier in source order.

What an identifier means is decided later (`resolve`), when all bindings are known, as CPython's symtable does.

Handlers are found by the exact type of node and walk its children themselves, in source order. LibCST's own visitors
would call two methods for each node, whitespace included, and know no order but that of the fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import libcst as cst

from codeintel_enrich.model.syntax import BindingKind, Phase, ReferenceKind, Role, ScopeKind
from codeintel_enrich.stages.parse.bind.scopes import ScopeTable
from codeintel_enrich.stages.parse.python_names import mangled, normalised
from codeintel_enrich.stages.parse.tree import ParsedTree


class Mention(NamedTuple):
    """One identifier token; its place in the list is the index of its reference."""

    name: str
    """As Python stores it (NFKC)."""
    key: str
    """The name under which it is looked up: mangled inside a class."""
    start: int
    """Offset of its first code point."""
    width: int
    role: Role
    kind: ReferenceKind
    scope: int
    """Where it stands (not where it belongs)."""
    node: int
    base: int
    typing: bool
    unresolved: str | None = None
    """`import`: the imported thing as an unresolved reference."""
    binds: bool = False
    """`import`: whether this token is the name that the import binds."""


class SuperCall(NamedTuple):
    """`super()` or `super(C, self)`, by the mentions of `super` and of `C` (-1: none)."""

    function: int
    of_class: int


class Walk:
    """Where the walk stands, what it has found, and the steps that handlers are made of."""

    def __init__(self, tree: ParsedTree, handlers: Handlers) -> None:
        self.table = ScopeTable()
        self.mentions: list[Mention] = []
        self.super_calls: dict[int, SuperCall] = {}
        """By the mention of the attribute that follows the call."""
        self.spans = tree.spans
        self.node_of = tree.node_of
        self.scope = self.table.open("module", -1, 0, "")
        self.enclosing = 0
        """Node of the definition around: the innermost class, function or module."""
        self.binder = 0
        """Node of the innermost statement that has a row: what makes bindings here."""
        self.phase: Phase = "runtime"
        """Of bindings made here."""
        self.typing = False
        """Whether this runs for type checkers only."""
        self.in_type = False
        """Whether a string here is a type."""
        self.in_strings: set[int] = set()
        """The mentions that stand in strings: they mean what a name comes to, not what it is there."""
        self.private: str | None = None
        """The class whose name mangles private names here."""
        self._handlers = handlers

    def visit(self, node: cst.CSTNode) -> int:
        """Walk one node; a plain name or attribute gives the index of its mention, anything else -1."""
        # Literals, operators, `pass`: nothing in them names anything.
        handler = self._handlers.get(type(node))
        if handler is None:
            return -1
        index = handler(self, node)
        return -1 if index is None else index

    def each(self, nodes: Iterable[cst.CSTNode]) -> None:
        """Walk a sequence of nodes."""
        handlers = self._handlers
        for node in nodes:
            handler = handlers.get(type(node))
            if handler is not None:
                handler(self, node)

    def mention(
        self,
        node: cst.Name,
        role: Role,
        kind: ReferenceKind = "name",
        base: int = -1,
        unresolved: str | None = None,
        binds: bool = False,
    ) -> int:
        """Note an identifier that stands here; returns its index."""
        # Spans are of what is written, which may be longer than the normalised name.
        written = node.value
        name = normalised(written)
        mentions = self.mentions
        mentions.append(
            Mention(
                name,
                mangled(name, self.private),
                self.spans[node][0],
                len(written),
                role,
                kind,
                self.scope,
                self.enclosing,
                base,
                self.typing,
                unresolved,
                binds,
            )
        )
        return len(mentions) - 1

    def mention_in_string(self, name: str, start: int, width: int, kind: ReferenceKind, base: int) -> int:
        """Note a read in a string that is a type; returns its index. Escapes make the identifier as written longer."""
        index = len(self.mentions)
        key = mangled(name, self.private)
        self.mentions.append(
            Mention(name, key, start, width, "read", kind, self.scope, self.enclosing, base, typing=True)
        )
        self.in_strings.add(index)
        return index

    def bind(self, node: cst.Name, kind: BindingKind = "variable", role: Role = "write", opens: int = -1) -> None:
        """Mention a name and bind it here; a comprehension binds only its own targets (see `bind_outside`)."""
        self._bind(node, self.scope, kind, role, opens)

    def bind_outside(self, node: cst.Name) -> None:
        """Mention a name and bind it as an assignment expression does: outside the comprehensions it stands in."""
        self._bind(node, self.table.binding_scope(self.scope), "variable", "write", -1)

    def _bind(self, node: cst.Name, scope: int, kind: BindingKind, role: Role, opens: int) -> None:
        # The binding counts from the next mention on: its own token does not precede it.
        index = self.mention(node, role)
        mention = self.mentions[index]
        self.table.bind(scope, mention.key, mention.name, kind, self.binder, self.phase, index + 1, opens)

    def declare(self, node: cst.Name, role: Role) -> None:
        """Mention a name and make it one of the present scope without binding it."""
        index = self.mention(node, role)
        self.table.declare(self.scope, self.mentions[index].key, self.mentions[index].name, index + 1)

    def attribute(self, node: cst.Attribute, role: Role = "read") -> int:
        """Walk an attribute; returns the index of its mention."""
        value = node.value
        base = self.visit(value)
        index = self.mention(node.attr, role, "attribute", base)
        if type(value) is cst.Call and type(value.func) is cst.Name and value.func.value == "super":
            self._super_call(value, index)
        return index

    def _super_call(self, call: cst.Call, index: int) -> None:
        """Note the mentions of `super` and of its first argument, which precede that of the attribute."""
        # The arguments stand between `super` and the attribute, and may mention anything.
        start = self.spans[call.func][0]
        function = index - 1
        while self.mentions[function].start != start:
            function -= 1
        if not call.args:
            self.super_calls[index] = SuperCall(function, -1)
        elif type(call.args[0].value) is cst.Name:
            # The mention behind `super`'s own is that of its first argument.
            self.super_calls[index] = SuperCall(function, function + 1)

    def target(self, node: cst.CSTNode, role: Role = "write") -> None:
        """Walk what is assigned to or deleted."""
        if isinstance(node, cst.Name):
            # `del x` and `x: int` make `x` a name of the scope as an assignment does, and bind nothing.
            if role == "write":
                self.bind(node)
            else:
                self.declare(node, role)
        elif isinstance(node, cst.Attribute):
            self.attribute(node, role)
        elif isinstance(node, (cst.Tuple, cst.List)):
            for element in node.elements:
                self.target(element.value, role)
        elif isinstance(node, cst.StarredElement):
            self.target(node.value, role)
        else:
            self.visit(node)

    def bound_from_here(self, key: str, start: int) -> None:
        """A name first bound since mention `start` is unbound until here: what it is bound to is evaluated first."""
        # Where the name was bound before, it stays so.
        first = self.table.scopes[self.scope].first
        if first.get(key, -1) > start:
            first[key] = len(self.mentions)

    def enter_binder(self, node: cst.CSTNode) -> int:
        """Make a statement the maker of bindings, where it has a row; returns the present one."""
        binder = self.binder
        self.binder = self.node_of.get(node, binder)
        return binder

    def open(self, kind: ScopeKind, node: cst.CSTNode, local_name: str) -> int:
        """Open a scope inside the present one."""
        return self.table.open(kind, self.scope, self.node_of.get(node, self.binder), local_name)


Handler = Callable[[Walk, Any], int | None]
Handlers = Mapping[type, Handler]


def handlers(by_name: dict[str, Handler]) -> Handlers:
    """Key handlers by node type; LibCST may be too old to have some of the types (t-strings, lazy imports)."""
    return {getattr(cst, name): handler for name, handler in by_name.items() if hasattr(cst, name)}


def children(*fields: str) -> Handler:
    """Make a handler that walks these fields in order: nodes, sequences of nodes, or anything else that is left out."""

    def handler(walk: Walk, node: Any) -> None:
        for field in fields:
            child = getattr(node, field)
            if isinstance(child, (tuple, list)):
                walk.each(child)
            else:
                walk.visit(child)

    return handler
