"""Headings: where the section that each one opens ends, and how deep it is when only its adornment says so."""

from collections.abc import Sequence

import msgspec

from codeintel_enrich.stages.outline.entries import OutlineEntry


class Heading(msgspec.Struct, frozen=True):
    """One heading; `level` counts from 1, 0 where its adornment decides."""

    entry: OutlineEntry
    level: int


def sections_of(headings: Sequence[Heading], data: bytes) -> list[OutlineEntry]:
    """Each heading with its section: up to the next heading of its level or above, else to the end of the text.

    Adornments get their levels in the order in which they first appear, as in reStructuredText.
    """
    ordered = sorted(headings, key=lambda heading: heading.entry.start)
    adornments: dict[object, int] = {}
    levels = [
        heading.level or adornments.setdefault(_adornment(heading.entry, data), len(adornments) + 1)
        for heading in ordered
    ]
    # A heading ends every open section of its level or below; what is left open reaches to the end.
    ends = [len(data)] * len(ordered)
    open_sections: list[int] = []
    for index, level in enumerate(levels):
        while open_sections and levels[open_sections[-1]] >= level:
            ends[open_sections.pop()] = ordered[index].entry.start
        open_sections.append(index)
    return [msgspec.structs.replace(heading.entry, end=end) for heading, end in zip(ordered, ends, strict=True)]


def _adornment(entry: OutlineEntry, data: bytes) -> tuple[bool, bytes]:
    """Whether the title has a line above, and the character of the line below."""
    return entry.name_start > entry.start, data[entry.end - 1 : entry.end]
