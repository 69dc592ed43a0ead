"""What of a tool's own settings is handed on to it: what neither makes it run a program nor leads out of the tree.

The settings may be a stranger's. What is not known to be harmless is left out, and said to be.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

LEFT_OUT = "it may run a program or lead out of the tree; `--trust` lets it"

_EXPANDED = re.compile(r"^~|\$[{(\w]|%\w+%")
"""What tools replace by something else before they take a text for a path."""


class Known(msgspec.Struct, frozen=True):
    """The settings of one tool that are handed on; all others are left out."""

    plain: re.Pattern[str]
    """Names of those whose values no file is looked for by."""
    paths: frozenset[str] = frozenset()
    """Those that name files and folders, relative to where the settings stand."""
    globs: frozenset[str] = frozenset()
    """Those that are patterns of such names."""
    programs: frozenset[str] = frozenset()
    """Those that name programs, or what holds them: handed on only where the settings are trusted."""
    tables: dict[str, "Known"] = {}
    """Those that are tables, or lists of tables, of settings."""


class Permitted(NamedTuple):
    """Settings that may be handed on."""

    settings: dict[str, Any]
    left_out: tuple[str, ...]
    """The names of those that are not, sorted."""


def permitted(settings: Mapping[str, Any], known: Known, at: str, root: str, *, trusted: bool) -> Permitted:
    """The settings as they may be handed on, with paths relative to the root.

    `at` is the folder that the settings stand in, relative to `root` (`..` for the one above), which is absolute.
    Where they are `trusted`, all are handed on; paths that lead out of the root become absolute.
    """
    found: dict[str, Any] = {}
    left_out: set[str] = set()
    for key, value in settings.items():
        if key in known.tables:
            found[key], names = _tables(value, known.tables[key], at, root, trusted=trusted)
            left_out.update(f"{key}.{name}" for name in names)
        elif key in known.paths or key in known.globs:
            texts = value if isinstance(value, list) else [value]
            kept = _inside(texts, at, root, trusted=trusted)
            if len(kept) < len(texts):
                left_out.add(key)
            if kept or value == []:
                found[key] = kept if isinstance(value, list) else kept[0]
        elif trusted or known.plain.fullmatch(key):
            # There are no programs in a copy of the tree.
            is_program = key in known.programs and isinstance(value, str)
            found[key] = posixpath.normpath(posixpath.join(root, at, value)) if is_program else value
        else:
            left_out.add(key)
    return Permitted(found, tuple(sorted(left_out)))


def _tables(value: Any, known: Known, at: str, root: str, *, trusted: bool) -> tuple[Any, set[str]]:
    """A table, or a list of tables, as it may be handed on; and the names of what may not."""
    inner = value if isinstance(value, list) else [value]
    parts = [permitted(item, known, at, root, trusted=trusted) for item in inner if isinstance(item, Mapping)]
    tables = [part.settings for part in parts]
    kept = tables if isinstance(value, list) else (tables or [{}])[0]
    return kept, {name for part in parts for name in part.left_out}


def _inside(texts: Sequence[Any], at: str, root: str, *, trusted: bool) -> list[str]:
    """Those of some paths that may be handed on."""
    moved = [_moved(text, at, root, trusted=trusted) for text in texts if isinstance(text, str)]
    return [text for text in moved if text is not None]


def _moved(text: str, at: str, root: str, *, trusted: bool) -> str | None:
    """A path of the settings, relative to the root; None where it leads out of it and must not."""
    if _EXPANDED.search(text):
        return text if trusted else None
    path = text.replace("\\", "/")
    # It means the same wherever it stands.
    if path.startswith("**"):
        return path if ".." not in path.split("/") else None
    if posixpath.isabs(path):
        path = posixpath.relpath(posixpath.normpath(path), root)
    else:
        path = posixpath.normpath(posixpath.join(at, path))
    if path == ".." or path.startswith("../"):
        return posixpath.normpath(posixpath.join(root, path)) if trusted else None
    return path


def cover(beside: Iterable[str], files: Iterable[str]) -> tuple[str, ...]:
    """Patterns that match all of `beside` and none of `files`: whole folders where they can be."""
    folders = {folder for path in files for folder in _folders(path)}
    found = {next((folder for folder in _folders(path) if folder not in folders), path) for path in beside}
    return tuple(sorted(re.sub(r"([*?\[\]{}])", r"[\1]", path) for path in found))


def _folders(path: str) -> Sequence[str]:
    """The folders that a path lies in, the outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]
