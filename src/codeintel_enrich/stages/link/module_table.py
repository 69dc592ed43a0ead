"""The module table as `link` asks it: dotted names to files, submodules, relative imports.

Dotted names are keys here, and everywhere in `link`: see `model/modules.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from codeintel_enrich.model.modules import ModuleName


class ModuleTable:
    """Which file answers to a dotted name: a `.py` before its `.pyi`, unless a stub asks; a stub alone for itself."""

    def __init__(self, modules: Mapping[str, ModuleName], others: Mapping[str, str]) -> None:
        """`others`: further dotted names that lead to files."""
        self.names = modules
        self._others = others
        self._files: dict[str, str] = {}
        self._stubs: dict[str, str] = {}
        self._children: dict[str, set[str]] = {}
        self._folders: dict[str, list[str]] = {}
        for path, name in modules.items():
            key = name.key
            if name.importable and key is not None:
                (self._stubs if name.is_stub else self._files)[key] = path
                # Not by the key: a package that merges over roots has several folders.
                if name.is_package:
                    self._folders.setdefault(name.package, []).append(path.rpartition("/")[0])
        for dotted, path in others.items():
            (self._stubs if modules[path].is_stub else self._files).setdefault(dotted, path)
        # A folder without `__init__.py` is a package as well (PEP 420): each name makes all of its parents.
        for dotted in [*self._files, *self._stubs]:
            while dotted:
                parent, _, last = dotted.rpartition(".")
                siblings = self._children.get(parent)
                if siblings is not None:
                    siblings.add(last)
                    break
                self._children[parent] = {last}
                dotted = parent

    def path(self, dotted: str, for_stub: bool = False) -> str | None:
        """The file that answers an import: None for namespace packages and what is not in the tree. Stubs see each
        other first, as type checkers have it; at run time there are none."""
        found = self._files.get(dotted)
        stub = self._stubs.get(dotted)
        return stub or found if for_stub else found or stub

    def own_name(self, dotted: str, path: str | None) -> str:
        """What the module that a name leads to is called by itself."""
        return self.names[path].owner if path is not None and dotted in self._others else dotted

    def stub(self, dotted: str) -> str | None:
        """The stub of a module."""
        return self._stubs.get(dotted)

    def has(self, dotted: str) -> bool:
        """Whether the tree has a module or a (namespace) package of that name."""
        return dotted in self._files or dotted in self._stubs or dotted in self._children

    def folders(self, package: str) -> list[str]:
        """The folders of a package, sorted: several where it merges over import roots."""
        found = self._folders.get(package)
        if found is None:
            # A namespace package lies where its modules lie.
            above: set[str] = set()
            for child in self._children.get(package, ()):
                dotted = f"{package}.{child}"
                files = [path for path in (self._files.get(dotted), self._stubs.get(dotted)) if path is not None]
                inner = files if files and dotted not in self._folders else self.folders(dotted)
                above.update(path.rpartition("/")[0] for path in inner)
            found = self._folders[package] = sorted(above)
        return found

    def owns(self, dotted: str) -> bool:
        """Whether the tree has the top-level module of a name."""
        return self.has(dotted.partition(".")[0])

    def is_third_party(self, dotted: str) -> bool:
        """Whether a module is a third party's: in neither the tree nor the standard library."""
        return not self.owns(dotted) and not is_standard(dotted)

    def children(self, dotted: str) -> list[str]:
        """The names of a package's submodules, sorted."""
        return sorted(self._children.get(dotted, ()))

    def changed(self, other: ModuleTable) -> tuple[set[str], set[str]]:
        """The dotted names that another file answers in another table, and the packages with other submodules."""
        names: set[str] = set()
        for ours, theirs in ((self._files, other._files), (self._stubs, other._stubs)):
            names.update(dotted for dotted in ours.keys() | theirs.keys() if ours.get(dotted) != theirs.get(dotted))
        packages: set[str] = set()
        for dotted in list(names):
            # A first or last submodule makes or unmakes its namespace packages, and so on upwards.
            while dotted and self.has(dotted) is not other.has(dotted):
                names.add(dotted)
                dotted = dotted.rpartition(".")[0]
                packages.add(dotted)
        return names, packages


def absolute(name: ModuleName, level: int, module: str | None) -> str | None:
    """The key of the target of an import in a file (PEP 328); None where it leaves the top-level package."""
    if level == 0:
        return name.meant(module or "")
    package = name.package
    for _ in range(level - 1):
        package = package.rpartition(".")[0]
    if not package:
        return None
    return f"{package}.{module}" if module else package


def bound_by(target: str, written: str) -> str:
    """The key of the module that `import a.b` binds: that of `a`, as `target` is the key of `a.b`."""
    return target.rsplit(".", written.count("."))[0]


def is_standard(dotted: str) -> bool:
    """Whether the standard library has a top-level module of that name."""
    return dotted.partition(".")[0] in sys.stdlib_module_names
