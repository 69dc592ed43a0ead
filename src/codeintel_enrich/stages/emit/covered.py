"""How much of a file and of its definitions is covered, by the lines that a coverage report counts."""

from bisect import bisect_right
from collections.abc import Sequence

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.stages.emit.layers import Layers


class Covered:
    """Coverage of one file. A report of other content, which counts lines that the file does not have, is left out."""

    ratio: float | None = None
    """Of the whole file, 0 to 1; None where no line is counted, or nothing is known."""
    diagnostics: tuple[Diagnostic, ...] = ()

    def __init__(self, layers: Layers) -> None:
        self._nodes = layers.syntax.nodes
        self._covered: Sequence[int] = ()
        self._missed: Sequence[int] = ()
        coverage = layers.context.coverage
        if coverage is None:
            return
        # A report has no digest of the file it is of. A line beyond the end is the one sure sign of another content.
        last = max(coverage.covered[-1:] + coverage.missed[-1:], default=0)
        if last > layers.syntax.n_lines:
            message = f"the coverage report counts line {last} of {layers.syntax.n_lines}: it is of other content"
            self.diagnostics = (Diagnostic("emit", "warning", "stale-coverage", message),)
            return
        self._covered, self._missed = coverage.covered, coverage.missed
        self.ratio = self._between(0, last)

    def ratio_of(self, node: int) -> float | None:
        """Of a Module all lines; of a class or function those behind its first, which runs when it is defined."""
        found = self._nodes[node]
        return self.ratio if found.node_type == "Module" else self._between(found.start_line, found.end_line)

    def _between(self, after: int, last: int) -> float | None:
        """Of the lines behind `after`, up to `last`."""
        covered, missed = (
            bisect_right(lines, last) - bisect_right(lines, after) for lines in (self._covered, self._missed)
        )
        return covered / (covered + missed) if covered + missed else None
