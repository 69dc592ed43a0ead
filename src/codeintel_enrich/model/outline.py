"""Outlines: what a file without a syntax tree of ours holds, as a tree of named entries with exact places.

Lines count from 1, columns from 0 in code points, bytes from 0 in the *original* file (a BOM counts its bytes and no
column); ends are exclusive.
"""

import msgspec


class OutlineItem(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry: a definition, a key, a heading, a build stage."""

    kind: str
    """What its language's query calls it: `class`, `function`, `key`, `table`, `heading`, ..."""
    name: str
    """As written, on one line and without enclosing quotes; a very long one is cut."""
    start_line: int
    start_col: int
    end_line: int
    end_col: int
    start_byte: int
    end_byte: int
    name_start_byte: int
    name_end_byte: int
    parent: int = -1
    """Index of the innermost entry around it; -1 at the top."""
    depth: int = 0
    """Number of entries around it."""
    is_fallback: bool = False
    """Found by the shape of the tree or the layout of the lines, not by the language's query."""


class Outline(msgspec.Struct, frozen=True):
    """The entries of one file in source order; an entry stands before those inside it."""

    language: str
    content_hash: str
    n_bytes: int
    n_lines: int
    items: tuple[OutlineItem, ...] = ()
    has_errors: bool = False
    """Whether the grammar did not understand all of the file."""
    n_left_out: int = 0
    """Entries beyond the limit; the deepest are left out first."""
    error: str | None = None
    """Why there is no outline at all."""
