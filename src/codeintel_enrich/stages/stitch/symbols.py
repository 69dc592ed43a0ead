"""The grammar of SCIP symbols: what a symbol calls the thing it stands for, and its dotted name.

Producers differ: ty-scip spells a module as one namespace a component (`pkg/mod/`), scip-python as one quoted namespace
and a meta descriptor (`` `pkg.mod`/__init__: ``).
"""

import re
from collections.abc import Iterator
from unicodedata import normalize

import msgspec

from codeintel_enrich.model.linked import TargetKind

# The grammar stands in the comments of SCIP's own schema, at the message `Symbol`. A descriptor is a name, simple or in
# backticks, between the signs of its kind. A package is four parts with a space behind each; spaces inside are doubled.
_DESCRIPTOR = re.compile(r"[\[(]?(?:`((?:[^`]|``)+)`|([A-Za-z0-9_+$-]+))([\])/#:!.]|\([A-Za-z0-9_+$-]*\)\.)")
_PACKAGE_PARTS = re.compile(r"(?:[^ ]|  )+ (?:[^ ]|  )* (?:[^ ]|  )* (?:[^ ]|  )* ")


class SymbolName(msgspec.Struct, frozen=True, gc=False):
    """What a global symbol says of its name."""

    final: str
    """The identifier it names, NFKC-normalised; `` for a symbol that does not follow the grammar."""
    dotted: str
    """Its descriptors joined by dots, with no package and no trace of the kinds."""
    is_terse: bool = False
    """scip-python's: it leaves out enclosing functions, and what a relative import leaves out of a module's name."""
    is_doubled: bool = False
    """Its last descriptor stands twice (scip-python: annotated module variables); once in `dotted`."""
    inside: str = ""
    """What it names inside of that module, in the form of Python's `__qualname__`; empty for a module."""
    kind: TargetKind = "variable"
    """What its last descriptor says it is."""


_UNKNOWN = SymbolName("", "")


class SymbolNames:
    """Parses each symbol of one document once."""

    def __init__(self, producer: str = "") -> None:
        # pyrefly spells symbols as scip-python does, but leaves nothing out and doubles nothing.
        self._is_exact = producer.startswith("scip-pyrefly")
        self._known: dict[str, SymbolName] = {}

    def __getitem__(self, symbol: str) -> SymbolName:
        """The name of a global symbol."""
        name = self._known.get(symbol)
        if name is None:
            name = parse_symbol(symbol)
            if self._is_exact and name.is_terse:
                name = msgspec.structs.replace(name, is_terse=False, is_doubled=False)
            self._known[symbol] = name
        return name


def parse_symbol(symbol: str) -> SymbolName:
    """Take a global symbol apart."""
    # Hardly any symbol has a doubled space, and nearly every file has thousands of symbols: the quick way is worth it.
    if "  " in symbol:
        match = _PACKAGE_PARTS.match(symbol)
        if match is None:
            return _UNKNOWN
        descriptors = symbol[match.end() :]
    else:
        parts = symbol.split(" ", 4)
        if len(parts) < 5:
            return _UNKNOWN
        descriptors = parts[4]
    found = list(_DESCRIPTOR.finditer(descriptors))
    names = [_unquoted(match[1]) if match[1] else match[2] for match in found]
    is_doubled = len(names) > 1 and found[-1][0] == found[-2][0] and found[-1][0].endswith(".")
    if is_doubled or (len(names) > 1 and descriptors.endswith(("/__init__:", ":__init__:"))):
        names.pop()
    if not names:
        return _UNKNOWN
    # Names are compared with identifiers, which Python itself normalises; indexers differ in whether they do.
    is_terse = symbol.startswith("scip-python ")
    signs = [match[3] for match in found]
    n_spaces = next((index for index, sign in enumerate(signs[: len(names)]) if sign != "/"), len(names))
    inside = names[n_spaces:]
    return SymbolName(
        names[-1].rpartition(".")[2],
        ".".join(names),
        is_terse,
        is_terse and is_doubled,
        inside=_qualname(inside, signs[n_spaces:]),
        kind=_kind(signs[len(names) - 1]) if inside else "module",
    )


def _qualname(names: list[str], signs: list[str]) -> str:
    """What stands inside of a function is behind `<locals>`, as Python has it."""
    parts: list[str] = []
    for index, name in enumerate(names):
        if index and _kind(signs[index - 1]) == "function":
            parts.append("<locals>")
        parts.append(name)
    return ".".join(parts)


def _kind(sign: str) -> TargetKind:
    if sign == "#":
        return "class"
    return "function" if sign.startswith("(") else "variable"


def undoubled(symbol: str) -> str:
    """A symbol whose last descriptor stands twice, with it once."""
    *_, last = _DESCRIPTOR.finditer(symbol)
    return symbol[: last.start()]


def package_of(symbol: str) -> str:
    """Scheme and package of a global symbol, with the space behind them; empty where it does not follow the grammar."""
    match = _PACKAGE_PARTS.match(symbol)
    return match[0] if match else ""


def terse_names(qualified: str, kind: TargetKind) -> Iterator[str]:
    """The shorter names that a terse symbol may have for a target."""
    if kind == "module":
        parts = qualified.split(".")
        yield from (".".join(parts[start:]) for start in range(1, len(parts)))
        return
    *around, name = qualified.split(".<locals>.")
    if kind == "variable" and around:
        name = f"{around.pop()}.{name}" if len(around) > 1 else ""
    if around and name:
        kept = [part.rpartition(".")[0] for part in around]
        yield ".".join([*filter(None, kept), name])


def _unquoted(quoted: str) -> str:
    return normalize("NFKC", quoted.replace("``", "`"))
