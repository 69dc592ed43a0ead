"""What classes of the standard library have, asked of Python itself: only of modules that run nothing when imported."""

import builtins
import importlib

_SAFE = frozenset(
    (
        *(
            "abc",
            "argparse",
            "array",
            "builtins",
            "collections",
            "collections.abc",
            "contextlib",
            "datetime",
            "decimal",
        ),
        *("email.message", "enum", "fractions", "functools", "html.parser", "http.client", "http.cookiejar", "io"),
        *("json", "json.decoder", "json.encoder", "logging", "numbers", "os", "pathlib", "queue", "re", "socketserver"),
        *("string", "threading", "types", "typing", "unittest", "unittest.case", "urllib.error", "uuid", "zipfile"),
    )
)
_UNFELT = frozenset(
    (
        *("builtins.object", "typing.Generic", "typing.Protocol", "abc.ABC", "typing.NamedTuple", "typing.TypedDict"),
        "enum.ReprEnum",
    )
)
"""Bases that give their subclasses nothing that a user could name."""


def is_unfelt(name: str) -> bool:
    """Whether users of a subclass cannot tell that it has this base."""
    return name in _UNFELT


def ancestors_of(name: str) -> tuple[str, ...] | None:
    """The class itself and what it inherits from; None where the class is not known."""
    found = _class(name)
    if found is None:
        return None
    # Under the name that was asked for: where a class says it is from may be a private module.
    return (name, *(_name(item) for item in found.__mro__[1:]))


def members_of(name: str) -> frozenset[str]:
    """The names of a class's members; none where it is not known."""
    found = _class(name)
    return frozenset() if found is None else frozenset(dir(found))


def may_bring(module: str, name: str) -> bool:
    """Whether `from module import *` may bind a name, for a module that is not in the tree."""
    if module not in _SAFE:
        return True
    found = importlib.import_module(module)
    return name in getattr(found, "__all__", dir(found))


def is_builtin(name: str) -> bool:
    """Whether a name is found everywhere."""
    return hasattr(builtins, name)


def _class(name: str) -> type | None:
    module, _, last = name.rpartition(".")
    if module not in _SAFE:
        return None
    found = getattr(importlib.import_module(module), last, None)
    if isinstance(found, type):
        return found
    return object if is_unfelt(name) else None


def _name(item: type) -> str:
    module = "collections.abc" if item.__module__ == "_collections_abc" else item.__module__
    return f"{module}.{item.__qualname__}"
