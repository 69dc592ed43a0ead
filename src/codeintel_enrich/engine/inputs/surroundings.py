"""What tools read beside the modules of a tree: their own settings, wherever these stand, and installed packages."""

import json
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from codeintel_enrich.engine.inputs.environment import Environment, find_environment
from codeintel_enrich.files.inside import bytes_inside
from codeintel_enrich.files.stat import FileStamp, bytes_of
from codeintel_enrich.formats.checkers import Checker, CheckerSurroundings
from codeintel_enrich.formats.checkers.settings import LEFT_OUT, Known, permitted

_MOST_BASES = 20
_TEXT = r'("(?:\\.|[^"\\])*+(?:"|\Z))'
_NO_JSON = (
    re.compile(rf"{_TEXT}|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL),
    re.compile(rf"{_TEXT}|,(?=\s*+[}}\]])", re.DOTALL),
)
"""What settings in JSON may hold and JSON may not: comments, and then commas before a closing bracket."""
_LEADS_OUTSIDE = "it leads out of the tree; `--trust` follows it"


class Around(NamedTuple):
    """What surrounds a tree, for one tool."""

    surroundings: CheckerSurroundings
    environment: Environment | None
    left_out: dict[str, str]
    """What of it is not handed on -> why."""


def find_surroundings(checker: Checker, root: Path, *, trusted: bool) -> Around:
    """Look for the settings of a checker, from the root upwards, and for installed packages."""
    left_out: dict[str, str] = {}
    settings: dict[str, Any] | None = None
    for place, table in _settings(checker, root):
        at = Path(os.path.relpath(place, root)).as_posix()
        kept = permitted(table, checker.known, at, root.as_posix(), trusted=trusted)
        left_out.update((f"setting {name}", LEFT_OUT) for name in kept.left_out)
        # The first stands nearest; those that it says it goes by stand behind.
        settings = {**kept.settings, **(settings or {})}
    environment = usable_environment(root, left_out, trusted=trusted)
    version = environment.version if environment else f"{sys.version_info[0]}.{sys.version_info[1]}"
    libraries = tuple(folder.as_posix() for folder in environment.folders) if environment else ()
    return Around(CheckerSurroundings(settings, version, sys.platform, libraries), environment, left_out)


def usable_environment(root: Path, left_out: dict[str, str], *, trusted: bool) -> Environment | None:
    """The installed packages, unless they came with the tree and lead out of it."""
    found = find_environment(root)
    if not trusted and found.prefix.is_relative_to(root) and (outside := found.leads_outside(root)) is not None:
        left_out[os.path.relpath(outside, root)] = _LEADS_OUTSIDE
        return None
    return found


INDEX_SETTINGS = ("pyproject.toml", "ty.toml")
"""Files at the root that steer an indexer: the name and version of the package, search paths."""

_KNOWN_TY = Known(
    re.compile("rules|respect-ignore-files"),
    tables={
        "environment": Known(
            re.compile("python-version|python-platform"), paths=frozenset(("root", "extra-paths", "typeshed"))
        ),
        "src": Known(
            re.compile("respect-ignore-files"), paths=frozenset(("root",)), globs=frozenset(("include", "exclude"))
        ),
    },
)
_KNOWN_PROJECT = ("name", "version", "requires-python")


def index_settings(root: Path, *, trusted: bool) -> dict[str, dict[str, Any]]:
    """File at the root -> what an indexer is handed on of it."""
    found: dict[str, dict[str, Any]] = {}
    pyproject = _read(root / "pyproject.toml", root)
    if pyproject is not None:
        project, tools = pyproject.get("project"), pyproject.get("tool")
        table = tools.get("ty") if isinstance(tools, dict) else None
        kept = found["pyproject.toml"] = {}
        if isinstance(project, dict):
            kept["project"] = {key: project[key] for key in _KNOWN_PROJECT if key in project}
        if isinstance(table, dict):
            kept["tool"] = {"ty": _of_ty(table, root, trusted)}
    own = _read(root / "ty.toml", root)
    if own is not None:
        found["ty.toml"] = _of_ty(own, root, trusted)
    return found


def _of_ty(table: Mapping[str, Any], root: Path, trusted: bool) -> dict[str, Any]:
    return permitted(table, _KNOWN_TY, ".", root.as_posix(), trusted=trusted).settings


def index_stamps(root: Path) -> object:
    """As `stamps`, of what surrounds a tree for an indexer."""
    return [*(FileStamp.of(root / name) for name in INDEX_SETTINGS), find_environment(root).stamps()]


def stamps(checker: Checker, root: Path) -> object:
    """What `stat` alone says of all that surrounds a tree; another answer where it may be other."""
    places = [folder / name for folder in (root, *root.parents) for name in (checker.own_config, "pyproject.toml")]
    bases = _bases(root / checker.own_config, root) if checker.own_config.endswith(".json") else ()
    return [*(FileStamp.of(path) for path in (*places, *bases)), find_environment(root).stamps()]


def _settings(checker: Checker, root: Path) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """The settings that count, with the folder that they stand in; then those that they say they go by."""
    for folder in (root, *root.parents):
        own = folder / checker.own_config
        if (table := _read(own, root)) is not None:
            yield folder, table
            yield from ((base.parent, _read(base, root) or {}) for base in _bases(own, root))
            return
        tables = (_read(folder / "pyproject.toml", root) or {}).get("tool")
        table = tables.get(checker.name) if isinstance(tables, dict) else None
        if isinstance(table, dict):
            yield folder, table
            return


def _bases(path: Path, root: Path) -> tuple[Path, ...]:
    """The files that settings say they go by (`extends`), the nearest first; of those in the tree."""
    found: list[Path] = []
    while len(found) < _MOST_BASES:
        base = (_read(path, root) or {}).get("extends")
        if not isinstance(base, str):
            break
        path = path.parent / base
        if path in found or bytes_inside(root, path) is None:
            break
        found.append(path)
    return tuple(found)


def _read(path: Path, root: Path) -> dict[str, Any] | None:
    """Settings in TOML or JSON; None where there are none that can be read."""
    data = bytes_inside(root, path) if path.is_relative_to(root) else bytes_of(path)
    if data is None:
        return None
    try:
        text = data.decode("utf-8-sig")
        if path.suffix == ".json":
            for extra in _NO_JSON:
                text = extra.sub(r"\1", text)
            found = json.loads(text)
        else:
            found = tomllib.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
