"""Symbolic links to folders: the paths under which files are found once more, and the names that this gives them.

A file is indexed once, at its own path. An import finds it by every path that leads to it, as another module each time;
here all of these names mean the one file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from codeintel_enrich.model.modules import ModuleName

_MOST_LINKS = 3
"""That are followed one after the other: links may lead to each other without end."""


def through_links(paths: Iterable[str], links: Mapping[str, str]) -> dict[str, str]:
    """Path that leads through links -> the file's own path. `links` maps each link to the folder it leads to."""
    found: dict[str, str] = {}
    files = sorted(paths) if links else []
    pending: list[tuple[str, str, tuple[str, ...]]]
    pending = [(link, target, (target,)) for link, target in sorted(links.items())]
    while pending:
        link, target, passed = pending.pop()
        inside = f"{target}/"
        for path in files:
            if path.startswith(inside):
                found[f"{link}/{path[len(inside) :]}"] = path
        for inner, further in sorted(links.items()):
            # What leads back to where it came from would be found again and again.
            if inner.startswith(inside) and further not in passed and len(passed) < _MOST_LINKS:
                pending.append((f"{link}/{inner[len(inside) :]}", further, (*passed, further)))
    return found


def with_links(
    paths: Iterable[str], links: Mapping[str, str], name: Callable[[Iterable[str]], dict[str, ModuleName]]
) -> tuple[dict[str, ModuleName], dict[str, str]]:
    """The names of files, and further names that lead to them: dotted name -> path. `name` gives names by paths alone.

    A file that no import finds at its own path has the name that a link gives it.
    """
    paths = list(paths)
    through = through_links(paths, links)
    table = name([*paths, *through])
    names = {path: table[path] for path in paths}
    others: dict[str, str] = {}
    for path, own in sorted(through.items()):
        found = table[path]
        if not found.importable or found.module is None:
            continue
        if names[own].importable:
            others.setdefault(found.key or found.module, own)
        else:
            names[own] = found
    return names, others
