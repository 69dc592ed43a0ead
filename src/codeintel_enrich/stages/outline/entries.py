"""What was found, before it is an outline: raw entries in offsets of the parsed text, and how they nest."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate

import msgspec

from codeintel_enrich.model.outline import OutlineItem
from codeintel_enrich.stages.outline.text import Text

MOST_ITEMS = 5_000
"""Of a file with more, the deepest entries are left out."""
LONGEST_NAME = 200
"""Characters; headings and keys may be whole paragraphs."""

_QUOTES = ('"""', "'''", '"', "'", "`")


class OutlineEntry(msgspec.Struct, frozen=True):
    """One named thing; offsets in the text that was parsed."""

    kind: str
    start: int
    end: int
    name_start: int
    name_end: int
    is_fallback: bool = False


def items_of(entries: Iterable[OutlineEntry], text: Text) -> tuple[tuple[OutlineItem, ...], int]:
    """The entries as outline items, nested by what encloses what, and the number left out."""
    # Of two that begin together the longer one encloses the other.
    ordered = sorted(entries, key=lambda entry: (entry.start, -entry.end, entry.name_start))
    parents = _parents(ordered)
    depths: list[int] = []
    for parent in parents:
        depths.append(depths[parent] + 1 if parent >= 0 else 0)
    # Whole levels are left out, deepest first: so no entry that is kept loses its parent.
    kept = _kept(depths)
    numbers = {index: number for number, index in enumerate(kept)}
    items = tuple(
        _item(_kind(ordered, parents, index), ordered[index], text, numbers.get(parents[index], -1), depths[index])
        for index in kept
    )
    return items, len(ordered) - len(kept)


def _parents(ordered: Sequence[OutlineEntry]) -> list[int]:
    """Per entry the index of the innermost one that encloses it, -1 at the top; one pass with a stack.

    Entries that overlap without one holding the other (a broken tree has such) are no parents of each other.
    """
    parents: list[int] = []
    around: list[int] = []
    for index, entry in enumerate(ordered):
        while around and ordered[around[-1]].end < entry.end:
            around.pop()
        while around and ordered[around[-1]].end <= entry.start < entry.end:
            around.pop()
        parents.append(around[-1] if around else -1)
        around.append(index)
    return parents


def _kept(depths: Sequence[int]) -> list[int]:
    """Indexes of the entries to keep, in order: whole levels from the top, as many as there is room for."""
    if len(depths) <= MOST_ITEMS:
        return list(range(len(depths)))
    at_depth = Counter(depths)
    up_to = accumulate(at_depth[depth] for depth in range(len(at_depth)))
    deepest = max(0, sum(count <= MOST_ITEMS for count in up_to) - 1)
    return [index for index, depth in enumerate(depths) if depth <= deepest][:MOST_ITEMS]


def _kind(ordered: Sequence[OutlineEntry], parents: Sequence[int], index: int) -> str:
    """A function directly in a class is a method."""
    kind = ordered[index].kind
    return "method" if kind == "function" and parents[index] >= 0 and ordered[parents[index]].kind == "class" else kind


def _item(kind: str, entry: OutlineEntry, text: Text, parent: int, depth: int) -> OutlineItem:
    start, end = text.place(entry.start), text.place(entry.end)
    return OutlineItem(
        kind,
        _name(text.data[entry.name_start : entry.name_end]),
        *start,
        *end,
        text.byte(entry.start),
        text.byte(entry.end),
        text.byte(entry.name_start),
        text.byte(entry.name_end),
        parent,
        depth,
        entry.is_fallback,
    )


def _name(written: bytes) -> str:
    """A name as people read it: without enclosing quotes, on one line, not too long."""
    name = " ".join(written.decode("utf-8", "replace").split())
    for quote in _QUOTES:
        if len(name) >= 2 * len(quote) and name.startswith(quote) and name.endswith(quote):
            name = name.removeprefix(quote).removesuffix(quote)
            break
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
