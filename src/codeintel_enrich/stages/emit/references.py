"""The rows of `refs`, made column by column: they are most of what a store holds."""

from collections.abc import Iterable, Sequence

from codeintel_enrich.model.rows import Cells, Interned, RowPacker
from codeintel_enrich.model.stitched import ReferenceSymbol
from codeintel_enrich.model.tables import REFS
from codeintel_enrich.stages.emit.layers import Layers

_UNSTITCHED = ReferenceSymbol(symbol=None, agreement=None)


def pack_references(packer: RowPacker, layers: Layers) -> None:
    """Add the table: the references in source order."""
    references = _References(packer, layers)
    columns = {**references.tokens(), **references.meanings(), **references.symbols()}
    packer.add_columns(REFS, columns)


class _References:
    """The columns of `refs`.

    References repeat what their scope, their definition, their meaning and its type are called. There are few of these,
    so their texts are numbered once each, and a reference only takes the numbers.
    """

    def __init__(self, packer: RowPacker, layers: Layers) -> None:
        self._packer = packer
        self._layers = layers
        self._references = layers.syntax.references
        self._count = len(self._references)
        self._node_ids = packer.intern(layers.node_ids)
        self._scopes = packer.intern([scope.kind for scope in layers.syntax.scopes])
        self._names = [packer.intern(target.qualified_names) for target in layers.answers.targets]
        self._types = packer.intern(layers.types.type_names)

    def tokens(self) -> dict[str, Cells]:
        """What stands where, and in what."""
        references = self._references
        lines = [item.line for item in references]
        return {
            "path": Interned(self._packer.intern([self._layers.path]) * self._count),
            "name": self._texts([item.name for item in references]),
            "role": self._texts([item.role for item in references]),
            "kind": self._texts([item.kind for item in references]),
            # An identifier stands on one line.
            "start_line": lines,
            "start_col": [item.col for item in references],
            "end_line": lines,
            "end_col": [item.end_col for item in references],
            "start_byte": [item.start_byte for item in references],
            "end_byte": [item.end_byte for item in references],
            "scope": Interned([self._scopes[item.scope] for item in references]),
            "context": self._texts([item.phase for item in references]),
            "node_id": Interned([self._node_ids[item.node] for item in references]),
        }

    def meanings(self) -> dict[str, Cells]:
        """What each reference means, and of which type that is."""
        targets, layers = self._layers.answers.targets, self._layers
        lists: list[Sequence[int]] = [*self._names, []]
        # The appended null answers -1, the number of no type.
        types = [*self._types, 0]
        return {
            "qualified_name": self._of_targets([each[0] if each else 0 for each in self._names]),
            "qualified_names": Interned([lists[meaning] for meaning in layers.meanings]),
            "target_kind": self._of_targets(self._packer.intern([target.kind for target in targets])),
            "target_path": self._of_targets(self._packer.intern([layers.path_of(target) for target in targets])),
            **self._decisions(),
            "reason": self._of_targets(self._packer.intern([target.reason for target in targets])),
            # Without a checker that tells types there is no number at all.
            "type": Interned([types[number] for number in layers.types.reference_types] or [0] * self._count),
        }

    def _decisions(self) -> dict[str, Cells]:
        """Who decided, how sure that is, and what another says."""
        answers, names = self._layers.answers, [*self._names, []]
        via = self._packer.intern([answer.via for answer in answers.answers])
        certainty = self._packer.intern([answer.certainty for answer in answers.answers])
        lost = [names[answer.contradicts] for answer in answers.answers]
        return {
            "via": Interned([via[number] for number in answers.references]),
            "certainty": Interned([certainty[number] for number in answers.references]),
            "contradicted": Interned([lost[number] for number in answers.references]),
        }

    def symbols(self) -> dict[str, Cells]:
        """What the SCIP index calls what each reference means."""
        stitched = self._layers.stitched
        found = stitched.references or (_UNSTITCHED,) * self._count
        return {
            "scip_symbol": self._texts([item.symbol for item in found]),
            "scip_match": self._texts([None if item.symbol is None else item.match for item in found]),
            # Without a document there is nothing that could have been mended.
            "scip_repair": (
                self._texts([item.repair for item in found]) if stitched.outcomes else Interned([0] * self._count)
            ),
            "agreement": self._texts([item.agreement for item in found]),
        }

    def _texts(self, texts: Iterable[str | None]) -> Interned:
        return Interned(self._packer.intern(texts))

    def _of_targets(self, numbers: Sequence[int]) -> Interned:
        """The number of each reference's target; the appended null answers -1, the number of no target."""
        numbers = [*numbers, 0]
        return Interned([numbers[meaning] for meaning in self._layers.meanings])
