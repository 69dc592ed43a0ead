"""Owns bringing the published files to what is wanted; knows neither analyses nor the store."""

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.model.outputs import FileStamp, PublishReport
from codeintel_enrich.model.rows import decode_fragments
from codeintel_enrich.publish.index import Index, Part, read_index, write_index
from codeintel_enrich.publish.repo_map import repo_map
from codeintel_enrich.publish.splice import Splicer, replace_file, stamp_of

MODULES_FILE = "modules/modules.jsonl"
CST_FILE = "cst/cst.jsonl"
REPO_MAP_FILE = "repo_map.json"


def publish_files(
    out: Path,
    index_path: Path,
    wanted: Mapping[str, str],
    load: Callable[[str], bytes],
    *,
    root_name: str,
    entry_points: Mapping[str, str],
    emit_cst: bool,
) -> PublishReport:
    """Make the files in `out` say exactly what the wanted files' rows say, in path order.

    `index_path` is the sidecar that tells what the files on disk are made of. `wanted` maps every analysed file to the
    digest of its encoded rows, `load` gives those bytes for one. Published files that do not bear the stamps of the
    sidecar (deleted, cut, edited by hand) are made anew from all rows; else only changed parts are. Every file is
    replaced atomically, and only where something changed.

    `root_name` is the name of the repository's folder without the way to it, `entry_points` its `[project.scripts]`,
    `emit_cst` whether there is a `cst/cst.jsonl`.

    Raises EnrichError where a file cannot be written, and whatever `load` raises; files not replaced by then are as
    before.
    """
    started = time.perf_counter()
    names = [MODULES_FILE, CST_FILE] if emit_cst else [MODULES_FILE]
    old = read_index(index_path)
    regenerated = _distrust(old, names, out)
    if old is None or regenerated is not None:
        old = Index()
    parts = old.parts
    changed = {path for path, wants in wanted.items() if path not in parts or parts[path].rows_digest != wants}
    written: list[str] = []
    try:
        index = old
        if changed or len(wanted) != len(parts) or regenerated is not None:
            index = _splice(out, names, wanted, changed, load, old)
            written.extend(names)
        if not emit_cst:
            (out / CST_FILE).unlink(missing_ok=True)
        stamps = {name: index.stamps[name] for name in names}
        content = repo_map({path: part.summary for path, part in index.parts.items()}, root_name, entry_points)
        stamps[REPO_MAP_FILE], is_new = _bring(out / REPO_MAP_FILE, content)
        if is_new:
            written.append(REPO_MAP_FILE)
        if index is not old or stamps != old.stamps:
            write_index(index_path, Index(index.parts, stamps))
    except OSError as error:
        raise EnrichError(f"{out}: its files cannot be written ({error}); free the place or use --out") from error
    return PublishReport(
        written=tuple(written),
        regenerated=regenerated,
        changed_files=len(changed),
        stamps=stamps,
        seconds=time.perf_counter() - started,
    )


def _distrust(index: Index | None, names: Iterable[str], out: Path) -> str | None:
    """Why the files on disk cannot be built upon."""
    if index is None:
        return "nothing is known of earlier files"
    for name in names:
        if name not in index.stamps or stamp_of(out / name) != index.stamps[name]:
            return f"{name} is not as it was left"
    return None


def _splice(
    out: Path,
    names: Collection[str],
    wanted: Mapping[str, str],
    changed: Collection[str],
    load: Callable[[str], bytes],
    old: Index,
) -> Index:
    """Replace the files `names` by their next version; returns the index of it."""
    keeps = bool(old.parts)
    starts = _starts(old)
    parts: dict[str, Part] = {}
    with ExitStack() as stack:
        modules = stack.enter_context(Splicer(out / MODULES_FILE, keeps=keeps))
        cst = stack.enter_context(Splicer(out / CST_FILE, keeps=keeps)) if CST_FILE in names else None
        for path in sorted(wanted):
            if path in changed:
                fragments = decode_fragments(load(path))
                sizes = len(fragments.module_json), len(fragments.cst_jsonl)
                parts[path] = Part(wanted[path], *sizes, fragments.summary)
                modules.add(fragments.module_json)
                if cst is not None:
                    cst.add(fragments.cst_jsonl)
            else:
                part = parts[path] = old.parts[path]
                module_start, cst_start = starts[path]
                modules.keep(module_start, module_start + part.module_length)
                if cst is not None:
                    cst.keep(cst_start, cst_start + part.cst_length)
        stamps = {MODULES_FILE: modules.commit()}
        if cst is not None:
            stamps[CST_FILE] = cst.commit()
    return Index(parts, stamps)


def _starts(index: Index) -> dict[str, tuple[int, int]]:
    """Where each part starts in the two files."""
    starts: dict[str, tuple[int, int]] = {}
    module_start = cst_start = 0
    for path, part in index.parts.items():
        starts[path] = (module_start, cst_start)
        module_start += part.module_length
        cst_start += part.cst_length
    return starts


def _bring(path: Path, content: bytes) -> tuple[FileStamp, bool]:
    """Write a small file where it does not have that content; returns its stamp and whether it was written."""
    stamp = stamp_of(path)
    if stamp is not None and stamp.size == len(content) and path.is_file() and path.read_bytes() == content:
        return stamp, False
    return replace_file(path, content), True
