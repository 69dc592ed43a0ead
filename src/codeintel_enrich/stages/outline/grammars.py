"""The languages that have outlines: one query file each, whose head says which files and which grammar it is for.

The head of a query file is the TOML after `;;` on its first lines:

    grammar      module of the grammar's wheel, named like its distribution but for `_`
    function     what in it returns the grammar, where that is not `language`
    suffixes     of the files that the language is for
    names        of such files, in lower case; anything may follow after a dot (`Dockerfile.dev`)
    inherits     another query file whose patterns come first
    definitions  node type -> kind: what to look for in the tree where the query fails

Captures follow tree-sitter's own `tags.scm`: `@name` inside `@definition.KIND`. `@section.KIND.LEVEL` is a heading: it
reaches to the next one of its level or above; without a LEVEL that depends on how it is adorned.
"""

import tomllib
from functools import cache
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from tree_sitter import Language, Query

_QUERIES = files(__package__).joinpath("queries")
_SUFFIX = ".scm"
_HEAD = ";;"
EXTRA = "codeintel-enrich[outlines]"


class QueryHead(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the first lines of a query file say."""

    grammar: str
    function: str = "language"
    suffixes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    inherits: str | None = None
    definitions: dict[str, str] = {}

    @property
    def distribution(self) -> str:
        """What to install."""
        return self.grammar.replace("_", "-")


@cache
def languages() -> dict[str, QueryHead]:
    """Language -> head of its query file, by name."""
    names = sorted(entry.name for entry in _QUERIES.iterdir() if entry.name.endswith(_SUFFIX))
    return {name.removesuffix(_SUFFIX): _head(_text(name.removesuffix(_SUFFIX))) for name in names}


def language_of(path: str) -> str | None:
    """The language of a file by its name (folders do not matter, nor does case); None where none has outlines."""
    by_name, by_suffix = _owners()
    name = path.rpartition("/")[2].lower()
    stem, dot, suffix = name.rpartition(".")
    return (by_suffix.get(dot + suffix) if stem else None) or by_name.get(name.partition(".")[0])


def remedy(language: str) -> str | None:
    """What is missing for a language, and how to get it; None where nothing is."""
    grammar = languages()[language].grammar
    if find_spec("tree_sitter") is not None and find_spec(grammar) is not None:
        return None
    return f"the grammar is not installed: pip install '{EXTRA}'"


@cache
def grammar(language: str) -> "Language":
    """The compiled grammar. Raises ImportError where it is not installed."""
    # Imported late: most runs ask only which language a file is of, and the grammars are optional.
    from tree_sitter import Language

    head = languages()[language]
    return Language(getattr(import_module(head.grammar), head.function)())


@cache
def query(language: str) -> "Query | None":
    """The compiled query; None where the grammar does not know what the query speaks of."""
    from tree_sitter import Query, QueryError

    try:
        return Query(grammar(language), _patterns(language))
    except QueryError:
        # A newer grammar may have renamed its nodes; node types that are left still give an outline.
        return None


def _patterns(language: str) -> str:
    parent = languages()[language].inherits
    return (_patterns(parent) if parent else "") + _text(language)


def _text(language: str) -> str:
    return _QUERIES.joinpath(language + _SUFFIX).read_text(encoding="utf-8")


def _head(text: str) -> QueryHead:
    lines = [line.removeprefix(_HEAD) for line in text.splitlines() if line.startswith(_HEAD)]
    return msgspec.convert(tomllib.loads("\n".join(lines)), QueryHead)


@cache
def _owners() -> tuple[dict[str, str], dict[str, str]]:
    """File name -> language, suffix -> language."""
    heads = languages().items()
    by_name = {name: language for language, head in heads for name in head.names}
    return by_name, {suffix: language for language, head in heads for suffix in head.suffixes}
