"""Finding the ranges of a stale document again: by what its lines say, compared with what the file's lines say.

Lines are told apart by the identifiers on them. Lines that look like no other are found first, as a patience diff does
(Bram Cohen's); between two of them, lines that moved as far as one of these are compared token by token, column
included; what is then left is aligned by its sequence of identifiers. Whatever rests on little is a guess.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

from codeintel_enrich.model.columns import Columns
from codeintel_enrich.model.scip import LOCAL, Document, Occurrence
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.join import Joined
from codeintel_enrich.stages.stitch.place import Placed, Range, columns_of
from codeintel_enrich.stages.stitch.symbols import SymbolNames

SURE_TOKENS = 8
"""A run of equal lines with fewer identifiers may be equal by chance."""

LARGEST_GUESS = 4_000_000
"""Product of the numbers of identifiers beyond which a gap between runs is not aligned."""

Token = tuple[str, int, int]
"""Name, column, index (of the range, or of the reference)."""

NO_RANGE = -1
"""Index of an old token that no range of the document is about: it only helps to tell lines apart."""


def realign(syntax: Syntax, document: Document, placed: Placed, names: SymbolNames) -> Joined:
    """Find the references that the ranges of a stale document, placed unconverted, belong to."""
    ranges = sorted(placed.ranges)
    spelling = _Spelling(document, placed, names)
    old = _by_line(_old_tokens(ranges, spelling))
    vocabulary = {name for tokens in old.values() for name, _, _ in tokens}
    new = _by_line(
        (reference.line, (reference.name, reference.col, index))
        for index, reference in enumerate(syntax.references)
        if reference.name in vocabulary
    )
    columns = columns_of(syntax, document)
    pairing = _Pairing(old, new, columns)
    found: dict[int, Range] = {}
    for index, before in (pairing.guessed | pairing.sure).items():
        reference = syntax.references[index]
        if before != NO_RANGE and (
            not spelling.is_ambiguous(ranges[before])
            or columns.code_point(reference.line, ranges[before][1]) == reference.col
        ):
            found[index] = ranges[before]
    return Joined(found, frozenset(found.keys() & (pairing.guessed.keys() - pairing.sure.keys())))


def _old_tokens(ranges: list[Range], spelling: "_Spelling") -> Iterator[tuple[int, Token]]:
    """What stood on the document's lines, in source order; `ranges` are sorted."""
    last = (0, 0)
    for index, key in enumerate(ranges):
        line, start, _ = key
        *before, name = spelling.at(key)
        for part in before:
            if (line, start) > last:
                yield line, (part, start, NO_RANGE)
                last = line, start
            start += len(part) + 1
        if name:
            yield line, (name, start, index)
            last = line, start


class _Pairing:
    """Pairs the tokens of two sets of lines; `sure` and `guessed` map a new token's index to the old one's."""

    def __init__(self, old: dict[int, list[Token]], new: dict[int, list[Token]], columns: Columns) -> None:
        self.sure: dict[int, int] = {}
        self.guessed: dict[int, int] = {}
        self._old, self._new, self._columns = old, new, columns
        old_lines, new_lines = list(old), list(new)
        old_at = new_at = 0
        shift: int | None = None
        for run in self._runs():
            first_old, first_new = run[0]
            run_shift = first_new - first_old
            old_next, new_next = bisect_left(old_lines, first_old), bisect_left(new_lines, first_new)
            self._pair_gap(old_lines[old_at:old_next], new_lines[new_at:new_next], (shift, run_shift))
            # A single line such as `return value` may be alike by chance; eight identifiers in a row hardly are.
            is_sure = sum(len(old[line]) for line, _ in run) >= SURE_TOKENS
            for (old_line, new_line), following in zip_longest(run, run[1:]):
                self._pair_line(old_line, new_line, is_sure)
                old_at, new_at = bisect_right(old_lines, old_line), bisect_right(new_lines, new_line)
                if following is not None:
                    old_next, new_next = bisect_left(old_lines, following[0]), bisect_left(new_lines, following[1])
                    self._pair_gap(old_lines[old_at:old_next], new_lines[new_at:new_next], (run_shift,))
            shift = run_shift
        self._pair_gap(old_lines[old_at:], new_lines[new_at:], (shift,))

    def _runs(self) -> Iterator[list[tuple[int, int]]]:
        """Pairs of lines that nothing else on either side looks like, in order; a run moved as one."""
        pairs = _only_ones(self._old), _only_ones(self._new)
        common = pairs[0].keys() & pairs[1].keys()
        old_only, new_only = ([spelled for spelled in each if spelled in common] for each in pairs)
        run: list[tuple[int, int]] = []
        # No autojunk: difflib would drop what occurs often in long sequences, and `self` is on every other line.
        for old_at, _, size in SequenceMatcher(None, old_only, new_only, autojunk=False).get_matching_blocks():
            for spelled in old_only[old_at : old_at + size]:
                pair = pairs[0][spelled], pairs[1][spelled]
                if run and pair[1] - pair[0] != run[0][1] - run[0][0]:
                    yield run
                    run = []
                run.append(pair)
        if run:
            yield run

    def _pair_line(self, old_line: int, new_line: int, is_sure: bool) -> None:
        """Lines with equal identifiers; sure only if no identifier moved against another."""
        # Equal names at other distances from each other are a line that was rewritten, perhaps to mean something else.
        pairs = list(zip(self._old[old_line], self._new[new_line], strict=True))
        steps = {after[1] - (self._columns.code_point(new_line, before[1]) or 0) for before, after in pairs}
        into = self.sure if is_sure and len(steps) == 1 else self.guessed
        into.update((after[2], before[2]) for before, after in pairs)

    def _pair_gap(self, old_lines: list[int], new_lines: list[int], shifts: tuple[int | None, ...]) -> None:
        """Lines between two others: first those that moved as far as one of these, then the rest as a sequence."""
        free = dict.fromkeys(new_lines)
        left: list[Token] = []
        for old_line in old_lines:
            for shift in shifts:
                if shift is not None and old_line + shift in free and self._pair_shifted(old_line, old_line + shift):
                    del free[old_line + shift]
                    break
            else:
                left += self._old[old_line]
        # Matching is quadratic: beyond the bound a gap costs more than its few guesses that are believed are worth.
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


