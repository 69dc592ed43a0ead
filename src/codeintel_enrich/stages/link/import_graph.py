"""The import graph: what loading some modules loads in turn, and so which names a package has bound when.

`import p.m` runs `p` first, and while `p` runs, the modules it imports see `p` with the names bound so far
(https://docs.python.org/3/reference/import.html, "Loading" and "Submodules").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from codeintel_enrich.stages.link.graph import reachable
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.namespace import Namespace
from codeintel_enrich.stages.link.summary import ModuleSummary

LoadedBy = Callable[[str, Sequence[str]], set[str]]
"""(package, modules) -> what loading those modules loads in turn while the package is being initialised."""


class ImportGraph:
    """What loading some modules loads in turn, by the imports at module level."""

    def __init__(self, table: ModuleTable, summary_of: Callable[[str], ModuleSummary]) -> None:
        self._table = table
        self._summary_of = summary_of
        self._successors: dict[str, list[str]] = {}
        self._answers: dict[tuple[str, ...], set[str]] = {}

    def loaded_by(self, package: str, modules: Sequence[str]) -> set[str]:
        """What loading `modules` loads while `package` is being initialised, so that it and its parents are there."""
        key = (package, *modules)
        found = self._answers.get(key)
        if found is None:
            # What is in `sys.modules` is not run again, and so loads nothing.
            begun = {package}
            while package:
                package = package.rpartition(".")[0]
                begun.add(package)
            found = self._answers[key] = reachable(
                (module for module in modules if module not in begun),
                lambda dotted: [loaded for loaded in self._loads(dotted) if loaded not in begun],
            )
        return found

    def _loads(self, dotted: str) -> list[str]:
        found = self._successors.get(dotted)
        if found is None:
            found = self._successors[dotted] = []
            parent = dotted.rpartition(".")[0]
            # To import `a.b` runs `a` first.
            if parent:
                found.append(parent)
            path = self._table.path(dotted)
            for target, names in self._summary_of(path).loads if path is not None else ():
                if self._table.owns(target):
                    found.append(target)
                    # `from a import b` loads the submodule `a.b` if `a` does not bind the name itself. Whether it does
                    # is not known yet, since namespaces are evaluated with the help of this graph: it is taken not to.
                    found.extend(f"{target}.{name}" for name in names if self._table.has(f"{target}.{name}"))
        return found


class LoadCounts:
    """How many files of the tree import each dotted name at run time, in any scope: whether anybody does.

    Counts and not a set, so that one edit is a few sums and not a look at every file.
    """

    def __init__(self, stored: msgspec.Raw) -> None:
        self._stored = stored
        self._counts: dict[str, int] | None = None
        self._delta: dict[str, int] = {}

    def is_loaded(self, dotted: str) -> bool:
        """Whether any file imports a module of that name."""
        return self._decoded().get(dotted, 0) > 0

    def replace(self, before: ModuleSummary, after: ModuleSummary) -> None:
        """Note that one file's imports are others than before; `apply` counts them."""
        for summary, change in ((before, -1), (after, 1)):
            for dotted in _imported_names(summary):
                self._delta[dotted] = self._delta.get(dotted, 0) + change

    def apply(self) -> list[str]:
        """Count what was noted; return the names that found their first importer or lost their last one."""
        turned: list[str] = []
        # Most edits leave the imports alone, and then the counts need not even be decoded.
        if any(self._delta.values()):
            counts = self._decoded()
            for dotted, change in self._delta.items():
                before = counts.get(dotted, 0)
                if before + change:
                    counts[dotted] = before + change
                else:
                    counts.pop(dotted, None)
                if (before > 0) is not (before + change > 0):
                    turned.append(dotted)
        return turned

    def save(self) -> msgspec.Raw:
        """The encoded form: dotted name -> count."""
        return self._stored if self._counts is None else msgspec.Raw(msgspec.msgpack.encode(self._counts))

    def _decoded(self) -> dict[str, int]:
        if self._counts is None:
            self._counts = _COUNTS.decode(self._stored)
        return self._counts


_COUNTS = msgspec.msgpack.Decoder(dict[str, int])


def _imported_names(summary: ModuleSummary) -> set[str]:
    """What a file imports at run time, each dotted name that may be a module once, parents included."""
    found: set[str] = set()
    for target, names in (*summary.loads, *summary.local_loads):
        # Whether a name is a submodule depends on the module table, which changes apart from this file.
        found.update(f"{target}.{name}" for name in names if name != "*")
        while target and target not in found:
            found.add(target)
            target = target.rpartition(".")[0]
    return found


def runs_before_binding(module: str, package: str, name: str, namespace: Namespace, loaded_by: LoadedBy) -> bool:
    """Whether a module inside a package runs before the package binds a name, because the package loads it first.

    `namespace` is the package's.
    """
    order = namespace.initialisation
    if order is None:
        return False
    # All that the package has imported before it binds the name has run by then, and what that imports in turn.
    return module in loaded_by(package, order.targets[: order.bound_at.get(name, 0)])
