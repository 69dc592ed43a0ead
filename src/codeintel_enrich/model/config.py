"""The settings that stages read; each stage's struct is part of that stage's keys and of no other's."""

from typing import Literal

import msgspec

from codeintel_enrich.model.tag_rules import TagRule

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


class OutlineConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `outline` depends on beside the bytes."""

    cpu_seconds: int = 30
    """CPU time a file may take before its outline is given up."""
    memory_megabytes: int = 1_500
    """Address space the analysing process may use for one file."""


class LinkConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `link` depends on beside interfaces and the module table."""

    python_version: tuple[int, int] = (3, 11)
    """Decides which top-level modules count as the standard library's."""


class EmitConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What `emit` depends on beside its layers."""

    emit_cst: bool = True
    """Whether the `cst/cst.jsonl` fragment of each file is made."""
    export_hub_threshold: int = 10
    """From this many exports on, a module that mostly re-exports is tagged `reexport-hub`."""
    low_coverage_threshold: float = 0.5
    """A module with a smaller covered share of lines, 0 to 1, is tagged `low-coverage`."""
    tag_rules: tuple[TagRule, ...] = ()
    """The user's own tags."""
    sorts_keys: bool = True
    """Whether the keys of JSON lines are sorted."""


class OverlayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Which modules get a typed stub: `[tool.codeintel-enrich.overlays]`.

    One with a star import, a hub of re-exports, or one tagged `overlay-needed`.
    """

    enabled: bool = True
    """Whether overlays are written."""
    star_imports: bool = True
    """Whether a star import is a reason."""
    export_hub_threshold: int = 10
    """From this many exports on a module is a hub, if most of them are re-exports."""


class SlicesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How chunks are cut: `[tool.codeintel-enrich.slices]`."""

    enabled: bool = False
    """Whether chunks are written."""
    filter: tuple[str, ...] = ()
    """gitignore patterns; when given, only matching files are cut."""
    max_tokens: int = 512
    """Longer bodies are split into windows."""
    tokenizer: str = "estimate"
    """`estimate`, `tiktoken:ENCODING`, or the path of a `tokenizer.json`, relative to the root."""


class PublishConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are published."""

    emit_cst: bool = True
    cst_out: str | None = None
    emit_pages: bool = True
    emit_parquet: bool = True
    emit_ast: bool = False
    overlays: OverlayConfig = OverlayConfig()
    slices: SlicesConfig = SlicesConfig()
