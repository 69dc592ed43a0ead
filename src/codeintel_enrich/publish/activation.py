"""The settings of type checkers with which they use overlays; knows nothing of where their settings are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

PYRIGHT_EXCLUDES = ("**/node_modules", "**/__pycache__", "**/.*")
"""What pyright leaves out by default; who sets `exclude` replaces that, and must repeat it."""


def pyright_settings(overlays: str, present: Mapping[str, Any]) -> dict[str, Any]:
    """Settings to add or replace in `[tool.pyright]` or `pyrightconfig.json`, where `present` is set already.

    `overlays` is the folder of the overlays, relative to the project. pyright has one `stubPath` only, so one that is
    set to another folder is not replaced, and KeyError says which.
    """
    if present.get("stubPath", overlays) != overlays:
        raise KeyError(present["stubPath"])
    excluded = list(present.get("exclude", PYRIGHT_EXCLUDES))
    wanted = {"stubPath": overlays, "exclude": [*excluded, *({overlays} - set(excluded))]}
    return {key: value for key, value in wanted.items() if present.get(key) != value}


def pyrefly_settings(overlays: str, roots: Sequence[str], present: Mapping[str, Any]) -> dict[str, Any]:
    """Settings to add or replace in `[tool.pyrefly]` or `pyrefly.toml`, where `present` is set already.

    `roots` are the folders that module names start from. Overlays must come before them.
    """
    searched = [item for item in present.get("search-path", roots) if item != overlays]
    excluded = list(present.get("project-excludes", ()))
    pattern = f"{overlays}/**"
    wanted = {
        "search-path": [overlays, *searched],
        "project-excludes": [*excluded, *({pattern} - set(excluded))],
    }
    return {key: value for key, value in wanted.items() if present.get(key) != value}
