"""The stage `stitch`: the symbols of a SCIP document on the definitions and references of one file.

    place   occurrences -> ranges in our units
    join    ranges -> references with exactly that range; or, for a stale document,
    realign ranges -> references by what the lines say
    choose  the symbols at a reference -> the one that names it, and whether `qualify` says the same
    meanings symbol -> the definition in the tree that it has, whatever its spelling
    answer  what names say and what the index says -> the one meaning of each reference
    repair  a symbol that the indexer is known to get wrong -> the right one
    restate what the document says of symbols, with those repairs

A symbol is attached only where it names the identifier that stands there.
"""

from collections.abc import Iterator, Mapping

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.scip import LOCAL, Document, Occurrence
from codeintel_enrich.model.stitched import NodeSymbol, ReferenceSymbol, Repair, Stitched
from codeintel_enrich.model.syntax import Syntax
from codeintel_enrich.stages.stitch.answer import join_answers
from codeintel_enrich.stages.stitch.choose import SymbolChoice
from codeintel_enrich.stages.stitch.join import Joined, is_stale, join
from codeintel_enrich.stages.stitch.meanings import Meanings
from codeintel_enrich.stages.stitch.place import Placed, place, place_unconverted
from codeintel_enrich.stages.stitch.realign import realign
from codeintel_enrich.stages.stitch.repair import Repairs
from codeintel_enrich.stages.stitch.restate import restated_roles, restated_symbols
from codeintel_enrich.stages.stitch.symbols import SymbolNames

__all__ = ["stitch"]

_DEFINING = ("definition", "write")


def stitch(
    syntax: Syntax,
    interface: Interface,
    qualified: Qualified,
    linked: LinkedModule,
    document: Document | None,
    neighbours: Mapping[str, str],
) -> Stitched:
    """Attach the document's symbols to the file; without a document only `qualify` speaks.

    A symbol local to its document (`local 7`) is nothing to join tables on: its identifier counts as attached, but the
    reference keeps `symbol=None` and the agreement of a reference that the index is silent on. An alias is not what its
    symbol is called (`np`, `numpy/`), and is not attached either.

    `neighbours`: path of each file that defines something of what the document mentions -> what its
    qualified names begin with: its module, else its path.
    """
    names = SymbolNames(document.producer if document is not None else "")
    path = document.relative_path if document is not None else None
    meanings = Meanings(document.homes if document is not None else {}, neighbours, path, names)
    if document is None:
        choice = SymbolChoice(syntax, qualified, names, Repairs((), ""), meanings)
        silent = tuple(choice.unindexed(index) for index in range(len(syntax.references)))
        return Stitched(references=silent, answers=join_answers(syntax, qualified, silent, ()))
    placed = place(syntax, document)
    # The package's spelling in symbols is read off the document's own module, which no edit of the file moves.
    choice = SymbolChoice(syntax, qualified, names, Repairs(placed.modules, linked.owner), meanings)
    joined = join(syntax, placed)
    stale = is_stale(syntax, document, placed, joined)
    if stale:
        # Columns in bytes or UTF-16 units can only be converted by the text they were counted in, which is gone.
        placed = place_unconverted(document)
        joined = realign(syntax, document, placed, names)
    stray = [*(key[0] for key in joined.stray(placed)), *placed.misplaced]
    found = _found(syntax, placed, joined, choice, stale)
    n_occurrences = found.n_attached + len(found.misnamed) + len(stray)
    return Stitched(
        nodes=_nodes(syntax, found.references) | _module(linked, placed, names),
        references=tuple(found.references),
        answers=join_answers(syntax, qualified, found.references, meanings.targets),
        symbols=restated_symbols(document, found.repaired, names),
        symbol_roles=restated_roles(document, found.repaired, names),
        has_document=True,
        is_stale=stale,
        n_occurrences=n_occurrences,
        n_attached=found.n_attached,
        outcomes=found.outcomes(len(stray)),
        diagnostics=tuple(_diagnostics(found, stray, n_occurrences, stale)) if syntax.parse_ok else (),
    )


