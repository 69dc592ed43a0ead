"""Owns the exact join of ranges and references, and the judgement whether a document is of these very bytes."""

import msgspec

from codeintel_enrich.model.scip import Document
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.place import Placed, Range

STALE_SHARE = 0.1
"""A document of whose ranges more than this share fits no identifier is of other bytes.

Fresh ones have some too: names inside strings."""


class Joined(msgspec.Struct, frozen=True):
    """Which range belongs to which reference."""

    found: dict[int, Range]
    """Reference index -> the document's range."""
    weak: frozenset[int] = frozenset()
    """References whose range was guessed from the neighbourhood; a symbol there needs the assent of `qualify`."""


def join(syntax: Syntax, placed: Placed) -> Joined:
    """Join every reference with the occurrences at exactly its range."""
    ranges = placed.ranges
    found: dict[int, Range] = {}
    for index, reference in enumerate(syntax.references):
        key = (reference.line, reference.col, reference.end_col)
        if key in ranges:
            found[index] = key
    return Joined(found)


def is_stale(syntax: Syntax, document: Document, placed: Placed, joined: Joined) -> bool:
    """Whether the document was made from other bytes than this file's.

    Certain where the document knows its bytes. Else judged by its ranges: many on no identifier, or one that cuts
    through an identifier (outside of imports, where one range may span a dotted name), which no fresh document has.
    """
    if document.content_hash:
        return document.content_hash != syntax.content_hash
    if not syntax.parse_ok:
        return False
    stray = placed.ranges.keys() - set(joined.found.values())
    if len(stray) + len(placed.misplaced) > STALE_SHARE * (len(placed.ranges) + len(placed.misplaced)):
        return True
    return _cuts(syntax, stray)


def _cuts(syntax: Syntax, stray: set[Range]) -> bool:
    by_line: dict[int, list[tuple[int, int]]] = {}
    for line, start, end in stray:
        by_line.setdefault(line, []).append((start, end))
    for reference in syntax.references if stray else ():
        for start, end in by_line.get(reference.line, ()):
            overlaps = start < reference.end_col and reference.col < end
            if overlaps and reference.kind != "import" and not (start <= reference.col and reference.end_col <= end):
                return True
    return False
