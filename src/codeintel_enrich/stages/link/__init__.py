"""Stage `link`: every module's interface and the module table -> each module's linked_module.

    interfaces -> sketch -> namespace (faces) -> resolve -> linked_module
                  `table`, `graph`: who answers to a name, in which order; `state`: what is kept between runs

It knows no files, only their paths, and no syntax. A run from a state gives exactly what a run from none gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.state import LinkState
from codeintel_enrich.stages.link.update import Encoded, Update


class LinkedModules(Mapping[str, LinkedModule]):
    """Path -> linked_module, decoded when asked for: all of them decoded are many times as large."""

    def __init__(self, encoded: dict[str, Encoded]) -> None:
        self.encoded = encoded

    def __getitem__(self, path: str) -> LinkedModule:
        return _LINKED.decode(self.encoded[path].data)

    def __iter__(self) -> Iterator[str]:
        return iter(self.encoded)

    def __len__(self) -> int:
        return len(self.encoded)


_LINKED = msgspec.msgpack.Decoder(LinkedModule)


class LinkResult(msgspec.Struct, frozen=True):
    """What a run of `link` found."""

    state: LinkState
    linked_modules: LinkedModules
    """Of the files whose linked_module is new or differs from what it was; sorted by path."""
    removed: frozenset[str]
    """The files that are gone."""
    recomputed: frozenset[str]
    """The files whose linked_module was made again, whether it then differed or not."""


def link(
    state: LinkState | None,
    modules: Mapping[str, ModuleName],
    interfaces: Mapping[str, str],
    load: Callable[[str], Interface],
    config: LinkConfig,
) -> LinkResult:
    """Link all modules, redoing only what a change concerns.

    `interfaces` maps the path of every file to the digest of its interface and `load` fetches one by path; `modules`
    names each of those files. `state` is that of the run before, None for a clean one. The result does not depend on
    it, apart from leaving out linked modules that are as they were.
    """
    update = Update(state, modules, interfaces, load, config)
    update.sketch()
    update.evaluate()
    linked_modules, recomputed = update.resolve()
    return LinkResult(
        state=update.state(),
        linked_modules=LinkedModules(linked_modules),
        removed=frozenset(update.removed),
        recomputed=frozenset(recomputed),
    )


__all__ = ["LinkResult", "LinkState", "LinkedModules", "link"]
