"""Definitions in Python that does not parse: what the tree lost or misplaced is found by the layout of the lines."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.stages.outline.entries import OutlineEntry
from codeintel_enrich.stages.outline.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_OPENING = re.compile(rb"([ \t\f]*)((?:async[ \t]+)?def|class)[ \t]+((?:\w|[\x80-\xff])+)")
_FIRST = re.compile(rb"([ \t\f]*)[^\s#)\]}]")
_TAB = 8
"""Columns to which Python's tokenizer extends a tab."""


def mended(text: Text, query: "Query | None", root: "Node", known: Iterable[OutlineEntry]) -> list[OutlineEntry]:
    """The entries of a broken tree, with the `def` and `class` lines outside of strings that it lost.

    A definition reaches no farther than to the next line that is not indented deeper: a tree that misses a bracket
    may take it to the end of the file.
    """
    lines = _Lines(text, _strings(query, root))
    entries = {entry.name_start: entry for entry in known}
    for number, opening in lines.openings():
        end, (name_start, name_end) = lines.end_of_block(number), opening.span(3)
        if (entry := entries.get(name_start)) is not None:
            entries[name_start] = msgspec.structs.replace(entry, end=min(entry.end, end))
        else:
            kind = "class" if opening[2] == b"class" else "function"
            entries[name_start] = OutlineEntry(kind, opening.start(2), end, name_start, name_end, is_fallback=True)
    return list(entries.values())


class _Lines:
    """The lines that can begin a statement; one with a closing bracket first does not."""

    def __init__(self, text: Text, strings: Sequence[tuple[int, int]]) -> None:
        self.data = text.data
        self.starts: list[int] = []
        self.indents: list[int] = []
        inside = iter(strings)
        string = next(inside, None)
        for start in text.line_starts:
            # Strings come in order as lines do, so that both are walked once.
            while string is not None and string[1] <= start:
                string = next(inside, None)
            line = _FIRST.match(self.data, start)
            if line is None or (string is not None and string[0] < start):
                continue
            self.starts.append(start)
            self.indents.append(len(line[1].expandtabs(_TAB)))
        self._blocks = self._block_ends()

    def openings(self) -> Iterator[tuple[int, "re.Match[bytes]"]]:
        """Number of the line and what its `def` or `class` says, in order."""
        for number, start in enumerate(self.starts):
            if opening := _OPENING.match(self.data, start):
                yield number, opening

    def end_of_block(self, number: int) -> int:
        """Where the block that a line opens ends: after the last character that belongs to it."""
        follower = self._blocks[number]
        end = self.starts[follower] if follower < len(self.starts) else len(self.data)
        return len(self.data[:end].rstrip())

    def _block_ends(self) -> list[int]:
        """Per line the number of the next one that is not indented deeper."""
        ends = [len(self.starts)] * len(self.starts)
        waiting: list[int] = []
        for number, indent in enumerate(self.indents):
            while waiting and self.indents[waiting[-1]] >= indent:
                ends[waiting.pop()] = number
            waiting.append(number)
        return ends


def _strings(query: "Query | None", root: "Node") -> list[tuple[int, int]]:
    """Where text stands that is no code: what the query captures as `@text`."""
    from tree_sitter import QueryCursor

    # A string that the broken tree did not recognise is not among them; its lines then count as code.
    captures = QueryCursor(query).captures(root).get("text", []) if query is not None else []
    return sorted((node.start_byte, node.end_byte) for node in captures)
