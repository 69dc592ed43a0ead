"""`diff`, the account of what a change did to an API: two trees out of git, built one after the other, compared."""

import re
from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from codeintel_enrich.commands.api.judge import ObjectChange, judge
from codeintel_enrich.commands.api.objects import ApiObject, Reason
from codeintel_enrich.commands.api.surface import ApiRows, Surface
from codeintel_enrich.commands.findings import Finding, findings
from codeintel_enrich.commands.git_trees import Entry, Repository, Step, TreeCache
from codeintel_enrich.engine.state.discovery import SUFFIXES
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from codeintel_enrich.store import open_store
from codeintel_enrich.store.api import bound_imports, class_bases, definitions, exported_names, modules, users


class ApiChange(msgspec.Struct, frozen=True, kw_only=True):
    """One name of the API that is not what it was."""

    name: str
    """As users import it, by the shortest name; of a member that of its class, a dot, and its own."""
    before: str | None
    """Of an export the definition it meant, of a signature the signature."""
    after: str | None
    is_breaking: bool
    why: str = ""
    """All that breaks callers, or may."""
    reasons: tuple[Reason, ...] = ()
    """The same, one by one."""
    also: tuple[str, ...] = ()
    """Other names for which the same holds: those of classes that inherit the member."""
    importers: tuple[str, ...] = ()
    """Files of the tree that refer to it, the defining one apart."""
    path: str | None = None
    """Where to look in HEAD: the file of the definition, or of the module that had it; None where both are gone."""
    line: int = 1


class ApiDiff(msgspec.Struct, frozen=True, kw_only=True):
    """What changed between two commits."""

    base: str
    head: str
    added: tuple[ApiChange, ...]
    removed: tuple[ApiChange, ...]
    """Names, and members of classes."""
    moved: tuple[ApiChange, ...]
    """Names that are found elsewhere now, or whose definition is; breaking where the old name is gone."""
    signatures: tuple[ApiChange, ...]
    """What is called, made, read or inherited from in another way."""
    broken: tuple[ApiChange, ...]
    """Re-exports that lead nowhere any more."""
    unknown: tuple[ApiChange, ...]
    """Names of which nothing static can say whether they are still there."""
    findings: tuple[Finding, ...]
    """Imports and `__all__` entries that HEAD breaks and BASE did not."""

    @property
    def breaking(self) -> tuple[ApiChange, ...]:
        """Every change that can break a caller."""
        changes = (*self.removed, *self.moved, *self.signatures, *self.broken)
        return tuple(change for change in changes if change.is_breaking)


class _Side(msgspec.Struct, frozen=True):
    """One tree."""

    rows: ApiRows
    broken: list[Finding]
    users: dict[str, tuple[str, ...]]
    root: Path
    ignore: tuple[str, ...]


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
        entries, entries_after = repository.tree(base), repository.tree(head)
        before = _side(trees, entries)
        after = _side(trees, entries_after, {facts.module for facts in before.rows.modules})

        def read(path: str) -> bytes:
            return (after.root / path).read_bytes()

        # The folder holds HEAD now; of BASE only what differs has to be asked for.
        differing = [path for path in entries if path.endswith(SUFFIXES) and entries_after.get(path) != entries[path]]
        old = dict(zip(differing, repository.blobs([entries[path].blob for path in differing]), strict=True))
        was = Surface(before.rows, lambda path: old[path] if path in old else read(path))
        comparison = _Comparison(was, Surface(after.rows, read), before.users, after.users)
        found = comparison.result(base, head, _new_findings(before, after))
    return _without_ignored(found, after.ignore)


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


def _side(trees: TreeCache, entries: Mapping[str, Entry], modules_before: Iterable[str] = ()) -> _Side:
    build, _ = trees.build(entries)
    places = build.state.places
    with open_store(places.store) as store:
        rows = ApiRows(
            modules(store), exported_names(store), bound_imports(store), definitions(store), class_bases(store)
        )
        asked = {item.name for item in rows.definitions} | {item.origin for item in rows.exports if item.origin}
        using = users(store, sorted(asked))
    gone = set(modules_before) - {facts.module for facts in rows.modules}
    broken = findings(places.store, ["broken-export"], gone)
    return _Side(rows, broken, using, places.root, build.state.project.config.diff.ignore)


