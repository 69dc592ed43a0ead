"""What a tree says of modules that it does not hold: compiled, generated and left out ones.

A file of Python that nobody finds may be missing, or may be made when the project is built or run. Build files name
what they write, ignore rules what is not kept, and sources in other languages what is compiled of them.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePosixPath

import msgspec

COMPILED = (
    *(".so", ".pyd", ".pyc", ".pyx", ".pxd", ".pyx.in", ".pyx.tp", ".c", ".cc", ".cpp", ".cxx", ".cu"),
    *(".f", ".f90", ".pyf", ".rs", ".zig", ".nim"),
)
"""What a module is made of that is no Python, and what it is made into."""
WRITTEN_FROM: dict[str, tuple[str, ...]] = {
    ".proto": ("{}_pb2", "{}_pb2_grpc", "{}_grpc", "{}_connect"),
    ".thrift": ("{}",),
    ".capnp": ("{}_capnp",),
    ".fbs": ("{}_generated",),
    ".g4": ("{}", "{}Lexer", "{}Parser", "{}Listener", "{}Visitor"),
    ".ui": ("ui_{}", "{}_ui", "Ui_{}"),
    ".qrc": ("{}_rc", "rc_{}"),
}
"""Suffix -> the modules that a compiler of such files writes, of the stem."""
BUILD_FILES = frozenset(
    (
        *("pyproject.toml", "setup.cfg", "setup.py", "hatch.toml", "hatch_build.py", "pdm_build.py", "build.py"),
        *("meson.build", "CMakeLists.txt", "Cargo.toml", "BUILD", "BUILD.bazel", ".gitmodules"),
    )
)
"""Files that name modules which are made when the project is built."""
MOST_READ = 1_000_000
"""Bytes of a build file that are looked at."""

# One text for all kinds of build files: what is named in one way is named so in no other sense anywhere.
_FILE = re.compile(r"(?:[\"']|=\s*)([\w./-]*\w)\.pyi?\b")
_MODULE = re.compile(
    # Extension("pkg._speed", ...), module-name = "pkg._core", target = "pkg._rust"
    r"""\bExtension\(\s*(?:name\s*=\s*)?["']([\w.]+)["']|\b(?:module-name|target|name)\s*=\s*["'](\w+(?:\.\w+)+)["']"""
    # py.extension_module('_core', ...), pybind11_add_module(_core ...), python_add_library(_core MODULE ...)
    r"""|\bextension_module\(\s*["'](\w+)["']|\b(?:py\w*|nano)\w*_add_(?:module|library)\(\s*(\w+)""",
    re.IGNORECASE,
)
_SUBMODULE = re.compile(r"^\s*path\s*=\s*(\S+)\s*$", re.MULTILINE)


class Named(msgspec.Struct, frozen=True, array_like=True):
    """A module that a build file names."""

    file: str
    module: str
    """Its path without suffix, or the end of it, relative to the build file's folder."""


class Surroundings(msgspec.Struct, frozen=True):
    """Everything that speaks for modules which are not in a tree. Paths are relative to the root."""

    rules: tuple[tuple[str, str], ...] = ()
    """Folder -> text of its `.gitignore`."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    """Files and folders that are there and are no inputs."""
    made: tuple[str, ...] = ()
    """Files of which modules are made."""
    named: tuple[Named, ...] = ()


def named_modules(path: str, text: str) -> Iterator[Named]:
    """The modules that a build file names, and the folders of other trees."""
    if path.endswith(".gitmodules"):
        yield from (Named(path, found) for found in _SUBMODULE.findall(text))
        return
    for found in _FILE.findall(text):
        yield Named(path, found.removeprefix("./"))
    for match in _MODULE.finditer(text):
        yield Named(path, next(filter(None, match.groups())).replace(".", "/"))


def is_made_of(name: str) -> bool:
    """Whether modules are made of files of such a name."""
    return name.endswith(COMPILED) or PurePosixPath(name).suffix in WRITTEN_FROM


class Providers:
    """Answers why a module may be there that no file of the tree is."""

    def __init__(self, around: Surroundings, keeps: Callable[[str], bool] | None) -> None:
        """`keeps`: whether the rules would let a file be an input; None where there are no rules."""
        self._keeps = keeps
        self._left_out = set(around.left_out)
        self._folders = {folder for path in around.left_out for folder in _above(path)}
        self._made: dict[str, str] = {}
        self._written: dict[str, str] = {}
        for path in around.made:
            folder, _, file = path.rpartition("/")
            stem, _, _ = file.partition(".")
            if file.endswith(COMPILED):
                self._made.setdefault(f"{folder}/{stem}".lstrip("/"), path)
                for inner in _above(path):
                    self._made.setdefault(inner, path)
            for form in WRITTEN_FROM.get(PurePosixPath(file).suffix, ()):
                self._written.setdefault(form.format(stem.replace("-", "_")), path)
        self._named: dict[str, list[Named]] = {}
        for named in around.named:
            self._named.setdefault(named.module.rpartition("/")[2], []).append(named)

    def why(self, path: str) -> str | None:
        """Why a module may be there; `path` is its file's without the suffix."""
        name = path.rpartition("/")[2]
        if path in self._made:
            return f"`{self._made[path]}` is compiled"
        if name in self._written:
            return f"`{self._written[name]}` is what it is written from"
        for spelled in (f"{path}.py", f"{path}/__init__.py", path):
            if spelled in self._left_out:
                return f"`{spelled}` is left out"
        if path in self._folders:
            return f"files in `{path}` are left out"
        for named in self._named.get(name, ()):
            if _is_below(named, path):
                return f"`{named.file}` names it"
        if self._keeps is not None and not (self._keeps(f"{path}.py") and self._keeps(f"{path}/__init__.py")):
            return f"`{path}.py` would be left out"
        return None


def _is_below(named: Named, path: str) -> bool:
    """Whether what a build file names may be this path: in the build file's folder, with all that is written."""
    folder = named.file.rpartition("/")[0]
    return f"{path}/".startswith(f"{folder}/" if folder else "") and f"/{path}".endswith(f"/{named.module}")


def _above(path: str) -> Iterable[str]:
    """The folders that hold a path."""
    while path := path.rpartition("/")[0]:
        yield path
