"""Names of modules: what importing a file by name means, and what a name means in a file. Paths are text here.

A repository of several distributions has several files of one dotted name (`billing/app/models.py` and
`orders/app/models.py`, with the roots `billing` and `orders`). A program has only one of them on its path, so that
which one an import means depends on the importing file: its own root comes first, then the root that is nearest to it.
To tell such modules apart, each but the first has a *realm* before its name; name and realm are the module's *key*.
"""

from __future__ import annotations

import re

import msgspec

from codeintel_enrich.model.digest import digest

_REALM = re.compile(r"[0-9a-f]{12}//")


class ModuleName(msgspec.Struct, frozen=True, array_like=True):
    """What importing one file by name means."""

    module: str | None
    """Dotted name; None where the path spells none.

    `importlib.import_module` finds parts that are no identifiers (`locale.is.formats`, `migrations.0001_initial`),
    which an import statement cannot spell. A file may be called so anywhere, a folder inside of regular packages,
    since programs load them so; elsewhere such a folder is one that programs start from."""
    package: str
    """Key of the package that relative imports of this file start from; empty at top level."""
    is_package: bool
    is_stub: bool
    importable: bool
    """Whether `import module` finds this file (a stub: whether it is the stub of that name), in some file of the tree.
    False where another file answers to the name, or where a parent is no package."""
    owner: str
    """What stands before the qualified names of what the file defines: its key where an import finds the file, else its
    path, which is never taken for a module since it has a slash (`./run.py` at the top)."""
    realm: str = ""
    """Tells modules of one dotted name apart; empty for the one that is found from anywhere."""
    sees: dict[str, str] = {}
    """Dotted name -> key of the module that it means in this file, where that is another than elsewhere."""
    beside: bool = False
    """Whether what it `sees` are files beside it, which are there only for a program that starts with this file."""

    @property
    def key(self) -> str | None:
        """The dotted name that is this file's alone."""
        return None if self.module is None else self.realm + self.module

    def meant(self, dotted: str) -> str:
        """The key of what an absolute dotted name means in this file."""
        if self.sees:
            end = dotted.find(".")
            while end >= 0:
                if (key := self.sees.get(dotted[:end])) is not None:
                    return key + dotted[end:]
                end = dotted.find(".", end + 1)
            return self.sees.get(dotted, dotted)
        return dotted


def realm_of(root: str) -> str:
    """What stands before the names of a root's modules, where another root has them too."""
    # Of a fixed form without dots, whatever the folder is called, since keys are cut at dots.
    return f"{digest(root.encode('utf-8', 'surrogateescape'))[:12]}//"


def plain(text: str) -> str:
    """A key, or a text with keys in it, as people write it: without realms."""
    return _REALM.sub("", text) if "//" in text else text
