"""Metrics of code: what `measure` counts in one file."""

import msgspec


class FunctionMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """One function or method; what is inside functions and classes within it counts for those."""

    name: str
    """Python's `__qualname__`."""
    line: int
    """Line of its `def`, from 1: that of its node."""
    end_line: int
    complexity: int
    """Cyclomatic complexity."""
    nesting: int
    """Blocks around its most deeply nested statement."""
    statements: int
    parameters: int
    returns: int
    """`return` statements."""
    nodes: int
    """Nodes of Python's syntax tree, all that is inside included."""


class FileMetrics(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    complexity: int
    """Cyclomatic complexity of what stands outside functions and classes."""
    statements: int
    """All of the file's."""
    functions: tuple[FunctionMetrics, ...]
    """By line."""
    nodes: dict[str, int]
    """Kind of node of Python's syntax tree -> how often it occurs, sorted."""
