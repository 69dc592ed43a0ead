"""Copies of a tree for tools to work on: the modules they are to see and the settings they are to follow, no more."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from codeintel_enrich.engine.state.discovery import COMPILED
from codeintel_enrich.files.inside import bytes_inside


def copy_tree(root: Path, files: Iterable[str], links: Mapping[str, str], view: Path) -> None:
    """Copy files, named relative to the root. Of compiled ones the name alone counts.

    `links`: link to a folder -> the folder, both in the tree.
    """
    view.mkdir()
    made = {view}
    for path in files:
        # One that is gone, or leads elsewhere, is not there for the tool either.
        data = bytes_inside(root, root / path) if not path.endswith(COMPILED) else b""
        if data is None:
            continue
        target = view / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        target.write_bytes(data)
    for link, folder in links.items():
        if (view / folder).is_dir() and (view / link).parent.is_dir():
            (view / link).symlink_to(view / folder)


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Write settings as TOML or JSON, by the suffix of the name."""
    if path.suffix == ".json":
        path.write_text(json.dumps(settings), encoding="utf-8")
        return
    import tomlkit

    path.write_text(tomlkit.dumps(settings), encoding="utf-8")
