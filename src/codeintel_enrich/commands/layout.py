"""The import roots of a repository, as its own build settings and the last build have them."""

from pathlib import Path

from codeintel_enrich.engine.rules.config import Project
from codeintel_enrich.engine.rules.layout import SETTINGS, Suspect, find_roots, suspects
from codeintel_enrich.engine.state.discovery import SUFFIXES, Decisions, scan
from codeintel_enrich.engine.state.manifest import load_manifest
from codeintel_enrich.engine.state.places import Options, places


def repository_roots(root: Path) -> list[str]:
    """The roots that build settings name, anywhere in the repository; the repository itself comes last."""
    where = places(Options(root=root))
    seen = scan(
        where.root,
        include=(),
        exclude=(),
        only=(),
        skip=where.skipped(),
        submodules=False,
        claims=lambda name: name in SETTINGS,
        decisions=Decisions(),
    )
    settings = {path: _text(where.root / path) for path in {**seen.files, **seen.outlined} if _name(path) in SETTINGS}
    return find_roots(settings, [path for path in seen.files if path.endswith(SUFFIXES)])


def suspected_roots(root: Path, project: Project) -> list[Suspect]:
    """What the last build found imported that leads nowhere, though the repository has it; empty before a build."""
    manifest, _ = load_manifest(places(Options(root=root)).manifest)
    return suspects(manifest.nowhere, manifest.files, project.config.roots, project.written_roots)


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
