"""Graphs of names: strongly connected components in topological order, and reachability. Neither uses recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence


def components(graph: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """The strongly connected components of a graph (node -> what it depends on), dependencies first.

    Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972) with a stack of its own: a chain of
    imports may be longer than Python's recursion goes. Members are sorted; given sorted successors the order is a
    function of the graph alone.
    """
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    for start in sorted(graph):
        if start in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _enter(start, graph, index, low, stack, on_stack, work)
        while work:
            node, successors = work[-1]
            for successor in successors:
                if successor not in graph:
                    continue
                if successor not in index:
                    _enter(successor, graph, index, low, stack, on_stack, work)
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[node])
                # The root of a component: what was entered after it, and is in no component yet, belongs to it.
                if low[node] == index[node]:
                    cut = _last_index(stack, node)
                    members = stack[cut:]
                    del stack[cut:]
                    on_stack.difference_update(members)
                    yield sorted(members)


def _enter(
    node: str,
    graph: Mapping[str, Sequence[str]],
    index: dict[str, int],
    low: dict[str, int],
    stack: list[str],
    on_stack: set[str],
    work: list[tuple[str, Iterator[str]]],
) -> None:
    index[node] = low[node] = len(index)
    stack.append(node)
    on_stack.add(node)
    work.append((node, iter(graph[node])))


def _last_index(stack: Sequence[str], node: str) -> int:
    position = len(stack) - 1
    while stack[position] != node:
        position -= 1
    return position


def reachable(starts: Iterable[str], successors: Callable[[str], Iterable[str]]) -> set[str]:
    """Everything that can be reached, the starts included."""
    seen: set[str] = set()
    pending = list(starts)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending.extend(successors(node))
    return seen
