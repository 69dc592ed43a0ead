"""The layers of one file as `emit` sees them together, and the identities its rows share."""

from __future__ import annotations

from collections import Counter
from functools import cached_property

from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.enclosing import EnclosingDefinitions
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule, Target
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.stitched import Stitched
from codeintel_enrich.model.syntax import Definition, Node, Syntax
from codeintel_enrich.model.types import Types

_DEFINED_KINDS = frozenset({"class", "function", "variable", "type-alias"})
"""What is defined in some file of the tree."""


class Layers:
    """All layers of one file."""

    def __init__(
        self,
        path: str,
        syntax: Syntax,
        interface: Interface,
        linked: LinkedModule,
        qualified: Qualified,
        stitched: Stitched,
        types: Types,
        context: FileContext,
    ) -> None:
        self.path = path
        self.syntax = syntax
        self.interface = interface
        self.linked = linked
        self.qualified = qualified
        self.stitched = stitched
        self.answers = stitched.answers
        self.types = types
        self.context = context

    @cached_property
    def node_ids(self) -> list[str]:
        """`path:line:col:NodeType:name` of every node; `#1`, `#2` ... is added to later equals."""
        prefix = self.path
        ids = [
            f"{prefix}:{node.start_line}:{node.start_col}:{node.node_type}:{node.name or ''}"
            for node in self.syntax.nodes
        ]
        # Equal ones are nodes of one type that begin together (`a + b + c`); level `defs` has hardly any.
        return ids if len(set(ids)) == len(ids) else _numbered(ids)

    @cached_property
    def stable_ids(self) -> list[str]:
        """Identities that survive line shifts, unique within the file.

        A definition: module (or path), Python's `__qualname__`, node type, ordinal among equals. Any other node: that
        of the nearest definition around it, node type and name, ordinal among equals.
        """
        owner = self.linked.identity
        # A stub has the module name of the file it describes, and the same definitions.
        if self.linked.is_stub:
            owner = f"{owner}[stub]"
        ids: list[str] = []
        plain: Counter[str] = Counter()
        for node in self.syntax.nodes:
            definition = self.definition(node)
            if definition is not None:
                ids.append(f"{owner}:{definition.local_name}:{node.node_type}:{definition.ordinal}")
            else:
                base = f"{self._defining_ancestor_id(node, ids)}/{node.node_type}:{node.name or ''}"
                ids.append(f"{base}:{plain[base]}")
                plain[base] += 1
        return ids

    def _defining_ancestor_id(self, node: Node, ids: list[str]) -> str:
        """Parents stand before their children, so their ids are there."""
        parent = node.parent
        while parent > 0 and self.syntax.nodes[parent].definition < 0:
            parent = self.syntax.nodes[parent].parent
        return ids[max(parent, 0)]

    def definition(self, node: Node) -> Definition | None:
        """What a definition node has beyond other nodes."""
        return self.syntax.definitions[node.definition] if node.definition >= 0 else None

    def path_of(self, target: Target) -> str | None:
        """The file that defines a target; `qualify` gives no path to what this very file defines."""
        return self.path if target.path is None and target.kind in _DEFINED_KINDS else target.path

    @cached_property
    def meanings(self) -> list[int]:
        """Per reference the index of what it means in `Answers.targets`; -1 where nobody was asked."""
        targets = [answer.target for answer in self.answers.answers]
        return [targets[number] for number in self.answers.references]

    @cached_property
    def enclosing(self) -> EnclosingDefinitions:
        """Finds the innermost definition around a place."""
        return EnclosingDefinitions(self.syntax)


def _numbered(ids: list[str]) -> list[str]:
    seen: Counter[str] = Counter()
    numbered: list[str] = []
    for node_id in ids:
        ordinal = seen[node_id]
        seen[node_id] += 1
        numbered.append(f"{node_id}#{ordinal}" if ordinal else node_id)
    return numbered
