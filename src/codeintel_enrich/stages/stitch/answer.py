"""Who says what a reference means, joined into one answer.

Names decide where they can: the scopes of the file, imports, what modules export and classes have. The SCIP index knows
types, so it decides the attributes and keywords that names leave open. Who loses is kept where it contradicts.
"""

from collections.abc import Sequence

from codeintel_enrich.model.answers import Answer, Answers, Certainty, Via
from codeintel_enrich.model.linked import Target
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.stitched import ReferenceSymbol
from codeintel_enrich.model.syntax import Reference, Syntax

_SURE_OWNERS = ("module", "class", "external")
"""Kinds of what stands before the dot, of which the attribute is just what they have under its name."""


def join_answers(
    syntax: Syntax, qualified: Qualified, symbols: Sequence[ReferenceSymbol], meanings: Sequence[Target]
) -> Answers:
    """Answer every reference of one file, in the order of `Syntax.references`.

    `symbols`: what the index says of each; `meanings`: what their symbols stand for.
    """
    return _Join(syntax, qualified, symbols, meanings).answers()


class _Join:
    """The join for one file; equal answers are kept once, since a file says few things many times."""

    def __init__(
        self, syntax: Syntax, qualified: Qualified, symbols: Sequence[ReferenceSymbol], meanings: Sequence[Target]
    ) -> None:
        self._references = syntax.references
        self._ours = qualified.references
        self._symbols = symbols
        self._meanings = meanings
        self._targets = list(qualified.targets)
        self._numbers = {target: number for number, target in enumerate(self._targets)}
        self._answers: dict[Answer, int] = {}
        self._distinct: list[Answer] = []

    def answers(self) -> Answers:
        """The layer."""
        given: list[int] = []
        for reference, ours, symbol in zip(self._references, self._ours, self._symbols, strict=True):
            # What stands before a dot comes earlier in the file, so its answer is there.
            base = self._distinct[given[reference.base]].target if 0 <= reference.base < len(given) else -1
            answer = self._answer(reference, ours, symbol, base)
            number = self._answers.setdefault(answer, len(self._distinct))
            if number == len(self._distinct):
                self._distinct.append(answer)
            given.append(number)
        return Answers(tuple(self._targets), tuple(self._distinct), tuple(given))

    def _answer(self, reference: Reference, ours: int, symbol: ReferenceSymbol, base: int) -> Answer:
        theirs = self._number(self._meanings[symbol.means]) if symbol.means >= 0 else -1
        known = ours >= 0 and bool(self._targets[ours].qualified_names)
        if known:
            lost = theirs if symbol.agreement == "differ" and symbol.repair is None else -1
            return Answer(ours, _via(reference), self._certainty(reference, ours, base), lost)
        if theirs >= 0 and self._targets[theirs].qualified_names:
            return Answer(theirs, "index", self._certainty(reference, theirs, base))
        return Answer(ours)

    def _number(self, target: Target) -> int:
        number = self._numbers.setdefault(target, len(self._targets))
        if number == len(self._targets):
            self._targets.append(target)
        return number

    def _certainty(self, reference: Reference, number: int, base: int) -> Certainty:
        target = self._targets[number]
        if len(target.qualified_names) > 1:
            return "candidates"
        if reference.kind != "attribute" or target.kind != "function":
            return "exact"
        return "exact" if base >= 0 and self._targets[base].kind in _SURE_OWNERS else "dispatch"


def _via(reference: Reference) -> Via:
    if reference.kind == "attribute":
        return "member"
    return "scope" if reference.unresolved < 0 else "import"
