"""The choice among the symbols at one reference, and whether the index and `qualify` say the same of it.

A symbol that is known to be wrong is mended first (`repair`).
"""

from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.scip import LOCAL, ROLE_DEFINITION, Occurrence
from codeintel_enrich.model.stitched import Agreement, ReferenceSymbol
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.meanings import Meanings
from codeintel_enrich.stages.stitch.repair import Repairs
from codeintel_enrich.stages.stitch.symbols import SymbolNames, terse_names

_NOTHING = ReferenceSymbol(None, None)
_CST_ONLY = ReferenceSymbol(None, "cst-only")


class SymbolChoice:
    """Chooses the symbols of the references of one file."""

    def __init__(
        self, syntax: Syntax, qualified: Qualified, names: SymbolNames, repairs: Repairs, meanings: Meanings
    ) -> None:
        self._references = syntax.references
        self._targets = qualified.targets
        self._target_of = qualified.references
        self._names = names
        self._repairs = repairs
        self._meanings = meanings
        self._said: dict[int, frozenset[str]] = {-1: frozenset()}
        # A file uses the same name for the same thing again and again: on rich two references in three are known ones.
        self._known: dict[tuple[str, str, int], ReferenceSymbol] = {}

    def unindexed(self, index: int) -> ReferenceSymbol:
        """The answer for a reference that the index says nothing of."""
        target = self._target_of[index]
        return _CST_ONLY if target >= 0 and self._targets[target].qualified_names else _NOTHING

    def choose_symbol(self, index: int, occurrences: list[Occurrence]) -> ReferenceSymbol:
        """The symbol among those at the reference's exact range that names its identifier.

        Of several: the one that `qualify` means, else one that needed no repair, else the one with the definition role
        where the reference defines, else the first in order.
        """
        if len(occurrences) == 1:
            return self._exact(index, occurrences[0].symbol)
        reference = self._references[index]
        # ty-scip gives `from m import name` two symbols: a local one that the name defines, and that of `m.name`. By
        # its order in the document neither is the better one, so that order decides nothing.
        defines = ROLE_DEFINITION if reference.role == "definition" else 0
        ordered = sorted(occurrences, key=lambda occurrence: (-(occurrence.roles & defines), occurrence.symbol))
        answers = [self._exact(index, occurrence.symbol) for occurrence in ordered]
        named = sorted(
            (answer for answer in answers if answer.symbol is not None), key=lambda answer: answer.repair is not None
        )
        return next((answer for answer in named if answer.agreement == "both"), named[0] if named else answers[0])

    def choose_moved_symbol(
        self, index: int, occurrences: list[Occurrence], weak: bool, own: frozenset[str]
    ) -> ReferenceSymbol:
        """As `choose_symbol`, for occurrences that content brought here: never against what `qualify` says.

        A weak guess is believed only where `qualify` says the same. `own`: the symbols that the document defines;
        none of them is what `qualify` calls external.
        """
        # A wrong symbol is worse than none: rows join on it. In a stale document the place is a guess, so `qualify`,
        # which has read this very file, must not object.
        answer = self.choose_symbol(index, occurrences)
        target = self._target_of[index]
        doubtful = (
            answer.agreement == "differ"
            or (weak and answer.agreement != "both")
            or (answer.symbol in own and target >= 0 and self._targets[target].kind == "external")
        )
        return self.unindexed(index) if doubtful else answer

    def is_alias(self, index: int, occurrences: list[Occurrence]) -> bool:
        """Whether a symbol of another name is what the identifier stands for here (`np` for `numpy`)."""
        target = self._target_of[index]
        return any(
            self._agreement(occurrence.symbol, target) == "both"
            for occurrence in occurrences
            if not occurrence.symbol.startswith(LOCAL)
        )

    def _exact(self, index: int, symbol: str) -> ReferenceSymbol:
        identifier = self._references[index].name
        target = self._target_of[index]
        key = (symbol, identifier, target)
        answer = self._known.get(key)
        if answer is None:
            answer = self._known[key] = self._named(symbol, identifier, index)
        return answer

    def _named(self, symbol: str, identifier: str, index: int) -> ReferenceSymbol:
        name, target = self._names[symbol], self._target_of[index]
        if name.is_terse:
            mended = self._repairs.mend(symbol, name, identifier, self._targets[target] if target >= 0 else None)
            if mended is not None:
                # What it means is what `qualify` says.
                return ReferenceSymbol(mended[0], self._agreement(symbol, target), "exact", mended[1])
        if name.final == identifier:
            means = self._meanings.number(symbol)
            return ReferenceSymbol(symbol, self._agreement(symbol, target), "exact", None, means)
        return self.unindexed(index)

    def _agreement(self, symbol: str, target: int) -> Agreement:
        """Compare definitions, else dotted names; `<locals>` is no part of a symbol.

        What an external name finally is the index knows (`posixpath.join`) and `qualify` does not (`os.path.join`): the
        same last component counts as the same.
        """
        said = self._said.get(target)
        if said is None:
            spelled = self._targets[target].qualified_names
            said = self._said[target] = frozenset(each.replace(".<locals>", "") for each in spelled)
        if not said:
            return "scip-only"
        name = self._names[symbol]
        if name.dotted in said:
            return "both"
        if any(each.replace(".<locals>", "") in said for each in self._meanings[symbol].qualified_names):
            return "both"
        means = self._targets[target]
        if name.is_terse and any(name.dotted in terse_names(each, means.kind) for each in means.qualified_names):
            return "both"
        is_external = means.kind == "external"
        return "both" if is_external and any(each.rpartition(".")[2] == name.final for each in said) else "differ"
