"""Owns bringing the published files to what is wanted; knows neither analyses nor the store."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.splice import Splicer, replace_file
from codeintel_enrich.files.stamps import CST_FILE, FileStamp, PublishReport
from codeintel_enrich.model.rows import FileSummary, decode_fragments
from codeintel_enrich.publish.index import Index, Part, read_index, write_index
from codeintel_enrich.publish.pages import page_recipes
from codeintel_enrich.publish.parquet import ArrowTables, outlined_recipes, parquet_recipes, partitions_beside
from codeintel_enrich.publish.repo_map import repo_map
from codeintel_enrich.publish.spliced import Parts, bring_parts
from codeintel_enrich.publish.tags_index import tags_index
from codeintel_enrich.publish.upkeep import Made, Recipe, keep_up, stale_files

MODULES_FILE = "modules/modules.jsonl"
REPO_MAP_FILE = "repo_map.json"
TAGS_FILE = "tags/tags_index.yaml"
_THREADS = 4

Summaries = Mapping[str, FileSummary]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Which files there are beside those of every run, and how they are made."""

    version: str = ""
    """Digest of the code that makes files; another one makes all of them anew."""
    outlined: Mapping[str, str] = {}
    """Files that are not Python -> digest of their encoded rows; they are in the Parquet datasets alone."""
    emit_cst: bool = True
    cst_file: str = CST_FILE
    """Relative to the output folder, or absolute."""
    emit_pages: bool = False
    arrow_tables: ArrowTables | None = None
    """Makes Parquet datasets wanted."""
    files: Callable[[Summaries], Mapping[str, Recipe]] | None = None
    """More files that are made whole, by name relative to the output folder."""
    parts: Mapping[str, Callable[[Summaries], Mapping[str, Recipe]]] = {}
    """More files with a part per analysed file: name -> recipe of each part, in path order."""
    parts_made: Callable[[str, Mapping[str, bytes], Collection[str]], None] | None = None
    """Told, of each such file, which parts were made and which analysed files have one, before it is recorded."""

    @property
    def ways(self) -> str:
        """What decides, beside analysed files, how pages and datasets are made."""
        return f"{self.version} {self.emit_pages} {self.arrow_tables is not None}"


def publish_files(
    out: Path,
    index_path: Path,
    wanted: Mapping[str, str],
    load: Callable[[str], bytes],
    *,
    project: str,
    entry_points: Mapping[str, str],
    plan: Plan,
    intact: bool = False,
) -> PublishReport:
    """Make the files in `out` say exactly what the wanted files' rows say, in path order.

    `index_path` is the sidecar that tells what the files on disk are made of. `wanted` maps every analysed file to the
    digest of its encoded rows, `load` gives those bytes for one. Published files that do not bear the stamps of the
    sidecar (deleted, cut, edited by hand) are made anew from all rows; else only changed parts are. Every file is
    replaced atomically, and only where something changed.

    `intact`: the published files, and the sidecar, were just seen to bear the stamps of the last report.
    `project` is the project's name, which may be empty, `entry_points` its `[project.scripts]`.

    Raises EnrichError where a file cannot be written, and whatever `load` or the plan raises; files not replaced by
    then are as before.
    """
    started = time.perf_counter()
    names = [MODULES_FILE, plan.cst_file] if plan.emit_cst else [MODULES_FILE]
    old = read_index(index_path)
    regenerated = _distrust(old, names, out)
    known = old or Index()
    intact = intact and regenerated is None
    base = known if regenerated is None else Index()
    changed = {
        path for path, wants in wanted.items() if path not in base.parts or base.parts[path].rows_digest != wants
    }
    written: list[str] = []
    try:
        with ExitStack() as stack:
            parts = base.parts
            splicers: dict[str, Splicer] = {}
            threads = ThreadPoolExecutor(_THREADS, "write")
            if changed or len(wanted) != len(base.parts) or regenerated is not None:
                parts, splicers = _splice(out, names, wanted, changed, load, base, stack)
                written.extend(names)
            stack.enter_context(threads)
            # To copy large files, the largest first, is work of the system's that needs no waiting for.
            replaced = {name: threads.submit(splicers[name].commit) for name in reversed(splicers)}
            _remove_former(out, known, names)
            summaries = {path: part.summary for path, part in parts.items()}
            whole = {
                REPO_MAP_FILE: repo_map(summaries, project, entry_points),
                TAGS_FILE: tags_index(summaries),
            }
            brought = {name: threads.submit(_bring, out / name, content) for name, content in whole.items()}
            former = known.made if old is not None else _found(out)
            only = changed if intact and _stays_inside(base, plan, parts, changed) else None
            recipes = _recipes(plan, wanted, summaries, load, only)
            standing = () if only is None else _standing(former, [summaries[path] for path in only], recipes)
            kept = keep_up(out, recipes, former, threads, standing=standing, intact=intact)
            written.extend(kept.written)
            postponed = list(kept.postponed)
            spliced = _bring_spliced(out, plan, summaries, known.spliced, written, postponed)
            stamps = {name: replaced[name].result() if replaced else base.stamps[name] for name in names}
            for name, bringing in brought.items():
                stamps[name], is_new = bringing.result()
                written.extend([name] if is_new else ())
        after = Index(parts, stamps, kept.made, spliced, plan.ways)
        if after != old:
            write_index(index_path, after)
    except OSError as error:
        raise EnrichError(f"{out}: its files cannot be written ({error}); free the place or use --out") from error
    stamps.update({name: parts.stamp for name, parts in spliced.items()})
    stamps.update({name: made.stamp for name, made in kept.made.items() if made.stamp is not None})
    return PublishReport(
        written=tuple(written),
        regenerated=regenerated,
        changed_files=len(changed),
        postponed=tuple(postponed),
        stamps=stamps,
        seconds=time.perf_counter() - started,
    )


