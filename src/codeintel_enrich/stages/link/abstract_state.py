"""The abstract state of a module: its namespace at one point of the program, and the joining of several.

As in abstract interpretation: where branches meet, the states at their ends are joined, and a name has every route that
it has in one of them. A path is never followed to its end here, so a state is finite.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from codeintel_enrich.stages.link.namespace import NamespaceEntry


class AbstractState:
    """The namespace at one point of the program."""

    __slots__ = ("all_container", "all_dynamic", "all_names", "bad_item", "fails", "names", "opaque", "typing")

    def __init__(self) -> None:
        self.names: dict[str, NamespaceEntry] = {}
        """What is bound at run time."""
        self.typing: dict[str, NamespaceEntry] = {}
        """What type checkers see beside it."""
        self.all_names: dict[str, None] | None = None
        """What `__all__` holds, None where there is none."""
        self.all_dynamic: str | None = None
        """Why `__all__` is not known, or not all of it."""
        self.all_container = ""
        """The type of `__all__`; empty where it is not known."""
        self.bad_item = ""
        """The type of an item of `__all__` that is no string."""
        self.fails: str | None = None
        """What a statement raises that changes `__all__`."""
        self.opaque: dict[str, None] = {}
        """Why names may be bound that nobody sees."""

    def copy(self) -> AbstractState:
        """Return a copy that changes apart."""
        other = AbstractState()
        other.names = dict(self.names)
        other.typing = dict(self.typing)
        other.all_names = None if self.all_names is None else dict(self.all_names)
        other.all_dynamic, other.fails = self.all_dynamic, self.fails
        other.all_container, other.bad_item = self.all_container, self.bad_item
        other.opaque = dict(self.opaque)
        return other

    def become(self, other: AbstractState) -> None:
        """Take over another state."""
        self.names, self.typing = other.names, other.typing
        self.all_names, self.all_dynamic = other.all_names, other.all_dynamic
        self.all_container, self.bad_item, self.fails = other.all_container, other.bad_item, other.fails
        self.opaque = other.opaque

    def forget_all(self) -> None:
        """Have no `__all__` any more."""
        self.all_names = self.all_dynamic = None
        self.all_container = self.bad_item = ""

    def entry(self, name: str) -> NamespaceEntry | None:
        """What a name is bound to, for type checkers where it is not bound at run time."""
        return self.names.get(name) or self.typing.get(name)


def join(states: Sequence[AbstractState]) -> AbstractState:
    """One state for several of which any may hold: each name with all routes, in the order of the states."""
    result = AbstractState()
    result.names = _join_names(state.names for state in states)
    result.typing = _join_names(state.typing for state in states)
    for state in states:
        # A union, as the routes of a name are: which of the branches ran is not known.
        if state.all_names is not None:
            result.all_names = {**(result.all_names or {}), **state.all_names}
        result.all_dynamic = result.all_dynamic or state.all_dynamic
        result.opaque.update(state.opaque)
    # Only what is so in every branch is certain to make a star fail.
    lists = [state for state in states if state.all_names is not None]
    result.all_container = _common(state.all_container for state in lists)
    result.bad_item = _common(state.bad_item for state in lists)
    result.fails = _common(state.fails or "" for state in states) or None
    return result


def _common(values: Iterable[str]) -> str:
    """The one value that all are; empty where they differ."""
    found = set(values)
    return found.pop() if len(found) == 1 else ""


def _join_names(spaces: Iterable[dict[str, NamespaceEntry]]) -> dict[str, NamespaceEntry]:
    result: dict[str, NamespaceEntry] = {}
    for names in spaces:
        for name, entry in names.items():
            held = result.get(name)
            if held is None:
                result[name] = entry
            # Entries are frozen, so what no branch has touched is the same object: most names, and compared at once.
            elif held is not entry and held != entry:
                result[name] = NamespaceEntry(
                    tuple(dict.fromkeys([*held.routes, *entry.routes])),
                    held.source,
                    held.typing_only,
                    held.certain or entry.certain,
                    held.hidden and entry.hidden,
                    held.earlier,
                )
    return result


def mark_optional(state: AbstractState, before: AbstractState) -> None:
    """Mark what a branch bound anew as not the usual one."""
    for name, entry in state.names.items():
        # By identity: a branch that binds a name to what it was before has bound it nevertheless.
        if entry is not before.names.get(name):
            routes = tuple([msgspec.structs.replace(route, optional=True) for route in entry.routes])
            state.names[name] = msgspec.structs.replace(entry, routes=routes)


def mark_uncertain(state: AbstractState, others: Sequence[AbstractState]) -> None:
    """Mark what only this state binds as perhaps not bound, and let it have no part in `__all__`."""
    # The list of the usual case is the list; one that a rare case adds to would make a star bind too much.
    if any(other.all_names is not None for other in others):
        state.forget_all()
    for name, entry in state.names.items():
        if entry.certain and not any(name in other.names for other in others):
            state.names[name] = msgspec.structs.replace(entry, certain=False)
