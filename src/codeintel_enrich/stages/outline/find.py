"""The finding of entries in a tree: by the language's query, and by node types where there is no use in the query."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from codeintel_enrich.stages.outline.entries import OutlineEntry
from codeintel_enrich.stages.outline.sections import Heading, sections_of

if TYPE_CHECKING:
    from tree_sitter import Node, Query

_NAME_FIELDS = ("name", "key", "heading_content", "as")
"""What grammars call the field that names a node, most usual first."""


def by_query(query: "Query", root: "Node", data: bytes) -> list[OutlineEntry]:
    """What the query captures. Of several patterns that take the same name, the first in the file counts."""
    from tree_sitter import QueryCursor

    found: dict[tuple[int, int], tuple[int, OutlineEntry | Heading]] = {}
    for pattern, captures in QueryCursor(query).matches(root):
        named = captures.get("name")
        for capture, nodes in captures.items():
            role, _, kind = capture.partition(".")
            if not named or role not in ("definition", "section"):
                continue
            kind, _, level = kind.partition(".")
            node, name = nodes[0], named[0]
            entry = OutlineEntry(kind, node.start_byte, node.end_byte, name.start_byte, named[-1].end_byte)
            # Queries go from the particular to the general: `const f = () => 0` is a function before it is a variable.
            place = (name.start_byte, name.end_byte)
            if place not in found or pattern < found[place][0]:
                found[place] = (pattern, Heading(entry, int(level or 0)) if role == "section" else entry)
    entries = [each for _, each in found.values()]
    headings = [each for each in entries if isinstance(each, Heading)]
    return [each for each in entries if isinstance(each, OutlineEntry)] + sections_of(headings, data)


def by_node_types(definitions: Mapping[str, str], root: "Node") -> list[OutlineEntry]:
    """Nodes of the given types (type -> kind), named by a field of theirs, else by their first child with a name."""
    return [
        OutlineEntry(definitions[node.type], node.start_byte, node.end_byte, name.start_byte, name.end_byte, True)
        for node in _walk(root)
        if node.type in definitions and (name := _name_of(node)) is not None
    ]


def _name_of(node: "Node") -> "Node | None":
    for field in _NAME_FIELDS:
        if (name := node.child_by_field_name(field)) is not None:
            return name
    return next((child for child in node.named_children if not child.type.startswith("keyword_")), None)


def _walk(root: "Node") -> Iterator["Node"]:
    """Every node, depth first and without recursion."""
    # A tree may be as deep as its file is long (brackets), far deeper than Python's recursion goes.
    cursor = root.walk()
    while True:
        if cursor.node is not None:
            yield cursor.node
        if cursor.goto_first_child():
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return
