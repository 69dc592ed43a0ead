"""`ParsedTree`: LibCST's tree of one file together with the exact place of every node in the text."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import libcst as cst

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.stages.parse.text import Source
from codeintel_enrich.stages.parse.tree.generation import OPEN, WHITESPACE_TYPES, Edges, Event, align, code_of, generate
from codeintel_enrich.stages.parse.tree.parser import parse_text

DEFINITION_TYPES: frozenset[type[cst.CSTNode]] = frozenset(
    {
        cst.Module,
        cst.ClassDef,
        cst.FunctionDef,
        cst.Assign,
        cst.AnnAssign,
        cst.AugAssign,
        cst.TypeAlias,
        cst.Import,
        cst.ImportFrom,
        cst.LazyImport,
        cst.LazyImportFrom,
    }
)
_EVERY_TYPE = (
    frozenset(value for value in vars(cst).values() if isinstance(value, type) and issubclass(value, cst.CSTNode))
    - WHITESPACE_TYPES
)
_COLLECTED_TYPES: frozenset[type[cst.CSTNode]] = frozenset({cst.If, cst.Global})


class ParsedTree:
    """One parsed file. It lives inside `parse` only.

    Nodes hash by identity, so they are keys. While a tree lives, cyclic garbage collection should be off: it finds
    nothing here, and looks at every node each time.
    """

    def __init__(self, source: Source, module: cst.Module, config: ParseConfig) -> None:
        self.source = source
        self.module = module
        self.config = config
        self.text = source.text
        self.position: Callable[[int], tuple[int, int, int]] = source.position
        """Code-point offset -> (line from 1, column from 0 in code points, byte offset in the file)."""
        self.spans: dict[cst.CSTNode, tuple[int, int]] = {}
        """Every node that is not whitespace -> code-point offsets [start, end) into `text`, as LibCST's
        PositionProvider has them; the Module spans all of `text`."""
        self.recorded: list[cst.CSTNode] = []
        """The nodes that get rows, in source order, each before what it holds."""
        self.parents: list[int] = []
        """For each recorded node the index of the nearest recorded one around it; -1 for the Module."""
        self.node_of: dict[cst.CSTNode, int] = {}
        """Recorded node -> its index in `recorded`, which is its index in `Syntax.nodes`."""
        self.conditionals: list[cst.If] = []
        """Every `if` and `elif`, in source order."""
        self.global_statements: list[tuple[cst.Global, int]] = []
        """Every `global` statement, and the index of the innermost recorded node around it."""

    def code(self, node: cst.CSTNode) -> str:
        """Return the source text of a node, with the parentheses that belong to it.

        PositionProvider's spans, and so ours, leave parentheses out.
        """
        start, end = self.spans[node]
        parentheses = getattr(node, "lpar", None)
        # A `with` statement and an import have one `lpar` or a sentinel there, which belong to no expression.
        if parentheses and isinstance(parentheses, (list, tuple)):
            start = self.spans[parentheses[0]][0]
            end = self.spans[cast(cst.BaseExpression, node).rpar[-1]][1]
        return self.text[start:end]


def build_tree(source: Source, config: ParseConfig) -> ParsedTree:
    """Parse decoded text and place every node in it.

    Raises `Failure` with the rules of `parse_text`, or `not-lossless` where LibCST's tree does not generate the text
    beyond what can be mended; RecursionError where the nesting is too deep.
    """
    tree = ParsedTree(source, parse_text(source.text), config)
    events = generate(tree.module)
    if code_of(events) != source.text:
        events = align(events, source)
    _place(tree, events)
    return tree


# The hottest loop of the stage: two events for each node and one for each token. So the most frequent events are asked
# for first, what concerns few types of nodes hides behind one look into a set, and nothing is called.
def _place(tree: ParsedTree, events: list[Event]) -> None:
    """Fill spans and recorded nodes from events whose tokens join to the text."""
    is_full = tree.config.level == "full"
    recorded_types = _EVERY_TYPE if is_full else DEFINITION_TYPES
    noted_types = recorded_types | _COLLECTED_TYPES
    spans, recorded, parents, node_of = tree.spans, tree.recorded, tree.parents, tree.node_of
    row: cst.CSTNode = tree.module
    rows = [0]  # indices of the recorded nodes that have begun and not ended; the last is `row`
    spans[row] = (0, len(tree.text))
    recorded.append(row)
    parents.append(-1)
    node_of[row] = 0
    innermost: cst.CSTNode = row
    begun = [innermost]
    starts = [0]  # where each of `begun` starts; -1 once its syntactic part has ended and is its span
    offset = 0
    for event in events:
        kind = type(event)
        if kind is str:
            offset += len(event)
        elif kind is cst.SimpleWhitespace:
            pass
        elif event is innermost:
            start = starts.pop()
            if start >= 0:
                spans[event] = (start, offset)
            begun.pop()
            innermost = begun[-1]
            if event is row:
                rows.pop()
                row = recorded[rows[-1]]
        elif kind is int:
            if event == OPEN:
                starts[-1] = offset
            else:
                spans[innermost] = (starts[-1], offset)
                starts[-1] = -1
        elif kind in WHITESPACE_TYPES:
            pass
        elif kind is Edges:
            start = starts[-1] if event.start_node is None else spans[event.start_node][0]
            spans[innermost] = (start, spans[event.end_node][1])
            starts[-1] = -1
        else:
            begun.append(event)
            starts.append(offset)
            innermost = event
            if kind in noted_types:
                if kind is cst.If:
                    tree.conditionals.append(event)
                elif kind is cst.Global:
                    tree.global_statements.append((event, rows[-1]))
                if kind in recorded_types and (is_full or kind is not cst.AugAssign or is_all_assignment(event)):
                    node_of[event] = len(recorded)
                    recorded.append(event)
                    parents.append(rows[-1])
                    rows.append(node_of[event])
                    row = event


def is_all_assignment(node: cst.AugAssign) -> bool:
    """Whether an augmented assignment is one to `__all__`: of all others, none defines anything."""
    return isinstance(node.target, cst.Name) and node.target.value == "__all__"
