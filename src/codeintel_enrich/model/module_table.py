"""The module table: which dotted name, if any, imports each file of a tree, and what each file means by a name.

It does on paths what `importlib.machinery.PathFinder` does on folders (https://docs.python.org/3/reference/import.html,
PEP 420 for namespace packages), and for stubs what PEP 561 asks of type checkers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from keyword import iskeyword
from typing import NamedTuple

from codeintel_enrich.model.dotted import path_name
from codeintel_enrich.model.modules import ModuleName, plain, realm_of

_STUBS = "-stubs"
"""The end of a stub-only distribution's folder (PEP 561)."""


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

    def at(self, place: str) -> _Folder | None:
        """The folder of a path relative to this one."""
        found: _Folder | None = self
        for part in place.split("/") if place else ():
            found = found.folders.get(part) if found else None
        return found


class _Portion(NamedTuple):
    """A folder in which modules are looked for, and the root by which it was found."""

    root: str
    folder: _Folder


class _Answer(NamedTuple):
    """The file that a root has for a name: a module, or the `__init__.py` of a package with its folder."""

    root: str
    file: str
    folder: _Folder | None


class _Level(NamedTuple):
    """One package, or the top, on the way down."""

    prefix: str
    """Before the names of what lies in it: its key and a dot; a realm alone at the top."""
    places: list[_Portion]
    stubs: list[_Portion]
    is_top: bool = False


