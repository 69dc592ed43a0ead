"""Openings: why a module that the tree does not have may be there all the same.

Trees hold what people write. What is generated, compiled, ignored by git or added by other distributions is there when
the program runs; a module counts as missing only where nothing of this kind could give it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from codeintel_enrich.model.modules import plain
from codeintel_enrich.stages.link.dependencies import Dependency, table_dependencies, table_provider, written_item
from codeintel_enrich.stages.link.module_table import ModuleTable
from codeintel_enrich.stages.link.summary import ModuleSummary

Provided = Callable[[str], str | None]
"""Path of a module without its suffix -> why it may be there although no file of the tree is; None where nothing says
so."""


class Opening(NamedTuple):
    """Why a module may be there."""

    reason: str
    is_likely: bool
    """Whether something speaks for that very module, and not only for modules of that package."""


class Openings:
    """Finds openings; records each question it asks."""

    def __init__(
        self,
        table: ModuleTable,
        summary_of: Callable[[str], ModuleSummary],
        provided: Provided,
        asked: dict[str, str],
    ) -> None:
        """`asked`: what was asked of `provided` in earlier runs, and answered: key -> reason, empty where there is
        none."""
        self._table = table
        self._summary_of = summary_of
        self._provided = provided
        self.asked = asked

    def of(self, dotted: str, dependencies: set[Dependency]) -> Opening | None:
        """Why a module that the tree does not have may be there. None where nothing could provide it, and for third
        parties' modules."""
        dependencies.update(table_dependencies(dotted))
        child, parent = dotted, dotted.rpartition(".")[0]
        # The outermost that is missing decides: of what lies in it nothing is known.
        while parent and not self._table.has(parent):
            dependencies.add((table_provider(parent), ""))
            child, parent = parent, parent.rpartition(".")[0]
        if not parent:
            return None
        dependencies.add((table_provider(parent), ""))
        reason = self._reason(child)
        if reason is not None:
            return Opening(reason, is_likely=True)
        path = self._table.path(parent)
        spelled = plain(parent)
        if path is None:
            return Opening(f"other distributions may extend the namespace package `{spelled}`", is_likely=False)
        dependencies.add((path, written_item("__path__")))
        if self._summary_of(path).extends_path:
            return Opening(f"`{spelled}` changes where its modules come from", is_likely=False)
        if path.endswith("/__init__.pyi"):
            return Opening(f"the tree has only stubs of `{spelled}`", is_likely=False)
        return None

    def changed(self) -> Iterator[str]:
        """Ask again what was asked before; the names of which the answer is another now."""
        for dotted, before in list(self.asked.items()):
            if self._table.has(dotted):
                del self.asked[dotted]
            elif self._ask(dotted) != before:
                del self.asked[dotted]
                yield dotted

    def _reason(self, dotted: str) -> str | None:
        if dotted not in self.asked:
            self.asked[dotted] = self._ask(dotted)
        return self.asked[dotted] or None

    def _ask(self, dotted: str) -> str:
        package, _, name = dotted.rpartition(".")
        found = (self._provided(f"{folder}/{name}".lstrip("/")) for folder in self._table.folders(package))
        return next((reason for reason in found if reason is not None), "")
