"""Stage `link`: every module's surface and the module table -> each module's environment.

    surfaces -> sketch -> namespace (faces) -> resolve -> environment
                  `table`, `graph`: who answers to a name, in which order; `state`: what is kept between runs

It knows no files, only their paths, and no syntax. A run from a state gives exactly what a run from none gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.environment import Environment
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.model.surface import Surface
from codeintel_enrich.stages.link.state import LinkState
from codeintel_enrich.stages.link.update import Encoded, Update


class Environments(Mapping[str, Environment]):
    """Path -> environment, decoded when asked for: all of them decoded are many times as large."""

    def __init__(self, encoded: dict[str, Encoded]) -> None:
        self.encoded = encoded

    def __getitem__(self, path: str) -> Environment:
        return _ENVIRONMENT.decode(self.encoded[path].data)

    def __iter__(self) -> Iterator[str]:
        return iter(self.encoded)

    def __len__(self) -> int:
        return len(self.encoded)


_ENVIRONMENT = msgspec.msgpack.Decoder(Environment)


class LinkResult(msgspec.Struct, frozen=True):
    """What a run of `link` found."""

    state: LinkState
    environments: Environments
    """Of the files whose environment is new or differs from what it was; sorted by path."""
    removed: frozenset[str]
    """The files that are gone."""
    recomputed: frozenset[str]
    """The files whose environment was made again, whether it then differed or not."""


def link(
    state: LinkState | None,
    modules: Mapping[str, ModuleName],
    surfaces: Mapping[str, str],
    load: Callable[[str], Surface],
    config: LinkConfig,
) -> LinkResult:
    """Link all modules, redoing only what a change concerns.

    `surfaces` maps the path of every file to the digest of its surface and `load` fetches one by path; `modules` names
    each of those files. `state` is that of the run before, None for a clean one. The result does not depend on it,
    apart from leaving out environments that are as they were.
    """
    update = Update(state, modules, surfaces, load, config)
    update.sketch()
    update.evaluate()
    environments, recomputed = update.resolve()
    return LinkResult(
        state=update.state(),
        environments=Environments(environments),
        removed=frozenset(update.removed),
        recomputed=frozenset(recomputed),
    )


__all__ = ["Environments", "LinkResult", "LinkState", "link"]
