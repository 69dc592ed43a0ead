"""Owns finding the ranges of a stale document again: by what its lines say, compared with what the file's lines say.

Lines are told apart by the identifiers on them. Runs of equal lines are found first; between two runs, lines that kept
their distance to a neighbouring run are compared token by token, column included; what is then left is aligned by
its sequence of identifiers. Whatever rests on little is a guess.
"""

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import pairwise

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.scip import Document, Occurrence
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.join import Joined
from codeintel_enrich.stages.stitch.place import LOCAL, Placed, Range, columns_of
from codeintel_enrich.stages.stitch.symbols import SymbolNames

SURE_TOKENS = 8
"""A run of equal lines with fewer identifiers may be equal by chance."""

LARGEST_GUESS = 4_000_000
"""Product of the numbers of identifiers beyond which a gap between runs is not aligned."""

Token = tuple[str, int, int]
"""Name, column, index (of the range, or of the reference)."""


def realign(syntax: Syntax, document: Document, placed: Placed, names: SymbolNames) -> Joined:
    """Find the references that the ranges of a stale document, placed unconverted, belong to."""
    ranges = sorted(placed.ranges)
    spelling = _Spelling(document, placed, names)
    old = _by_line(
        (key[0], (name, key[1], index)) for index, key in enumerate(ranges) if (name := spelling.at(key)) is not None
    )
    vocabulary = {name for tokens in old.values() for name, _, _ in tokens}
    new = _by_line(
        (reference.line, (reference.name, reference.col, index))
        for index, reference in enumerate(syntax.references)
        if reference.name in vocabulary
    )
    pairing = _Pairing(old, new, columns_of(syntax, document))
    found = {index: ranges[before] for index, before in (pairing.guessed | pairing.sure).items()}
    return Joined(found, frozenset(pairing.guessed.keys() - pairing.sure.keys()))


class _Pairing:
    """Pairs the tokens of two sets of lines; `sure` and `guessed` map a new token's index to the old one's."""

    def __init__(self, old: dict[int, list[Token]], new: dict[int, list[Token]], columns: Columns) -> None:
        self.sure: dict[int, int] = {}
        self.guessed: dict[int, int] = {}
        self._old, self._new, self._columns = old, new, columns
        old_lines, new_lines = list(old), list(new)
        matcher = SequenceMatcher(
            None,
            [_spelled(old[line]) for line in old_lines],
            [_spelled(new[line]) for line in new_lines],
            autojunk=False,
        )
        blocks = [(0, 0, 0), *matcher.get_matching_blocks()]
        for (old_at, new_at, size), (old_next, new_next, _) in pairwise(blocks):
            self._pair_run(old_lines[old_at : old_at + size], new_lines[new_at : new_at + size])
            gap = old_lines[old_at + size : old_next], new_lines[new_at + size : new_next]
            if all(gap):
                shifts = [0]
                if size:
                    shifts.append(new_lines[new_at + size - 1] - old_lines[old_at + size - 1])
                if old_next < len(old_lines):
                    shifts.append(new_lines[new_next] - old_lines[old_next])
                self._pair_gap(*gap, shifts)

    def _pair_run(self, old_lines: list[int], new_lines: list[int]) -> None:
        """Lines with equal identifiers."""
        is_sure = sum(len(self._old[line]) for line in old_lines) >= SURE_TOKENS
        pairs = self.sure if is_sure else self.guessed
        for old_line, new_line in zip(old_lines, new_lines, strict=True):
            for before, after in zip(self._old[old_line], self._new[new_line], strict=True):
                pairs[after[2]] = before[2]

    def _pair_gap(self, old_lines: list[int], new_lines: list[int], shifts: list[int]) -> None:
        """Lines between two runs: first those that moved as far as a run did, then the sequence of what is left."""
        free = dict.fromkeys(new_lines)
        left: list[Token] = []
        for old_line in old_lines:
            for shift in shifts:
                if old_line + shift in free and self._pair_shifted(old_line, old_line + shift):
                    del free[old_line + shift]
                    break
            else:
                left += self._old[old_line]
        rest = [token for line in free for token in self._new[line]]
        if len(left) * len(rest) <= LARGEST_GUESS:
            matcher = SequenceMatcher(None, [token[0] for token in left], [token[0] for token in rest], autojunk=False)
            for old_at, new_at, size in matcher.get_matching_blocks():
                for step in range(size):
                    self.guessed[rest[new_at + step][2]] = left[old_at + step][2]

    def _pair_shifted(self, old_line: int, new_line: int) -> bool:
        """Pair a line of which every identifier stands on the new line in the same column; False where one does not."""
        there = {(name, col): index for name, col, index in self._new[new_line]}
        pairs: dict[int, int] = {}
        for name, col, before in self._old[old_line]:
            converted = self._columns.code_point(new_line, col)
            after = None if converted is None else there.get((name, converted))
            if after is None:
                return False
            pairs[after] = before
        self.sure |= pairs
        return True


def _by_line(tokens: Iterable[tuple[int, Token]]) -> dict[int, list[Token]]:
    """Tokens that come in source order, by line."""
    lines: dict[int, list[Token]] = {}
    for line, token in tokens:
        lines.setdefault(line, []).append(token)
    return lines


def _spelled(tokens: list[Token]) -> tuple[str, ...]:
    return tuple(token[0] for token in tokens)


class _Spelling:
    """Tells which identifier stood at a range of the document."""

    def __init__(self, document: Document, placed: Placed, names: SymbolNames) -> None:
        self._ranges = placed.ranges
        self._names = names
        self._displayed = {
            symbol.symbol: symbol.display_name for symbol in document.symbols if symbol.symbol.startswith(LOCAL)
        }
        self._aliases: dict[str, list[str]] = {}
        for occurrences in placed.ranges.values():
            shown = [self._displayed[each.symbol] for each in occurrences if each.symbol in self._displayed]
            for occurrence in occurrences if shown and len(occurrences) > 1 else ():
                self._aliases.setdefault(occurrence.symbol, []).extend(shown)

    def at(self, key: Range) -> str | None:
        """What a local symbol is displayed as, what a global one names, or the alias it was imported under.

        Only an identifier as wide as the range can have stood there: ty-scip puts symbols on expressions, too.
        """
        for candidate in self._candidates(self._ranges[key]):
            if candidate.isidentifier() and (len(candidate) == key[2] - key[1] or not candidate.isascii()):
                return candidate
        return None

    def _candidates(self, occurrences: list[Occurrence]) -> Iterator[str]:
        for occurrence in occurrences:
            yield self._displayed.get(occurrence.symbol, "")
        for occurrence in occurrences:
            yield self._names[occurrence.symbol].final
        for occurrence in occurrences:
            yield from self._aliases.get(occurrence.symbol, ())
