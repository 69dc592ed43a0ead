"""Owns the rows of `outlines` and `files`, and what the line of `modules/modules.jsonl` says of an outline."""

from codeintel_enrich.model.outline import Outline
from codeintel_enrich.model.rows import PackedRows, Row, RowPacker
from codeintel_enrich.model.tables import FILES, OUTLINES


def emit_outline(path: str, outline: Outline) -> PackedRows:
    """All rows of a file that is not Python."""
    packer = RowPacker(path)
    packer.add_rows(FILES, [_file_row(path, outline)])
    packer.add_rows(OUTLINES, outline_rows(path, outline))
    return packer.finish()


def outline_rows(path: str, outline: Outline) -> list[Row]:
    """The entries in source order."""
    return [
        (
            path,
            ordinal,
            outline.language,
            item.kind,
            item.name,
            item.parent if item.parent >= 0 else None,
            item.depth,
            item.is_fallback,
            item.start_line,
            item.start_col,
            item.end_line,
            item.end_col,
            item.start_byte,
            item.end_byte,
            item.name_start_byte,
            item.name_end_byte,
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


def _file_row(path: str, outline: Outline) -> Row:
    return (
        path,
        outline.language,
        outline.content_hash,
        outline.n_bytes,
        outline.n_lines,
        len(outline.items),
        outline.n_left_out,
        outline.has_errors,
        outline.error,
    )
