"""Versions of stages: the digest of the code and the libraries that decide what a stage makes.

A version is part of the key of every task, so a stage that was changed can never meet its own old results.
"""

from functools import cache
from importlib import metadata
from pathlib import Path

from codeintel_enrich.engine.rules.config import config_digest, runtime_version
from codeintel_enrich.engine.rules.stages import BY_NAME, IN_EVERY_WORKER, Stage
from codeintel_enrich.model.digest import digest

PACKAGE = Path(__file__).resolve().parents[2]


@cache
def stage_version(stage: str) -> str:
    """Digest of the source files that a stage is made of, and of the libraries it leans on."""
    return config_digest(version_facts(stage))


def version_facts(stage: str) -> dict[str, str]:
    """What a stage's version is made of, by name: its code, its libraries, the interpreter."""
    # The code itself, not a number that somebody must remember to raise: forgetting that would serve results of old
    # code.
    entry = BY_NAME[stage]
    return {
        "its code": config_digest([digests(source) for source in sources(entry)]),
        **{name: library_version(name) for name in entry.libraries},
        "Python": runtime_version(),
    }


def sources(stage: Stage) -> tuple[str, ...]:
    """The modules and packages of ours that a stage is made of, relative to the package, without suffix."""
    return (*IN_EVERY_WORKER, *stage.code)


def library_version(distribution: str) -> str:
    """The version of a distribution, or that it is not installed, which an optional one need not be."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "not installed"


def source_files(source: str) -> list[Path]:
    """The files that a module or a package is made of: Python, and what stages load beside it (queries, page parts)."""
    place = PACKAGE / source
    if not place.is_dir():
        return [place.with_suffix(".py")]
    # Sorted by path: the order in which a file system lists them must not be part of a key.
    return sorted(file for file in place.rglob("*") if file.suffix not in (".pyc", "") and file.is_file())


@cache
def digests(source: str) -> list[str]:
    """Digest of each file that a module or a package is made of."""
    return [digest(file.read_bytes()) for file in source_files(source)]
