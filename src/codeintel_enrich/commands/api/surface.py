"""The API of one tree: its public names, what stands behind them, and whether a name of another tree is still there."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from functools import cached_property
from typing import Literal

import msgspec

from codeintel_enrich.commands.api.definitions import Definitions
from codeintel_enrich.commands.api.library import may_bring
from codeintel_enrich.commands.api.publicity import is_public_module, is_public_text, public_names
from codeintel_enrich.commands.api.served import ServedNames, served_names
from codeintel_enrich.store.api import BoundImport, ExportedName, ModuleFacts, StoredBase, StoredDefinition

Presence = Literal["there", "gone", "broken", "unknown"]
"""`broken`: the name is imported from where it is not."""


class ApiRows(msgspec.Struct, frozen=True):
    """What the store has of one tree."""

    modules: list[ModuleFacts]
    exports: list[ExportedName]
    imports: list[BoundImport]
    definitions: list[StoredDefinition]
    bases: dict[str, list[StoredBase]]


class Surface:
    """The API of one tree."""

    def __init__(self, rows: ApiRows, source: Callable[[str], bytes]) -> None:
        """`source` gives the bytes of a file of the tree."""
        self.modules: dict[str, ModuleFacts] = {}
        for facts in rows.modules:
            # A stub only speaks for a module that has no source.
            if facts.module not in self.modules or self.modules[facts.module].is_stub:
                self.modules[facts.module] = facts
        self._spaces: dict[str, dict[str, ExportedName]] = defaultdict(dict)
        for export in rows.exports:
            if self.modules[export.module].path == export.path:
                self._spaces[export.module][export.name] = export
        self._imports: dict[tuple[str, str], list[BoundImport]] = defaultdict(list)
        for item in rows.imports:
            self._imports[item.path, item.bound].append(item)
        self.definitions = Definitions(self.modules, self._spaces, rows.definitions, rows.bases, source)
        self._served: dict[str, ServedNames] = {}

    @cached_property
    def names(self) -> dict[str, ExportedName]:
        """`module.name` -> the export, for every name that others may import."""
        return {
            name: export
            for name, export in public_names(self.modules, self._spaces).items()
            # What only signatures are written with is no name of the API, unless `__all__` says so.
            if (self.modules[export.module].has_all and export.in_star)
            or not self.definitions.is_type_variable(export.origin or "")
        }

    @cached_property
    def shims(self) -> frozenset[str]:
        """`module.name` of every name that only the `__getattr__` of a public module gives."""
        return frozenset(
            f"{module}.{name}"
            for module, facts in self.modules.items()
            if facts.dynamic_getattr and is_public_module(facts, self.modules.values())
            for name in self._serves(module).names
            if name.isidentifier() and is_public_text(name) and name not in self._spaces.get(module, {})
        )

    def export(self, name: str) -> ExportedName | None:
        """What `module.name` is; None where nothing is seen."""
        module, _, last = name.rpartition(".")
        return self._spaces.get(module, {}).get(last)

    @cached_property
    def paths(self) -> dict[str, str]:
        """Qualified name of a definition -> the shortest name by which users import it."""
        found: dict[str, str] = {}
        for name, export in self.names.items():
            origin = export.origin or name
            best = found.get(origin)
            if best is None or (name.count("."), name != origin, name) < (best.count("."), best != origin, best):
                found[origin] = name
        return found

    def presence(self, name: str, modules_before: Collection[str]) -> Presence:
        """Whether `module.name` can still be imported when the program runs.

        A module that is in neither tree may be made by a build: of its names nothing is known.
        """
        module, _, last = name.rpartition(".")
        return self._presence(module, last, modules_before, ())

    def _presence(self, module: str, name: str, before: Collection[str], seen: tuple[tuple[str, str], ...]) -> Presence:
        facts = self.modules.get(module)
        if facts is None:
            return "gone" if module in before else "unknown"
        export = self._spaces.get(module, {}).get(name)
        if export is None or export.typing_only:
            return self._unbound(facts, name, before)
        if export.origin is not None or (module, name) in seen:
            return "there"
        bound = self._imports.get((facts.path, name), [])
        stars = [] if bound else self._imports.get((facts.path, "*"), [])
        if not bound and not stars and export.kind == "dynamic":
            # `__all__` lists it.
            return "unknown" if self._serves(module).may_be_any else "broken"
        places = [(item.target_module, item.name) for item in bound] + [(item.target_module, name) for item in stars]
        return _best(self._presence(*place, before, (*seen, (module, name))) for place in places)

    def _unbound(self, facts: ModuleFacts, name: str, before: Collection[str]) -> Presence:
        """Whether a name that no statement of a module binds is found there all the same."""
        served = self._serves(facts.module)
        if name in served.names or f"{facts.module}.{name}" in self.modules:
            return "there"
        # A star of a module that is in no tree may bring it.
        sources = {item.target_module for item in self._imports.get((facts.path, "*"), [])}
        is_open = any(may_bring(source, name) for source in sources - self.modules.keys() - set(before))
        return "unknown" if served.may_be_any or is_open else "gone"

    def _serves(self, module: str) -> ServedNames:
        if module not in self._served:
            self._served[module] = self._read_served(module)
        return self._served[module]

    def _read_served(self, module: str) -> ServedNames:
        facts = self.modules[module]
        nodes = self.definitions.by_name.get(f"{module}.__getattr__", [])
        if not nodes or nodes[-1].kind != "FunctionDef":
            stars = {item.target_module for item in self._imports.get((facts.path, "*"), [])}
            # What a star of a module outside of the tree may bring is asked name by name.
            if stars - self.modules.keys():
                return ServedNames(
                    may_be_any=any(self.modules[star].dynamic_getattr for star in stars & self.modules.keys())
                )
            return ServedNames(may_be_any=facts.dynamic_getattr)

        def value_of(name: str) -> str | None:
            export = self._spaces.get(module, {}).get(name)
            return self.definitions.value((export and export.origin) or f"{module}.{name}")

        return served_names(self.definitions.text(nodes[-1]), value_of)


def _best(found: Iterable[Presence]) -> Presence:
    """Of several places that a name may come from, one is enough."""
    kinds = set(found)
    if not kinds or "unknown" in kinds:
        return "there" if "there" in kinds else "unknown"
    return "there" if "there" in kinds else "broken"
