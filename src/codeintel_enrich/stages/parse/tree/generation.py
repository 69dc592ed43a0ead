"""LibCST's code generation as a list of events, from which the place of every node can be counted.

LibCST's nodes have no positions. Its `PositionProvider` makes them by generating the code of the whole module again and
counting lines and columns at every token, in Python. Here the same generation runs, but the state that it reports to
only appends to a list, by built-in functions where it can, and one loop counts code points afterwards (`places`). On
14,700 lines that takes 0.18 s where the provider takes 1.35 s; the provider is the oracle of the tests.

This leans on private API of LibCST: `Module._codegen_impl`, and what it and the nodes ask of a `CodegenState`. So the
version is capped in `pyproject.toml`, and a test (`test_libcst_contract`) says what is missing in a newer one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import libcst as cst

from codeintel_enrich.stages.parse.failure import Failure
from codeintel_enrich.stages.parse.text import Source

if TYPE_CHECKING:
    from libcst._nodes.internal import CodegenState

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

Event = Any
"""What code generation does, in order: a token (str), the begin or the end of a node (the node itself), the begin
(OPEN) or the end (CLOSE, Edges) of the syntactic part of the innermost node that has begun and not ended."""
OPEN = 0
CLOSE = 1

_GAP = re.compile(r"(?:[ \t\f\r\n]|\\(?:\r\n?|\n)|#[^\r\n]*)*")
"""What stands between two tokens: white space, joined lines, comments."""


class Edges:
    """Closes a syntactic part whose ends are those of children; is the context manager that notes itself.

    LibCST asks for it for compound statements: they end where the last statement in them ends, and not behind the line
    end and the comment that still belong to that.
    """

    __slots__ = ("end_node", "events", "start_node")

    def __init__(self, events: list[Event], start_node: cst.CSTNode | None, end_node: cst.CSTNode) -> None:
        self.events = events
        self.start_node = start_node
        self.end_node = end_node

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.events.append(self)


class _EventState:
    """Stands in for LibCST's `CodegenState`: appends events to one list, by built-in functions where it can.

    It is no subclass, so that everything that LibCST asks of it stands here.
    """

    def __init__(self, module: cst.Module) -> None:
        self.default_indent = module.default_indent
        self.default_newline = module.default_newline
        self.indent_tokens: list[str] = []
        # `tokens`, as LibCST looks whether it is empty.
        self.tokens: list[Event] = []
        # A node begins and ends by the same event: which of the two it is follows from the nodes that are open.
        self.add_token = self.before_codegen = self.after_codegen = self.tokens.append
        self.increase_indent = self.indent_tokens.append

    def decrease_indent(self) -> None:
        self.indent_tokens.pop()

    def add_indent_tokens(self) -> None:
        self.tokens.extend(self.indent_tokens)

    def pop_trailing_newline(self) -> None:
        # The original drops the last element; here the last token may have ends of nodes behind it.
        for index in range(len(self.tokens) - 1, -1, -1):
            if type(self.tokens[index]) is str:
                del self.tokens[index]
                break

    def record_syntactic_position(
        self, _: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> _EventState | Edges:
        self.tokens.append(OPEN)
        return self if end_node is None else Edges(self.tokens, start_node, end_node)

    # The state itself is the context manager of the plain case: one object less for each node.

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self.tokens.append(CLOSE)


def generate(module: cst.Module) -> list[Event]:
    """Return the events of generating the module's code; the Module itself is in none of them."""
    state = _EventState(module)
    # The inner method: the outer one notes the Module, and LibCST takes an empty list to mean an empty file.
    module._codegen_impl(cast("CodegenState", state))
    return state.tokens


def code_of(events: list[Event]) -> str:
    """Join the tokens among events."""
    return "".join([event for event in events if type(event) is str])


def align(events: list[Event], source: Source) -> list[Event]:
    """Return the events with tokens that join to the text, where the generated ones lack or add white space.

    LibCST is not quite lossless: it drops the space of `except X :`, and a lone carriage return at the end of a file.
    Spans must address the original bytes, so the generated tokens are looked for in the text, and what stands between
    them there becomes tokens of its own.

    Text that no token covers goes before the nodes that begin at the next token, so that spans start at tokens.
    Raises `Failure` with the rule `not-lossless` where a token of the tree is not the next one of the text.
    """
    text = source.text
    aligned: list[Event] = []
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
            elif event != OPEN:
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
                # White space of which the text has less.
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