class _Found(msgspec.Struct):
    """What the references got, and what became of the document's ranges."""

    references: list[ReferenceSymbol] = []
    n_attached: int = 0
    repaired: dict[Occurrence, str] = {}
    """Occurrence of the document -> the symbol that it should have had."""
    repairs: dict[Repair, list[int]] = {}
    """Lines of identifiers whose symbol was repaired, by rule."""
    aliased: list[int] = []
    """Lines of identifiers that stand for a symbol of another name."""
    misnamed: list[int] = []
    """Lines of identifiers that the document gives a symbol of another name, and nobody says why."""

    def outcomes(self, n_stray: int) -> dict[str, int]:
        """How often what happened, as `Stitched.outcomes` has it."""
        counts: dict[str, int] = {
            "attached": self.n_attached,
            "aliased": len(self.aliased),
            "misnamed": len(self.misnamed),
            "unplaced": n_stray,
        }
        counts |= {repair: len(lines) for repair, lines in sorted(self.repairs.items())}
        return {outcome: count for outcome, count in counts.items() if count}


def _found(syntax: Syntax, placed: Placed, joined: Joined, choice: SymbolChoice, stale: bool) -> _Found:
    answers = _Found()
    attach = answers.references.append
    # In a fresh document places decide, so what it defines is asked for a stale one only.
    own = placed.defined() if stale else frozenset()
    for index, reference in enumerate(syntax.references):
        key = joined.found.get(index)
        if key is None:
            # Every reference gets an answer, since layer S is aligned with layer P by index.
            attach(choice.unindexed(index))
            continue
        occurrences = placed.ranges[key]
        if stale:
            answer = choice.choose_moved_symbol(index, occurrences, index in joined.weak, own)
        else:
            answer = choice.choose_symbol(index, occurrences)
        if answer.symbol is not None and key != (reference.line, reference.col, reference.end_col):
            answer = msgspec.structs.replace(answer, match="moved" if stale else "name")
        attach(answer)
        if answer.symbol is not None and answer.repair is not None:
            answers.repairs.setdefault(answer.repair, []).append(reference.line)
            answers.repaired |= dict.fromkeys(occurrences, answer.symbol)
        if answer.symbol is not None or any(occurrence.symbol.startswith(LOCAL) for occurrence in occurrences):
            answers.n_attached += 1
        elif choice.is_alias(index, occurrences):
            answers.aliased.append(reference.line)
        else:
            answers.misnamed.append(reference.line)
    return answers


def _nodes(syntax: Syntax, references: list[ReferenceSymbol]) -> dict[int, NodeSymbol]:
    """The symbol of every definition whose name token carries one."""
    at: dict[tuple[int, int], ReferenceSymbol] = {
        (reference.line, reference.col): answer
        for reference, answer in zip(syntax.references, references, strict=True)
        if answer.symbol is not None and reference.role in _DEFINING
    }
    nodes: dict[int, NodeSymbol] = {}
    for index, definition in enumerate(syntax.definitions):
        answer = at.get((definition.name_line, definition.name_col)) if definition.name_start_byte >= 0 else None
        if answer is not None and answer.symbol is not None:
            nodes[index] = NodeSymbol(answer.symbol, answer.match, answer.repair)
    return nodes


def _module(linked: LinkedModule, placed: Placed, names: SymbolNames) -> dict[int, NodeSymbol]:
    """The symbol of the Module, where the document defines one that ends in the module's own name."""
    own = linked.owner.rpartition(".")[2]
    symbols = sorted(symbol for symbol in placed.modules if names[symbol].final == own)
    return {0: NodeSymbol(symbols[0], "exact")} if symbols else {}


def _diagnostics(answers: _Found, stray: list[int], n_occurrences: int, stale: bool) -> Iterator[Diagnostic]:
    """One summary a cause; in a stale document lines mean nothing, so there is one cause only."""
    if stale:
        found = f"{answers.n_attached} of {n_occurrences} identifiers found again"
        yield _info("stale-document", f"the index is of another state of this file: {found}", [])
        return
    for repair, lines in sorted(answers.repairs.items()):
        yield _info(f"repaired-{repair}", f"{len(lines)} symbols of the index were wrong, and are repaired", lines)
    causes = (
        ("unplaced-occurrences", stray, "stand on no identifier of the code (mostly names inside strings)"),
        ("aliased-occurrences", answers.aliased, "stand on an alias of what they name"),
        ("misnamed-occurrences", answers.misnamed, "name something else than the identifier they stand on"),
    )
    for rule, lines, what in causes:
        if lines:
            yield _info(rule, f"{len(lines)} symbols of the index {what}", lines)


def _info(rule: str, message: str, lines: list[int]) -> Diagnostic:
    """A summary at the first of the lines it speaks of."""
    line = min(lines, default=1)
    return Diagnostic("stitch", "info", rule, message, line, 0, line, 0)
