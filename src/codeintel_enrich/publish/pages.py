"""Owns the Markdown pages `modules/<path>.md`: each file's own part, and the list of its importers.

What a page depends on beside its own file is the set of its importers. They are gathered from the summaries of all
files, so no file's rows are loaded for it; only pages whose own part or whose importers changed are made again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.markdown import page_link, page_name
from codeintel_enrich.model.rows import FileSummary, decode_fragments
from codeintel_enrich.publish.upkeep import Recipe


def page_recipes(
    wanted: Mapping[str, str],
    summaries: Mapping[str, FileSummary],
    load: Callable[[str], bytes],
    version: str,
    only: Collection[str] | None = None,
) -> dict[str, Recipe]:
    """How every page, or every page of `only` these files, is made. `wanted` maps files to digests of their rows."""
    pages = wanted if only is None else only
    importers: dict[str, list[str]] = {}
    for path, summary in summaries.items():
        for target in summary.imports:
            if target in pages:
                importers.setdefault(target, []).append(path)

    listing = {path for listed in importers.values() for path in listed}
    labels = {path: f"{path}\0{summaries[path].module}" for path in listing}

    def inputs(path: str) -> str:
        listed = map(labels.__getitem__, importers.get(path, ()))
        return digest("\0".join((version, wanted[path], *listed)).encode("utf-8", "surrogateescape"))

    def make(path: str) -> bytes:
        return decode_fragments(load(path)).page + _imported_by(path, importers.get(path, ()), summaries)

    return {page_name(path): Recipe(inputs(path), partial(make, path)) for path in pages}


def _imported_by(path: str, importers: Sequence[str], summaries: Mapping[str, FileSummary]) -> bytes:
    items = (f"- {page_link(summaries[item].module or item, item, path)}\n" for item in importers)
    return f"\n## Imported by\n\n{''.join(items)}".encode("utf-8", "surrogateescape") if importers else b""
