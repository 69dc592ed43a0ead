"""Layer Q: the qualified names that `qualify` adds to the nodes and references of layer P."""

import msgspec

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.linked import Target


class Qualified(msgspec.Struct, frozen=True):
    """Layer Q of one file, aligned with layer P by index."""

    nodes: tuple[tuple[str, ...], ...]
    """Absolute qualified names per definition (index into `Syntax.definitions`)."""
    targets: tuple[Target, ...]
    """Distinct targets, each once."""
    references: tuple[int, ...]
    """Per reference the index of its target in `targets`; -1 where nothing was asked of it."""
    diagnostics: tuple[Diagnostic, ...] = ()
    """What `link` found, each finding at its place in the file."""
