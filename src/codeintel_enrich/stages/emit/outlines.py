"""The rows of `outlines` and `files`, and what the line of `modules/modules.jsonl` says of an outline."""

from codeintel_enrich.model.outline import Outline
from codeintel_enrich.model.rows import PackedRows, RowPacker
from codeintel_enrich.model.tables import FILES, OUTLINES, FileRow, OutlineRow


def emit_outline(path: str, outline: Outline) -> PackedRows:
    """All rows of a file that is not Python."""
    packer = RowPacker(path)
    packer.add(FILES, [_file_row(path, outline)])
    packer.add(OUTLINES, outline_rows(path, outline))
    return packer.finish()


def outline_rows(path: str, outline: Outline) -> list[OutlineRow]:
    """The entries in source order."""
    return [
        OutlineRow(
            path=path,
            ordinal=ordinal,
            language=outline.language,
            kind=item.kind,
            name=item.name,
            parent=item.parent if item.parent >= 0 else None,
            depth=item.depth,
            is_fallback=item.is_fallback,
            start_line=item.start_line,
            start_col=item.start_col,
            end_line=item.end_line,
            end_col=item.end_col,
            start_byte=item.start_byte,
            end_byte=item.end_byte,
            name_start_byte=item.name_start_byte,
            name_end_byte=item.name_end_byte,
        )
        for ordinal, item in enumerate(outline.items)
    ]


def outline_value(outline: Outline) -> list[dict[str, object]]:
    """The entries as JSON has them."""
    return [
        {
            "kind": item.kind,
            "name": item.name,
            "line": item.start_line,
            "end_line": item.end_line,
            "parent": item.parent if item.parent >= 0 else None,
        }
        for item in outline.items
    ]


def _file_row(path: str, outline: Outline) -> FileRow:
    return FileRow(
        path=path,
        language=outline.language,
        content_hash=outline.content_hash,
        n_bytes=outline.n_bytes,
        n_lines=outline.n_lines,
        n_items=len(outline.items),
        n_left_out=outline.n_left_out,
        has_errors=outline.has_errors,
        error=outline.error,
    )
