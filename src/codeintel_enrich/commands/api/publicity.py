"""What of a tree is for others: which modules, which of their names, which members of classes."""

import re
from collections.abc import Iterable, Mapping

from codeintel_enrich.store.api import ExportedName, ModuleFacts

_NOT_SHIPPED = re.compile(
    r"(ci|bin|debian|docs?|documentation|manpages|news|newsfragments|changelog|tests?|unit_tests?|examples?|scripts|tools"
    r"|build|benchmarks?|exercises?|htmlcov|tasks|fabfile|site_scons|setup|conftest|toxfile|noxfile|pavement|dodo)(\.|$)"
)
"""Top-level names that setuptools leaves out where it looks for packages and modules by itself
(`setuptools.discovery`, "flat layout"); `util` and `utils`, which it leaves out too, are names of real packages."""
_OF_EVERY_MODULE = frozenset(
    (
        *("__all__", "__annotations__", "__builtins__", "__dir__", "__doc__", "__file__", "__getattr__", "__loader__"),
        *("__name__", "__package__", "__path__", "__spec__"),
    )
)
_FELT = re.compile(
    r"__(call|iter|next|len|length_hint|getitem|setitem|delitem|contains|reversed|enter|exit|aenter|aexit|aiter|anext"
    r"|await|l[te]|g[te]|r?(add|sub|mul|matmul|truediv|floordiv|mod|pow|lshift|rshift|and|x?or|divmod)"
    r"|i(add|sub|mul|matmul|truediv|floordiv|mod|pow|lshift|rshift|and|x?or)|neg|pos|abs|invert|int|float|complex|index"
    r"|round|bytes|fspath|html|getattr|getattribute)__"
)
"""Methods that a user calls by syntax or a builtin, and that `object` has not."""


def public_names(
    modules: Mapping[str, ModuleFacts], spaces: Mapping[str, Mapping[str, ExportedName]]
) -> dict[str, ExportedName]:
    """`module.name` -> the export, for every name that others may import."""
    is_in_src = _has_src(modules.values())
    return {
        f"{module}.{name}": export
        for module, space in sorted(spaces.items())
        if _is_public_module(modules[module], is_in_src)
        for name, export in sorted(space.items())
        if _is_public_name(modules[module], export)
    }


def is_public_module(facts: ModuleFacts, modules: Iterable[ModuleFacts]) -> bool:
    """Whether others may import a module of a tree."""
    return _is_public_module(facts, _has_src(modules))


def is_public_text(name: str) -> bool:
    """Whether a module's name is for others by how it is written; `__version__` is."""
    is_special = name.startswith("__") and name.endswith("__") and name not in _OF_EVERY_MODULE
    return is_special or not name.startswith("_")


def is_public_member(name: str) -> bool:
    """Whether users of a class name this member, in code or by what they write around its instances."""
    return not name.startswith("_") or _FELT.fullmatch(name) is not None


def _has_src(modules: Iterable[ModuleFacts]) -> bool:
    return any(facts.path.startswith("src/") and not facts.is_test for facts in modules)


def _is_public_module(facts: ModuleFacts, is_in_src: bool) -> bool:
    # What no import statement can name (migrations, scripts, notebooks) is run, not used.
    is_named = facts.path.endswith((".py", ".pyi")) and all(part.isidentifier() for part in facts.module.split("."))
    if not is_named or facts.is_test or any(part.startswith("_") for part in facts.module.split(".")):
        return False
    # Beside a `src` folder there are tests, docs and scripts.
    if is_in_src:
        return facts.path.startswith("src/")
    return _NOT_SHIPPED.match(facts.module) is None


def _is_public_name(facts: ModuleFacts, export: ExportedName) -> bool:
    if facts.has_all and facts.is_known:
        # A submodule can be imported whatever its package lists.
        return export.in_star
    if export.typing_only or not is_public_text(export.name):
        return False
    if export.kind in ("definition", "dynamic") or export.is_meant:
        return True
    if facts.has_all and export.in_star:
        return True
    return (
        facts.is_package
        and export.kind in ("reexport", "star")
        and (export.origin_path is not None or export.origin is None)
    )
