"""Binds source text as the stage does, and names what references mean in a form that tests can spell."""

import textwrap

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.syntax import Reference
from codeintel_enrich.stages.parse.bind import Bound, bind
from codeintel_enrich.stages.parse.nodes import describe
from codeintel_enrich.stages.parse.text import decode
from codeintel_enrich.stages.parse.tree import build_tree


class Case:
    """One bound snippet."""

    def __init__(self, source: str) -> None:
        self.source = textwrap.dedent(source)
        tree = build_tree(decode(self.source.encode()), ParseConfig())
        self.bound: Bound = bind(tree)
        self.imports = describe(tree).imports

    def references(self, name: str) -> list[Reference]:
        return [reference for reference in self.bound.references if reference.name == name]

    def meaning(self, reference: Reference) -> str | None:
        """`=local`, `?reference`, or None where nothing is known."""
        if reference.unresolved >= 0:
            assert reference.local is None
            return "?" + self.bound.unresolved[reference.unresolved]
        return None if reference.local is None else "=" + reference.local

    def meanings(self, name: str) -> list[str | None]:
        """What each token of that name means, in source order."""
        return [self.meaning(reference) for reference in self.references(name)]

    def owners(self, name: str) -> list[str]:
        """The scope that each token of that name belongs to: its kind and `__qualname__` prefix."""
        scopes = self.bound.scopes
        found = (scopes[reference.scope] for reference in self.references(name))
        return [f"{scope.kind} {scope.local_name}".rstrip() for scope in found]
