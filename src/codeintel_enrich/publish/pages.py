"""The Markdown pages `modules/<path>.md`: each file's own part, and the list of its importers.

What a page depends on beside its own file is the set of its importers. They are gathered from the summaries of all
files, so no file's rows are loaded for it; only pages whose own part or whose importers changed are made again.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.markdown import page_link, page_name
from codeintel_enrich.model.rows import FileSummary, decode_fragments
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules


def page_rules(materials: Materials) -> Rules:
    """How every page, or every page of `only` some files, is made."""
    wanted, summaries = materials.wanted, materials.summaries
    pages = wanted if materials.only is None else materials.only
    importers: dict[str, list[str]] = {}
    for path, summary in summaries.items():
        for target in summary.imports:
            if target in pages:
                importers.setdefault(target, []).append(path)

    # Each importer's label is made once, although hubs list thousands and many pages list the same.
    listing = {path for listed in importers.values() for path in listed}
    labels = {path: f"{path}\0{summaries[path].module}" for path in listing}

    def inputs(path: str) -> str:
        listed = map(labels.__getitem__, importers.get(path, ()))
        return digest("\0".join((materials.version, wanted[path], *listed)).encode("utf-8", "surrogateescape"))

    def make(path: str) -> bytes:
        return decode_fragments(materials.load(path)).page + _imported_by(path, importers.get(path, ()), summaries)

    return {page_name(path): BuildRule(inputs(path), partial(make, path)) for path in pages}


def standing_pages(materials: Materials, known: Iterable[str]) -> Iterable[str]:
    """Every page: those of the changed files have rules, and no other's importers changed."""
    return known


def _imported_by(path: str, importers: Sequence[str], summaries: Mapping[str, FileSummary]) -> bytes:
    items = (f"- {page_link(summaries[item].module or item, item, path)}\n" for item in importers)
    return f"\n## Imported by\n\n{''.join(items)}".encode("utf-8", "surrogateescape") if importers else b""
