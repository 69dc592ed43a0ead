"""Owns the settings that stages read; each stage's struct is part of that stage's keys and of no other's."""

from typing import Literal

import msgspec

NodeLevel = Literal["defs", "full"]


class ParseConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `parse` depends on beside the bytes."""

    level: NodeLevel = "defs"
    python_version: tuple[int, int] = (3, 11)
    """Judges `sys.version_info` tests."""
    platform: str = "linux"
    """Judges `sys.platform` tests."""
    max_file_bytes: int = 4_000_000
    """A larger file gets a row that says so, and is not parsed."""
    cpu_seconds: int = 30
    """CPU time a file may take before its parse is given up."""
    memory_megabytes: int = 1_500
    """Address space the analysing process may use for one file."""


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `link` depends on beside surfaces and the module table."""

    python_version: tuple[int, int] = (3, 11)
    """Decides which top-level modules count as the standard library's."""


class StitchConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `stitch` depends on beside its layers."""


class TypesConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `types` depends on beside its layers."""


class EmitConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `emit` depends on beside its layers."""

    emit_cst: bool = True
    """Whether the `cst/cst.jsonl` fragment of each file is made."""
    export_hub_threshold: int = 10
    """From this many exports on, a module that mostly re-exports is tagged `reexport-hub`."""
