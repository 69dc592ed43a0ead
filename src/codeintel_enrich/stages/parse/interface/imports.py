"""What a file's import statements, in any scope, ask of other modules, and which failures of theirs are handled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import libcst as cst

from codeintel_enrich.model.interface import ImportedModule
from codeintel_enrich.stages.parse.cst_helpers import (
    AnyImport,
    dotted,
    import_clauses,
    import_source,
    imports_from,
    is_lazy,
)
from codeintel_enrich.stages.parse.python_names import mangled

When = Literal["runtime", "typing", "local", "lazy", "main", "never"]

_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_CATCH_ALL = frozenset({"Exception", "BaseException"})
"""What a handler for failing imports catches as well, together with any other failure."""


class Imports:
    """Collects imports, one entry for each module and phase."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, str | None, When], set[str]] = {}
        self._unguarded: set[tuple[int, str | None, When]] = set()
        self.passed_over: dict[cst.CSTNode, When] = {}
        """Statement outside of functions that an import of this module does not run -> when it would."""

    def add(self, node: AnyImport, when: When, guarded: bool, private: str | None = None) -> None:
        """Record one statement; `private` is the class that mangles names there."""
        if when == "runtime" and is_lazy(node):
            when = "lazy"
        if when in ("main", "never"):
            self.passed_over[node] = when
        for level, module, name in imported(node):
            # CPython mangles what is taken from a module, and a module's name that has no dot.
            if name is not None:
                name = mangled(name, private)
            elif module is not None and "." not in module:
                module = mangled(module, private)
            key = (level, module, when)
            names = self._names.setdefault(key, set())
            if name is not None:
                names.add(name)
            # One import that nothing guards is enough for the module to be needed.
            if not guarded:
                self._unguarded.add(key)

    def result(self) -> tuple[ImportedModule, ...]:
        """Everything recorded, sorted."""
        return tuple(
            ImportedModule(level, module, when, tuple(sorted(names)), (level, module, when) not in self._unguarded)
            for (level, module, when), names in sorted(
                self._names.items(), key=lambda item: (item[0][0], item[0][1] or "", item[0][2])
            )
        )


def imported(node: AnyImport) -> Iterator[tuple[int, str | None, str | None]]:
    """The (level, module, name) triples of a statement; name is `*` for a star, None for `import module`."""
    level, module = import_source(node)
    for clause in import_clauses(node):
        yield (level, module, clause.name) if imports_from(node) else (0, clause.name, None)


def handles_import_errors(handlers: Iterable[cst.ExceptHandler | cst.ExceptStarHandler]) -> tuple[bool, bool]:
    """Whether a failing import is handled, and whether nothing else is."""
    handled, only = False, True
    for handler in handlers:
        # A bare `except:`
        if handler.type is None:
            handled, only = True, False
            continue
        for name in _last_names(handler.type):
            handled |= name in _IMPORT_ERRORS or name in _CATCH_ALL
            only &= name in _IMPORT_ERRORS
    return handled, only


def expects_import_errors(node: cst.With) -> bool:
    """Whether a failing import is what a `with` is for: `suppress(ImportError)`, `pytest.raises(ImportError)`."""
    return any(
        not _IMPORT_ERRORS.isdisjoint(_last_names(argument.value))
        for item in node.items
        if isinstance(item.item, cst.Call)
        for argument in item.item.args
    )


def _last_names(kinds: cst.BaseExpression) -> list[str]:
    """Of one class, or of a tuple of classes: what stands after the last dot."""
    every = [element.value for element in kinds.elements] if isinstance(kinds, cst.Tuple) else [kinds]
    return [(dotted(kind) or "").rpartition(".")[2] for kind in every]
