"""The exact join of ranges and references, and the judgement whether a document is of these very bytes."""

import msgspec

from codeintel_enrich.model.scip import LOCAL, Document
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.place import Placed, Range

STALE_SHARE = 0.5
"""A document of whose ranges more than this share stands on no identifier is of other bytes.

Fresh ones have some too: names inside strings."""


class Joined(msgspec.Struct, frozen=True):
    """Which range belongs to which reference."""

    found: dict[int, Range]
    """Reference index -> the document's range."""
    weak: frozenset[int] = frozenset()
    """References whose range was guessed from the neighbourhood; a symbol there needs the assent of `qualify`."""
    wide: frozenset[int] = frozenset()
    """References at the end of a wider range."""

    def stray(self, placed: Placed) -> list[Range]:
        """Ranges of global symbols that belong to no reference, sorted.

        Those of local symbols are left out: ty-scip puts some on attributes, subscripts and the keys of dicts.
        """
        off = placed.ranges.keys() - set(self.found.values())
        return sorted(key for key in off if not all(each.symbol.startswith(LOCAL) for each in placed.ranges[key]))


def join(syntax: Syntax, placed: Placed) -> Joined:
    """Join every reference with the occurrences at exactly its range.

    An indexer that gives a dotted module of an import one range means its last component; that join counts as wide.
    """
    ranges = placed.ranges
    found: dict[int, Range] = {}
    imported: dict[tuple[int, int], int] = {}
    for index, reference in enumerate(syntax.references):
        key = (reference.line, reference.col, reference.end_col)
        if key in ranges:
            found[index] = key
        elif reference.kind == "import":
            imported[reference.line, reference.end_col] = index
    # Only ranges that belong to nobody else: the last component may well have an exact one of its own.
    wide: dict[int, Range] = {}
    for key in Joined(found).stray(placed):
        last = imported.get((key[0], key[2]))
        if last is not None:
            wide[last] = key
    return Joined(found | wide, wide=frozenset(wide))


def is_stale(syntax: Syntax, document: Document, placed: Placed, joined: Joined) -> bool:
    """Whether the document was made from other bytes than this file's.

    Certain where the document knows its bytes. Else judged by its ranges: most of them on no identifier, or one that
    cuts through an identifier, which no fresh document has.
    """
    if document.content_hash:
        return document.content_hash != syntax.content_hash
    # Without a syntax there are no references that could disagree with the document.
    if not syntax.parse_ok:
        return False
    stray = joined.stray(placed)
    n_off = len(stray) + len(placed.misplaced)
    return n_off > STALE_SHARE * (n_off + len(joined.found)) or _cuts(syntax, stray)


def _cuts(syntax: Syntax, stray: list[Range]) -> bool:
    by_line: dict[int, list[tuple[int, int]]] = {}
    for line, start, end in stray:
        by_line.setdefault(line, []).append((start, end))
    for reference in syntax.references if stray else ():
        for start, end in by_line.get(reference.line, ()):
            overlaps = start < reference.end_col and reference.col < end
            if overlaps and not (start <= reference.col and reference.end_col <= end):
                return True
    return False
