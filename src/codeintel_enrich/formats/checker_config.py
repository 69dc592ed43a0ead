"""Where we and type checkers are configured to look for modules, and where they differ; works on parsed files alone.

What a checker does by default stands with the checker, as observed with pyrefly 1.4 and pyright 1.1: pyrefly looks into
its search path, then into `src` where there is one, else into the root; pyright into the root, into `src` unless extra
paths are given, then into those. Both take stubs from `typings`.
"""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import msgspec

Setting = Literal["search roots", "python version", "stub paths"]

STUBS = "typings"
"""Where both checkers look for stubs unless configured otherwise."""
SOURCES = "src"


class SearchSettings(msgspec.Struct, frozen=True):
    """Where one tool looks for modules, and for which Python. Paths are relative to the root."""

    tool: str
    file: str
    """Where these settings stand, or would."""
    table: str | None
    """The TOML table in it; None at the top of a file of their own."""
    roots: tuple[str, ...]
    """Folders that module names start from, in order."""
    stub_paths: tuple[str, ...]
    """Folders of stubs that exist, in order."""
    python_version: str | None
    """`3.N`; None where the interpreter decides."""
    roots_key: str = "roots"
    """What the setting of the roots is called."""
    version_key: str = ""
    """What the setting of the Python version is called."""
    searches_root: bool = False
    """Whether the root is searched in any case, so that nobody writes it down."""


class Difference(msgspec.Struct, frozen=True):
    """One setting of a checker that is not ours."""

    tool: str
    setting: Setting
    theirs: str
    ours: str
    file: str
    table: str | None
    line: str
    """What to write there to bring them in line."""


def our_settings(roots: Sequence[str], python_version: str, folders: Iterable[str]) -> SearchSettings:
    """Ours: of the configured roots, those that exist. `folders` are the folders of the repository, the root apart."""
    present = frozenset(folders)
    kept = unique(root for root in map(normalised, roots) if root == "." or root in present)
    table = "tool.codeintel-enrich"
    return SearchSettings("codeintel-enrich", "pyproject.toml", table, kept, (), python_version)


def differences(ours: SearchSettings, checkers: Sequence[SearchSettings], running: str) -> tuple[Difference, ...]:
    """Where checkers look elsewhere than we do, with the line that brings each in line.

    `running` is the version (`3.N`) of the interpreter that decides where a checker's configuration does not. A root
    or a folder of stubs that a checker knows and we do not is ours to add; one that we know and it does not is its.
    """
    found: list[Difference] = []
    known = unique([*ours.roots, *(path for checker in checkers for path in (*checker.roots, *checker.stub_paths))])
    for checker in checkers:
        reached = {*checker.roots, *checker.stub_paths}
        if missing := [root for root in ours.roots if root not in reached]:
            line = _roots_line(checker, unique([*ours.roots, *checker.roots]))
            found.append(_difference(checker, "search roots", _listed(checker.roots), f"also {_listed(missing)}", line))
        # Settled on our side: what a checker finds there are modules that we would have no names for.
        if unknown := [root for root in checker.roots if root not in ours.roots]:
            line = f"roots = {_array(known)}"
            found.append(
                _difference(ours, "search roots", f"also {_listed(unknown)}", _listed(ours.roots), line, checker)
            )
        if unknown := [path for path in checker.stub_paths if path not in ours.roots]:
            line = f"roots = {_array(known)}"
            found.append(_difference(ours, "stub paths", _listed(unknown), _listed(ours.roots), line, checker))
        # Ours follows `requires-python`, so it is the checker's that gives way.
        version = checker.python_version or running
        if version != ours.python_version:
            theirs = version if checker.python_version else f"{version} (the interpreter's)"
            line = _setting_line(checker, checker.version_key, f'"{ours.python_version or running}"')
            found.append(_difference(checker, "python version", theirs, ours.python_version or running, line))
    return tuple(found)


def _difference(
    place: SearchSettings, setting: Setting, theirs: str, ours: str, line: str, checker: SearchSettings | None = None
) -> Difference:
    """A difference from `checker` (default: the tool whose file `place` names) that is settled at `place`."""
    return Difference((checker or place).tool, setting, theirs, ours, place.file, place.table, line)


def _roots_line(checker: SearchSettings, roots: Sequence[str]) -> str:
    return _setting_line(
        checker, checker.roots_key, _array([root for root in roots if not (checker.searches_root and root == ".")])
    )


def _setting_line(checker: SearchSettings, key: str, value: str) -> str:
    """A setting as it is written in the checker's file; `value` is the same in TOML and JSON."""
    return f'"{key}": {value}' if checker.file.endswith(".json") else f"{key} = {value}"


def table_of(pyproject: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The table `[tool.NAME]`; empty where there is none."""
    tool = pyproject.get("tool")
    table = tool.get(name) if isinstance(tool, Mapping) else None
    return table if isinstance(table, Mapping) else {}


def normalised(path: str) -> str:
    """A configured path with forward slashes and without detours."""
    return posixpath.normpath(path.replace("\\", "/"))


def texts_in(value: object) -> list[str]:
    """The texts of a configured list: a checker complains of what else is in it, we pass over it."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def version_of(value: object) -> str | None:
    """`3.N` of a configured version."""
    return ".".join(value.split(".")[:2]) if isinstance(value, str) and value else None


def unique(items: Iterable[str]) -> tuple[str, ...]:
    """Each once, where it stands first: earlier folders win."""
    return tuple(dict.fromkeys(items))


def _listed(paths: Sequence[str]) -> str:
    return ", ".join(paths) or "none"


def _array(paths: Sequence[str]) -> str:
    return msgspec.json.encode(list(paths)).decode().replace('","', '", "')
