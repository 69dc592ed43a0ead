"""`export`, our own SCIP index: from what the last build left in the cache to a file that a user names."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from codeintel_enrich import __version__
from codeintel_enrich.engine.rules.config import Project, read_project
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.state.artifacts import Reader, Snapshot
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.engine.state.manifest import load_manifest
from codeintel_enrich.engine.state.places import Options, Places, places
from codeintel_enrich.errors import CorruptArtifactError, EnrichError
from codeintel_enrich.files.atomic import copy_file
from codeintel_enrich.formats.scip_wire import encode_document, encode_external, encode_head
from codeintel_enrich.model.scip import IndexMetadata
from codeintel_enrich.publish.scip import Codec, ExportReport, Package, due_documents, export_index
from codeintel_enrich.store import open_store

TOOL = "codeintel-enrich"
_NAMESAKES = """\
SELECT path FROM modules WHERE module IS NOT NULL
QUALIFY count(*) OVER (PARTITION BY module, is_stub) > 1 ORDER BY path"""


def export_scip(options: Options, target: Path, notify: Callable[[str], None] = lambda message: None) -> ExportReport:
    """Write the index of everything the last build analysed to `target`, atomically.

    Only documents whose rows changed since the last export are encoded; sources are not read. The metadata names no
    folder, so that the same tree gives the same bytes anywhere.

    Raises EnrichError where there is no finished build, or something cannot be written, LockedError where a build does
    not end in time.
    """
    where = places(options)
    project = read_project(where.root, options.overrides)
    # Where nobody with our rights can build, there is no lock to be had, and nothing can be kept for the next export.
    if not os.access(_built(where), os.W_OK):
        return _export(where, project, Snapshot(where.artifacts), target, remembers=False)
    # A build that is at work may drop rows that the manifest on disk still names.
    with CacheLock(where.cache) as lock:
        lock.acquire(project.config.lock_wait_seconds, notify)
        report = _export(where, project, Reader(where.artifacts), where.export, remembers=True)
        _copy(where.export, target)
    return report


def _export(
    where: Places, project: Project, artifacts: Reader | Snapshot, file: Path, *, remembers: bool
) -> ExportReport:
    wanted = _wanted(where)
    codec = Codec(encode_head(IndexMetadata(TOOL, __version__)), encode_document, encode_external)
    package = Package(project.name, project.version)
    with contextlib.closing(artifacts):
        try:
            return export_index(
                file,
                wanted,
                lambda path: artifacts.get(wanted[path]),
                package,
                codec,
                made_by=_maker(),
                namesakes=_namesakes(where),
                remembers=remembers,
            )
        except CorruptArtifactError as error:
            raise EnrichError(f"{where.artifacts}: {error.message}; run `{TOOL} build` again") from error


def forecast_export(options: Options) -> tuple[int, list[str]]:
    """How many documents an export would write, and the files of those that it would encode. Writes nothing.

    Raises EnrichError where there is no finished build.
    """
    where = places(options)
    project = read_project(where.root, options.overrides)
    _built(where)
    wanted = _wanted(where)
    return len(wanted), due_documents(
        where.export, wanted, Package(project.name, project.version), _maker(), _namesakes(where)
    )


def _built(where: Places) -> Path:
    if not where.manifest.is_file():
        raise EnrichError(f"{where.cache}: nothing was built there yet; run `{TOOL} build` first")
    return where.cache


def _wanted(where: Places) -> dict[str, str]:
    """Path of every analysed file -> digest of its encoded rows."""
    manifest, _ = load_manifest(where.manifest)
    wanted = {path: state.stage("emit").output for path, state in sorted(manifest.files.items())}
    if not wanted or not all(wanted.values()):
        raise EnrichError(f"{where.cache}: the last build did not end; run `{TOOL} build` again")
    return wanted


def _namesakes(where: Places) -> frozenset[str]:
    """The files whose module name other files have, too, a module and its stub apart."""
    with open_store(where.store) as store:
        return frozenset(path for (path,) in store.execute(_NAMESAKES).fetchall())


def _maker() -> str:
    # `merge` covers the code that describes documents, `index` the formats that encode them.
    return " ".join((__version__, stage_version("merge"), stage_version("index")))


def _copy(source: Path, target: Path) -> None:
    try:
        copy_file(source, target)
    except OSError as error:
        raise EnrichError(f"{target}: cannot be written ({error.strerror or error})") from error
