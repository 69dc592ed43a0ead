"""Mending the known faults of scip-python: its symbol for what `qualify` says, where its own is surely wrong.

A symbol is mended only where it does not follow from what the index says elsewhere: it names no identifier of that
spelling, or has one of two shapes that no definition has. What is put there is scip-python's own spelling, so that it
joins with the definition.
"""

from codeintel_enrich.model.dotted import descriptors, module_descriptors, split_qualified
from codeintel_enrich.model.linked import Target, TargetKind
from codeintel_enrich.model.stitched import Repair
from codeintel_enrich.stages.stitch.symbols import SymbolName, package_of, terse_names, undoubled

_MODULE = "/__init__:"


class Repairs:
    """Mends the symbols of one document."""

    def __init__(self, modules: tuple[str, ...], own_module: str) -> None:
        """`modules`: symbols that the document defines for the module itself. `own_module`: its name."""
        self._package = package_of(modules[0]) if modules else ""
        self._own_module = own_module

    def mend(self, symbol: str, name: SymbolName, identifier: str, target: Target | None) -> tuple[str, Repair] | None:
        """The right symbol of an identifier that the index gives `symbol`, and the rule; None where it may be right."""
        if name.is_doubled:
            return (undoubled(symbol), "doubled-descriptor") if name.final == identifier else None
        # Without the spelling of the package, which only the document's own module shows, no symbol can be written.
        if target is None or not self._package:
            return None
        is_module = symbol.endswith(_MODULE)
        if name.final == identifier and not (is_module and _is_short(name, target)):
            return None
        for qualified in target.qualified_names:
            owner, _, last = qualified.rpartition(".")
            spelled = self._descriptors(qualified, target) if last == identifier else None
            if spelled is not None:
                return self._package + spelled, _rule(name, owner, is_module, target.kind)
        return None

    def _descriptors(self, qualified: str, target: Target) -> str | None:
        """scip-python's spelling of something in the tree; None for what is local to a function, or elsewhere."""
        if target.kind == "module":
            return module_descriptors(qualified) if target.path is not None else None
        # Other packages have other versions in their symbols, and nothing here knows them.
        if target.kind in ("external", "unknown"):
            return None
        module, inside = split_qualified(qualified, target.path, self._own_module)
        if module is None or not inside or "<locals>" in inside:
            return None
        return descriptors(module, inside, target.kind)


def _is_short(name: SymbolName, target: Target) -> bool:
    """Whether a module's symbol leaves out the packages around it."""
    return (
        target.kind == "module"
        and name.dotted not in target.qualified_names
        and any(name.dotted in terse_names(each, "module") for each in target.qualified_names)
    )


def _rule(name: SymbolName, owner: str, is_module: bool, kind: TargetKind) -> Repair:
    if is_module:
        return "relative-import" if kind == "module" else "module-symbol"
    return "owner-symbol" if name.dotted == owner else "other-definition"
