"""What each stage depends on beside what it reads: its version, and the settings that it asks for."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import msgspec

from codeintel_enrich.engine.rules.config import Project, config_digest
from codeintel_enrich.engine.rules.keys import stage_version, version_facts
from codeintel_enrich.engine.rules.stages import STAGES


class Settings:
    """The settings of one project, stage by stage: each stage's own, and no other stage's."""

    def __init__(self, project: Project) -> None:
        # Inputs from outside have no key of this kind: each says itself what it is made from, and what decides about
        # it.
        self.values: dict[str, object] = {
            stage.name: stage.settings(project) for stage in STAGES if stage.scope != "input"
        }
        """Stage -> what it reads of the settings; None where it reads none."""

    @cached_property
    def digests(self) -> dict[str, str]:
        """Stage -> digest of its version and its settings."""
        return {stage: config_digest(stage_version(stage), value) for stage, value in self.values.items()}

    def spelled_out(self) -> dict[str, dict[str, str]]:
        """The same for people: stage -> name -> value."""
        return {
            stage: {**version_facts(stage), **dict(_flat("", msgspec.to_builtins(value)))}
            for stage, value in self.values.items()
        }


def _flat(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _flat(f"{name}.{key}" if name else str(key), value[key])
    else:
        yield name or "settings", msgspec.json.encode(value).decode()
