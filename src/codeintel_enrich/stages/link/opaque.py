"""The wording of why a star may bind more than anybody sees, and which statement of a module brings it about."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from codeintel_enrich.model.interface import Operation, Star
from codeintel_enrich.model.modules import ModuleName
from codeintel_enrich.stages.link.module_table import ModuleTable, absolute
from codeintel_enrich.stages.link.namespace import Namespace
from codeintel_enrich.stages.link.summary import all_operations

_MAX_REASONS = 3
"""Of more reasons the rest is counted."""


def star_reasons(target: str, namespace: Namespace | None) -> list[str]:
    """Why a star of the module `target` may bind more than is seen; `namespace` is None for one outside of the tree.

    A reason is the same at every further star, so that stars in a cycle have a finite number of them: without that the
    fixpoint iteration over a cycle would find longer reasons for ever.
    """
    if namespace is None:
        return [f"a star of `{target}`, which is not in the tree"]
    if namespace.all_names is not None:
        return [] if namespace.all_dynamic is None else [f"a star of `{target}`, whose `__all__` is not static"]
    return [
        reason if reason.startswith("a star of") or " in `" in reason else f"{reason} in `{target}`"
        for reason in namespace.opaque
    ]


def in_one_line(reasons: Iterable[str]) -> str:
    """Several reasons in one line."""
    found = list(reasons)
    more = f"; and {len(found) - _MAX_REASONS} more" if len(found) > _MAX_REASONS else ""
    return "; ".join(found[:_MAX_REASONS]) + more


def reasons_by_statement(
    name: ModuleName,
    operations: Iterable[Operation],
    namespace: Namespace,
    table: ModuleTable,
    namespace_of: Callable[[str], Namespace],
) -> dict[str, list[str]]:
    """Subject of a finding (`..m:*` for a star, else the reason itself) -> the reasons that it brings."""
    found: dict[str, list[str]] = {}
    left = dict.fromkeys(namespace.opaque)
    for operation in all_operations(operations):
        if isinstance(operation, Star) and not operation.typing_only and left:
            target = absolute(name, operation.level, operation.module)
            path = table.path(target, name.is_stub) if target is not None else None
            brought = star_reasons(target or "", None if path is None else namespace_of(path))
            for reason in brought:
                # The first statement that brings a reason is the one to mend; at others it is not repeated.
                if reason in left:
                    del left[reason]
                    found.setdefault(f"{'.' * operation.level}{operation.module or ''}:*", []).append(reason)
    return {**found, **{reason: [reason] for reason in left}}
