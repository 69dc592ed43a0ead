"""Owns task keys: the one list of inputs that both the key and the explanation of a task are made from.

A stage's version is the digest of the source it is made of, so a changed stage can never meet its own old results.
"""

from functools import cache
from importlib import metadata
from pathlib import Path

import msgspec

from codeintel_enrich.engine.rules.config import config_digest, runtime_version
from codeintel_enrich.engine.rules.stages import AnalysisStage
from codeintel_enrich.model.digest import digest

PACKAGE = Path(__file__).resolve().parents[2]

SOURCES: dict[str, tuple[str, ...]] = {
    "parse": ("stages/parse", "stages/outline"),
    "outline": ("stages/outline", "stages/emit"),
    "link": ("stages/link",),
    "qualify": ("stages/qualify",),
    "stitch": ("stages/stitch", "formats"),
    "types": ("stages/types", "formats"),
    "emit": ("stages/emit",),
    "merge": ("store", "publish", "stages/overlay", "stages/measure", "stages/slice", "formats/tokens"),
    "index": ("formats", "engine/inputs/tools"),
    "check": ("formats", "engine/inputs/tools"),
    "context": ("formats/coverage", "formats/codeowners", "formats/git_log", "engine/inputs/context"),
}
"""Stage -> the modules (or packages) it is made of; `model` and `errors` belong to all."""

LIBRARIES: dict[str, tuple[str, ...]] = {
    "parse": ("libcst", "tree-sitter", "tree-sitter-python"),
    "outline": ("tree-sitter",),
    "emit": ("docstring-parser",),
    "merge": ("duckdb", "pyarrow", "docstring-parser"),
    "context": ("codeowners",),
}
"""Stage -> distributions whose version its results depend on; `outline` depends on the grammar of a file, too."""


class Inputs(msgspec.Struct, frozen=True):
    """What one task reads, in order: names and digests (or short values)."""

    text: str
    """The task's stage, then a line `name=value` for each."""

    @classmethod
    def of(cls, stage: str, *parts: tuple[str, str]) -> "Inputs":
        """Make the list."""
        return cls(stage + "".join(f"\n{name}={value}" for name, value in parts))

    @property
    def key(self) -> str:
        """Digest of the list."""
        return digest(self.text.encode("utf-8", "surrogateescape"))


class Sources(msgspec.Struct):
    """Digests of everything that the stages of one file read; empty where there is nothing, or not yet."""

    path: str
    syntax: str
    interface: str
    linked: str
    facts: list[tuple[str, str]]
    """Checker and what it says of the file, of those that say something, by name."""
    document: str
    """The file's slice of the index."""
    indexed: str
    """The bytes that the slice was made from; empty where nobody knows (a handed-in index)."""
    context: list[tuple[str, str]] = []
    """Input and what it says of the file's context, of those that say something, by name."""
    qualified: str = ""
    stitched: str = ""
    types: str = ""

    def inputs(self, stage: AnalysisStage, settings: str) -> Inputs:
        """What a stage reads. Meaningful once the stages before it are settled."""
        parts = [("settings", settings), ("syntax", self.syntax)]
        if stage == "types":
            return Inputs.of(stage, *parts, *self.facts)
        parts += [("interface", self.interface), ("linked", self.linked)]
        if stage == "qualify":
            return Inputs.of(stage, *parts)
        parts += [("qualified", self.qualified)]
        if stage == "stitch":
            return Inputs.of(stage, *parts, ("document", self.document), ("indexed", self.indexed))
        parts += [("stitched", self.stitched), ("types", self.types), *self.context]
        return Inputs.of(stage, ("path", self.path), *parts)

    def take(self, stage: AnalysisStage, output: str) -> None:
        """Give the stages that follow the output of this one."""
        if stage == "qualify":
            self.qualified = output
        elif stage == "stitch":
            self.stitched = output
        elif stage == "types":
            self.types = output


@cache
def stage_version(stage: str) -> str:
    """Digest of the source files that a stage is made of, and of the libraries it leans on."""
    return config_digest(version_facts(stage))


def version_facts(stage: str) -> dict[str, str]:
    """What a stage's version is made of, by name: its code, its libraries, the interpreter."""
    return {
        "its code": config_digest([_digests(source) for source in ("model", "errors", *SOURCES[stage])]),
        **{name: library_version(name) for name in LIBRARIES.get(stage, ())},
        "Python": runtime_version(),
    }


def library_version(distribution: str) -> str:
    """The version of a distribution, or that it is not installed, which an optional one need not be."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


@cache
def _digests(source: str) -> list[str]:
    """Of every file that a module or a package is made of: Python, and queries of tree-sitter."""
    place = PACKAGE / source
    files = [*place.rglob("*.py"), *place.rglob("*.scm")] if place.is_dir() else [place.with_suffix(".py")]
    return [digest(_read(file)) for file in sorted(files)]


def _read(file: Path) -> bytes:
    return file.read_bytes()
