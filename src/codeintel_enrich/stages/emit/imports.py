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
            resolved = None if is_star else meaning(name)
            if resolved is None and not statement.is_from and target.known:
                resolved = target.target_module
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
                    target_path=target.path,
                    known=target.known,
                    node_id=node_ids[statement.node],
                )
            )
    return rows


def _unseen(level: int, written: str) -> ResolvedImport:
    """An import that `link` was not asked about: the module as written."""
    return ResolvedImport(level, written or None, "." * level + written, None, False)


def _meanings(layers: Layers) -> Callable[[ImportedName], str | None]:
    """Finds the qualified name of an imported name: that of the reference at its last dotted component."""
    # An imported name has no reference index of its own, but its tokens are references, in the same order.
    indices = [index for index, item in enumerate(layers.syntax.references) if item.kind == "import"]
    starts = [layers.syntax.references[index].start_byte for index in indices]

    def meaning(name: ImportedName) -> str | None:
        position = bisect_left(starts, name.start_byte) + name.name.count(".")
        if position >= len(starts) or starts[position] >= name.end_byte:
            return None
        target = layers.meanings[indices[position]]
        names = layers.answers.targets[target].qualified_names if target >= 0 else ()
        return names[0] if names else None

    return meaning
