"""Owns the built-in tags that one file's layers decide."""

from pathlib import PurePosixPath

from codeintel_enrich.stages.emit.layers import Layers

_TEST_FOLDERS = frozenset({"test", "tests", "testing"})
_COMMAND_LINE_PACKAGES = frozenset({"argparse", "click", "fire", "optparse", "typer"})


def tags(layers: Layers, *, export_hub_threshold: int) -> tuple[str, ...]:
    """Sorted tags of a file.

    `parse-error`: there is no syntax tree. `stub`: a `.pyi`. `star-import`: has a star import. `test`: lies in a test
    folder or is named as pytest names tests. `cli`: a `__main__`, or imports a command-line library.
    `reexport-hub`: a star import of it binds at least `export_hub_threshold` names, most of
    them from elsewhere. `public-api`: no test, no private part in its dotted name, and either declares `__all__` or is
    a package that exports something.
    """
    environment = layers.environment
    exports = [item for item in environment.exports if item.in_star]
    is_test = _is_test(layers.path)
    found = {
        "parse-error": not layers.syntax.parse_ok,
        "stub": environment.is_stub,
        "star-import": any(name.name == "*" for item in layers.syntax.imports for name in item.names),
        "test": is_test,
        "cli": _is_command_line(layers),
        "reexport-hub": len(exports) >= export_hub_threshold
        and 2 * sum(item.kind in ("reexport", "star") for item in exports) > len(exports),
        "public-api": not is_test
        and _is_public(environment.module)
        and (environment.has_all or (environment.is_package and bool(exports))),
    }
    return tuple(sorted(tag for tag, holds in found.items() if holds))


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
