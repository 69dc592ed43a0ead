"""`[tool.codeintel-enrich]` and the options that override it; knows nothing of how settings are used."""

import difflib
import platform
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from codeintel_enrich.engine.rules.layout import expanded_roots
from codeintel_enrich.engine.rules.toggles import ingests_in_bulk, sorts_keys
from codeintel_enrich.engine.rules.trust import user_settings
from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.inside import leads_outside
from codeintel_enrich.model.config import (
    EmitConfig,
    LinkConfig,
    NodeLevel,
    OutlineConfig,
    OverlayConfig,
    ParseConfig,
    PublishConfig,
    SlicesConfig,
)
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.tag_rules import TagRule

TABLE = "codeintel-enrich"

FindingKind = Literal["parse-error", "broken-export", "import-cycle"]


class IndexConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """How the SCIP index comes to be: `[tool.codeintel-enrich.index]`."""

    tool: Literal["pyrefly", "ty-scip", "scip-python"] = "ty-scip"
    """The indexer that runs."""
    refresh: Literal["missing", "always", "never"] = "missing"
    """`missing`: made when there is none. `always`: made anew whenever a file changed. `never`: done without."""
    timeout_seconds: int = 1800
    """Wall time after which the indexer is stopped."""


class CheckConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Which type checkers run: `[tool.codeintel-enrich.check]`."""

    tools: tuple[str, ...] = ("pyrefly",)
    """The checkers that run, of those that `doctor` lists: `pyrefly`, `pyright`."""
    refresh: Literal["changed", "never"] = "changed"
    """`changed`: run when any file changed. `never`: done without."""
    timeout_seconds: int = 600
    """Wall time after which a checker is stopped."""
    types: Literal["findings", "expressions"] = "findings"
    """`expressions`: pyrefly also reports the type of every expression, so that references have types."""


class DiffConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What counts as the API: `[tool.codeintel-enrich.diff]`."""

    ignore: tuple[str, ...] = ()
    """Patterns, as of a shell, for names that nobody is to rely on; what fits a class or module fits its members."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """Every setting of a build, with its default."""

    roots: tuple[str, ...] = ("src", ".")
    """Folders, relative to the root, that module names start from: the longest that holds a file names it, and where
    several have a name, the one that is nearest to the importing file answers. `*` and `?` stand for what is there, as
    in `packages/*/src`."""
    include: tuple[str, ...] = ()
    """gitignore patterns; when given, only matching files are indexed."""
    exclude: tuple[str, ...] = ()
    """gitignore patterns of files and folders to leave out."""
    submodules: bool = False
    """Whether the checkouts of git submodules are indexed as parts of this tree."""
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
    cst_out: str | None = None
    """Where else than in `OUT/cst`: a file named `*.jsonl`, or a folder for `cst.jsonl`; relative to the root."""
    emit_pages: bool = True
    """Whether a Markdown page is written for each file."""
    emit_parquet: bool = True
    """Whether the tables are written as Parquet datasets, too."""
    emit_ast: bool = False
    """Whether metrics of every function are written."""
    tags_yaml: str | None = None
    """A file of rules that give modules tags of your own, relative to the root."""
    owners: bool = False
    """Whether owners (CODEOWNERS) and git's history are looked up: authors, bus factor, churn."""
    history_window_days: Annotated[int, msgspec.Meta(ge=1)] = 365
    """How many days before the newest commit count as churn."""
    commits_window: Annotated[int, msgspec.Meta(ge=1)] = 10_000
    """How many of the newest commits are looked at."""
    coverage_xml: str | None = None
    """A coverage report in Cobertura's XML (`coverage xml`), relative to the root."""
    low_coverage_threshold: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5
    """Modules, tests apart, with a smaller covered share of lines are tagged `low-coverage`."""
    fail_on: tuple[FindingKind, ...] = ()
    """Findings with which `build` and `hook` end with exit code 1."""
    cache_dir: str = "cache"
    """Where results are kept: a folder inside the root, relative to it."""
    lock_wait_seconds: float = 600
    """How long a second run waits for the first."""
    index: IndexConfig = IndexConfig()
    check: CheckConfig = CheckConfig()
    overlays: OverlayConfig = OverlayConfig()
    slices: SlicesConfig = SlicesConfig()
    diff: DiffConfig = DiffConfig()

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

    def outline_config(self) -> OutlineConfig:
        """The settings that `outline` reads."""
        return OutlineConfig(cpu_seconds=self.cpu_seconds, memory_megabytes=self.memory_megabytes)

    def judged_version(self, requires_python: str | None) -> tuple[int, int]:
        """(3, minor) that version tests are judged for."""
        if self.python_version is not None:
            return 3, int(self.python_version.removeprefix("3."))
        return _lowest_version(requires_python) or sys.version_info[:2]

    def link_config(self, requires_python: str | None) -> LinkConfig:
        """The settings that `link` reads."""
        return LinkConfig(python_version=self.judged_version(requires_python))

    def emit_config(self, tag_rules: tuple[TagRule, ...], sorts_keys: bool) -> EmitConfig:
        """The settings that `emit` reads. `tag_rules`: those of `tags-yaml`; `sorts_keys`: of lines of JSON."""
        return EmitConfig(
            emit_cst=self.emit_cst,
            export_hub_threshold=self.overlays.export_hub_threshold,
            low_coverage_threshold=self.low_coverage_threshold,
            tag_rules=tag_rules,
            sorts_keys=sorts_keys,
        )

    def publish_config(self) -> PublishConfig:
        """Which files are published."""
        return PublishConfig(
            emit_cst=self.emit_cst,
            cst_out=self.cst_out,
            emit_pages=self.emit_pages,
            emit_parquet=self.emit_parquet,
            emit_ast=self.emit_ast,
            overlays=self.overlays,
            slices=self.slices,
        )


