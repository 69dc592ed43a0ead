"""Layer S: the SCIP symbols that `stitch` puts on the nodes and references of layer P."""

from typing import Literal

import msgspec

from codeintel_enrich.model.answers import Answers
from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.scip import SymbolInformation

ScipMatch = Literal["exact", "moved", "name", "none"]
"""`exact`: the range is the identifier's. `moved`: the file changed since the index, content found the place again.
`name`: the identifier ends a wider range, such as a dotted module. `none`: there is no symbol."""
Agreement = Literal["both", "cst-only", "scip-only", "differ"]
Repair = Literal["doubled-descriptor", "relative-import", "module-symbol", "owner-symbol", "other-definition"]
"""Which fault of the indexer was mended, so that the symbol is ours in the indexer's spelling.

`doubled-descriptor`: `X.X.` for `X.` (annotated variables of a module). `relative-import`: a module without the
packages around it. `module-symbol`: a module's symbol for a name of that module (star imports). `owner-symbol`: a
class's symbol for its attribute (`__slots__`). `other-definition`: the symbol of some other definition (names that
come through star imports, or that a decorator makes)."""


class NodeSymbol(msgspec.Struct, frozen=True, array_like=True):
    """The symbol of one definition."""

    symbol: str
    match: ScipMatch
    repair: Repair | None = None


class ReferenceSymbol(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The symbol of one reference, and whether the index and `qualify` say the same."""

    symbol: str | None
    agreement: Agreement | None
    """None where neither side says anything. A symbol local to its document says nothing."""
    match: ScipMatch = "none"
    repair: Repair | None = None
    """Where given, `qualify` won: what the index said was mended by this rule. Else, where they differ, the index."""
    means: int = -1
    """Number of what the symbol stands for among all that the document's symbols do; -1 where there is none."""


class Stitched(msgspec.Struct, frozen=True):
    """Layer S of one file, aligned with layer P by index."""

    nodes: dict[int, NodeSymbol] = {}
    """By index into `Syntax.definitions`; definitions the index does not know are absent."""
    references: tuple[ReferenceSymbol, ...] = ()
    """One for each of `Syntax.references`."""
    answers: Answers = Answers()
    """What each of `Syntax.references` means."""
    symbols: tuple[SymbolInformation, ...] = ()
    """What the file's document says of the (global) symbols it defines, sorted by symbol."""
    symbol_roles: dict[str, int] = {}
    """Every global symbol of the document -> its roles there, or-ed."""
    has_document: bool = False
    is_stale: bool = False
    """The document was made from other bytes than this file's."""
    n_occurrences: int = 0
    """Ranges of the document that name an identifier: all of its global symbols (aliases apart), and those of local
    symbols that stand on a reference."""
    n_attached: int = 0
    """Of these, the ranges that found their identifier with a symbol that names it, or with a local symbol."""
    outcomes: dict[str, int] = {}
    """What became of the ranges: `attached`, `aliased`, `misnamed`, `unplaced`, and of the attached ones those of each
    `Repair` -> how many. Zeros are left out."""
    diagnostics: tuple[Diagnostic, ...] = ()
