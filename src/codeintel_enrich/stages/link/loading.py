"""Owns what loads what at run time, and which names a package has bound when."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from codeintel_enrich.stages.link.faces import Face
from codeintel_enrich.stages.link.graph import reachable
from codeintel_enrich.stages.link.sketch import Sketch
from codeintel_enrich.stages.link.table import Table

LoadedBy = Callable[[str, Sequence[str]], set[str]]
"""(package, modules) -> what loading those modules loads in turn while the package is being initialised."""


class Loading:
    """What loading some modules loads in turn, by the imports at module level."""

    def __init__(self, table: Table, sketch_of: Callable[[str], Sketch]) -> None:
        self._table = table
        self._sketch_of = sketch_of
        self._successors: dict[str, list[str]] = {}
        self._answers: dict[tuple[str, ...], set[str]] = {}

    def __call__(self, package: str, modules: Sequence[str]) -> set[str]:
        """What loading `modules` loads while `package` is being initialised, so that it and its parents are there."""
        key = (package, *modules)
        found = self._answers.get(key)
        if found is None:
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
            if parent:
                found.append(parent)
            path = self._table.path(dotted)
            for target, names in self._sketch_of(path).loads if path is not None else ():
                if self._table.owns(target):
                    found.append(target)
                    found.extend(f"{target}.{name}" for name in names if self._table.has(f"{target}.{name}"))
        return found


def is_early(asker: str, package: str, name: str, face: Face, loaded_by: LoadedBy) -> bool:
    """Whether a module inside a package runs before the package binds a name, because the package loads it first."""
    order = face.initialisation
    if order is None:
        return False
    return asker in loaded_by(package, order.targets[: order.bound_at.get(name, 0)])
