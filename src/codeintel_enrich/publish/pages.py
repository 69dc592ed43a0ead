"""Owns the Markdown pages `modules/<path>.md`: each file's own part, and the list of its importers.

What a page depends on beside its own file is the set of its importers. They are gathered from the summaries of all
files, so no file's rows are loaded for it; only pages whose own part or whose importers changed are made again.
"""

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import FileSummary, decode_fragments
from codeintel_enrich.publish.upkeep import Recipe, short_path


def page_name(path: str) -> str:
    """The page of an analysed file, relative to the output folder."""
    return f"modules/{short_path(path)}.md"


def page_recipes(
    wanted: Mapping[str, str], summaries: Mapping[str, FileSummary], load: Callable[[str], bytes], version: str
) -> dict[str, Recipe]:
    """How every page is made. `wanted` maps files to digests of their rows."""
    importers: dict[str, list[str]] = {}
    for path, summary in summaries.items():
        for target in summary.imports:
            importers.setdefault(target, []).append(path)

    def recipe(path: str) -> Recipe:
        listed = "".join(_importers(path, importers.get(path, ()), summaries))
        inputs = digest(f"{version}\0{wanted[path]}\0{listed}".encode("utf-8", "surrogateescape"))
        return Recipe(inputs, lambda: decode_fragments(load(path)).page + listed.encode("utf-8", "surrogateescape"))

    return {page_name(path): recipe(path) for path in wanted}


def _importers(own: str, importers: Sequence[str], summaries: Mapping[str, FileSummary]) -> Iterator[str]:
    if importers:
        yield "\n## Imported by\n\n"
    folder = posixpath.dirname(page_name(own))
    for path in importers:
        name = summaries[path].module or path
        yield f"- [`{name}`](<{posixpath.relpath(page_name(path), folder)}>)\n"
