"""Owns task keys: the one list of inputs that both the key and the explanation of a task are made from.

A stage's version is the digest of the source it is made of, so a changed stage can never meet its own old results.
"""

from functools import cache
from importlib import metadata
from pathlib import Path

from codeintel_enrich.engine.config import config_digest, runtime_version
from codeintel_enrich.model.digest import digest

PACKAGE = Path(__file__).resolve().parent.parent

SOURCES: dict[str, tuple[str, ...]] = {
    "parse": ("stages/parse",),
    "link": ("stages/link",),
    "qualify": ("stages/qualify",),
    "stitch": ("stages/stitch", "formats"),
    "types": ("stages/typify", "formats"),
    "emit": ("stages/emit",),
    "merge": ("store", "publish", "stages/overlay", "stages/measure", "stages/slice", "formats/tokens"),
    "index": ("formats", "engine/tools"),
    "check": ("formats", "engine/tools"),
}
"""Stage -> the modules (or packages) it is made of; `model` and `errors` belong to all."""

LIBRARIES: dict[str, tuple[str, ...]] = {"parse": ("libcst",), "merge": ("duckdb", "pyarrow", "docstring-parser")}
"""Stage -> distributions whose version its results depend on."""


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
        files += sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
    return config_digest(
        [digest(_source(file)) for file in files],
        [f"{name} {metadata.version(name)}" for name in LIBRARIES.get(stage, ())],
        runtime_version(),
    )


@cache
def _source(file: Path) -> bytes:
    return file.read_bytes()
