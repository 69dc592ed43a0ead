"""Where a repository keeps its packages: the import roots that its build settings name, one distribution after another.

Workspaces of uv, poetry, hatch and pdm are folders with a `pyproject.toml` each; setuptools, flit and maturin say in
theirs where packages lie, pants says it in `pants.toml` for the whole tree.
"""

import fnmatch
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import msgspec

SETTINGS = ("pyproject.toml", "setup.cfg", "setup.py", "pants.toml")
"""The files that say it."""
_CONVENTION = ("src", "python", "lib")
"""Where packages lie when nothing says so, if not beside the settings."""
_SETUP = re.compile(
    r"""package_dir\s*=\s*\{\s*["']{2}\s*:\s*["']([^"']+)["']|find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?["']([^"']+)["']"""
)
_CFG = re.compile(r"^package_dir\s*=\s*\n?\s*=\s*(\S+)|^where\s*=\s*\n?\s*(\S+)", re.MULTILINE)
_EXAMPLES = frozenset(("tests", "test", "testdata", "fixtures", "examples", "example", "templates", "docs"))
"""Folders whose projects are no part of the repository's own code."""


class Suspect(msgspec.Struct, frozen=True):
    """A folder that seems to be an import root and is none."""

    root: str
    module: str
    """Its top-level module, as imports name it."""
    imports: int
    """Imports of that which lead nowhere."""
    line: str
    """What to write into `[tool.codeintel-enrich]`."""

    def text(self) -> str:
        """The question to the user, and what to do."""
        count = f"{self.imports:,} import{'s' * (self.imports != 1)} of `{self.module}` lead{'s' * (self.imports == 1)}"
        return f"{count} nowhere; is `{self.root}` a root? In [tool.codeintel-enrich]: {self.line}"


def expanded_roots(roots: Sequence[str], folders_in: Callable[[str], Iterable[str]]) -> list[str]:
    """The roots, in order, with `*` and `?` replaced by what is there; `folders_in` names the folders in one."""
    found: dict[str, None] = {}
    for root in roots:
        places = [""]
        for part in root.split("/"):
            if part in ("", "."):
                continue
            if "*" not in part and "?" not in part:
                places = [f"{place}/{part}".lstrip("/") for place in places]
                continue
            pattern = re.compile(re.escape(part).replace(r"\*", ".*").replace(r"\?", "."))
            # By name, so that which root comes first does not depend on the machine.
            places = [
                f"{place}/{name}".lstrip("/")
                for place in places
                for name in sorted(folders_in(place))
                if pattern.fullmatch(name)
            ]
        found.update(dict.fromkeys(place or "." for place in places))
    return list(found)


def find_roots(settings: Mapping[str, str], files: Iterable[str]) -> list[str]:
    """The import roots of a tree, the repository itself last; patterns where all folders of a folder are alike.

    `settings`: path of each file named in `SETTINGS` -> its text; `files`: the Python files.
    """
    folders = _folders(files)

    def is_root(place: str) -> bool:
        # What is said of a folder without Python, or of a package itself, is no root.
        return place in folders and f"{place}/__init__.py".lstrip("/") not in folders[place]

    found: dict[str, None] = {}
    for path, text in sorted(settings.items(), key=lambda item: (item[0].count("/"), item[0])):
        home, _, name = path.rpartition("/")
        if not _EXAMPLES.isdisjoint(home.split("/")):
            continue
        said = _expanded([_joined(home, place) for place in _said(name, text)], folders)
        usual = [_joined(home, place) for place in _CONVENTION]
        places = [place for place in said if is_root(place)]
        if not places and name != "pants.toml" and found.keys().isdisjoint(usual):
            places = [place for place in (*usual, home) if is_root(place)][:1]
        found.update(dict.fromkeys(places))
    if is_root("src"):
        found["src"] = None
    found.pop("", None)
    return [*_as_patterns(sorted(found), folders), "."]


