"""The symbols of our own SCIP index: what a qualified name is called there, and what kind of thing it is.

    codeintel-enrich python PACKAGE VERSION `pkg.mod`/Class#method().(parameter)

A name and the file that defines it decide a symbol, so that every file spells it alike. The tree's own things are
distinguished by module, classes and functions; of a thing elsewhere only its dotted name is known, as in
`` `os.path`/join. ``. A stub has the name of the module that it describes, and defines the same names elsewhere: there
the module is a meta descriptor, as in `` `pkg.mod`:Class# ``. Where several files are modules of one name, their paths
stand in place of it.
"""

import re
import sys
from collections.abc import Container

import msgspec

from codeintel_enrich.model.dotted import descriptors, module_descriptors, path_name, split_qualified

SCHEME = "codeintel-enrich"

_NAME = re.compile(r"`((?:[^`]|``)+)`|([A-Za-z0-9_+$-]+)")


class Package(msgspec.Struct, frozen=True):
    """What the symbols of a tree belong to; empty where the project does not say."""

    name: str = ""
    version: str = ""


class Namer:
    """Names things for one file; what is local to a function there gets a number, in the order of being asked for."""

    def __init__(
        self, package: Package, path: str, owner: str, parameters: Container[str], namesakes: Container[str]
    ) -> None:
        """`owner`: what stands before the qualified names of what this file defines. `parameters`: qualified names of
        the parameters of its functions. `namesakes`: files whose module name other files have, too."""
        self._own = _prefix(package.name, package.version)
        self._path = path
        self._owner = owner
        self._parameters = parameters
        self._namesakes = namesakes
        self._locals: dict[str, str] = {}

    def symbol(self, name: str, kind: str, path: str | None) -> str | None:
        """The symbol of a target; None where its name cannot belong to its file."""
        if kind == "external":
            return external_symbol(name)
        if kind == "unknown":
            return None
        if kind == "module":
            return self._own + module_descriptors(self._module(name, path), _sign(path))
        module, inside = split_qualified(name, None if path == self._path else path, self._owner)
        if module is None or not inside:
            return None
        if kind == "variable" and len(inside) > 1 and inside[-2].endswith(">"):
            # Another file can only name a parameter of a function, by keyword.
            if path == self._path and name not in self._parameters:
                return self._locals.setdefault(name, f"local {len(self._locals)}")
            kind = "parameter"
        return self._own + descriptors(self._module(module, path), inside, kind, _sign(path))

    def own(self, local_name: str, kind: str) -> str:
        """The symbol of something in this very file; `` is the module itself."""
        owner = self._module(self._owner, self._path)
        if not local_name:
            return self._own + module_descriptors(owner, _sign(self._path))
        return self._own + descriptors(owner, tuple(local_name.split(".")), kind, _sign(self._path))

    def _module(self, module: str, path: str | None) -> str:
        """What a module is called in symbols."""
        return path_name(path) if path is not None and path in self._namesakes else module


def _sign(path: str | None) -> str:
    """What kind of descriptor the module in a file is."""
    return ":" if path is not None and path.endswith(".pyi") else "/"


def external_symbol(name: str) -> str:
    """The symbol of something that is not in the tree. It belongs to its top-level package, in no version."""
    top, _, rest = name.partition(".")
    standard = top in sys.stdlib_module_names or top == "builtins"
    prefix = _prefix("python-stdlib" if standard else top, "")
    if not rest:
        return prefix + module_descriptors(name)
    around, _, last = name.rpartition(".")
    return prefix + descriptors(around, (last,), "external")


def display_name(symbol: str) -> str:
    """The identifier that a global symbol of ours names."""
    quoted, plain = _NAME.findall(symbol.removesuffix("__init__:"))[-1]
    spelled: str = quoted.replace("``", "`") or plain
    return spelled.rpartition(".")[2]


def _prefix(name: str, version: str) -> str:
    return f"{SCHEME} python {_escaped(name)} {_escaped(version)} "


def _escaped(part: str) -> str:
    # By the grammar of scip.proto (`Symbol`): a space inside is doubled, and a dot stands for nothing.
    return part.replace(" ", "  ") or "."
