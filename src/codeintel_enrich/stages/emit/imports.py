"""The rows of `imports`: what each imported name finally is."""

from bisect import bisect_left
from collections.abc import Callable

from codeintel_enrich.model.linked import ResolvedImport
from codeintel_enrich.model.syntax import ImportedName
from codeintel_enrich.model.tables import ImportRow
from codeintel_enrich.stages.emit.layers import Layers


def import_rows(layers: Layers) -> list[ImportRow]:
    """One row for every imported name, in source order."""
    linked = layers.linked
    # `link` answers for each path as written, however often it is imported.
    by_written = {(item.level, item.module or ""): item for item in linked.imports}
    meaning = _meanings(layers)
    node_ids = layers.node_ids
    rows: list[ImportRow] = []
    for statement in layers.syntax.imports:
        for name in statement.names:
            written = (statement.module or "") if statement.is_from else name.name
            target = by_written.get((statement.level, written)) or _unseen(statement.level, written)
            is_star = name.name == "*"
            resolved, resolved_path = (None, None) if is_star else meaning(name)
            if resolved is None and not statement.is_from and target.known:
                resolved, resolved_path = target.target_module, target.path
            rows.append(
                ImportRow(
                    path=layers.path,
                    module=linked.module,
                    start_line=name.start_line,
                    start_col=name.start_col,
                    target_module=target.target_module,
                    name=name.name,
                    alias=name.alias,
                    level=statement.level,
                    is_from=statement.is_from,
                    is_star=is_star,
                    kind=statement.phase,
                    resolved=resolved,
                    resolved_path=resolved_path,
                    target_path=target.path,
                    known=target.known,
                    node_id=node_ids[statement.node],
                )
            )
    return rows


def _unseen(level: int, written: str) -> ResolvedImport:
    """An import that `link` was not asked about: the module as written."""
    return ResolvedImport(level, written or None, "." * level + written, None, False)


_Meaning = tuple[str | None, str | None]
"""Qualified name and file."""


def _meanings(layers: Layers) -> Callable[[ImportedName], _Meaning]:
    """Finds what an imported name means: what the reference at its last dotted component does."""
    # An imported name has no reference index of its own, but its tokens are references, in the same order.
    indices = [index for index, item in enumerate(layers.syntax.references) if item.kind == "import"]
    starts = [layers.syntax.references[index].start_byte for index in indices]

    def meaning(name: ImportedName) -> _Meaning:
        position = bisect_left(starts, name.start_byte) + name.name.count(".")
        if position >= len(starts) or starts[position] >= name.end_byte:
            return None, None
        number = layers.meanings[indices[position]]
        target = layers.answers.targets[number] if number >= 0 else None
        if target is None or not target.qualified_names:
            return None, None
        return target.qualified_names[0], layers.path_of(target)

    return meaning
