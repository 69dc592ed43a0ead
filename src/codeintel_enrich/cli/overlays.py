"""Listing overlays, and the settings that make type checkers use them: printed, or written where theirs are."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from codeintel_enrich.cli.show import print_json, say
from codeintel_enrich.errors import UsageError
from codeintel_enrich.publish.activation import pyrefly_settings, pyright_settings
from codeintel_enrich.publish.outputs import OVERLAYS_FOLDER


def show_overlays(out: Path, *, as_json: bool) -> None:
    """Print the path of every overlay, relative to the output folder."""
    names = [path.relative_to(out).as_posix() for path in sorted((out / OVERLAYS_FOLDER).rglob("*.pyi"))]
    if as_json:
        return print_json(names)
    say("".join(f"{name}\n" for name in names))
    return None


def activate_overlays(root: Path, out: Path, roots: Sequence[str], *, write: bool) -> None:
    """Print the settings that make pyright and pyrefly use the overlays, or write them where `write` says so.

    Settings go where the checker's settings are: its own file, else `pyproject.toml`. A `pyrightconfig.json` is never
    written: it may hold comments that would be lost. Raises UsageError for a file that cannot be read, and for a
    `stubPath` that is in use.
    """
    # Relative to the repository: these settings are committed and read on other machines.
    overlays = Path(os.path.relpath(out / OVERLAYS_FOLDER, root)).as_posix()
    # A checker's search path replaces its default, so it has to name the roots of the sources, too.
    searched = [item for item in roots if (root / item).is_dir()] or ["."]
    own_pyright, own_pyrefly, project = root / "pyrightconfig.json", root / "pyrefly.toml", root / "pyproject.toml"
    if own_pyright.is_file():
        wanted = _pyright(overlays, {}, own_pyright)
        _print_settings(own_pyright.name, wanted)
        if write:
            sys.stderr.write(f"{own_pyright.name}: add these by hand; comments in it would be lost\n")
    else:
        _offer(project, ("tool", "pyright"), lambda present: _pyright(overlays, present, project), write)
    target, table = (own_pyrefly, ()) if own_pyrefly.is_file() else (project, ("tool", "pyrefly"))
    _offer(target, table, lambda present: pyrefly_settings(overlays, searched, present), write)


def _pyright(overlays: str, present: Mapping[str, Any], place: Path) -> dict[str, Any]:
    try:
        return pyright_settings(overlays, present)
    except KeyError as error:
        raise UsageError(
            f"{place}: pyright's stubPath already is {error.args[0]}; it can have one only, so move its stubs"
        ) from error


def _offer(path: Path, table: tuple[str, ...], choose: Callable[[dict[str, Any]], dict[str, Any]], write: bool) -> None:
    """Print or write what `choose` makes of the settings present in a table of a TOML file."""
    try:
        document = tomlkit.parse(path.read_text(encoding="utf-8")) if path.is_file() else tomlkit.document()
    except (OSError, ValueError, TOMLKitError) as error:
        raise UsageError(f"{path}: not a TOML file that can be read: {error}") from error
    present: Any = document
    # `[tool]` itself is only a prefix of other tables: as a super table it gets no header of its own.
    for key in table:
        present = present.setdefault(key, tomlkit.table(is_super_table=key == "tool"))
    settings = choose(present.unwrap())
    title = f"{path.name} [{'.'.join(table)}]" if table else path.name
    if not settings:
        say(f"# {title}: all is set\n")
        return
    _print_settings(title, settings)
    if write:
        present.update(settings)
        path.write_text(tomlkit.dumps(document), encoding="utf-8")


def _print_settings(title: str, settings: Mapping[str, Any]) -> None:
    say(f"# {title}\n{tomlkit.dumps(settings)}")
