"""Owns `Names`: a namespace at one point of a module's program, and the joining of several that may hold."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from codeintel_enrich.stages.link.faces import Entry


class Names:
    """The namespace at one point of the program."""

    __slots__ = ("all_dynamic", "all_names", "names", "opaque", "typing")

    def __init__(self) -> None:
        self.names: dict[str, Entry] = {}
        """What is bound at run time."""
        self.typing: dict[str, Entry] = {}
        """What type checkers see beside it."""
        self.all_names: dict[str, None] | None = None
        self.all_dynamic: str | None = None
        self.opaque: dict[str, None] = {}
        """Why names may be bound that nobody sees."""

    def copy(self) -> Names:
        """Return a copy that changes apart."""
        other = Names()
        other.names = dict(self.names)
        other.typing = dict(self.typing)
        other.all_names = None if self.all_names is None else dict(self.all_names)
        other.all_dynamic = self.all_dynamic
        other.opaque = dict(self.opaque)
        return other

    def take(self, other: Names) -> None:
        """Become another namespace."""
        self.names, self.typing = other.names, other.typing
        self.all_names, self.all_dynamic = other.all_names, other.all_dynamic
        self.opaque = other.opaque


def merged(states: Sequence[Names]) -> Names:
    """One state for several that may hold: each name with all routes, in the order of the states."""
    joined = Names()
    for space, spaces in (
        (joined.names, [state.names for state in states]),
        (joined.typing, [state.typing for state in states]),
    ):
        for names in spaces:
            for name, entry in names.items():
                held = space.get(name)
                if held is None:
                    space[name] = entry
                elif held is not entry and held != entry:
                    routes = tuple(dict.fromkeys([*held.routes, *entry.routes]))
                    space[name] = Entry(
                        routes,
                        held.source,
                        held.typing_only,
                        held.certain or entry.certain,
                        held.hidden and entry.hidden,
                        held.earlier,
                    )
    for state in states:
        if state.all_names is not None:
            joined.all_names = {**(joined.all_names or {}), **state.all_names}
        joined.all_dynamic = joined.all_dynamic or state.all_dynamic
        joined.opaque.update(state.opaque)
    return joined


def make_optional(state: Names, before: Names) -> None:
    """Mark what a branch bound anew as not the usual one."""
    for name, entry in state.names.items():
        if entry is not before.names.get(name):
            routes = tuple([msgspec.structs.replace(route, optional=True) for route in entry.routes])
            state.names[name] = msgspec.structs.replace(entry, routes=routes)


def doubt(state: Names, others: Sequence[Names]) -> None:
    """Mark what only this state binds as perhaps not bound, and let it have no part in `__all__`."""
    if any(other.all_names is not None for other in others):
        state.all_names, state.all_dynamic = None, None
    for name, entry in state.names.items():
        if entry.certain and not any(name in other.names for other in others):
            state.names[name] = msgspec.structs.replace(entry, certain=False)