_TABLES: tuple[tuple[str, type[msgspec.Struct]], ...] = (
    ("index", IndexConfig),
    ("check", CheckConfig),
    ("overlays", OverlayConfig),
    ("slices", SlicesConfig),
    ("diff", DiffConfig),
)


class Project(msgspec.Struct, frozen=True):
    """What the indexed repository's pyproject.toml says, to us and in general."""

    config: Config
    requires_python: str | None = None
    entry_points: dict[str, str] = {}
    """Console script name -> `module:function`."""
    name: str = ""
    version: str = ""
    """Of `[project]`; empty where it does not say, or computes them."""
    tag_rules: tuple[TagRule, ...] = ()
    """What `tags-yaml` says."""
    sorts_keys: bool = True
    """Whether keys of JSON lines are sorted, by the environment."""
    written_roots: tuple[str, ...] = ()
    """`roots` as the settings have them, patterns and all."""
    in_bulk: bool = True
    """Whether the store may be given the rows of many files at once, by the environment."""


def read_project(root: Path, overrides: Mapping[str, Any]) -> Project:
    """Read `root/pyproject.toml`; `overrides` (kebab-case keys) win over the file.

    Raises UsageError for TOML that does not parse, unknown keys (naming the nearest known one) and wrong types.
    """
    path = root / "pyproject.toml"
    try:
        if leads_outside(root, path):
            raise UsageError(f"{path}: a link that leads out of the tree is no settings of it; put a file there")
        text = path.read_bytes()
    except FileNotFoundError:
        config = _convert(dict(overrides), path)
        return _by_surroundings(Project(config, tag_rules=_read_rules(config, root)), root)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        data = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from error
    except RecursionError as error:
        raise UsageError(f"{path}: nested too deeply") from error
    tool = data.get("tool")
    table = tool.get(TABLE, {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: [tool.{TABLE}] must be a table")
    project = data.get("project", {})
    # What is wrong in tables of others is for their tools to complain about.
    project = project if isinstance(project, dict) else {}
    requires = project.get("requires-python")
    scripts = project.get("scripts")
    name, version = project.get("name"), project.get("version")
    config = _convert(_merged(table, overrides), path)
    _check_paths(table, root, path)
    found = Project(
        config=config,
        requires_python=requires if isinstance(requires, str) else None,
        entry_points={str(k): str(v) for k, v in sorted(scripts.items())} if isinstance(scripts, dict) else {},
        name=name if isinstance(name, str) else "",
        version=version if isinstance(version, str) else "",
        tag_rules=_read_rules(config, root),
    )
    return _by_surroundings(found, root)


def cache_setting(root: Path) -> str | None:
    """`cache-dir` of the settings, wanted before all others; None where it is not set, or cannot be read as a whole.

    Raises UsageError for a folder outside of the root: settings come with a repository, and it may be a stranger's.
    """
    path = root / "pyproject.toml"
    try:
        text = path.read_text(encoding="utf-8")
        # Nearly no project sets it, and to read TOML takes longer than to look for a word.
        found = tomllib.loads(text)["tool"][TABLE]["cache-dir"] if "cache-dir" in text else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        # Whoever reads all settings says what is wrong with them.
        return None
    if not isinstance(found, str):
        return None
    if not (root / found).resolve().is_relative_to(root) or (root / found).resolve() == root:
        raise UsageError(f"{path}: [tool.{TABLE}]: cache-dir: {found} is no folder inside {root}; use --cache-dir")
    return found


def _by_surroundings(project: Project, root: Path) -> Project:
    """What environment and file system say: the roots that patterns find, among others."""
    written = project.config.roots
    if any("*" in place or "?" in place for place in written):
        roots = tuple(expanded_roots(written, lambda place: folders_in(root / place)))
        project = msgspec.structs.replace(project, config=msgspec.structs.replace(project.config, roots=roots))
    return msgspec.structs.replace(project, sorts_keys=sorts_keys(), in_bulk=ingests_in_bulk(), written_roots=written)


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder; none where there is none."""
    try:
        return [path.name for path in folder.iterdir() if path.is_dir()]
    except OSError:
        return []


def config_digest(*parts: object) -> str:
    """A digest of settings: equal settings, equal digest."""
    return digest(msgspec.json.encode(parts, order="deterministic"))


def runtime_version() -> str:
    """The interpreter as far as results depend on it: implementation and minor version."""
    # Grammar and lists of modules change with minor versions; a patch release would make everything again for nothing.
    return f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}"


def read_settings(path: Path) -> dict[str, Any]:
    """A TOML file of settings. Raises UsageError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: not a TOML file that can be read: {error}") from error


def parse_setting(text: str) -> tuple[str, Any]:
    """`KEY=VALUE`, the value in TOML; what is no TOML is a text. Raises UsageError where there is no `=`."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r}: settings are written KEY=VALUE")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        # A path or a word needs no quotes then, which shells would take away.
        return key.strip(), value


def _merged(table: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The table with overrides; of tables inside it single keys are overridden."""
    merged = {**table, **overrides}
    for key in table.keys() & overrides.keys():
        if isinstance(table[key], dict) and isinstance(overrides[key], dict):
            merged[key] = {**table[key], **overrides[key]}
    return merged


def _read_rules(config: Config, root: Path) -> tuple[TagRule, ...]:
    if config.tags_yaml is None:
        return ()
    from codeintel_enrich.formats.tag_rules import read_tag_rules

    path = root / config.tags_yaml
    try:
        return read_tag_rules(path.read_bytes(), config.tags_yaml)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error


def _convert(table: dict[str, Any], path: Path) -> Config:
    if "trust" in table:
        raise UsageError(
            f"{path}: [tool.{TABLE}]: whether a tree is trusted is not the tree's to say; "
            f"say --trust, or `trust = true` in {user_settings()}"
        )
    _check_keys(table, Config, "", path)
    for name, struct in _TABLES:
        if isinstance(table.get(name), dict):
            _check_keys(table[name], struct, f".{name}", path)
    try:
        config = msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: [tool.{TABLE}]: {error}") from error
    # The list of checkers loads their readers, which a build with nothing to do is spared while the default stands.
    if config.check.tools != CheckConfig().tools:
        _check_checkers(config.check.tools, path)
    return config


def _check_paths(table: Mapping[str, Any], root: Path, path: Path) -> None:
    """Raises UsageError for a path in the file that leads out of the tree: there only the user may send us."""
    slices = table.get("slices", {})
    named = {key: table.get(key) for key in ("tags-yaml", "coverage-xml", "cst-out")}
    named["slices.tokenizer"] = slices.get("tokenizer") if isinstance(slices, dict) else None
    for number, folder in enumerate(table.get("roots", ())):
        named[f"roots[{number}]"] = folder
    for key, value in named.items():
        if isinstance(value, str) and leads_outside(root, root / value):
            raise UsageError(
                f'{path}: [tool.{TABLE}]: {key} = "{value}" leads out of the tree; '
                "name what lies elsewhere on the command line"
            )


def _check_checkers(names: tuple[str, ...], path: Path) -> None:
    """Raises UsageError for a checker that nobody knows, naming the nearest one."""
    from codeintel_enrich.formats.checkers import CHECKERS

    for name in names:
        if name not in CHECKERS:
            near = difflib.get_close_matches(name, CHECKERS, n=1, cutoff=0.0)
            raise UsageError(
                f'{path}: [tool.{TABLE}.check]: unknown checker "{name}" in tools; did you mean "{near[0]}"?'
            )


def _check_keys(table: Mapping[str, Any], struct: type[msgspec.Struct], suffix: str, path: Path) -> None:
    # msgspec refuses unknown keys, too, but does not say which known one is near.
    known = [field.encode_name for field in msgspec.structs.fields(struct)]
    for key in table:
        if key not in known:
            # Cutoff 0: an unknown key always gets a proposal; most are typing mistakes.
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise UsageError(f'{path}: [tool.{TABLE}{suffix}]: unknown key "{key}"; did you mean "{near[0]}"?')


def _lowest_version(requires: str | None) -> tuple[int, int] | None:
    if not requires:
        return None
    # Loaded only where a project says which versions it needs.
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        allowed = SpecifierSet(requires)
    except InvalidSpecifier:
        return None
    # Asked version by version: specifiers combine freely (`>=3.9,!=3.10.*`), so none of their numbers is the answer.
    for minor in range(40):
        # A patch release counts for its minor: `>=3.9.2` allows 3.9.
        if allowed.contains(f"3.{minor}") or allowed.contains(f"3.{minor}.999"):
            return 3, minor
    return None