def _found(out: Path) -> dict[str, Made]:
    """The files that are made whole and whose making nothing is known of."""
    return {name: Made("", FileStamp.of(out / name)) for name in stale_files(out)}


def _stays_inside(old: Index, plan: Plan, parts: Mapping[str, Part], changed: Collection[str]) -> bool:
    """Whether no page but the changed files' own, and no dataset but their packages', can come out in another way."""
    return (
        old.ways == plan.ways
        and old.parts.keys() == parts.keys()
        and all(_place(old.parts[path].summary) == _place(parts[path].summary) for path in changed)
    )


def _place(summary: FileSummary) -> tuple[object, ...]:
    """What other files' pages and datasets depend on."""
    return summary.module, summary.package, summary.imports


def _standing(
    known: Mapping[str, Made], changed: Iterable[FileSummary], recipes: Mapping[str, Recipe]
) -> Iterator[str]:
    """The pages and datasets that the changed files have no part in."""
    pages = (name for name in known if name.startswith("modules/"))
    partitions = partitions_beside(known, {summary.package for summary in changed})
    return (name for name in chain(pages, partitions) if name not in recipes)


def _recipes(
    plan: Plan,
    wanted: Mapping[str, str],
    summaries: Summaries,
    load: Callable[[str], bytes],
    only: Collection[str] | None,
) -> dict[str, Recipe]:
    """How every file that is made whole is made; pages and datasets of `only` these files, where that is enough."""
    recipes: dict[str, Recipe] = {}
    if plan.emit_pages:
        recipes.update(page_recipes(wanted, summaries, load, plan.version, only))
    if plan.arrow_tables is not None:
        recipes.update(parquet_recipes(wanted, summaries, load, plan.arrow_tables, plan.version, only))
        recipes.update(outlined_recipes(plan.outlined, load, plan.arrow_tables, plan.version))
    if plan.files is not None:
        recipes.update(plan.files(summaries))
    return recipes


def _bring_spliced(
    out: Path, plan: Plan, summaries: Summaries, known: Mapping[str, Parts], written: list[str], postponed: list[str]
) -> dict[str, Parts]:
    """Bring the plan's files of parts up to date, and remove those it no longer has."""
    spliced: dict[str, Parts] = {}
    for name, recipes in plan.parts.items():
        done = bring_parts(out / name, recipes(summaries), known.get(name))
        spliced[name] = done.parts
        postponed.extend(f"{name}: {path}" for path in done.postponed)
        if done.is_new:
            written.append(name)
            if plan.parts_made is not None:
                plan.parts_made(name, done.made, done.parts.parts)
    for name in known.keys() - plan.parts.keys():
        (out / name).unlink(missing_ok=True)
    return spliced


def _distrust(index: Index | None, names: Iterable[str], out: Path) -> str | None:
    """Why the files on disk cannot be built upon."""
    if index is None:
        return "nothing is known of earlier files"
    for name in names:
        if name not in index.stamps or FileStamp.of(out / name) != index.stamps[name]:
            return f"{name} is not as it was left"
    return None


def _remove_former(out: Path, known: Index, names: Collection[str]) -> None:
    """Remove the lines of syntax nodes where they were before; outside of `out` only if nobody else wrote there."""
    for name in {CST_FILE, *known.stamps} - {*names, REPO_MAP_FILE, TAGS_FILE}:
        if name == CST_FILE or FileStamp.of(out / name) == known.stamps[name]:
            (out / name).unlink(missing_ok=True)


def _splice(
    out: Path,
    names: Collection[str],
    wanted: Mapping[str, str],
    changed: Collection[str],
    load: Callable[[str], bytes],
    old: Index,
    stack: ExitStack,
) -> tuple[dict[str, Part], dict[str, Splicer]]:
    """Begin the next version of the files `names`, which `stack` closes: its parts, and what puts it in place."""
    keeps = bool(old.parts)
    starts = _starts(old)
    parts: dict[str, Part] = {}
    splicers = {name: stack.enter_context(Splicer(out / name, keeps=keeps)) for name in names}
    modules, cst = splicers[MODULES_FILE], next((splicers[name] for name in names if name != MODULES_FILE), None)
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
    return parts, splicers


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
    stamp = FileStamp.of(path)
    if stamp is not None and stamp.size == len(content) and path.is_file() and path.read_bytes() == content:
        return stamp, False
    return replace_file(path, content), True
