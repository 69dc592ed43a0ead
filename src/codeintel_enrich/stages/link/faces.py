"""Owns the face: a module's namespace once its own statements have run, each name with the routes it may come by.

A face is `link`'s intermediate between a interface (what is written) and an linked_module (what it means): stars are
expanded and `__all__` is evaluated, but no route is followed yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from codeintel_enrich.model.interface import DefinitionKind, MemberKind
from codeintel_enrich.model.linked import ExportKind


class Route(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One way a name may have come to its value."""

    how: Literal["local", "module", "from", "missing"]
    """`local`: defined here as `name`. `module`: the module `module`. `from`: attribute `name` of `module`."""
    module: str = ""
    name: str = ""
    kind: DefinitionKind = "variable"
    rest: str = ""
    """Attributes to follow from there."""
    alias: bool = False
    """Assigned (`x = a.b`), not imported: the name is a variable of this module as well."""
    optional: bool = False
    """Only there where a third party's module is, beside another route for where it is not."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One name of a namespace."""

    routes: tuple[Route, ...]
    """In order of preference; several where branches differ."""
    source: ExportKind
    typing_only: bool = False
    certain: bool = True
    """False where perhaps nothing binds it at run time."""
    hidden: bool = False
    """Imported by a stub for its own use."""
    earlier: tuple[Route, ...] = ()
    """What it is where no route leads anywhere: what a star replaced (in a cycle of stars the name comes back as what
    it was), or what type checkers are told of a lazy name."""


class Initialisation(msgspec.Struct, frozen=True, array_like=True):
    """How far a package had come when: its submodules see it half-made."""

    targets: tuple[str, ...]
    """The modules of the tree that its statements import, in order."""
    bound_at: dict[str, int]
    """Name -> how many of them had been imported when it was last bound."""


class Face(msgspec.Struct, frozen=True):
    """A module's namespace."""

    names: dict[str, Entry] = {}
    """Sorted by name."""
    star: tuple[str, ...] = ()
    """What `from module import *` binds, sorted."""
    all_names: tuple[str, ...] | None = None
    """The evaluated `__all__`, sorted; as far as it is known where `all_dynamic`."""
    all_dynamic: str | None = None
    opaque: tuple[str, ...] = ()
    """Why a star of the module may bind more than `star`, where there is no `__all__`; sorted."""
    open_stars: tuple[str, ...] = ()
    """Modules outside the tree whose stars may bind anything, sorted."""
    dynamic_getattr: bool = False
    members: dict[str, dict[str, MemberKind]] = {}
    """Class by local name -> its own members."""
    bases: dict[str, tuple[str | None, ...]] = {}
    idle: dict[str, Entry] = {}
    """Names that only branches bind which do not run here."""
    initialisation: Initialisation | None = None
    """Of packages that import something of the tree."""


EMPTY_FACE = Face()


def changed_facts(before: Face, after: Face) -> Iterator[str]:
    """The facts in which two faces of one module differ, as others may have asked for them."""
    for name in before.names.keys() | after.names.keys():
        if before.names.get(name) != after.names.get(name):
            yield name
    for name in before.idle.keys() | after.idle.keys():
        if before.idle.get(name) != after.idle.get(name):
            yield idle_node(name)
    if before.star != after.star:
        yield STAR
    if (before.all_names, before.all_dynamic) != (after.all_names, after.all_dynamic):
        yield ALL
    if any(getattr(before, name) != getattr(after, name) for name in ("open_stars", "dynamic_getattr", "opaque")):
        yield OPEN
    if before.initialisation != after.initialisation:
        yield INITIALISATION
    for name in before.bases.keys() | after.bases.keys():
        if before.bases.get(name) != after.bases.get(name):
            yield bases_fact(name)
        ours, theirs = before.members.get(name, {}), after.members.get(name, {})
        if ours != theirs:
            for member in ours.keys() | theirs.keys():
                if ours.get(member) != theirs.get(member):
                    yield f"{name}.{member}"


STAR = "*"
"""The fact of what a module's star binds."""
ALL = "*all"
"""The fact of what its `__all__` is."""
OPEN = "*open"
"""The fact of whether names may exist that nobody sees."""
INITIALISATION = "*initialisation"
"""The fact of the order in which a package binds its names."""
CHILDREN = "*children"
"""The fact of which submodules a package has."""
LOADED = "*loaded"
"""The fact of whether anybody imports a module."""


def bases_fact(class_name: str) -> str:
    """The fact of a class's written bases."""
    return f"{class_name}:"


def idle_node(name: str) -> str:
    """The node of a name that only branches bind which do not run here."""
    return f"~{name}"


def order_node(class_name: str) -> str:
    """The node of a class's method resolution order."""
    return f"{class_name}!"


def table_fact(dotted: str) -> str:
    """The provider that stands for the module table's answer to a dotted name."""
    return f"?{dotted}"


def table_facts(dotted: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The facts of what the module table says of a name, and of its top-level package: whether that is the tree's."""
    return (table_fact(dotted), ""), (table_fact(dotted.partition(".")[0]), "")


IMPORT_GRAPH = ("#", "")
"""The fact of which module loads which at run time, anywhere in the tree."""
