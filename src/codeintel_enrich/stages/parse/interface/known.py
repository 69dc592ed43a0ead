"""What is known of module-level names at one point of the program, and after alternatives of which one ran.

A name may have a usual value beside what is certain: that which it has where no environment variable is set and no
optional third party's module is installed. Whether the tree itself has such a module is for `link` to say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import libcst as cst

from codeintel_enrich.stages.parse.cst_helpers import dotted, is_import
from codeintel_enrich.stages.parse.interface.imports import imported

_BLOCKS = (cst.SimpleStatementLine, cst.IndentedBlock, cst.SimpleStatementSuite)
_COMPOUND = (cst.If, cst.Else, cst.With, cst.Try)


class Usual(NamedTuple):
    """What a name usually is."""

    value: Any
    """A value, or the expression for it."""
    module: str
    """The module that is missing then, absolute; empty where it depends on the environment alone."""


class KnownState(NamedTuple):
    """What is known of constants at one point of the program; copies, as alternatives go on from it."""

    constants: dict[str, Any]
    usual: dict[str, Usual]


class KnownNames:
    """What is known of module-level names."""

    def __init__(self) -> None:
        self.constants: dict[str, Any] = {}
        """Name -> value, or the expression assigned to it (evaluated on first use)."""
        self.usual: dict[str, Usual] = {}
        self.origins: dict[str, str] = {}
        """Name -> the absolute dotted path it was imported from."""
        self.relatives: set[str] = set()
        """Names imported from a relative module."""
        # `ListedNames` of `all_names`, which itself asks what is known.
        self.lists: dict[str, object] = {}
        """Name -> a list of names that other modules have a part in, as `all_names` reads it."""
        self.kinds: dict[str, Literal["function", "type", "module"]] = {}
        """Name -> what a definition or `import` made of it, as the interpreter calls the type."""
        self.namespaces: set[str] = set()
        """Names assigned the namespace itself: `g = globals()`."""
        self.unknown: dict[str, cst.CSTNode] = {}
        """Name -> the expression assigned to it, of constants that only assuming may tell."""

    def rebind(self, name: str) -> None:
        """Forget everything about a name."""
        # Whatever it was known for, it was the old value that was known.
        for known in (self.constants, self.usual, self.origins, self.lists, self.kinds, self.unknown):
            known.pop(name, None)
        self.relatives.discard(name)
        self.namespaces.discard(name)

    def is_imported(self, name: str) -> bool:
        """Whether a name was last bound by an import."""
        return name in self.origins or name in self.relatives

    def path(self, node: cst.CSTNode | None) -> str | None:
        """Return the dotted path of a chain, from the absolute module its root was imported from where it was."""
        path = dotted(node)
        if path is None:
            return None
        root, _, rest = path.partition(".")
        # A name that nothing here binds stands for itself, as builtins do.
        origin = self.origins.get(root, root)
        return f"{origin}.{rest}" if rest else origin

    def forget_changes(self, constants: dict[str, Any]) -> None:
        """After a branch: what was not so before it (`constants`) is not known any more."""
        for name, value in list(self.constants.items()):
            if constants.get(name, _NOTHING) is not value:
                del self.constants[name]

    def state(self) -> KnownState:
        """What is known of constants now."""
        return KnownState(dict(self.constants), dict(self.usual))

    def restore(self, state: KnownState) -> None:
        """Go back to what was known."""
        self.constants, self.usual = dict(state.constants), dict(state.usual)

    def join(
        self, before: KnownState, after: Sequence[KnownState], usual: KnownState | None = None, module: str = ""
    ) -> None:
        """Know what holds after alternatives that began with `before` and ended with `after`.

        A name keeps its value if it had it before and every alternative leaves it; the value itself is compared, not
        what it equals, as it may be an expression not evaluated yet. What all alternatives set alike is forgotten, too.

        `usual` is the end of the one that usually runs, if that is known, and `module` what is missing then.
        """
        self.constants = {
            name: value
            for name, value in before.constants.items()
            if all(state.constants.get(name, _NOTHING) is value for state in after)
        }
        if usual is None:
            self.usual = {
                name: value
                for name, value in before.usual.items()
                if all(state.usual.get(name) is value for state in after)
            }
            return
        self.usual = dict(usual.usual)
        for name, value in usual.constants.items():
            if self.constants.get(name, _NOTHING) is not value:
                self.usual[name] = Usual(value, module)


_NOTHING = object()


def third_party(body: Iterable[cst.CSTNode]) -> str | None:
    """The first module that statements import which neither the package nor the standard library has."""
    # Only the first: it is what fails where a package is missing, and those behind it are then not reached.
    for node in body:
        found = None
        if is_import(node):
            wanted = (module for level, module, _ in imported(node) if not level and module)
            found = next((name for name in wanted if name.partition(".")[0] not in sys.stdlib_module_names), None)
        elif isinstance(node, _BLOCKS):
            found = third_party(node.body)
        elif isinstance(node, _COMPOUND):
            found = third_party([node.body, *([node.orelse] if isinstance(node, cst.If) and node.orelse else ())])
        if found is not None:
            return found
    return None
