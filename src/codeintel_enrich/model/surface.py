"""Owns the surface: what other modules can see of a module, and what it asks of them.

No positions and no path: a comment or a line shift leaves its digest as it was. A surface is a small
program that `link` evaluates; its operations stand in the order in which the interpreter runs them.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DefinitionKind = Literal["class", "function", "variable", "type-alias", "module"]


class Bind(msgspec.Struct, frozen=True, tag="bind", array_like=True):
    """A name bound to something defined here."""

    name: str
    kind: DefinitionKind
    typing_only: bool = False
    alias_of: str | None = None
    """`x = a.b`: the dotted path assigned, evaluated in this namespace; None for any other value."""


class ImportBind(msgspec.Struct, frozen=True, tag="import", array_like=True):
    """`import a.b` (binds `a`), `import a.b as c`, `from ..m import n as o`."""

    name: str
    """The name bound here."""
    level: int
    module: str | None
    attribute: str | None
    """The imported name of a `from` import; None for `import x`."""
    binds_top: bool = False
    """`import a.b` without alias: binds `a`, and loads `a.b`."""
    typing_only: bool = False


class Star(msgspec.Struct, frozen=True, tag="star", array_like=True):
    """`from m import *` at module level."""

    level: int
    module: str | None
    typing_only: bool = False


class Delete(msgspec.Struct, frozen=True, tag="delete", array_like=True):
    """`del name`, or the unbinding at the end of `except ... as name`."""

    name: str


class AllOperation(msgspec.Struct, frozen=True, tag="all", array_like=True):
    """One operation on `__all__`. `names` are literal; `modules` are namespace paths whose `__all__` is spliced in."""

    operation: Literal["set", "extend", "remove", "dynamic"]
    names: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    reason: str | None = None
    """Why it is `dynamic`."""


class Branch(msgspec.Struct, frozen=True, tag="branch", array_like=True):
    """Statements of which exactly one alternative runs (an `if` nobody can judge, `try` with its handlers)."""

    alternatives: tuple[tuple[Operation, ...], ...]
    kind: Literal["if", "try", "loop"] = "if"
    """`try`: the first alternative is the body, the others run only where it fails to import.
    `loop`: the first alternative may run not at all."""


class ClassSurface(msgspec.Struct, frozen=True, array_like=True):
    """A class's own members and its bases as namespace paths (None where a base is no plain dotted name)."""

    local_name: str
    members: dict[str, DefinitionKind]
    bases: tuple[str | None, ...] = ()
    nested: tuple[ClassSurface, ...] = ()


Operation = Bind | ImportBind | Star | Delete | AllOperation | Branch


class Surface(msgspec.Struct, frozen=True):
    """Everything `link` needs of one module."""

    operations: tuple[Operation, ...] = ()
    classes: tuple[ClassSurface, ...] = ()
    lazy_names: dict[str, str] = {}
    """PEP 562 `__getattr__` with a static table: name -> dotted path (relative ones keep their dots)."""
    dynamic_getattr: bool = False
    """A module `__getattr__` that no static table explains."""
    imported_modules: tuple[tuple[int, str], ...] = ()
    """(level, dotted module) of every import anywhere in the file: what running it may load as submodules."""
    demands: tuple[str, ...] = ()
    """Dotted paths whose meaning only `link` can tell, sorted, each once. `np.array`: rooted in this module's
    namespace. `..pkg.m:name.attr`: rooted in an import target (a function-local import), dots count the level."""
