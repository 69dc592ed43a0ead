"""`diff`, the account of what a change did to an API: two trees out of git, built one after the other, compared."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from codeintel_enrich.commands.findings import Finding, findings
from codeintel_enrich.commands.git_trees import Entry, Repository, Step, TreeCache
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.signatures import call_form, one_line, read_signature
from codeintel_enrich.model.syntax import Parameter
from codeintel_enrich.store import open_store
from codeintel_enrich.store.api import PublicName, StoredDefinition, definitions, module_names, public_exports, users


class ApiChange(msgspec.Struct, frozen=True, kw_only=True):
    """One name of the API that is not what it was."""

    name: str
    """`module.name` as others import it; of a signature the definition's qualified name."""
    before: str | None
    """Of an export the definition it meant, of a signature the signature."""
    after: str | None
    is_breaking: bool
    why: str = ""
    """What breaks callers."""
    importers: tuple[str, ...] = ()
    """Files of the tree that refer to it, the defining one apart."""


class ApiDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed between two commits."""

    base: str
    head: str
    added: tuple[ApiChange, ...]
    removed: tuple[ApiChange, ...]
    moved: tuple[ApiChange, ...]
    """Names that are found elsewhere now, or whose definition is; breaking where the old name is gone."""
    signatures: tuple[ApiChange, ...]
    broken: tuple[ApiChange, ...]
    """Re-exports that lead nowhere any more."""
    findings: tuple[Finding, ...]
    """Imports and `__all__` entries that HEAD breaks and BASE did not."""

    @property
    def breaking(self) -> tuple[ApiChange, ...]:
        """Every change that can break a caller."""
        changes = (*self.removed, *self.moved, *self.signatures, *self.broken)
        return tuple(change for change in changes if change.is_breaking)


class _Side(msgspec.Struct, frozen=True):
    """The API of one tree."""

    modules: frozenset[str]
    exports: dict[str, PublicName]
    definitions: dict[str, StoredDefinition]
    broken: list[Finding]
    users: dict[str, tuple[str, ...]]


def diff(
    options: Options,
    span: str,
    notify: Callable[[str], None] = lambda message: None,
) -> ApiDiff:
    """Compare two commits: `BASE..HEAD`, `BASE...HEAD` (from where they parted), or `BASE` (to the present HEAD).

    Both are built in one corner of the cache, so that only what differs is analysed. The work tree is not touched.
    Raises UsageError for commits that git does not know, EnrichError where a build fails.
    """
    with TreeCache(options, notify) as trees:
        repository = trees.repository
        base, head = _ends(repository, span)
        before = _side(trees, repository.tree(base))
        after = _side(trees, repository.tree(head), before.modules)
    return _compare(base, head, before, after)


def forecast_diff(options: Options, span: str) -> tuple[Step, ...]:
    """What comparing would look at. Writes nothing. Raises UsageError as `diff` does."""
    trees = TreeCache(options)
    return trees.forecast({commit: trees.repository.tree(commit) for commit in _ends(trees.repository, span)})


def _ends(repository: Repository, span: str) -> tuple[str, str]:
    """The full names of both commits."""
    dots = "..." if "..." in span else ".."
    old, _, new = span.partition(dots)
    if not old:
        raise UsageError(f"{span!r}: write BASE..HEAD, as git does")
    head = repository.commit(new or "HEAD")
    base = repository.commit(old)
    # As `git diff A...B` has it: what happened on the base's side since is no change of this branch.
    return repository.merge_base(base, head) if dots == "..." else base, head


def _side(trees: TreeCache, entries: Mapping[str, Entry], modules_before: frozenset[str] = frozenset()) -> _Side:
    build, _ = trees.build(entries)
    with open_store(build.state.places.store) as store:
        modules = module_names(store)
        exports = {f"{export.module}.{export.name}": export for export in public_exports(store)}
        known = definitions(store)
        using = users(store, sorted({*known, *(e.origin for e in exports.values() if e.origin is not None)}))
    broken = findings(build.state.places.store, ["broken-export"], modules_before - modules)
    return _Side(modules, exports, known, broken, using)


def _compare(base: str, head: str, before: _Side, after: _Side) -> ApiDiff:
    gone = {name: export for name, export in before.exports.items() if name not in after.exports}
    fresh = {name: export for name, export in after.exports.items() if name not in before.exports}
    homes = _new_homes(gone, fresh, before, after)
    moved = [_changed(name, before, gone[name].origin, to, "the old name is gone") for name, to in homes.items()]
    broken: list[ApiChange] = []
    for name in sorted(before.exports.keys() & after.exports.keys()):
        was, now = before.exports[name].origin, after.exports[name].origin
        # Where nothing static could say what the name was, nothing can be said to have changed.
        if was is None or was == now:
            continue
        if now is None:
            broken.append(_changed(name, before, was, None, "it leads nowhere"))
        else:
            moved.append(_changed(name, before, was, now, ""))
    # Not by line: an edit above would make every old finding a new one.
    known = {(item.path, item.message) for item in before.broken}
    return ApiDiff(
        base=base,
        head=head,
        added=tuple(
            ApiChange(name=name, before=None, after=export.origin, is_breaking=False)
            for name, export in fresh.items()
            if name not in homes.values()
        ),
        removed=tuple(
            _changed(name, before, export.origin, None, "it is gone")
            for name, export in gone.items()
            if name not in homes
        ),
        moved=tuple(sorted(moved, key=lambda change: change.name)),
        signatures=tuple(_signatures(before, after)),
        broken=tuple(broken),
        findings=tuple(item for item in after.broken if (item.path, item.message) not in known),
    )


def _changed(name: str, side: _Side, before: str | None, after: str | None, why: str) -> ApiChange:
    export = side.exports[name]
    home = side.definitions[before].path if before in side.definitions else None
    importers = tuple(path for path in side.users.get(before or "", ()) if path not in (export.path, home))
    return ApiChange(name=name, before=before, after=after, is_breaking=bool(why), why=why, importers=importers)


def _new_homes(
    gone: Mapping[str, PublicName], fresh: Mapping[str, PublicName], before: _Side, after: _Side
) -> dict[str, str]:
    """Name that is gone -> the one new name under which the same definition is found now.

    The same is what has the same code, or else the same last name, kind and signature.
    """
    candidates: dict[tuple[str, str | None], list[str]] = {}
    for name, export in fresh.items():
        for mark in _marks(export, after.definitions):
            candidates.setdefault(mark, []).append(name)
    homes: dict[str, str] = {}
    taken: set[str] = set()
    for name, export in gone.items():
        for mark in _marks(export, before.definitions):
            free = [other for other in candidates.get(mark, ()) if other not in taken]
            # Two candidates would be a guess, and a guess that is wrong hides a removal.
            if len(free) == 1:
                homes[name] = free[0]
                taken.add(free[0])
                break
    return homes


def _marks(export: PublicName, known: Mapping[str, StoredDefinition]) -> list[tuple[str, str | None]]:
    definition = known.get(export.origin or "")
    if definition is None:
        return []
    last = f"{definition.kind} {(export.origin or '').rpartition('.')[2]}"
    # The code first: it says more than a name and a signature, which two definitions may well share.
    return [("code", definition.code_hash), (last, definition.signature)]


def _signatures(before: _Side, after: _Side) -> list[ApiChange]:
    """Definitions behind public names, and public methods of such classes, whose signature or bases are others."""
    public = {export.origin for export in before.exports.values()} & {e.origin for e in after.exports.values()}
    changes: list[ApiChange] = []
    for name in sorted(before.definitions.keys() & after.definitions.keys()):
        owner, _, last = name.rpartition(".")
        # A constructor is called by the name of its class, so it is public where that is.
        is_member = owner in public and owner in after.definitions and (not last.startswith("_") or last == "__init__")
        if name not in public and not is_member:
            continue
        was, now = before.definitions[name], after.definitions[name]
        if was.kind == now.kind == "FunctionDef" and was.signature != now.signature:
            old, new = read_signature(was.signature), read_signature(now.signature)
            why = breaks(old.parameters, new.parameters)
            texts = one_line(call_form("", old)), one_line(call_form("", new))
        elif was.kind == now.kind == "ClassDef" and was.bases != now.bases:
            lost = [base for base in was.bases if base not in now.bases]
            why = f"base {', '.join(lost)} is gone" if lost else ""
            texts = f"({', '.join(was.bases)})", f"({', '.join(now.bases)})"
        else:
            continue
        importers = tuple(path for path in after.users.get(name, ()) if path != now.path)
        changes.append(
            ApiChange(name=name, before=texts[0], after=texts[1], is_breaking=bool(why), why=why, importers=importers)
        )
    return changes


def breaks(old: Sequence[Parameter], new: Sequence[Parameter]) -> str:
    """Why a call that was right may be wrong now; empty where none can be.

    Annotations and the values of defaults do not count.
    """
    was, now = ({parameter.name: parameter for parameter in side} for side in (old, new))
    for name, parameter in was.items():
        if name not in now:
            return f"parameter {name} is gone"
        if parameter.kind != now[name].kind and not _is_wider(parameter.kind, now[name].kind):
            return f"parameter {name} is passed in another way"
        if parameter.default is not None and now[name].default is None:
            return f"parameter {name} has no default any more"
    for name, parameter in now.items():
        # `*args` and `**kwargs` that are new ask nothing of callers.
        if name not in was and parameter.default is None and not parameter.kind.startswith("var"):
            return f"parameter {name} is new and has no default"
    before, after = (
        [name for name, parameter in side.items() if parameter.kind.startswith("positional")] for side in (was, now)
    )
    return "" if after[: len(before)] == before else "positional parameters stand in another order"


def _is_wider(before: str, after: str) -> bool:
    """Whether what could be passed before still can."""
    return after == "positional-or-keyword" and before in ("positional-only", "keyword-only")
