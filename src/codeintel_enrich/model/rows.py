"""Owns the final rows of one file, as `emit` hands them to the store and the publishers."""

import msgspec

Cell = str | int | float | bool | None | list[str] | list[int]


class FileRows(msgspec.Struct, frozen=True):
    """All rows of one file; columns stand in the order of the store's schema, all of a table equally long."""

    path: str
    tables: dict[str, tuple[list[Cell], ...]]
    """Table name -> one list of cells per column."""
    module_json: bytes
    """This file's line of `modules/modules.jsonl`, newline included."""
    cst_jsonl: bytes
    """This file's lines of `cst/cst.jsonl`; empty where none are wanted."""
