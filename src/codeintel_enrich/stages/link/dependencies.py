"""The dependencies that `link` records: what an answer was made from, so that a change finds what to make again.

A dependency is a pair (provider, item). The provider is the path of a file, or `?dotted` for what the module table says
of a dotted name, or `#` for the import graph of the whole tree. The item is one question to it, as small as questions
get: a name, not the namespace that holds it. This is what makes the early cutoff one per name. Questions that found
nothing are recorded as well, since the file that answers them may come later.

Everything is text, and not a struct per kind, because a large tree records millions of pairs, and they are stored,
hashed and sorted in every run. The marks (`*`, `=`, `~`, `:`, `!`, `[`, `?`, `#`) cannot begin or end a Python name.
"""

from __future__ import annotations

Dependency = tuple[str, str]
"""(provider, item)."""

STAR = "*"
"""What a module's star binds."""
ALL = "*all"
"""What a module's `__all__` is."""
OPEN = "*open"
"""Whether a module may have names that nobody sees."""
INITIALISATION = "*initialisation"
"""In which order a package imports modules and binds its names."""
CHILDREN = "*children"
"""Which submodules a package has."""
LOADED = "*loaded"
"""Whether anybody imports a module."""

IMPORT_GRAPH: Dependency = ("#", "")
"""Which module loads which at run time, anywhere in the tree."""


def written_item(name: str) -> str:
    """What a module's own statements say of a name, by its summary."""
    return f"={name}"


def member_item(class_name: str, member: str) -> str:
    """Whether a class itself defines a member, and as what."""
    return f"{class_name}.{member}"


def bases_item(class_name: str) -> str:
    """The written bases of a class."""
    return f"{class_name}:"


def inactive_node(name: str) -> str:
    """A name that only branches bind which do not run here."""
    return f"~{name}"


def mro_node(class_name: str) -> str:
    """A class's method resolution order."""
    return f"{class_name}!"


def base_item(name: str) -> str:
    """What a variable stands for as a base of a class."""
    return f"{name}["


def table_provider(dotted: str) -> str:
    """The provider that stands for the module table's answer to a dotted name."""
    return f"?{dotted}"


def table_dependencies(dotted: str) -> tuple[Dependency, Dependency]:
    """What the module table says of a name, and of its top-level package: whether that is the tree's."""
    return (table_provider(dotted), ""), (table_provider(dotted.partition(".")[0]), "")