def module_table(
    paths: Iterable[str], roots: Sequence[str], extends: Callable[[str], bool] = lambda path: False
) -> dict[str, ModuleName]:
    """Name every file of a tree as Python's path finder would, given the import roots.

    `paths` and `roots` are relative to the repository, with forward slashes; `.` is the repository itself.
    `extends` says of an `__init__.py` whether it adds the folders of its name on other
    roots to its own, as namespace packages of pkgutil and pkg_resources do; it is asked where there are such folders.

    A file belongs to the longest root that holds it. A root below the repository that is itself a regular package
    (it holds an `__init__.py`) is none; a top-level folder `stubs` or `typings` with nothing but stubs in it is one.
    A folder whose name no import can spell (`billing-api`) is a root for what lies in it, and for nothing else.

    Who answers when several files of a root claim one name: a regular package, then a module, then a namespace package
    (which merges over roots). Losers keep their name and are not importable. Where several roots have the name, the
    first in the given order answers wherever no other is nearer. Stubs compete among stubs only, where `name-stubs`
    comes before `name`.
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
    namer = _Namer(top, folders, places)
    search = _Search(places, namer.starts, extends)
    views = _Views(top, folders, places, search)
    return {path: namer.name(path, search, views) for path in ordered}


def _import_roots(top: _Folder, roots: Sequence[str]) -> dict[str, _Folder]:
    """The roots that exist and make sense, by place, in search order."""
    # Where type checkers look for local stubs by default: `stubs` mypy's users, `typings` pyright.
    implicit = [name for name in ("stubs", "typings") if name in top.folders and not _has_modules(top.folders[name])]
    found: dict[str, _Folder] = {}
    for root in [*roots, *implicit]:
        place = "/".join(part for part in root.split("/") if part not in ("", "."))
        folder = top.at(place)
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


class _Search:
    """The search of `importlib`'s path finder, from every root down: which files an import finds, and by which key."""

    def __init__(
        self, roots: Mapping[str, _Folder], starts: Mapping[str, _Folder], extends: Callable[[str], bool]
    ) -> None:
        self.keys: dict[str, str] = {}
        """File -> key."""
        self.shared: dict[str, str] = {}
        """A further `__init__.py` of a package that merges over roots -> key of the package."""
        self.rivals: dict[str, list[tuple[str, str]]] = {}
        """Dotted name that several roots have -> root and key of each, in search order."""
        self.started: dict[str, dict[str, str]] = {}
        """Root of its own (see `_Namer.starts`) -> name at its top -> key."""
        self._own = {id(folder) for folder in (*roots.values(), *starts.values())}
        self._extends = extends
        portions = [_Portion(place, folder) for place, folder in roots.items()]
        self._run(_Level("", portions, portions, True))
        for place, folder in starts.items():
            realm, known = realm_of(place), len(self.keys)
            self._run(_Level(realm, [_Portion(place, folder)], [_Portion(place, folder)], True))
            fresh = list(self.keys.values())[known:]
            self.started[place] = {plain(key).partition(".")[0]: key.partition(".")[0] for key in fresh}

    def _run(self, top: _Level) -> None:
        waiting = [top]
        while waiting:
            level = waiting.pop()
            names: dict[str, None] = {}
            for _, folder in (*level.places, *level.stubs):
                names.update(dict.fromkeys(folder.modules))
                names.update(dict.fromkeys(folder.stubs))
                # Only a distribution's top-level folder carries the suffix.
                names.update(
                    dict.fromkeys(name.removesuffix(_STUBS) if level.is_top else name for name in folder.folders)
                )
            for name in names:
                # Folders that have no name as packages are roots of their own, and not looked into from here.
                if name != "__init__" and "." not in name:
                    waiting.extend(self._find(name, level))

    def _find(self, name: str, level: _Level) -> list[_Level]:
        """Record which files a name finds on a level; return the levels below."""
        answers: list[_Answer] = []
        portions: list[_Portion] = []
        for root, folder in level.places:
            inner = folder.folders.get(name)
            # What lies in an inner root is named from there alone: `src/pkg` is `pkg`, not `src.pkg`.
            if inner is not None and id(inner) in self._own:
                inner = None
            if inner is not None and "__init__" in inner.modules:
                answers.append(_Answer(root, inner.modules["__init__"], inner))
            elif name in folder.modules:
                answers.append(_Answer(root, folder.modules[name], None))
            # Neither `__init__.py` nor a module of that name: a portion of a namespace package, if nobody has more.
            elif inner is not None:
                portions.append(_Portion(root, inner))
        key = level.prefix + name
        if len(answers) > 1 or (answers and portions):
            return self._find_rivals(name, key, answers, portions, level)
        if answers:
            return self._take(name, key, answers[0], level, level.stubs)
        return self._below(name, key, portions, level, level.stubs)

    def _find_rivals(
        self, name: str, key: str, answers: list[_Answer], portions: list[_Portion], level: _Level
    ) -> list[_Level]:
        """The same where several roots have the name: the first that answers has the plain key."""
        first, *others = answers
        levels: list[_Level] = []
        if first.folder is not None and self._extends(first.file):
            merged = [each for each in others if each.folder is not None and self._extends(each.file)]
            self.keys[first.file] = key
            self.shared.update(dict.fromkeys((each.file for each in merged), key))
            folders = [_Portion(each.root, each.folder) for each in (first, *merged) if each.folder is not None]
            levels += self._below(name, key, [*folders, *portions], level, level.stubs)
            others, portions = [each for each in others if each not in merged], []
        apart = {each.root for each in others} | {each.root for each in portions}
        if not levels:
            levels += self._take(name, key, first, level, [each for each in level.stubs if each.root not in apart])
        self.rivals[key] = [(first.root, key)]
        further: list[_Answer | _Portion] = [*others, *portions]
        for each in further:
            stubs = [stub for stub in level.stubs if stub.root == each.root]
            other = f"{realm_of(each.root)}{plain(key)}"
            self.rivals[key].append((each.root, other))
            if isinstance(each, _Answer):
                levels += self._take(name, other, each, level, stubs)
            else:
                levels += self._below(name, other, [each], level, stubs)
        return levels

    def _take(self, name: str, key: str, answer: _Answer, level: _Level, stubs: Sequence[_Portion]) -> list[_Level]:
        """Record what one root has of a name."""
        self.keys[answer.file] = key
        inner = [] if answer.folder is None else [_Portion(answer.root, answer.folder)]
        return self._below(name, key, inner, level, stubs)

    def _below(
        self,
        name: str,
        key: str,
        inner: list[_Portion],
        level: _Level,
        stubs: Sequence[_Portion],
    ) -> list[_Level]:
        """The level below a name, and the stub of it. A stub-only package may be partial, so its folder hides no other
        (PEP 561)."""
        spellings = (name + _STUBS, name) if level.is_top else (name,)
        found = False
        portions: list[_Portion] = []
        for spelling in spellings:
            for root, folder in stubs:
                below = folder.folders.get(spelling)
                if below is not None and id(below) not in self._own:
                    if not found and "__init__" in below.stubs:
                        self.keys[below.stubs["__init__"]] = key
                        found = True
                    portions.append(_Portion(root, below))
                if not found and spelling == name and name in folder.stubs:
                    self.keys[folder.stubs[name]] = key
                    found = True
        return [_Level(f"{key}.", inner, portions)] if inner or portions else []


