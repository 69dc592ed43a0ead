"""`summarise`: the interface of one module, read off its tree in the order in which statements run."""

from __future__ import annotations

from typing import NamedTuple

import libcst as cst

from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.syntax import ImportPhase, Spot
from codeintel_enrich.stages.parse.bind import Bound
from codeintel_enrich.stages.parse.interface.control_flow import ModuleReader
from codeintel_enrich.stages.parse.interface.out_of_sight import holds_itself, path_extension
from codeintel_enrich.stages.parse.tree import ParsedTree


class Summarised(NamedTuple):
    """What the statements of a module come to."""

    interface: Interface
    spots: tuple[Spot, ...]
    """Where those operations of the interface stand that may have to be found again."""
    passed_over: dict[cst.CSTNode, ImportPhase]
    """Import statement that an import of this module does not run -> when it would."""


def summarise(tree: ParsedTree, bound: Bound) -> Summarised:
    """Run through a parsed module; `bound` gives the unresolved references."""
    reader = ModuleReader(tree)
    for statement in tree.module.body:
        # One by one: a module that raises on the configured platform still has the rest of its names elsewhere.
        reader.suite((statement,))
    reader.finish()
    # What has no order of its own is sorted: the interface's digest is what decides whether others are redone.
    interface = Interface(
        operations=tuple(reader.operations),
        inactive=tuple(reader.inactive),
        classes=tuple(found for _, found in sorted(reader.nested.classes.items())),
        lazy_names=dict(sorted(reader.lazy_names.items())),
        dynamic_getattr=reader.dynamic_getattr or holds_itself(tree.text),
        usual=reader.values.export_usual(),
        extends_path=path_extension(tree.text),
        lazy_stub=reader.lazy_stub,
        as_base=dict(sorted({**reader.as_base, **reader.nested.as_base}.items())),
        patches=tuple(patch for _, patch in sorted(reader.patches.items())),
        exporters=tuple(sorted(reader.exporters)),
        imports=reader.imports.result(),
        unresolved=bound.unresolved,
    )
    spots = tuple(_spot(tree, subject, node) for subject, node in reader.spots.items())
    return Summarised(interface, spots, {**reader.imports.passed_over})


def _spot(tree: ParsedTree, subject: str, node: cst.CSTNode) -> Spot:
    start, end = tree.spans[node]
    return Spot(subject, *tree.position(start)[:2], *tree.position(end)[:2])
