"""Stage `link`: every module's interface and the module table -> each module's linked module.

In the order in which an interface becomes a linked module:

    module_table     which file answers to a dotted name (PEP 328 relative imports, PEP 420 namespace packages)
    summary          what one interface says by itself: explicit imports, constants, what it loads and reads
    openings         why a module that the tree does not have may be there all the same
    import_graph     what loading a module loads in turn, by the summaries
    graph            strongly connected components (Tarjan), reachability
    evaluate         interface -> namespace, an abstract interpreter; on the way:
      abstract_state   the namespace at one point of the program, and the join where branches meet
      initialisation   which submodules a package's own statements bind, and when
      branches         which alternative of a branch runs
      all_names        what `__all__` holds
      opaque           why a star may bind more than anybody sees
    namespace        what comes of it: each name with its routes, to be followed
    queries          a graph of questions answered on demand, whatever its depth and its cycles
    resolve          a name or a path -> its definitions, through namespaces, classes (C3) and modules
    definitions      what a name resolves to, and in which order of preference
    references       a module's unresolved references, resolved
    module           namespace + resolver -> linked module

and around it, to redo only what a change concerns:

    dependencies     what an answer was made from, as recorded while it was made
    incremental      changed interfaces -> stale namespaces (fixpoint in each component) -> linked modules, early cutoff
    state            what is kept between runs, and its encoding

It knows no files, only their paths, and no syntax. A run from a state gives exactly what a run from none gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import msgspec

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.incremental import EncodedModule, IncrementalLink
from codeintel_enrich.stages.link.openings import Provided
from codeintel_enrich.stages.link.state import LinkState


class LinkedModules(Mapping[str, LinkedModule]):
    """Path -> linked module, decoded when asked for: all of them decoded are many times as large."""

    def __init__(self, encoded: dict[str, EncodedModule]) -> None:
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
    """Of the files whose linked module is new or differs from what it was; sorted by path."""
    removed: frozenset[str]
    """The files that are gone."""
    recomputed: frozenset[str]
    """The files whose linked module was made again, whether it then differed or not."""


def link(
    state: LinkState | None,
    modules: Mapping[str, ModuleName],
    interfaces: Mapping[str, str],
    load: Callable[[str], Interface],
    config: LinkConfig,
    others: Mapping[str, str] | None = None,
    provided: Provided = lambda path: None,
) -> LinkResult:
    """Link all modules, redoing only what a change concerns.

    `interfaces` maps the path of every file to the digest of its interface and `load` fetches one by path; `modules`
    names each of those files, `others` has further dotted names that lead to them. `state` is that of the run before,
    None for a clean one. The result does not depend on it, apart from leaving out linked modules that are as they were.
    `provided` says why a module may be there that no file of the tree is.
    """
    run = IncrementalLink(state, modules, interfaces, load, config, others or {}, provided)
    run.summarize()
    run.evaluate()
    linked_modules, recomputed = run.link()
    return LinkResult(
        state=run.state(),
        linked_modules=LinkedModules(linked_modules),
        removed=frozenset(run.removed),
        recomputed=frozenset(recomputed),
    )


__all__ = ["LinkResult", "LinkState", "LinkedModules", "link"]
