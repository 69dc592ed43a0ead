"""`doctor`, the look at a repository before a build: which tools are here, and whether checkers look where we look."""

import json
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.commands.layout import repository_roots, suspected_roots
from codeintel_enrich.engine.inputs.tools import Tool, find_tool
from codeintel_enrich.engine.rules.config import folders_in, read_project
from codeintel_enrich.engine.rules.layout import Suspect, expanded_roots
from codeintel_enrich.engine.state.discovery import SKIPPED_FOLDERS
from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.checker_config import (
    STUBS,
    Difference,
    SearchSettings,
    differences,
    our_settings,
)
from codeintel_enrich.formats.checkers import CHECKERS

TOOLS = {
    "ty-scip": "pip install 'codeintel-enrich[scip]'",
    "scip-python": "npm install -g @sourcegraph/scip-python",
    **{name: checker.install for name, checker in CHECKERS.items()},
}
"""Every external program -> the command that installs it."""


class Diagnosis(msgspec.Struct, frozen=True):
    """What there is to say of one repository on one machine."""

    tools: tuple[Tool, ...]
    missing: dict[str, str]
    """Tool or outline language -> how to get it."""
    settings: tuple[SearchSettings, ...]
    """Ours, then each checker's."""
    differences: tuple[Difference, ...]
    missing_roots: tuple[str, ...]
    """Import roots that the repository's build settings name and ours do not."""
    written_roots: tuple[str, ...]
    """Ours, as they are written."""
    suspects: tuple[Suspect, ...]
    """Folders that seem to be import roots by the last build's imports, and are none."""
    unreadable: dict[str, str]
    """Configuration file -> why it can not be read; its tool is taken to have none."""


def diagnose(root: Path) -> Diagnosis:
    """Look at a repository; runs no tool but to ask for its version. Raises UsageError for a faulty config of ours."""
    from codeintel_enrich.stages.outline import languages, remedy

    if not root.is_dir():
        raise UsageError(f"{root}: not a folder; name the repository with --root")
    found = {name: find_tool(name) for name in TOOLS}
    missing = {name: TOOLS[name] for name, tool in found.items() if tool is None}
    missing |= {f"outlines of {language}": hint for language in languages() if (hint := remedy(language))}
    unreadable: dict[str, str] = {}
    project = read_project(root, {})
    pyproject = _parsed(root / "pyproject.toml", tomllib.loads, unreadable) or {}
    own = {
        name: _parsed(root / checker.own_config, _parser_of(checker.own_config), unreadable)
        for name, checker in CHECKERS.items()
    }
    running = f"{sys.version_info[0]}.{sys.version_info[1]}"
    judged = ".".join(map(str, project.config.judged_version(project.requires_python)))
    tables = pyproject.get("tool", {})
    configs = (*own.values(), *(tables.get(name) for name in CHECKERS))
    folders = _folders(root, [*project.config.roots, STUBS, *(path for config in configs for path in _named(config))])
    ours = our_settings(project.config.roots, judged, folders)
    checkers = [checker.search(own[name], pyproject, folders) for name, checker in CHECKERS.items()]
    # A pattern is missing where a folder that it finds is none of ours.
    missing_roots = [
        each
        for each in repository_roots(root)
        if not set(project.config.roots).issuperset(expanded_roots([each], lambda place: folders_in(root / place)))
    ]
    present = tuple(tool for tool in found.values() if tool is not None)
    found_differences = differences(ours, checkers, running)
    return Diagnosis(
        present,
        missing,
        (ours, *checkers),
        found_differences,
        tuple(missing_roots),
        project.written_roots,
        tuple(suspected_roots(root, project)),
        unreadable,
    )


def _folders(root: Path, named: list[str]) -> set[str]:
    """Folders at the top, and those that a configuration names farther down."""
    top = {path.name for path in root.iterdir() if path.is_dir()} - SKIPPED_FOLDERS
    # What is a path and what is not need not be known of every checker: only names of folders that are there count.
    return top | {Path(name).as_posix() for name in named if (root / name).is_dir()}


def _named(config: dict[str, Any] | None) -> list[str]:
    """Whatever in a configuration may be a path."""
    values = (config or {}).values()
    return [
        text for value in values for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)
    ]


def _parser_of(file: str) -> Callable[[str], Any]:
    return json.loads if file.endswith(".json") else tomllib.loads


def _parsed(path: Path, parse: Callable[[str], Any], unreadable: dict[str, str]) -> dict[str, Any] | None:
    """A configuration file; None where there is none or none that can be read, which is noted."""
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        unreadable[path.name] = str(error)
        return None
    return content if isinstance(content, dict) else None
