"""Links generated packages in memory."""

from collections.abc import Mapping

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.modules import module_table
from codeintel_enrich.model.surface import Surface
from codeintel_enrich.stages.link import LinkResult, LinkState, link
from tests.unit.stages.surface.support import surface_of


def link_files(files: Mapping[str, str], state: LinkState | None = None, roots: tuple[str, ...] = (".",)) -> LinkResult:
    """Link sources by path; the text stands for the digest of its surface."""
    loaded: dict[str, Surface] = {}

    def load(path: str) -> Surface:
        return loaded.setdefault(path, surface_of(files[path]))

    return link(state, module_table(files, roots), files, load, LinkConfig())
