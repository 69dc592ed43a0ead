"""Which files have an outline and nothing else: not those too large, nor those whose grammar is not installed."""

from collections.abc import Iterable

from codeintel_enrich.engine.rules.keys import library_version
from codeintel_enrich.engine.state.discovery import Scan, printable
from codeintel_enrich.stages.outline import language_of, languages, remedy

MOST_BYTES = 500_000
"""Larger files are data more than text, and a megabyte of JSON takes a second."""


def language(path: str) -> str:
    """The language of a file that has an outline."""
    found = language_of(path)
    assert found is not None, f"{path} is of no language with outlines"
    return found


def leave_out(seen: Scan, max_file_bytes: int) -> None:
    """Move files that can have no outline to those left out."""
    limit = min(max_file_bytes, MOST_BYTES)
    # Asked once for each language: whether a grammar is installed is a search on the import path.
    remedies = {name: remedy(name) for name in set(map(language, seen.outlined))}
    for path, found in list(seen.outlined.items()):
        why = f"larger than {limit} bytes: no outline" if found.size > limit else remedies[language(path)]
        if why is not None:
            del seen.outlined[path]
            seen.left_out[printable(path)] = why


def grammars_of(paths: Iterable[str]) -> dict[str, str]:
    """Language of the files -> its grammar with its version, by language."""
    return {name: library_version(languages()[name].distribution) for name in sorted(set(map(language, paths)))}
