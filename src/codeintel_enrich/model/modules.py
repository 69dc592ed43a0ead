"""The module table: which dotted name, if any, imports each file. It knows paths as text only.

It does on paths what `importlib.machinery.PathFinder` does on folders (https://docs.python.org/3/reference/import.html,
PEP 420 for namespace packages), and for stubs what PEP 561 asks of type checkers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from keyword import iskeyword

import msgspec

from codeintel_enrich.model.dotted import path_name

_STUBS = "-stubs"
"""The end of a stub-only distribution's folder (PEP 561)."""


class ModuleName(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What importing one file by name means."""

    module: str | None
    """Dotted name; None where the path spells none.

    `importlib.import_module` finds parts that are no identifiers (`locale.is.formats`, `migrations.0001_initial`),
    which an import statement cannot spell. A file may be called so anywhere, a folder inside of regular packages,
    since programs load them so; elsewhere such a folder is no namespace package that anybody means."""
    package: str
    """The package that relative imports of this file start from; empty at top level."""
    is_package: bool
    is_stub: bool
    importable: bool
    """Whether `import module` finds this file (a stub: whether it is the stub of that name).
    False where another file answers to the name, or where a parent is no package."""
    owner: str
    """What stands before the qualified names of what the file defines: `module` where an import finds the file, else
    its path, which is never taken for a module since it has a slash (`./run.py` at the top)."""


class _Folder:
    """One directory of the tree: its modules and stubs by stem, its sub-folders by name."""

    __slots__ = ("folders", "modules", "stubs")

    def __init__(self) -> None:
        self.modules: dict[str, str] = {}
        self.stubs: dict[str, str] = {}
        self.folders: dict[str, _Folder] = {}

    def child(self, name: str) -> _Folder:
        found = self.folders.get(name)
        if found is None:
            found = self.folders[name] = _Folder()
        return found


def module_table(paths: Iterable[str], roots: Sequence[str]) -> dict[str, ModuleName]:
    """Name every file of a tree as Python's path finder would, given the import roots.

    `paths` and `roots` are relative to the repository, with forward slashes; `.` is the repository itself.
    A file belongs to the longest root that holds it. A root below the repository that is itself a regular package
    (it holds an `__init__.py`) is none; a top-level folder `stubs` or `typings` with nothing but stubs in it is one.

    Who answers when several files claim one name: the first root in the given order; inside a root a regular
    package, then a module, then a namespace package (which merges over roots). Stubs compete among stubs only, where
    `name-stubs` comes before `name`. Losers keep their name and are not importable.
    """
    # Sorted, so that the result does not depend on the order in which the files were found.
    ordered = sorted(set(paths))
    top = _Folder()
    folders = {"": top}
    for path in ordered:
        place, _, file = path.rpartition("/")
        folder = folders.get(place)
        if folder is None:
            folder = top
            for part in place.split("/"):
                folder = folder.child(part)
            folders[place] = folder
        stem, _, suffix = file.rpartition(".")
        if suffix == "py":
            folder.modules[stem] = path
        elif suffix == "pyi":
            folder.stubs[stem] = path

    places = _import_roots(top, roots)
    winners = _winners(list(places.values()))
    prefixes: dict[str, str | None] = {}
    regular = {place for place, folder in folders.items() if "__init__" in folder.modules or "__init__" in folder.stubs}
    return {path: _name(path, places, prefixes, regular, path in winners) for path in ordered}


def _import_roots(top: _Folder, roots: Sequence[str]) -> dict[str, _Folder]:
    """The roots that exist and make sense, by place, in search order."""
    # Where type checkers look for local stubs by default: `stubs` mypy's users, `typings` pyright.
    implicit = [name for name in ("stubs", "typings") if name in top.folders and not _has_modules(top.folders[name])]
    found: dict[str, _Folder] = {}
    for root in [*roots, *implicit]:
        place = "/".join(part for part in root.split("/") if part not in ("", "."))
        folder: _Folder | None = top
        for part in place.split("/") if place else ():
            folder = folder.folders.get(part) if folder else None
        # With a package itself on the path, its modules would have two names, and relative imports would fail.
        if folder is not None and not (place and "__init__" in folder.modules):
            found.setdefault(place, folder)
    return found


def _has_modules(folder: _Folder) -> bool:
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        if folder.modules:
            return True
        waiting.extend(folder.folders.values())
    return False


def _winners(roots: list[_Folder]) -> set[str]:
    """The files that an import finds, package by package from the top; the search of `importlib`'s path finder."""
    winners: set[str] = set()
    own = {id(root) for root in roots}
    waiting: list[tuple[list[_Folder], list[_Folder], bool]] = [(roots, roots, True)]
    while waiting:
        places, stub_places, is_top = waiting.pop()
        names: dict[str, None] = {}
        for place in [*places, *stub_places]:
            names.update(dict.fromkeys(place.modules))
            names.update(dict.fromkeys(place.stubs))
            # Only a distribution's top-level folder carries the suffix.
            names.update(dict.fromkeys(name.removesuffix(_STUBS) if is_top else name for name in place.folders))
        for name in names:
            if name == "__init__":
                continue
            inner = _find_module(name, places, winners, own)
            inner_stubs = _find_stub(name, stub_places, winners, own, is_top)
            if inner or inner_stubs:
                waiting.append((inner, inner_stubs, False))
    return winners


def _find_module(name: str, places: list[_Folder], winners: set[str], roots: set[int]) -> list[_Folder]:
    """Record which file `name` finds; return the folders to search for its submodules."""
    portions: list[_Folder] = []
    for place in places:
        folder = place.folders.get(name)
        # What lies in an inner root is named from there alone: `src/pkg` is `pkg`, not `src.pkg`.
        if folder is not None and id(folder) in roots:
            folder = None
        if folder is not None and "__init__" in folder.modules:
            winners.add(folder.modules["__init__"])
            return [folder]
        if name in place.modules:
            winners.add(place.modules[name])
            return []
        # Neither `__init__.py` nor a module of that name: a portion of a namespace package, if no later place has more.
        if folder is not None:
            portions.append(folder)
    return portions


def _find_stub(name: str, places: list[_Folder], winners: set[str], roots: set[int], is_top: bool) -> list[_Folder]:
    """The same for stubs. A stub-only package may be partial, so its folder hides no other (PEP 561)."""
    spellings = (name + _STUBS, name) if is_top else (name,)
    found = False
    portions: list[_Folder] = []
    for spelling in spellings:
        for place in places:
            folder = place.folders.get(spelling)
            if folder is not None and id(folder) not in roots:
                if not found and "__init__" in folder.stubs:
                    winners.add(folder.stubs["__init__"])
                    found = True
                portions.append(folder)
            if not found and spelling == name and name in place.stubs:
                winners.add(place.stubs[name])
                found = True
    return portions


def _name(
    path: str, roots: dict[str, _Folder], prefixes: dict[str, str | None], regular: set[str], importable: bool
) -> ModuleName:
    place, _, file = path.rpartition("/")
    if place not in prefixes:
        prefixes[place] = _prefix(place, roots, regular)
    prefix = prefixes[place]
    stem, _, suffix = file.rpartition(".")
    is_package = stem == "__init__"
    is_stub = suffix == "pyi"
    # An `__init__.py` at a root names nothing: the package would be the root itself.
    has_name = bool(prefix) if is_package else bool(stem) and "." not in stem
    if prefix is None or not has_name or suffix not in ("py", "pyi"):
        return ModuleName(None, prefix or "", is_package, is_stub, False, path_name(path))
    module = prefix if is_package else f"{prefix}.{stem}" if prefix else stem
    return ModuleName(module, prefix, is_package, is_stub, importable, module if importable else path_name(path))


def _prefix(place: str, roots: dict[str, _Folder], regular: set[str]) -> str | None:
    """The dotted package of a folder, seen from the longest root that holds it; None where there is none."""
    root = max((root for root in roots if not root or f"{place}/".startswith(f"{root}/")), key=len, default=None)
    if root is None:
        return None
    parts = [part for part in place[len(root) :].split("/") if part]
    folders = [root]
    for part in parts:
        folders.append(f"{folders[-1]}/{part}".lstrip("/"))
    # `lib-stubs/m.pyi` is the stub of `lib.m` (PEP 561).
    if parts and parts[0].endswith(_STUBS):
        parts[0] = parts[0].removesuffix(_STUBS)
    # Parts that no import statement can spell count inside of regular packages, as `ModuleName.module` says.
    named = all(
        _importable(part) or ("." not in part and {outer, folder} <= regular)
        for part, outer, folder in zip(parts, folders, folders[1:], strict=False)
    )
    return ".".join(parts) if named else None


def _importable(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)
