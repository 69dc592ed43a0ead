"""Owns `Tree`: LibCST's tree of one file together with the exact place of every node in the text.

Places come from LibCST's own code generation, run over a state that notes what is generated when, in one pass
over the tree. It knows nothing of what nodes mean.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import libcst as cst
from libcst._nodes.internal import CodegenState

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.syntax import Node
from codeintel_enrich.stages.parse.decode import Source
from codeintel_enrich.stages.parse.failure import Failure
from codeintel_enrich.stages.parse.grammar import parse_text

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
    }
)
WHITESPACE_TYPES: frozenset[type[cst.CSTNode]] = frozenset(
    {
        cst.SimpleWhitespace,
        cst.ParenthesizedWhitespace,
        cst.TrailingWhitespace,
        cst.EmptyLine,
        cst.Newline,
        cst.Comment,
    }
)
_EVERY_TYPE = (
    frozenset(value for value in vars(cst).values() if isinstance(value, type) and issubclass(value, cst.CSTNode))
    - WHITESPACE_TYPES
)
_GAP = re.compile(r"(?:[ \t\f\r\n]|\\(?:\r\n?|\n)|#[^\r\n]*)*")


class Tree:
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
        self.nodes: list[Node] = []
        """Rows of the recorded nodes; filled by `nodes.describe`."""
        self.conditionals: list[cst.If] = []
        """Every `if` and `elif`, in source order."""
        self.global_statements: list[tuple[cst.Global, int]] = []
        """Every `global` statement, and the index of the innermost recorded node around it."""

    def code(self, node: cst.CSTNode) -> str:
        """Return the source text of a node, with the parentheses that belong to it."""
        start, end = self.spans[node]
        parentheses = getattr(node, "lpar", None)
        if parentheses and isinstance(parentheses, (list, tuple)):
            start = self.spans[parentheses[0]][0]
            end = self.spans[cast(cst.BaseExpression, node).rpar[-1]][1]
        return self.text[start:end]


def build_tree(source: Source, config: ParseConfig) -> Tree:
    """Parse decoded text and place every node in it.

    Raises `Failure` with the rules of `parse_text`, or `not-lossless` where LibCST's tree does not generate the text
    beyond what can be mended; RecursionError where the nesting is too deep.
    """
    tree = Tree(source, parse_text(source.text), config)
    events = _generate(tree.module)
    if "".join([event for event in events if type(event) is str]) != source.text:
        events = _align(events, source)
    _place(tree, events)
    return tree


# What code generation does, in order: a token (str), the begin or the end of a node (the node itself), the begin
# (_OPEN) or the end (_CLOSE, _Edges) of the syntactic part of the innermost node that has begun and not ended.
_Event = Any
_OPEN = 0
_CLOSE = 1


class _Edges:
    """Closes a syntactic part whose ends are those of children; is the context manager that notes itself."""

    __slots__ = ("end_node", "events", "start_node")

    def __init__(self, events: list[_Event], start_node: cst.CSTNode | None, end_node: cst.CSTNode) -> None:
        self.events = events
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.events.append(self)


class _EventState:
    """Stands in for LibCST's `CodegenState`: appends events to one list, by built-in functions where it can."""

    def __init__(self, module: cst.Module) -> None:
        self.default_indent = module.default_indent
        self.default_newline = module.default_newline
        self.indent_tokens: list[str] = []
        self.tokens: list[_Event] = []
        self.add_token = self.before_codegen = self.after_codegen = self.tokens.append
        self.increase_indent = self.indent_tokens.append

    def decrease_indent(self) -> None:
        self.indent_tokens.pop()

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)

    def pop_trailing_newline(self) -> None:
        for index in range(len(self.tokens) - 1, -1, -1):
            if type(self.tokens[index]) is str:
                del self.tokens[index]
                break

    def record_syntactic_position(
        self, _: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _EventState | _Edges:
        self.tokens.append(_OPEN)
        return self if end_node is None else _Edges(self.tokens, start_node, end_node)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.tokens.append(_CLOSE)


def _generate(module: cst.Module) -> list[_Event]:
    """Return the events of generating the module's code; the Module itself is in none of them."""
    state = _EventState(module)
    # The inner method: the outer one notes the Module, and LibCST takes an empty list to mean an empty file.
    module._codegen_impl(cast(CodegenState, state))
    return state.tokens


def _place(tree: Tree, events: list[_Event]) -> None:
    """Fill spans and recorded nodes from events whose tokens join to the text."""
    is_full = tree.config.level == "full"
    recorded_types = _EVERY_TYPE if is_full else DEFINITION_TYPES
    spans, recorded, parents, node_of = tree.spans, tree.recorded, tree.parents, tree.node_of
    holder: cst.CSTNode = tree.module
    holders = [0]  # indices of the recorded nodes that have begun and not ended; the last is `holder`
    spans[holder] = (0, len(tree.text))
    recorded.append(holder)
    parents.append(-1)
    node_of[holder] = 0
    innermost: cst.CSTNode = holder
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
            if event is holder:
                holders.pop()
                holder = recorded[holders[-1]]
        elif kind is int:
            if event == _OPEN:
                starts[-1] = offset
            else:
                spans[innermost] = (starts[-1], offset)
                starts[-1] = -1
        elif kind in WHITESPACE_TYPES:
            pass
        elif kind is _Edges:
            start = starts[-1] if event.start_node is None else spans[event.start_node][0]
            spans[innermost] = (start, spans[event.end_node][1])
            starts[-1] = -1
        else:
            begun.append(event)
            starts.append(offset)
            innermost = event
            if kind is cst.If:
                tree.conditionals.append(event)
            elif kind is cst.Global:
                tree.global_statements.append((event, holders[-1]))
            if kind in recorded_types and (is_full or kind is not cst.AugAssign or adds_to_all(event)):
                index = len(recorded)
                node_of[event] = index
                recorded.append(event)
                parents.append(holders[-1])
                holders.append(index)
                holder = event


def adds_to_all(node: cst.AugAssign) -> bool:
    """Whether an augmented assignment is one to `__all__`."""
    return isinstance(node.target, cst.Name) and node.target.value == "__all__"


def _align(events: list[_Event], source: Source) -> list[_Event]:
    """Return the events with tokens that join to the text, where the generated ones lack or add white space.

    Text that no token covers goes before the nodes that begin at the next token, so that spans start at tokens.
    """
    text = source.text
    aligned: list[_Event] = []
    offset = 0
    gap_index = 0  # where in `aligned` uncovered text goes: behind the last token or end of a node
    begun: list[cst.CSTNode] = []
    for event in events:
        if type(event) is not str:
            aligned.append(event)
            if isinstance(event, cst.CSTNode):
                if begun and event is begun[-1]:
                    begun.pop()
                    if type(event) not in WHITESPACE_TYPES:
                        gap_index = len(aligned)
                else:
                    begun.append(event)
            elif event != _OPEN:
                gap_index = len(aligned)
            continue
        token = event
        if not text.startswith(token, offset):
            if token.strip():
                gap = _GAP.match(text, offset)
                end = gap.end() if gap else offset
                if not text.startswith(token, end):
                    raise _misaligned(source, offset)
                aligned.insert(gap_index, text[offset:end])
                offset = end
            else:
                while not text.startswith(token, offset):
                    token = token[:-1]
        if token:
            aligned.append(token)
            offset += len(token)
            gap_index = len(aligned)
    if not _GAP.fullmatch(text, offset):
        raise _misaligned(source, offset)
    return aligned


def _misaligned(source: Source, offset: int) -> Failure:
    line, column, _ = source.position(offset)
    return Failure("not-lossless", "the syntax tree does not reproduce the source text", line, column)