class _Namer:
    """Names of files by their place alone, whether an import finds them or not."""

    def __init__(self, top: _Folder, folders: Mapping[str, _Folder], roots: Mapping[str, _Folder]) -> None:
        self._roots = dict(roots)
        self._regular = {
            place for place, folder in folders.items() if "__init__" in folder.modules or "__init__" in folder.stubs
        }
        self._prefixes: dict[str, str | None] = {}
        self.starts = self._find_starts(top, folders)
        """The folders below which programs start, since their own name is none that an import can spell."""
        self._roots.update(self.starts)

    def name(self, path: str, search: _Search, views: _Views) -> ModuleName:
        """What importing a file means."""
        place, _, file = path.rpartition("/")
        if place not in self._prefixes:
            self._prefixes[place] = self._prefix(place)
        stem, _, suffix = file.rpartition(".")
        is_package = stem == "__init__"
        is_stub = suffix == "pyi"
        sees, beside = views.of(place)
        key = search.keys.get(path)
        if key is not None:
            module = plain(key)
            realm = key[: len(key) - len(module)]
            package = key if is_package else key.rpartition(".")[0]
            return ModuleName(module, package, is_package, is_stub, True, key, realm, sees, beside)
        prefix = self._prefixes[place]
        if path in search.shared:
            realm = realm_of(views.root_of(place))
            shared = search.shared[path]
            module = plain(shared)
            return ModuleName(module, shared, True, is_stub, True, realm + module, realm, sees, beside)
        # An `__init__.py` at a root names nothing: the package would be the root itself.
        has_name = bool(prefix) if is_package else bool(stem) and "." not in stem
        named: str | None = None
        if prefix is not None and has_name and suffix in ("py", "pyi"):
            named = prefix if is_package else f"{prefix}.{stem}".lstrip(".")
        package = self._keyed(prefix or "", place, search)
        return ModuleName(named, package, is_package, is_stub, False, path_name(path), "", sees, beside)

    def _keyed(self, package: str, place: str, search: _Search) -> str:
        """The key of a package, as it is for a file in a folder."""
        root = _root_of(place, self._roots)
        if root in self.starts and package:
            return realm_of(root) + package
        for dotted, rivals in search.rivals.items():
            if package == dotted or package.startswith(f"{dotted}."):
                found = next((key for owner, key in rivals if owner == root), dotted)
                return found + package[len(dotted) :]
        return package

    def _find_starts(self, top: _Folder, folders: Mapping[str, _Folder]) -> dict[str, _Folder]:
        found: dict[str, _Folder] = {}
        for place in folders:
            root = _root_of(place, self._roots) or ""
            folder = root
            for part in _below(place, root):
                outer, folder = folder, f"{folder}/{part}".lstrip("/")
                if not self._is_package_name(part, outer, folder, is_first=outer == root):
                    start = top.at(folder)
                    if start is not None and folder not in found:
                        found[folder] = start
                        # Where a distribution keeps its packages, if not beside its settings. As a root that the
                        # settings name, it is seen from everywhere.
                        source = start.folders.get("src")
                        inner = f"{folder}/src"
                        if source is not None and "__init__" not in source.modules and inner not in self._roots:
                            found.setdefault(inner, source)
        return dict(sorted(found.items()))

    def _is_package_name(self, name: str, outer: str, folder: str, *, is_first: bool) -> bool:
        # `lib-stubs/m.pyi` is the stub of `lib.m` (PEP 561).
        name = name.removesuffix(_STUBS) if is_first else name
        # Parts that no import statement can spell count inside of regular packages, as `ModuleName.module` says.
        return _importable(name) or ("." not in name and {outer, folder} <= self._regular)

    def _prefix(self, place: str) -> str | None:
        """The dotted package of a folder, seen from the longest root that holds it; None where there is none."""
        root = _root_of(place, self._roots)
        if root is None:
            return None
        parts = _below(place, root)
        if parts:
            parts[0] = parts[0].removesuffix(_STUBS)
        return ".".join(parts)


