"""The tags of one file: the built-in ones that its layers decide, and those of the user's rules."""

from pathlib import PurePosixPath

from codeintel_enrich.model.config import EmitConfig
from codeintel_enrich.model.interface import AllOperation, Decorated
from codeintel_enrich.stages.emit.layers import Layers
from codeintel_enrich.stages.emit.rules import matching_tags

_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_HOTSPOT_PLACES = 10
"""With fewer parameters and returns, a share says nothing."""
_COMMAND_LINE_PACKAGES = frozenset({"argparse", "click", "fire", "optparse", "typer"})


def tags(layers: Layers, coverage_ratio: float | None, config: EmitConfig) -> tuple[str, ...]:
    """Sorted tags of a file; `coverage_ratio` is its covered share of lines, where that is known.

    - `parse-error`: there is no syntax tree.
    - `stub`: a `.pyi`.
    - `star-import`: has a star import.
    - `test`: lies in a test folder or is named as pytest names tests.
    - `cli`: a `__main__`, or imports a command-line library.
    - `reexport-hub`: a package, a module with `__all__` or one without classes and functions, of which a star import
      binds at least `export_hub_threshold` names, most of them from elsewhere.
    - `overlay-needed`: what it exports is decided by code that type checkers do not follow, but that can be told: a
      lazy `__getattr__`, an `__all__` made by filters or decorators.
    - `low-coverage`: no test, with a smaller covered share of lines than `low_coverage_threshold`.
    - `untyped-hotspot`: no test, with at least 10 parameters and returns of which less than a third is annotated.
    - `public-api`: no test, no private part in its dotted name, and either declares `__all__` or is a package that
      exports something.
    """
    linked = layers.linked
    exports = [item for item in linked.exports if item.in_star]
    is_test = _is_test(layers.path)
    found = {
        "parse-error": not layers.syntax.parse_ok,
        "stub": linked.is_stub,
        "star-import": any(name.name == "*" for item in layers.syntax.imports for name in item.names),
        "test": is_test,
        "cli": _is_command_line(layers),
        "reexport-hub": (linked.has_all or linked.is_package or _defines_nothing(layers))
        and len(exports) >= config.export_hub_threshold
        and 2 * sum(item.kind in ("reexport", "star") for item in exports) > len(exports),
        "overlay-needed": _hides_exports(layers),
        "low-coverage": not is_test and coverage_ratio is not None and coverage_ratio < config.low_coverage_threshold,
        "untyped-hotspot": not is_test and _is_untyped(layers),
        "public-api": not is_test
        and _is_public(linked.module)
        and (linked.has_all or (linked.is_package and bool(exports))),
    }
    built_in = {tag for tag, holds in found.items() if holds}
    return tuple(sorted(built_in | matching_tags(layers, config.tag_rules)))


def _defines_nothing(layers: Layers) -> bool:
    return not any(node.node_type in ("ClassDef", "FunctionDef") for node in layers.syntax.nodes)


def _is_untyped(layers: Layers) -> bool:
    module = layers.syntax.definitions[0]
    return module.n_typable >= _HOTSPOT_PLACES and module.n_typed * 3 < module.n_typable


def _hides_exports(layers: Layers) -> bool:
    """Whether linking knows exports that no type checker can tell from the code."""
    interface = layers.interface
    if layers.linked.is_stub:
        return False
    if interface.lazy_names or interface.lazy_stub:
        return True
    listed = [item for item in interface.operations if isinstance(item, AllOperation)]
    if any(item.filters for item in listed):
        return True
    literal = {name for item in listed for name in item.names}
    decorated = {item.name for item in interface.operations if isinstance(item, Decorated)} - literal
    return layers.linked.has_all and any(item.in_star and item.name in decorated for item in layers.linked.exports)


def _is_test(path: str) -> bool:
    pure = PurePosixPath(path)
    return (
        pure.stem.startswith("test_")
        or pure.stem.endswith("_test")
        or pure.stem == "conftest"
        or not _TEST_FOLDERS.isdisjoint(pure.parts[:-1])
    )


def _is_command_line(layers: Layers) -> bool:
    if PurePosixPath(layers.path).stem == "__main__":
        return True
    imported = {
        (item.module or "") if item.is_from else name.name
        for item in layers.syntax.imports
        if item.level == 0
        for name in item.names
    }
    return any(module.partition(".")[0] in _COMMAND_LINE_PACKAGES for module in imported)


def _is_public(module: str | None) -> bool:
    return module is not None and not any(part.startswith("_") for part in module.split("."))
