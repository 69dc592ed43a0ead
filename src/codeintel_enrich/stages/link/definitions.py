"""What a name resolves to: definitions in order of preference, and the hops that lead to each."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from codeintel_enrich.model.linked import TargetKind

_MAX_CHAIN = 400
"""Of a longer chain the middle is elided: a chain of n re-exports would make n chains of up to n hops."""


class ResolvedDefinition(msgspec.Struct, frozen=True, gc=False):
    """One definition that a name may stand for."""

    qualified: str
    kind: TargetKind
    path: str | None = None
    local: str = ""
    """Its qualified name inside its module."""
    chain: tuple[str, ...] = ()
    named: str | None = None
    """Where an assignment gave it the name asked for (`x = impl.Thing` in `m` is named `m.x`), if one did."""
    named_path: str | None = None


class Resolution(msgspec.Struct, frozen=True, gc=False):
    """What a node resolves to; without definitions, `reason` says why."""

    definitions: tuple[ResolvedDefinition, ...] = ()
    reason: str | None = None
    order: tuple[ResolvedDefinition, ...] = ()
    """For `Class!`: the classes in method resolution order, itself first; an external one ends what is known."""


def external(qualified: str) -> Resolution:
    """What lies outside the tree: taken to be there, and known by its name alone."""
    return Resolution((ResolvedDefinition(qualified, "external", None, "", (qualified,)),))


def c3_merge(sequences: list[list[ResolvedDefinition]]) -> list[ResolvedDefinition]:
    """Merge linearisations as C3 does; where they contradict each other, the first that is left comes first.

    C3 (https://docs.python.org/3/howto/mro.html) refuses such a hierarchy; here one may only look so, because a base is
    unknown or a branch was decided otherwise, and some order is of more use than none.
    """
    merged: list[ResolvedDefinition] = []
    pending = [list(sequence) for sequence in sequences if sequence]
    while pending:
        tails = {definition.qualified for sequence in pending for definition in sequence[1:]}
        # C3: the first head that is in no tail.
        head = next((sequence[0] for sequence in pending if sequence[0].qualified not in tails), pending[0][0])
        merged.append(head)
        rest = ([item for item in sequence if item.qualified != head.qualified] for sequence in pending)
        pending = [sequence for sequence in rest if sequence]
    return merged


def preference(definition: ResolvedDefinition, optional: bool, is_renamed: bool) -> tuple[bool, bool, bool, bool]:
    """Which of several definitions comes first where nothing else decides: more than a variable (`X = None` is a
    fallback), of this tree (a third party's is optional), needing no third party, defined under the name asked for."""
    return definition.kind == "variable", definition.kind == "external", optional, is_renamed


def with_hop(spelled: str, definition: ResolvedDefinition) -> ResolvedDefinition:
    """A definition, seen from one hop further."""
    chain = definition.chain
    if chain and chain[0] == spelled:
        return definition
    if len(chain) >= _MAX_CHAIN:
        chain = (*chain[: _MAX_CHAIN // 2], "...", *chain[-_MAX_CHAIN // 2 + 2 :])
    return msgspec.structs.replace(definition, chain=(spelled, *chain))


def distinct(definitions: Iterable[ResolvedDefinition]) -> tuple[ResolvedDefinition, ...]:
    """Each definition once, in order."""
    # The path as well: a stub and its module define the same qualified name.
    found: dict[tuple[str, str | None], ResolvedDefinition] = {}
    for definition in definitions:
        found.setdefault((definition.qualified, definition.path), definition)
    return tuple(found.values())