class _Views:
    """What the files of a folder mean by a name, where that is not what the name means elsewhere."""

    def __init__(
        self, top: _Folder, folders: Mapping[str, _Folder], roots: Mapping[str, _Folder], search: _Search
    ) -> None:
        self._top = top
        self._folders = folders
        self._roots = roots
        self._search = search
        self._known: dict[str, tuple[dict[str, str], bool]] = {}
        self._shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def root_of(self, place: str) -> str:
        """The root that a folder belongs to."""
        return _root_of(place, self._roots) or ""

    def of(self, place: str) -> tuple[dict[str, str], bool]:
        """Name -> key, and whether files beside each other are among them."""
        found = self._known.get(place)
        if found is None:
            sees = self._rivals(place)
            # From the farthest to the nearest; what lies in its `src` a distribution has installed.
            started = self._search.started
            for start in sorted((start for start in started if _holds(start, place)), key=len):
                sees.update(started.get(f"{start}/src", {}))
                sees.update(started[start])
            beside = {} if place in self._roots else self._beside(place)
            beside = {name: key for name, key in beside.items() if sees.get(name, name) != key}
            sees.update(beside)
            sees = {name: key for name, key in sees.items() if name != key}
            # Folders mean mostly the same.
            sees = self._shared.setdefault(tuple(sorted(sees.items())), sees)
            found = self._known[place] = sees, bool(beside)
        return found

    def _rivals(self, place: str) -> dict[str, str]:
        """Of the roots that have a name: the folder's own, else the nearest one, else the first."""
        own = _root_of(place, self._roots)
        found: dict[str, str] = {}
        for dotted, rivals in self._search.rivals.items():
            _, found[dotted] = max(rivals, key=lambda rival: (rival[0] == own, _shared_depth(rival[0], place)))
        return found

    def _beside(self, place: str) -> dict[str, str]:
        """What a program that starts in a folder finds there: `sys.path[0]` is the folder of the script."""
        folder = self._folders[place]
        if "__init__" in folder.modules:
            return {}
        keys = self._search.keys
        found = {stem: keys[path] for stem, path in folder.modules.items() if path in keys}
        for name, inner in folder.folders.items():
            if "__init__" in inner.modules:
                files = {name: inner.modules["__init__"]}
            else:
                # One that is no regular package comes after the packages of any other place.
                files = {f"{name}.{stem}": path for stem, path in inner.modules.items()}
            found.update({dotted: keys[path] for dotted, path in files.items() if path in keys})
        # A package that has no `__init__.py` may well have a `types.py`, and mean the standard library's by the name.
        return {name: key for name, key in found.items() if name.partition(".")[0] not in sys.stdlib_module_names}


def _root_of(place: str, roots: Iterable[str]) -> str | None:
    """The longest root that holds a folder."""
    return max((root for root in roots if _holds(root, place)), key=len, default=None)


def _holds(root: str, place: str) -> bool:
    return not root or f"{place}/".startswith(f"{root}/")


def _below(place: str, root: str) -> list[str]:
    """The folders on the way from a root to a place."""
    return [part for part in place[len(root) :].split("/") if part]


def _shared_depth(one: str, other: str) -> int:
    """How many folders two places have above them in common."""
    depth = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right or not left:
            break
        depth += 1
    return depth


def _importable(name: str) -> bool:
    return name.isidentifier() and not iskeyword(name)
