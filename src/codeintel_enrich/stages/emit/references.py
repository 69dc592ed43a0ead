"""Owns the rows of `refs`, made column by column: they are most of what a store holds."""

from collections.abc import Sequence
from typing import Any

from codeintel_enrich.model.rows import RowPacker
from codeintel_enrich.model.stitched import ReferenceSymbol
from codeintel_enrich.model.tables import REFS
from codeintel_enrich.stages.emit.layers import Layers

_INTERNED = (
    "path",
    "name",
    "role",
    "kind",
    "scope",
    "context",
    "qualified_name",
    "qualified_names",
    "target_kind",
    "target_path",
    "reason",
    "scip_symbol",
    "scip_match",
    "scip_repair",
    "agreement",
    "type",
    "node_id",
)


_UNSTITCHED = ReferenceSymbol(symbol=None, agreement=None)


def add_references(packer: RowPacker, layers: Layers) -> None:
    """Pack the references in source order. Meanings are looked up once each, not once a reference."""
    syntax = layers.syntax
    references = syntax.references
    intern = packer.intern
    lines = [item.line for item in references]
    node_ids = intern(layers.node_ids)
    scopes = intern([scope.kind for scope in syntax.scopes])
    meanings = layers.qualified.references

    targets = layers.qualified.targets
    all_names = [intern(target.qualified_names) for target in targets]
    first_names = [names[0] if names else 0 for names in all_names]

    def of_target(values: list[int]) -> list[int]:
        """One number a reference; the appended 0 (null) answers the index -1."""
        values = [*values, 0]
        return [values[meaning] for meaning in meanings]

    types = [*intern(layers.types.type_names), 0]

    lists: Sequence[Sequence[int]] = [*all_names, []]
    found = layers.stitched.references or (_UNSTITCHED,) * len(references)
    columns: list[Sequence[Any]] = [
        intern([layers.path]) * len(references),
        intern([item.name for item in references]),
        intern([item.role for item in references]),
        intern([item.kind for item in references]),
        lines,
        [item.col for item in references],
        lines,
        [item.end_col for item in references],
        [item.start_byte for item in references],
        [item.end_byte for item in references],
        [scopes[item.scope] for item in references],
        intern([item.phase for item in references]),
        of_target(first_names),
        [lists[meaning] for meaning in meanings],
        of_target(intern([target.kind for target in targets])),
        of_target(intern([layers.path_of(target) for target in targets])),
        of_target(intern([target.reason for target in targets])),
        intern([item.symbol for item in found]),
        intern([None if item.symbol is None else item.match for item in found]),
        intern([item.repair for item in found]) if layers.stitched.outcomes else [0] * len(references),
        intern([item.agreement for item in found]),
        [types[number] for number in layers.types.reference_types] or [0] * len(references),
        [node_ids[item.node] for item in references],
    ]
    packer.add(REFS, columns, interned=_INTERNED)
