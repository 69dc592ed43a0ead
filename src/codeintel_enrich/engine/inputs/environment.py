"""The installed packages that tools resolve imports against: which there are, found without starting an interpreter.

An interpreter of a stranger's repository is a program of theirs, so none is asked: a virtual environment says by its
folders what it holds. Tools are told these folders, and ask no interpreter either.
"""

import contextlib
import os
import re
import site
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.files.stat import bytes_of
from codeintel_enrich.model.digest import digest

_MARKER = "pyvenv.cfg"
_IN_THE_TREE = (".venv", "venv")
"""Where a project has its own environment by custom."""
_VERSION = re.compile(r"python(3\.\d+)")
_SOURCES = (".py", ".pyi", ".pth")


class Environment(msgspec.Struct, frozen=True):
    """Where installed packages lie, and for which Python they are."""

    prefix: Path
    version: str
    """`3.N`."""
    folders: tuple[Path, ...]
    """Those that hold packages, in the order in which they are searched."""
    is_given: bool
    """Whether it is a virtual one that is active, or in the tree; else it is the one that we run in ourselves."""

    def stamps(self) -> object:
        """What `stat` alone says of it: another answer where a package is installed, upgraded or taken away."""
        return self.version, [(str(folder), list(_stamps(folder))) for folder in self.folders]

    def digest(self) -> str:
        """Digest of what is installed: of the records that installers keep, and of what stands beside them."""
        return config_digest(self.version, [sorted(_contents(folder)) for folder in self.folders])

    def leads_outside(self, root: Path) -> str | None:
        """A folder or link of it that leads out of `root`; None where there is none."""
        for folder in self.folders:
            if not folder.resolve().is_relative_to(root):
                return str(folder)
            for entry in _walk(folder):
                if entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
                    return entry.path
        return None


def find_environment(root: Path) -> Environment:
    """The environment that is active, else the one in the tree, else the one that we run in ourselves."""
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = os.environ.get(name)
        if prefix and (found := _environment(Path(prefix), root)) is not None:
            return found
    for place in _IN_THE_TREE:
        if (root / place / _MARKER).is_file() and (found := _environment(root / place, root)) is not None:
            return found
    folders = [Path(path) for path in site.getsitepackages() if os.path.isdir(path)]
    if site.ENABLE_USER_SITE and os.path.isdir(site.getusersitepackages()):
        folders.append(Path(site.getusersitepackages()))
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return Environment(Path(sys.prefix), version, _with_added(folders, root), False)


def _environment(prefix: Path, root: Path) -> Environment | None:
    """What a prefix holds, by the folders that every installation has; None where it holds no packages."""
    for library in sorted(prefix.glob("lib/python3.*")):
        version = _VERSION.fullmatch(library.name)
        if version is not None and (library / "site-packages").is_dir():
            folders = _with_added([library / "site-packages"], root)
            return Environment(prefix, version[1], folders, (prefix / _MARKER).is_file())
    return None


def _with_added(folders: list[Path], root: Path) -> tuple[Path, ...]:
    """The folders, and those that their `.pth` files add: one a line. Lines that are programs are passed over."""
    added: list[Path] = []
    for folder in folders:
        for file in sorted(folder.glob("*.pth")):
            for line in (bytes_of(file) or b"").decode(errors="replace").splitlines():
                target = folder / line.strip()
                # The tree itself, installed for development, is what is looked at anyway.
                if line.startswith(("import ", "import\t", "#")) or not line.strip() or not target.is_dir():
                    continue
                target = target.resolve()
                if not target.is_relative_to(root) and not root.is_relative_to(target):
                    # A file in the tree may name any folder there is; only those outside speak for the user.
                    added += [target] if not folder.is_relative_to(root) else []
    return tuple(dict.fromkeys([*folders, *added]))


def _listed(folder: Path) -> list["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if entry.name != "__pycache__"]
    except OSError:
        return []


def _walk(folder: Path | str) -> Iterator["os.DirEntry[str]"]:
    pending = [Path(folder)]
    while pending:
        for entry in _listed(pending.pop()):
            yield entry
            if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                pending.append(Path(entry.path))


def _record(entry: "os.DirEntry[str]") -> str | None:
    """The record that an installer keeps of a distribution: every file of it, with its digest."""
    return f"{entry.path}/RECORD" if entry.name.endswith(".dist-info") else None


def _has_records(listing: list["os.DirEntry[str]"]) -> bool:
    return any((record := _record(entry)) and os.path.isfile(record) for entry in listing)


def _stamps(folder: Path) -> Iterator[tuple[str, int, int]]:
    listing = _listed(folder)
    if not _has_records(listing):
        # Nobody keeps records here: every module counts.
        listing = [entry for entry in _walk(folder) if entry.name.endswith(_SOURCES)]
    start = len(str(folder)) + 1
    # Of a package itself the time of its folder counts, which says that something came, went or was replaced in it.
    paths = [_record(entry) or entry.path for entry in listing]
    for path in sorted(paths):
        with contextlib.suppress(OSError):
            found = os.stat(path)
            yield path[start:], found.st_size, found.st_mtime_ns


def _contents(folder: Path) -> Iterator[tuple[str, str]]:
    listing = _listed(folder)
    if _has_records(listing):
        paths = [_record(entry) or entry.path for entry in listing if _record(entry) or entry.name.endswith(_SOURCES)]
    else:
        paths = [entry.path for entry in _walk(folder) if entry.name.endswith(_SOURCES)]
    for path in paths:
        yield path[len(str(folder)) + 1 :], digest(bytes_of(path) or b"")
