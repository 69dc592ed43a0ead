"""The stage `outline`: bytes of one file -> its named entries, for files that LibCST has no tree of; uses tree-sitter.

    bytes -> text (UTF-8, with the way back) -> tree -> entries (query, else node types, else layout) -> items, nested

Whatever the bytes are is data, and so is a grammar that is not installed. No tree is walked by recursion; still, run it
where it can be killed: some grammars crash or take long on input made for that.
"""

from typing import TYPE_CHECKING

from codeintel_enrich.stages.outline.grammars import (
    grammar,
    language_of,
    languages,
    query,
    remedy,
)

if TYPE_CHECKING:
    from codeintel_enrich.model.outline import Outline

__all__ = ["PYTHON", "failed", "language_of", "languages", "outline", "remedy"]

PYTHON = "python"

# Which file is of which language is asked in every run; what makes outlines is loaded when one is made.


def outline(language: str, source: bytes) -> "Outline":
    """The entries of one file, whatever its bytes are. `language` is a name that `language_of` gives, or `python`.

    Where the language's query fits its grammar no more, or finds nothing, node types decide instead. In Python that
    does not parse, lines that open a definition count even where the tree lost them.
    """
    if (missing := remedy(language)) is not None:
        return failed(language, source, missing)
    from tree_sitter import Parser

    from codeintel_enrich.model.digest import digest
    from codeintel_enrich.model.outline import Outline
    from codeintel_enrich.stages.outline.entries import items_of
    from codeintel_enrich.stages.outline.find import by_node_types, by_query
    from codeintel_enrich.stages.outline.layout import mended
    from codeintel_enrich.stages.outline.text import Text

    text = Text(source, has_cookie=language == PYTHON)
    root = Parser(grammar(language)).parse(text.data).root_node
    patterns = query(language)
    entries = by_query(patterns, root, text.data) if patterns is not None else []
    if not entries:
        entries = by_node_types(languages()[language].definitions, root)
    if language == PYTHON and root.has_error:
        entries = mended(text, patterns, root, entries)
    items, n_left_out = items_of(entries, text)
    return Outline(language, digest(source), len(source), text.n_lines, items, root.has_error, n_left_out)


def failed(language: str, source: bytes, message: str) -> "Outline":
    """What stands in for the outline of a file that has none."""
    from codeintel_enrich.model.digest import digest
    from codeintel_enrich.model.outline import Outline
    from codeintel_enrich.stages.outline.text import Text

    n_lines = Text(source, has_cookie=False).n_lines
    return Outline(language, digest(source), len(source), n_lines, error=message)
