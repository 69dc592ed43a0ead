"""Links generated packages in memory."""

from collections.abc import Mapping

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.stages.link import LinkResult, LinkState, link
from tests.unit.stages.interface.support import interface_of


def link_files(files: Mapping[str, str], state: LinkState | None = None, roots: tuple[str, ...] = (".",)) -> LinkResult:
    """Link sources by path; the text stands for the digest of its interface."""
    loaded: dict[str, Interface] = {}

    def load(path: str) -> Interface:
        return loaded.setdefault(path, interface_of(files[path]))

    return link(state, module_table(files, roots), files, load, LinkConfig())
