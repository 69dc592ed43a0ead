"""A module's namespace once its own statements have run, each name with the routes it may come by.

It stands between an interface (what is written) and a linked module (what it means): stars are expanded and `__all__`
is evaluated, but no route is followed yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from codeintel_enrich.model.interface import DefinitionKind, MemberKind
from codeintel_enrich.model.linked import ExportKind
from codeintel_enrich.stages.link.dependencies import (
    ALL,
    INITIALISATION,
    OPEN,
    STAR,
    base_item,
    bases_item,
    inactive_node,
    member_item,
)


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

    def defines(self, name: str) -> bool:
        """Whether it is the definition of `name` in this very module."""
        return self.how == "local" and not self.alias and self.name == name

    def leads_to(self, attributes: str = "") -> tuple[str, str] | None:
        """The module it goes to, and the dotted attribute there with more of them behind; None where it stays here."""
        if self.how == "from":
            return self.module, joined(self.name, self.rest, attributes)
        return (self.module, joined(self.rest, attributes)) if self.how == "module" else None


class NamespaceEntry(msgspec.Struct, frozen=True, array_like=True):
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
    it was), or what type checkers see of a lazy name."""


class InitialisationOrder(msgspec.Struct, frozen=True, array_like=True):
    """How far a package had come when: its submodules see it half-made."""

    targets: tuple[str, ...]
    """The modules of the tree that its statements import, in order."""
    bound_at: dict[str, int]
    """Name -> how many of them had been imported when it was last bound."""


class Namespace(msgspec.Struct, frozen=True):
    """A module's namespace."""

    names: dict[str, NamespaceEntry] = {}
    """Sorted by name."""
    star: tuple[str, ...] = ()
    """What `from module import *` binds, sorted."""
    all_names: tuple[str, ...] | None = None
    """The evaluated `__all__`, sorted; as far as it is known where `all_dynamic`."""
    all_dynamic: str | None = None
    """Why `__all__` is not known, or not all of it."""
    all_container: str = ""
    """The type of `__all__`; empty where it is not known."""
    bad_item: str = ""
    """The type of an item of `__all__` that is no string."""
    star_fails: str | None = None
    """What `from module import *` raises because of `__all__`."""
    opaque: tuple[str, ...] = ()
    """Why a star of the module may bind more than `star`, where there is no `__all__`; sorted."""
    unseen: tuple[str, ...] = ()
    """Why it may have names that are not listed, whatever a star of it binds; sorted."""
    open_stars: tuple[str, ...] = ()
    """Modules outside the tree whose stars may bind anything, sorted."""
    dynamic_getattr: bool = False
    """Whether a `__getattr__` (PEP 562) may give names that are in no table."""
    members: dict[str, dict[str, MemberKind]] = {}
    """Class by local name -> its own members."""
    bases: dict[str, tuple[str | None, ...]] = {}
    """Class by local name -> its bases as written, None for one that is no dotted name."""
    metaclasses: dict[str, str] = {}
    """Class by local name -> the metaclass that it names, as written."""
    written: dict[str, dict[str, str]] = {}
    """Class by local name -> its private members, by the name in `members`, as they are written."""
    as_base: dict[str, str] = {}
    """As `Interface.as_base`."""
    inactive: dict[str, NamespaceEntry] = {}
    """Names that only branches bind which do not run here."""
    initialisation: InitialisationOrder | None = None
    """Of packages that import something of the tree."""

    @property
    def is_open(self) -> bool:
        """Whether it may have names that nobody can see: what is asked of it is unknown then, and not missing."""
        return bool(self.open_stars or self.unseen) or self.dynamic_getattr


EMPTY_NAMESPACE = Namespace()


def joined(*parts: str) -> str:
    """A dotted path of the parts that are not empty."""
    return ".".join([part for part in parts if part])


def changed_items(before: Namespace, after: Namespace) -> Iterator[str]:
    """The items in which two namespaces of one module differ, as others may have asked for them.

    It must name everything of a namespace that evaluation or resolution looks at: what is compared here is the border
    at which a change stops.
    """
    for name in _differing(before.names, after.names):
        yield name
    for name in _differing(before.inactive, after.inactive):
        yield inactive_node(name)
    if before.star != after.star:
        yield STAR
    if any(getattr(before, name) != getattr(after, name) for name in _LIST_FIELDS):
        yield ALL
    if any(
        getattr(before, name) != getattr(after, name) for name in ("open_stars", "dynamic_getattr", "opaque", "unseen")
    ):
        yield OPEN
    if before.initialisation != after.initialisation:
        yield INITIALISATION
    for class_name in {*_differing(before.bases, after.bases), *_differing(before.metaclasses, after.metaclasses)}:
        yield bases_item(class_name)
    for name in _differing(before.as_base, after.as_base):
        yield base_item(name)
    for class_name in _differing(before.written, after.written):
        for member in before.written.get(class_name, {}).keys() | after.written.get(class_name, {}).keys():
            yield member_item(class_name, member)
    for class_name in _differing(before.members, after.members):
        for member in _differing(before.members.get(class_name, {}), after.members.get(class_name, {})):
            yield member_item(class_name, member)


_LIST_FIELDS = ("all_names", "all_dynamic", "all_container", "bad_item", "star_fails")


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """The keys that one mapping lacks, or that have another value in the other."""
    # No value is None, so a missing key differs from every value.
    return [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