def _new_findings(before: _Side, after: _Side) -> tuple[Finding, ...]:
    # Not by line: an edit above would make every old finding a new one.
    known = {(item.path, item.message) for item in before.broken}
    return tuple(item for item in after.broken if (item.path, item.message) not in known)


def _without_ignored(found: ApiDiff, patterns: tuple[str, ...]) -> ApiDiff:
    """Leave out what the settings say nobody is to rely on; a pattern that fits a class or module fits its members."""
    if not patterns:
        return found

    def stays(change: ApiChange) -> bool:
        name = change.name
        ends = [len(name), *(match.start() for match in re.finditer(r"\.", name))]
        return not any(fnmatchcase(name[:end], pattern) for end in ends for pattern in patterns)

    sections = ("added", "removed", "moved", "signatures", "broken", "unknown")
    kept = {section: tuple(filter(stays, getattr(found, section))) for section in sections}
    return msgspec.structs.replace(found, **kept)


class _Comparison:
    """Two surfaces, compared name by name."""

    def __init__(
        self,
        before: Surface,
        after: Surface,
        users_before: Mapping[str, tuple[str, ...]],
        users_after: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._before, self._after = before, after
        self._users_before, self._users_after = users_before, users_after
        names = before.names
        lost = {
            name: after.presence(name, before.modules)
            for name in (*names, *sorted(before.shims))
            # What `__all__` lists and nothing is seen to bind may never have been there.
            if before.presence(name, before.modules) not in ("gone", "broken")
        }
        self._fresh = {name: item for name, item in after.names.items() if name not in names}
        self._gone = [name for name, presence in lost.items() if presence == "gone"]
        self._broken = [name for name, presence in lost.items() if presence == "broken" and self._origin(name)]
        self._unknown = [name for name, presence in lost.items() if presence == "unknown" and self._origin(name)]
        self._homes = self._new_homes()

    def result(self, base: str, head: str, found: tuple[Finding, ...]) -> ApiDiff:
        """All that changed."""
        members, added = self._objects()
        by_name = lambda change: change.name  # noqa: E731
        removed = [self._lost(name, None, "removed", "it is gone") for name in self._gone if name not in self._homes]
        moved = [self._lost(name, to, "moved", "the old name is gone") for name, to in self._homes.items()]
        return ApiDiff(
            base=base,
            head=head,
            added=tuple(sorted([*self._added(), *added], key=by_name)),
            removed=tuple(sorted([*removed, *(item for item in members if item.after is None)], key=by_name)),
            moved=tuple(sorted([*moved, *self._elsewhere()], key=by_name)),
            signatures=tuple(sorted((item for item in members if item.after is not None), key=by_name)),
            broken=tuple(self._lost(name, None, "broken-export", "it leads nowhere") for name in sorted(self._broken)),
            unknown=tuple(
                self._lost(name, None, "unknown", "nothing static can say", is_breaking=False)
                for name in sorted(self._unknown)
            ),
            findings=found,
        )

    # --- names --------------------------------------------------------------------------------------------------------

    def _origin(self, name: str) -> str | None:
        """What a name meant before."""
        export = self._before.names.get(name)
        return None if export is None else export.origin

    def _lost(self, name: str, to: str | None, rule: str, why: str, is_breaking: bool = True) -> ApiChange:
        """A name by which nothing is found any more, or found elsewhere."""
        origin = self._origin(name)
        nodes = self._before.definitions.by_name.get(origin or "", [])
        module = name.rpartition(".")[0]
        here = self._before.modules.get(module)
        homes = {here.path if here else "", *(item.path for item in nodes)}
        using = tuple(path for path in self._users_before.get(origin or "", ()) if path not in homes)
        now = self._after.modules.get(module)
        return ApiChange(
            name=name,
            before=origin,
            after=self._after.names[to].origin or to if to is not None else None,
            is_breaking=is_breaking,
            why=why,
            reasons=(Reason(rule, why, is_breaking),),
            importers=using,
            path=now.path if now else None,
        )

    def _elsewhere(self) -> list[ApiChange]:
        """Names that are still there and mean a definition that stands in another module."""
        found: list[ApiChange] = []
        for name, export in self._before.names.items():
            now = self._after.export(name)
            # Where nothing static could say what the name was, nothing can be said to have changed.
            if now is None or export.origin is None or now.origin in (None, export.origin):
                continue
            if _is_public(export.origin) or _is_public(now.origin or ""):
                found.append(
                    ApiChange(name=name, before=export.origin, after=now.origin, is_breaking=False, path=now.path)
                )
        return found

    def _added(self) -> list[ApiChange]:
        return [
            ApiChange(name=name, before=None, after=export.origin, is_breaking=False, path=export.path)
            for name, export in self._fresh.items()
            if name not in self._homes.values()
        ]

    def _new_homes(self) -> dict[str, str]:
        """Name that is gone -> the one new name under which the same definition is found now.

        The same is what has the same code, or else the same last name, kind and signature.
        """
        candidates: dict[tuple[str, str | None], list[str]] = {}
        for name, export in self._fresh.items():
            for mark in _marks(self._after, export.origin):
                candidates.setdefault(mark, []).append(name)
        homes: dict[str, str] = {}
        taken: set[str] = set()
        for name in self._gone:
            for mark in _marks(self._before, self._origin(name)):
                free = [other for other in candidates.get(mark, ()) if other not in taken]
                # Two candidates would be a guess, and a guess that is wrong hides a removal.
                if len(free) == 1:
                    homes[name] = free[0]
                    taken.add(free[0])
                    break
        return homes

    # --- what stands behind them --------------------------------------------------------------------------------------

    def _objects(self) -> tuple[list[ApiChange], list[ApiChange]]:
        """Changes of what is still there, and members that came."""
        paths = self._before.paths
        moves = self._moves()
        verdicts: list[tuple[str, ObjectChange]] = []

        def heir(base: str) -> str | None:
            now = moves.get(base, base)
            found = self._after.definitions.object(now)
            return None if found is not None and found.decides_itself else now

        for origin, name in sorted(paths.items(), key=lambda item: item[1]):
            now = moves.get(origin)
            if now is None or self._is_equal(origin, now):
                continue
            before, after = self._before.definitions.object(origin), self._after.definitions.object(now)
            if before is not None and after is not None:
                found = judge(before, after, heir)
                verdicts += [(f"{name}.{item.member}" if item.member else name, item) for item in found]
        changes = [self._change(group) for group in _grouped(_by_cause(verdicts))]
        return [item for item in changes if item.before is not None], [item for item in changes if item.before is None]

    def _is_equal(self, origin: str, now: str) -> bool:
        mark = self._before.definitions.fingerprint(origin)
        return origin == now and mark is not None and mark == self._after.definitions.fingerprint(now)

    def _moves(self) -> dict[str, str]:
        """Qualified name of a definition -> that of what users get by the same name now."""
        found: dict[str, str] = {}
        shortest = self._before.paths
        for name, export in sorted(self._before.names.items(), key=lambda item: item[0].count(".")):
            origin = export.origin
            now = self._after.export(self._homes.get(name, name))
            if origin is None or now is None or now.origin is None:
                continue
            # By the shortest name, if it is still there: that is the one most people use.
            if origin not in found or name == shortest[origin]:
                found[origin] = now.origin
        return found

    def _change(self, group: list[tuple[str, ObjectChange]]) -> ApiChange:
        name, verdict = group[0]
        before, after, reasons = verdict.before, verdict.after, verdict.reasons
        shown = _shown(before, after)
        told = after or before
        using = self._users_after.get(told.origin, ()) if told is not None else ()
        return ApiChange(
            name=name,
            before=shown[0],
            after=shown[1],
            is_breaking=any(reason.is_breaking for reason in reasons),
            why="; ".join(reason.text for reason in reasons),
            reasons=reasons,
            also=tuple(other for other, _ in group[1:]),
            importers=tuple(path for path in using if told is None or path != told.path),
            path=after.path if after else self._path_now(before),
            line=after.line if after else 1,
        )

    def _path_now(self, before: ApiObject | None) -> str | None:
        paths = {facts.path for facts in self._after.modules.values()}
        return before.path if before is not None and before.path in paths else None


def _grouped(verdicts: list[tuple[str, ObjectChange]]) -> list[list[tuple[str, ObjectChange]]]:
    """What happened to one definition, together: the name of the class that has it first, then the shortest."""
    groups: dict[object, list[tuple[str, ObjectChange]]] = {}
    for name, verdict in verdicts:
        key = (_subject(verdict), verdict.reasons, verdict.before is None, verdict.after is None)
        groups.setdefault(key, []).append((name, verdict))
    return [sorted(group, key=_rank) for group in groups.values()]


def _subject(verdict: ObjectChange) -> str:
    """What a verdict is about, by its qualified name; where a class inherits its constructor, the constructor."""
    before, after = verdict.before, verdict.after
    told = before or after
    is_of_base = any(reason.rule == "base-removed" for reason in verdict.reasons)
    if before is not None and after is not None and before.kind == "class" and verdict.reasons and not is_of_base:
        return before.constructor.origin or before.origin
    return "" if told is None else told.origin


def _by_cause(verdicts: list[tuple[str, ObjectChange]]) -> list[tuple[str, ObjectChange]]:
    """Leave out the base that a class lost because one of its own bases did: that is told of the base."""
    lost = {
        item.before.origin: {reason.text for reason in item.reasons if reason.rule == "base-removed"}
        for _, item in verdicts
        if item.before is not None and item.before.kind == "class"
    }
    found: list[tuple[str, ObjectChange]] = []
    for name, item in verdicts:
        above = {text for base in item.before.ancestors for text in lost.get(base, ())} if item.before else set()
        reasons = tuple(reason for reason in item.reasons if reason.text not in above)
        found.append((name, msgspec.structs.replace(item, reasons=reasons)))
    return found


def _rank(item: tuple[str, ObjectChange]) -> tuple[bool, int, str]:
    name, verdict = item
    told = verdict.before or verdict.after
    owner = (told.origin if told else "").split(".")[-2:]
    return name.split(".")[-2:] != owner, name.count("."), name


def _shown(before: ApiObject | None, after: ApiObject | None) -> tuple[str | None, str | None]:
    """Both sides as text: signatures, or what they are where that is another thing."""
    if before is None or after is None:
        return (None if before is None else before.origin), (None if after is None else after.origin)
    if before.kind == after.kind == "class" and before.bases != after.bases:
        was, now = (f"({', '.join(item.bases)})" for item in (before, after))
        if before.constructor.calls == after.constructor.calls:
            return was, now
    return _text(before, after), _text(after, before)


def _text(item: ApiObject, other: ApiObject) -> str:
    calls = item.constructor.calls if item.kind == "class" else item.calls
    if item.kind != other.kind or not calls:
        words = {
            "class": "a class",
            "function": "a method" if item.receiver else "a function",
            "property": "a property",
        }
        return (
            item.value or words.get(item.kind, "a value")
            if item.kind == other.kind
            else words.get(item.kind, "a value")
        )
    marks = {"class": "class method ", "static": "static method "}
    mark = marks.get(item.receiver, "") if item.receiver != other.receiver else ""
    given = {"value": "", "coroutine": "async "}.get(item.gives, f"{item.gives} ") if item.gives != other.gives else ""
    return f"{mark}{given}{calls[-1].shown}"


def _is_public(name: str) -> bool:
    return not any(part.startswith("_") for part in name.split("."))


def _marks(surface: Surface, origin: str | None) -> list[tuple[str, str | None]]:
    nodes = surface.definitions.by_name.get(origin or "")
    if not nodes or nodes[-1].kind not in ("ClassDef", "FunctionDef"):
        return []
    last = f"{nodes[-1].kind} {nodes[-1].name.rpartition('.')[2]}"
    # The code first: it says more than a name and a signature, which two definitions may well share.
    return [("code", nodes[-1].code_hash), (last, nodes[-1].signature)]
