"""Owns what each stage depends on beside its inputs: its own code, its libraries, the config it reads."""

from typing import Any

import msgspec

from codeintel_enrich import __version__
from codeintel_enrich.engine.rules.config import Project, config_digest
from codeintel_enrich.engine.rules.keys import stage_version, version_facts

Settings = dict[str, object]
"""Stage -> the settings that it reads, and no other stage's."""


def stage_settings(project: Project) -> Settings:
    """Every stage's settings."""
    config, requires = project.config, project.requires_python
    return {
        "parse": config.parse_config(requires),
        "outline": config.outline_config(),
        "link": {"link": config.link_config(requires), "roots": config.roots},
        "qualify": None,
        "stitch": None,
        "types": None,
        "emit": config.emit_config(project.tag_rules, project.sorts_keys),
        "merge": {
            "version": __version__,
            "entry-points": project.entry_points,
            "project": project.name,
            "publish": config.publish_config(),
        },
    }


def settings_digests(settings: Settings) -> dict[str, str]:
    """Stage -> digest of its own version and settings."""
    return {stage: config_digest(stage_version(stage), value) for stage, value in settings.items()}


def settings_facts(settings: Settings) -> dict[str, dict[str, str]]:
    """The same, spelled out for people: stage -> name -> value."""
    return {
        stage: {**version_facts(stage), **dict(_flat("", msgspec.to_builtins(value)))}
        for stage, value in settings.items()
    }


def _flat(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict) and value:
        return [pair for key in sorted(value) for pair in _flat(f"{name}.{key}" if name else str(key), value[key])]
    return [(name or "settings", msgspec.json.encode(value).decode())]