def _only_ones(lines: dict[int, list[Token]]) -> dict[tuple[str, ...], int]:
    """Lines by their identifiers, without those that look like another one."""
    spelled = {line: tuple(token[0] for token in tokens) for line, tokens in lines.items()}
    count = Counter(spelled.values())
    return {names: line for line, names in spelled.items() if count[names] == 1}


class _Spelling:
    """Tells which identifier stood at a range of the document."""

    def __init__(self, document: Document, placed: Placed, names: SymbolNames) -> None:
        self._ranges = placed.ranges
        self._names = names
        self._displayed = {
            symbol.symbol: symbol.display_name for symbol in document.symbols if symbol.symbol.startswith(LOCAL)
        }
        # What an import is called here stands nowhere in its global symbol, only in a local one at the same range.
        self._aliases: dict[str, list[str]] = {}
        by_end: dict[tuple[int, int], list[str]] = {}
        for (line, _, end), occurrences in placed.ranges.items():
            shown = [self._displayed[each.symbol] for each in occurrences if each.symbol in self._displayed]
            for occurrence in occurrences if shown and len(occurrences) > 1 else ():
                self._aliases.setdefault(occurrence.symbol, []).extend(shown)
            if aliases := [alias for _, found, alias in (each.rpartition(" as ") for each in shown) if found]:
                by_end.setdefault((line, end), []).extend(aliases)
        for (line, _, end), occurrences in placed.ranges.items() if by_end else ():
            for occurrence in occurrences if (line, end) in by_end else ():
                self._aliases.setdefault(occurrence.symbol, []).extend(by_end[line, end])

    def at(self, key: Range) -> list[str]:
        """What a local symbol is displayed as, what a global one names, or the alias it was imported under.

        Only an identifier as wide as the range can have stood there: ty-scip puts symbols on expressions, too. It also
        gives `name as alias` a local symbol, displayed so, and the dotted module of an import one range, which means
        the last component; its components are several. `[""]` where none fits.
        """
        width = key[2] - key[1]
        occurrences = self._ranges[key]
        for candidate in self._candidates(occurrences):
            if candidate.isidentifier() and (len(candidate) == width or not candidate.isascii()):
                return [candidate]
        for occurrence in occurrences:
            dotted = self._names[occurrence.symbol].dotted
            if "." in dotted and len(dotted) == width:
                return dotted.split(".")
        return [""]

    def is_ambiguous(self, key: Range) -> bool:
        """Whether the range may hold another part of the name: ty-scip calls the `a` of `a.b.f` the module `a.b`."""
        dotted = (self._names[each.symbol].dotted for each in self._ranges[key] if each.symbol.endswith("/"))
        return any(len(part) == key[2] - key[1] for name in dotted for part in name.split(".")[:-1])

    def _candidates(self, occurrences: list[Occurrence]) -> Iterator[str]:
        for occurrence in occurrences:
            yield self._displayed.get(occurrence.symbol, "")
        for occurrence in occurrences:
            yield self._names[occurrence.symbol].final
        for occurrence in occurrences:
            yield from self._aliases.get(occurrence.symbol, ())
