"""The findings that a user can ask a run to fail on."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from codeintel_enrich.engine.rules.config import FindingKind
from codeintel_enrich.store import open_store
from codeintel_enrich.store.findings import broken_exports, cyclic_names, lost_modules, module_loads, parse_errors

SHOWN = 6
"""Modules of a cycle that are named."""


class Finding(msgspec.Struct, frozen=True, order=True):
    """One reason to fail."""

    path: str
    line: int
    kind: FindingKind
    message: str


def findings(store: Path, kinds: Iterable[FindingKind], gone: Collection[str] = ()) -> list[Finding]:
    """What a store holds of the kinds asked for, by place.

    - `parse-error`: a file that does not parse.
    - `broken-export`: a name imported from a module of the tree that does not have it, or listed in `__all__` though
      nothing binds it; an `__all__` with which a star raises, such as a set; an import of a module in `gone`, which are
      those that a change took away. Other modules that are not in the tree do not count: they may be generated or
      compiled.
    - `import-cycle`: modules that load each other while they are loaded (imports in functions and under TYPE_CHECKING
      do not count), or a name that goes round in such a cycle.
    """
    found: list[Finding] = []
    with open_store(store) as connection:
        for kind in dict.fromkeys(kinds):
            if kind == "parse-error":
                places = parse_errors(connection)
            elif kind == "broken-export":
                places = [*broken_exports(connection), *lost_modules(connection, gone)]
            else:
                places = [*cyclic_names(connection), *_cycles(module_loads(connection))]
            found += [Finding(path, line, kind, message) for path, line, message in places]
    return sorted(found)


def _cycles(loads: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, int, str]]:
    from codeintel_enrich.stages.link.graph import components

    for members in components({path: sorted(loads.get(path, ())) for path in _nodes(loads)}):
        # One finding for each cycle, at its first module: any of its imports can be the one to cut.
        if len(members) > 1:
            first = members[0]
            line = min(line for target, line in loads[first].items() if target in members)
            more = f" and {len(members) - SHOWN} more" if len(members) > SHOWN else ""
            yield first, line, f"these modules load each other: {', '.join(members[:SHOWN])}{more}"


def _nodes(loads: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted({*loads, *(target for targets in loads.values() for target in targets)})
