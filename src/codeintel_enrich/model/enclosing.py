"""The innermost definition around a place or a node of one file: the one answer for every stage that asks."""

from bisect import bisect_right
from collections.abc import Sequence

from codeintel_enrich.model.syntax import Node, Syntax

ENCLOSING_TYPES = frozenset({"Module", "ClassDef", "FunctionDef"})
"""Node types of the definitions that can stand around something."""

Position = tuple[int, int]
"""Line from 1, column from 0 in code points."""


class EnclosingDefinitions:
    """Finds the innermost Module, ClassDef or FunctionDef around a place.

    Decorators belong to what they decorate, as they do for `Reference.node`. LibCST's own range of a definition starts
    behind them, at `def` or `class`.
    """

    def __init__(self, syntax: Syntax) -> None:
        self._nodes = syntax.nodes
        self._indexes = [index for index, node in enumerate(syntax.nodes) if node.node_type in ENCLOSING_TYPES]
        self._starts = [_start(syntax, syntax.nodes[index]) for index in self._indexes]

    def at(self, place: Position) -> int:
        """Index into `Syntax.nodes`; the Module, 0, for a place outside the file.

        Nodes stand in source order, so the last definition that starts before the place encloses it, or one of the
        definitions around it does.
        """
        last = bisect_right(self._starts, place) - 1
        index = self._indexes[last] if last >= 0 else 0
        while index > 0:
            node = self._nodes[index]
            if place < (node.end_line, node.end_col):
                return index
            index = enclosing_definition(self._nodes, index)
        return 0


def enclosing_definition(nodes: Sequence[Node], index: int) -> int:
    """Index of the innermost Module, ClassDef or FunctionDef around a node, itself apart; the Module is its own."""
    index = max(nodes[index].parent, 0)
    while nodes[index].node_type not in ENCLOSING_TYPES:
        index = nodes[index].parent
    return index


def _start(syntax: Syntax, node: Node) -> Position:
    """Where a definition begins, decorators included: they stand on lines of their own, so a column is not needed."""
    decorated_line = syntax.definitions[node.definition].decorated_line if node.definition >= 0 else 0
    return (decorated_line, 0) if decorated_line else (node.start_line, node.start_col)
