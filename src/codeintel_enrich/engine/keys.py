"""Owns task keys: the one list of inputs that both the key and the explanation of a task are made from.

A stage's version is the digest of the source it is made of, so a changed stage can never meet its own old results.
"""

from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

from codeintel_enrich.engine.config import config_digest, runtime_version
from codeintel_enrich.model.digest import digest

PACKAGE = Path(__file__).resolve().parent.parent

SOURCES: dict[str, tuple[str, ...]] = {
    "parse": ("stages/parse", "stages/outline"),
    "outline": ("stages/outline", "stages/emit"),
    "link": ("stages/link",),
    "qualify": ("stages/qualify",),
    "stitch": ("stages/stitch", "formats"),
    "types": ("stages/typify", "formats"),
    "emit": ("stages/emit",),
    "merge": ("store", "publish"),
    "index": ("formats", "engine/tools"),
    "check": ("formats", "engine/tools"),
}
"""Stage -> the modules (or packages) it is made of; `model` and `errors` belong to all."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "parse": ("libcst", "tree-sitter", "tree-sitter-python"),
    "merge": ("duckdb",),
}
"""Stage -> distributions whose version its results depend on; for `outline` its query files name them."""


class Inputs:
    """What one task reads, in order: names and digests (or short values)."""

    __slots__ = ("text",)

    def __init__(self, stage: str, *parts: tuple[str, str]) -> None:
        self.text = stage + "".join(f"\n{name}={value}" for name, value in parts)

    @property
    def key(self) -> str:
        """Digest of the list."""
        return digest(self.text.encode("utf-8", "surrogateescape"))


@cache
def stage_version(stage: str) -> str:
    """Digest of the source files that a stage is made of, and of the libraries it leans on."""
    files = [*sorted((PACKAGE / "model").glob("*.py")), PACKAGE / "errors.py"]
    for source in SOURCES[stage]:
        folder = PACKAGE / source
        files += sorted(_parts(folder)) if folder.is_dir() else [folder.with_suffix(".py")]
    return config_digest(
        [digest(_source(file)) for file in files],
        [f"{name} {_version(name)}" for name in _libraries(stage)],
        runtime_version(),
    )


def _libraries(stage: str) -> tuple[str, ...]:
    if stage == "outline":
        from codeintel_enrich.stages.outline import distributions

        return distributions()
    return LIBRARIES.get(stage, ())


def _version(distribution: str) -> str | None:
    """The version of a distribution; None where it is not installed, which an optional one need not be."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _parts(folder: Path) -> Iterator[Path]:
    """What a package is made of: Python, and queries of tree-sitter."""
    yield from folder.rglob("*.py")
    yield from folder.rglob("*.scm")


@cache
def _source(file: Path) -> bytes:
    return file.read_bytes()