def suspects(
    nowhere: Mapping[str, int], files: Iterable[str], roots: Sequence[str], written: Sequence[str]
) -> list[Suspect]:
    """The folders that imports which lead nowhere speak for, the most wanted first.

    `nowhere`: top-level module -> imports of it that lead nowhere; `roots`: the folders that are roots, which the
    settings have as `written`.
    """
    homes = {path.removesuffix("/__init__.py") for path in files if path.endswith("/__init__.py")} if nowhere else set()
    places: dict[str, set[str]] = {}
    for home in homes:
        place, _, module = home.rpartition("/")
        # A package inside of another is imported by way of that; a vendored copy or a test's input is not meant.
        if place and module in nowhere and place not in homes and _EXAMPLES.isdisjoint(place.split("/")):
            places.setdefault(module, set()).add(place)
    found: list[Suspect] = []
    for module, candidates in places.items():
        fresh = sorted(candidates.difference(roots))
        if fresh:
            line = ", ".join(f'"{root}"' for root in [*fresh, *written])
            found.append(Suspect(fresh[0], module, nowhere[module], f"roots = [{line}]"))
    return sorted(found, key=lambda each: (-each.imports, each.module))


def _folders(files: Iterable[str]) -> dict[str, set[str]]:
    """Every folder that holds Python, at whatever depth -> the files in it."""
    folders: dict[str, set[str]] = {}
    for path in files:
        home = path.rpartition("/")[0]
        folders.setdefault(home, set()).add(path)
        while home:
            home = home.rpartition("/")[0]
            folders.setdefault(home, set())
    return folders


def _said(name: str, text: str) -> Iterator[str]:
    """Where a settings file says that packages lie, relative to itself."""
    if name in ("setup.py", "setup.cfg"):
        for found in (_SETUP if name == "setup.py" else _CFG).findall(text):
            yield next(filter(None, found))
        return
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    if name == "pants.toml":
        for pattern in _list(_at(data, "source", "root_patterns")):
            yield pattern.strip("/")
        return
    tool = data.get("tool", {})
    wheel = _at(tool, "hatch", "build", "targets", "wheel") or {}
    singles = (
        _at(tool, "setuptools", "package-dir", ""),
        _at(tool, "pdm", "build", "package-dir"),
        _at(tool, "maturin", "python-source"),
        _at(tool, "uv", "build-backend", "module-root"),
    )
    yield from (single for single in singles if isinstance(single, str) and single)
    yield from _list(_at(tool, "setuptools", "packages", "find", "where"))
    yield from _list(wheel.get("sources"))
    # The packages themselves are named: they lie in what is above.
    for package in (*_list(wheel.get("packages")), *_list(_at(tool, "scikit-build", "wheel", "packages"))):
        yield str(PurePosixPath(package).parent)
    packages = _at(tool, "poetry", "packages")
    for package in packages if isinstance(packages, list) else ():
        if isinstance(package, dict) and isinstance(package.get("from"), str):
            yield package["from"]


def _at(table: Any, *keys: str) -> Any:
    for key in keys:
        table = table.get(key) if isinstance(table, dict) else None
    return table


def _list(value: Any) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _joined(home: str, place: str) -> str:
    parts = [part for part in f"{home}/{place}".split("/") if part not in ("", ".")]
    return "/".join(parts)


def _expanded(places: Iterable[str], folders: Mapping[str, object]) -> Iterator[str]:
    for place in places:
        if "*" in place:
            yield from sorted(
                each for each in folders if each.count("/") == place.count("/") and fnmatch.fnmatchcase(each, place)
            )
        else:
            yield place


def _as_patterns(roots: list[str], folders: Mapping[str, object]) -> list[str]:
    """`packages/a/src`, `packages/b/src` -> `packages/*/src`, where that pattern finds no other folder."""
    by_pattern: dict[str, list[str]] = {}
    for root in roots:
        parts = root.split("/")
        for index in range(1, len(parts)):
            by_pattern.setdefault("/".join([*parts[:index], "*", *parts[index + 1 :]]), []).append(root)
    kept = dict.fromkeys(roots)
    for pattern, members in sorted(by_pattern.items(), key=lambda item: -len(item[1])):
        if len(members) > 1 and set(_expanded([pattern], folders)) == set(members) <= kept.keys():
            for member in members:
                del kept[member]
            kept[pattern] = None
    return sorted(kept)
