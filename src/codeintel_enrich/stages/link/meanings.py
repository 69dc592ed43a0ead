"""Owns meanings: the definitions a name may mean, how several are ordered, and the hops that lead to them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from codeintel_enrich.model.linked import TargetKind

_MANY_HOPS = 400
"""Of a longer chain the middle is elided."""


class Meaning(msgspec.Struct, frozen=True, gc=False):
    """One definition that a name may mean."""

    qualified: str
    kind: TargetKind
    path: str | None = None
    local: str = ""
    """Its qualified name inside its module."""
    chain: tuple[str, ...] = ()
    named: str | None = None
    """Where an assignment gave it the name asked for (`x = impl.Thing` in `m` is named `m.x`), if one did."""
    named_path: str | None = None


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What a node means; without meanings, `reason` says why."""

    meanings: tuple[Meaning, ...] = ()
    reason: str | None = None
    order: tuple[Meaning, ...] = ()
    """For `Class!`: the classes in method resolution order, itself first; an external one ends what is known."""


def linearised(sequences: list[list[Meaning]]) -> list[Meaning]:
    """Merge linearisations; where they contradict each other, the first that is left comes first."""
    merged: list[Meaning] = []
    waiting = [list(sequence) for sequence in sequences if sequence]
    while waiting:
        tails = {meaning.qualified for sequence in waiting for meaning in sequence[1:]}
        head = next((sequence[0] for sequence in waiting if sequence[0].qualified not in tails), waiting[0][0])
        merged.append(head)
        rest = ([meaning for meaning in sequence if meaning.qualified != head.qualified] for sequence in waiting)
        waiting = [sequence for sequence in rest if sequence]
    return merged


def preference(meaning: Meaning, optional: bool, is_renamed: bool) -> tuple[bool, bool, bool, bool]:
    """Which of several definitions comes first where nothing else decides: more than a variable (`X = None` is a
    fallback), of this tree (a third party's is optional), needing no third party, defined under the name asked for."""
    return meaning.kind == "variable", meaning.kind == "external", optional, is_renamed


def hop(spelled: str, meaning: Meaning) -> Meaning:
    """A meaning, seen from one hop further."""
    chain = meaning.chain
    if chain and chain[0] == spelled:
        return meaning
    if len(chain) >= _MANY_HOPS:
        chain = (*chain[: _MANY_HOPS // 2], "...", *chain[-_MANY_HOPS // 2 + 2 :])
    return Meaning(
        meaning.qualified,
        meaning.kind,
        meaning.path,
        meaning.local,
        (spelled, *chain),
        meaning.named,
        meaning.named_path,
    )


def distinct(meanings: Iterable[Meaning]) -> tuple[Meaning, ...]:
    """Each definition once, in order."""
    found: dict[tuple[str, str | None], Meaning] = {}
    for meaning in meanings:
        found.setdefault((meaning.qualified, meaning.path), meaning)
    return tuple(found.values())
