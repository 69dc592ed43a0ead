"""Owns `[tool.codeintel-enrich]` and the options that override it; knows nothing of how settings are used."""

import difflib
import hashlib
import platform
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.config import EmitConfig, LinkConfig, NodeLevel, ParseConfig, StitchConfig, TypesConfig

TABLE = "codeintel-enrich"


class IndexConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How the SCIP index comes to be: `[tool.codeintel-enrich.index]`."""

    tool: Literal["ty-scip", "scip-python"] = "ty-scip"
    refresh: Literal["missing", "always", "never"] = "missing"
    """`missing`: made when there is none. `always`: made anew whenever a file changed. `never`: done without."""
    timeout_seconds: int = 1800


class CheckConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Which type checkers run: `[tool.codeintel-enrich.check]`."""

    tools: tuple[Literal["pyrefly", "pyright"], ...] = ("pyrefly",)
    refresh: Literal["changed", "never"] = "changed"
    """`changed`: run when any file changed. `never`: done without."""
    timeout_seconds: int = 600
    types: Literal["findings", "expressions"] = "findings"
    """`expressions`: pyrefly also tells the type of every expression, so that references have types."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Every setting of a build, with its default."""

    roots: tuple[str, ...] = ("src", ".")
    """Folders, relative to the root, that module names start from; the longest match wins."""
    include: tuple[str, ...] = ()
    """gitignore patterns; when given, only matching files are indexed."""
    exclude: tuple[str, ...] = ()
    """gitignore patterns of files and folders to leave out."""
    level: NodeLevel = "defs"
    """Which CST nodes get rows: definitions and imports (`defs`), or every node that is not whitespace (`full`)."""
    python_version: Annotated[str, msgspec.Meta(pattern=r"^3\.\d+$")] | None = None
    """`3.N`: what `sys.version_info` tests are judged for; default: the lowest that `requires-python` allows."""
    platform: str | None = None
    """What `sys.platform` tests are judged for; default: the running one."""
    max_file_bytes: int = 4_000_000
    """Larger files get a row that says so."""
    cpu_seconds: int = 30
    """CPU time that one file's analysis may take."""
    memory_megabytes: int = 1_500
    """Memory that one file's analysis may take."""
    emit_cst: bool = True
    """Whether `cst/cst.jsonl` is written."""
    lock_wait_seconds: float = 600
    """How long a second run waits for the first."""
    index: IndexConfig = IndexConfig()
    check: CheckConfig = CheckConfig()

    def parse_config(self, requires_python: str | None) -> ParseConfig:
        """The settings that `parse` reads. `requires_python`: the project's own specifier, if it has one."""
        return ParseConfig(
            level=self.level,
            python_version=self.judged_version(requires_python),
            platform=self.platform or sys.platform,
            max_file_bytes=self.max_file_bytes,
            cpu_seconds=self.cpu_seconds,
            memory_megabytes=self.memory_megabytes,
        )

    def judged_version(self, requires_python: str | None) -> tuple[int, int]:
        """(3, minor) that version tests are judged for."""
        if self.python_version is not None:
            return 3, int(self.python_version.removeprefix("3."))
        return _lowest_version(requires_python) or sys.version_info[:2]

    def link_config(self, requires_python: str | None) -> LinkConfig:
        """The settings that `link` reads."""
        return LinkConfig(python_version=self.judged_version(requires_python))

    def stitch_config(self) -> StitchConfig:
        """The settings that `stitch` reads."""
        return StitchConfig()

    def types_config(self) -> TypesConfig:
        """The settings that `types` reads."""
        return TypesConfig()

    def emit_config(self) -> EmitConfig:
        """The settings that `emit` reads."""
        return EmitConfig(emit_cst=self.emit_cst)


class Project(msgspec.Struct, frozen=True):
    """What the indexed repository's pyproject.toml says, to us and in general."""

    config: Config
    requires_python: str | None = None
    entry_points: dict[str, str] = {}
    """Console script name -> `module:function`."""


def read_project(root: Path, overrides: Mapping[str, Any]) -> Project:
    """Read `root/pyproject.toml`; `overrides` (kebab-case keys) win over the file.

    Raises UsageError for TOML that does not parse, unknown keys (naming the nearest known one) and wrong types.
    """
    path = root / "pyproject.toml"
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return Project(_convert(dict(overrides), path))
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    tool = data.get("tool")
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.{TABLE}] must be a table")
    project = data.get("project", {})
    project = project if isinstance(project, dict) else {}
    requires = project.get("requires-python")
    scripts = project.get("scripts")
    return Project(
        config=_convert(_overridden(table, overrides), path),
        requires_python=requires if isinstance(requires, str) else None,
        entry_points={str(k): str(v) for k, v in sorted(scripts.items())} if isinstance(scripts, dict) else {},
    )


def config_digest(*parts: object) -> str:
    """A digest of settings: equal settings, equal digest."""
    return hashlib.blake2b(msgspec.json.encode(parts, order="deterministic"), digest_size=16).hexdigest()


def runtime_version() -> str:
    """The interpreter as far as results depend on it: implementation and minor version."""
    return f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}"


def _overridden(table: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The table with the overrides put in; a table inside it keeps what is not overridden."""
    result = dict(table)
    for key, value in overrides.items():
        below = result.get(key)
        result[key] = {**below, **value} if isinstance(below, dict) and isinstance(value, dict) else value
    return result


def _convert(table: dict[str, Any], path: Path) -> Config:
    _check_keys(table, Config, "", path)
    for name, struct in (("index", IndexConfig), ("check", CheckConfig)):
        if isinstance(table.get(name), dict):
            _check_keys(table[name], struct, f".{name}", path)
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: [tool.{TABLE}]: {error}") from error


def _check_keys(table: Mapping[str, Any], struct: type[msgspec.Struct], suffix: str, path: Path) -> None:
    known = [field.encode_name for field in msgspec.structs.fields(struct)]
    for key in table:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise UsageError(f'{path}: [tool.{TABLE}{suffix}]: unknown key "{key}"; did you mean "{near[0]}"?')


def _lowest_version(requires: str | None) -> tuple[int, int] | None:
    if not requires:
        return None
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(requires)
    except InvalidSpecifier:
        return None
    for minor in range(40):
        # A patch release counts for its minor: `>=3.9.2` allows 3.9.
        if allowed.contains(f"3.{minor}") or allowed.contains(f"3.{minor}.999"):
            return 3, minor
    return None
