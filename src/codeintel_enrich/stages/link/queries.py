"""The queries of resolution: a graph of questions that need each other's answers, answered on demand.

A node is `(path, name)` for a name of a module's namespace and `(path, Class!)` for a class's method resolution order.
Each is answered by a generator that yields the nodes it needs, driven by a loop, so chains of any length need no stack:
thousands of modules that re-export each other are legal, and Python's recursion limit is 1,000.

A node that is asked for while it is being answered contributes nothing there. What is found so inside a cycle depends
on where one entered it, so only nodes outside of cycles are remembered: the answer to a question is a function of the
namespaces, never of the questions asked before. Every node records what it was answered from, so that a change finds
the nodes it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

from codeintel_enrich.stages.link.definitions import Resolution
from codeintel_enrich.stages.link.dependencies import Dependency

QueryNode = tuple[str, str]
Lookup = Generator[QueryNode, Resolution, Resolution]
"""One answer in the making: yields the nodes it needs, is sent their resolutions, returns its own."""

CYCLE = "an import cycle in which nothing defines it"

_CUT = Resolution(reason=CYCLE)
_MAX_CUTS = 2_000
"""Ways round a cycle after which a question is given up: nodes inside a cycle are not remembered, so that the number of
ways through many cycles that share nodes grows exponentially."""
_NO_CUT = 1 << 60
"""Deeper than any stack."""


class _Frame:
    __slots__ = ("cut", "dependencies", "generator", "node")

    def __init__(self, node: QueryNode, generator: Lookup, dependencies: set[Dependency]) -> None:
        self.node = node
        self.generator = generator
        self.dependencies = dependencies
        self.cut = _NO_CUT
        """Depth of the outermost frame that was asked for again while this one was being answered."""


class Queries:
    """Answers nodes over a set of namespaces that do not change meanwhile."""

    def __init__(self, start: Callable[[QueryNode, set[Dependency]], Lookup]) -> None:
        """`start` begins to answer a node, and adds what it asks of the namespaces to the set that it is given."""
        self.dependencies_of: dict[QueryNode, frozenset[Dependency]] = {}
        """QueryNode -> what it was answered from."""
        self._start = start
        self._resolutions: dict[QueryNode, Resolution] = {}
        self._cyclic: dict[QueryNode, Resolution] = {}
        """Answers to nodes in cycles, entered at themselves: good for who asks for the node, but for no other node."""

    def resolve(self, node: QueryNode) -> Resolution:
        """Answer one node."""
        known = self._resolutions.get(node) or self._cyclic.get(node)
        if known is not None:
            return known
        dependencies: set[Dependency] = set()
        resolution = self._drive(node, self._start(node, dependencies), dependencies)
        if node not in self._resolutions:
            self._cyclic[node] = resolution
            self.dependencies_of[node] = frozenset(dependencies)
        return resolution

    def ask(self, question: Callable[[set[Dependency]], Lookup], dependencies: set[Dependency]) -> Resolution:
        """Answer a question that is no node; what it is answered from is added to `dependencies`."""
        return self._drive(("", ""), question(dependencies), dependencies)

    def _drive(self, root: QueryNode, generator: Lookup, dependencies: set[Dependency]) -> Resolution:
        stack = [_Frame(root, generator, dependencies)]
        depth_of = {root: 0}
        value: Resolution | None = None
        cuts = 0
        while True:
            frame = stack[-1]
            try:
                wanted = frame.generator.send(value) if value is not None else next(frame.generator)
            except StopIteration as stop:
                value = stop.value
                stack.pop()
                del depth_of[frame.node]
                if frame.cut == _NO_CUT and frame.node[0]:
                    self._resolutions[frame.node] = value
                    self.dependencies_of[frame.node] = frozenset(frame.dependencies)
                if not stack:
                    return value
                # A cut at this very frame is closed with it; one further out concerns the frames between as well.
                if frame.cut < len(stack):
                    stack[-1].cut = min(stack[-1].cut, frame.cut)
                continue
            # A node is a dependency as well: what changes below it comes up through it, however many nodes away.
            frame.dependencies.add(wanted)
            value = self._resolutions.get(wanted)
            if value is not None:
                continue
            # A cycle: what is being answered adds nothing to itself.
            if wanted in depth_of:
                frame.cut = min(frame.cut, depth_of[wanted])
                value = _CUT
                cuts += 1
                if cuts > _MAX_CUTS:
                    return _CUT
                continue
            inner: set[Dependency] = set()
            depth_of[wanted] = len(stack)
            stack.append(_Frame(wanted, self._start(wanted, inner), inner))
