"""Bringing the published files to what is wanted; knows neither analyses nor the store."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.splice import Splicer, splice
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.rows import FileSummary, decode_fragments
from codeintel_enrich.publish.claims import Claims
from codeintel_enrich.publish.index import Index, Part, read_index, write_index
from codeintel_enrich.publish.outputs import CST_FILE, Output, found_files, remove_empty_folders, unfinished_files
from codeintel_enrich.publish.rules import BuildRule, Materials
from codeintel_enrich.publish.spliced import Parts, bring_parts, read_parts
from codeintel_enrich.publish.upkeep import Kept, Made, keep_up, remove_files

_THREADS = 4


class PublishReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did to the published files."""

    written: tuple[str, ...]
    """Files that were replaced, relative to the output folder."""
    regenerated: str | None
    """Why nothing of the old files could be kept; None where what did not change was, or all was up to date."""
    changed_files: int
    """Analysed files whose part was made anew."""
    postponed: tuple[str, ...]
    """What could not be made because a source was edited while the build ran; until it is, the files are not done."""
    stamps: dict[str, FileStamp]
    """Every published file, relative to the output folder."""
    seconds: float


def publish_files(
    out: Path,
    index_path: Path,
    outputs: Sequence[Output],
    materials: Materials,
    *,
    intact: bool = False,
    compare: bool = False,
) -> PublishReport:
    """Make the files in `out` say exactly what the wanted files' rows say, in path order.

    `outputs` are the kinds of files that are wanted; files of other kinds that we wrote are removed. `index_path` is
    the sidecar that says what the files on disk are made of. Published files that do not bear the stamps of the
    sidecar (deleted, cut, edited by hand) are made anew from all rows; else only changed parts are. Every file is
    replaced atomically, and only where something changed.

    Outside of the cache nothing is removed but what was claimed; that nothing else is in the way was seen before.

    `intact`: the published files, and the sidecar, were just seen to bear the stamps of the last report. Else what a
    run that was stopped left behind is found and removed. `compare`: stamps are not believed either; each file is made,
    and compared with what lies there.

    Raises EnrichError where a file cannot be written, and whatever the materials raise; files not replaced by then are
    as before.
    """
    started = time.perf_counter()
    try:
        with ExitStack() as stack, ThreadPoolExecutor(_THREADS, "write") as threads:
            return _Publication(out, index_path, outputs, materials, intact, compare).run(stack, threads, started)
    except OSError as error:
        raise EnrichError(f"{out}: its files cannot be written ({error}); free the place or use --out") from error


class _Publication:
    """One run of `publish_files`."""

    def __init__(
        self,
        out: Path,
        index_path: Path,
        outputs: Sequence[Output],
        materials: Materials,
        intact: bool,
        compare: bool,
    ) -> None:
        self._out = out
        self._index_path = index_path
        self._outputs = outputs
        self._materials = materials
        self._fragments = {
            materials.cst_file if output.pattern == CST_FILE else output.pattern: output.fragment
            for output in outputs
            if output.fragment is not None
        }
        """Name of a file that is spliced of fragments -> what of a file's fragments stands in it."""
        self._claims = Claims(index_path.parent)
        self._claim = partial(self._claims.add, out)
        cache = index_path.parent
        self._here = str(out.relative_to(cache) if out.is_relative_to(cache) else out)
        self._last = read_index(index_path)
        self._regenerated = "all of them are looked at" if compare else self._distrust()
        self._intact = intact and self._regenerated is None
        self._known = self._last if self._last is not None and self._last.out == self._here else Index()
        """What is known of the files on disk."""
        self._base = self._known if self._regenerated is None else Index()
        """What of it can be built upon."""
        self._compare = compare
        self._changed = {
            path
            for path, digest in materials.wanted.items()
            if path not in self._base.parts or self._base.parts[path].rows_digest != digest
        }
        self._version = f"{materials.version} {' '.join(output.pattern for output in outputs)}"
        self._written: list[str] = []
        self._postponed: list[str] = []

    def run(self, stack: ExitStack, threads: Executor, started: float) -> PublishReport:
        """Make every file, record what they are made of."""
        if not self._intact:
            for path in unfinished_files(self._out, self._fragments):
                path.unlink(missing_ok=True)
        # First, since the summaries that all other files are made from come with them.
        parts, replaced = self._bring_fragments(stack, threads)
        self._remove_former()
        only = self._changed if self._stays_inside(parts) else None
        summaries = {path: part.summary for path, part in parts.items()}
        materials = msgspec.structs.replace(self._materials, summaries=summaries, only=only)
        kept = self._bring_single(materials, threads)
        spliced = self._bring_spliced(materials)
        stamps = {name: replaced[name].result() if replaced else self._base.stamps[name] for name in self._fragments}
        index = Index(parts, stamps, kept.made, spliced, self._version, self._here)
        # A run that changed nothing writes nothing, so its stamp in the manifest stays true.
        if index != self._last:
            write_index(self._index_path, index)
        stamps = dict(stamps)
        stamps.update({name: parts.stamp for name, parts in spliced.items()})
        stamps.update({name: made.stamp for name, made in kept.made.items() if made.stamp is not None})
        if not self._intact and not self._claims.is_needed(self._out):
            remove_empty_folders(self._out)
        self._claims.settle(self._out, {self._out / name: stamp for name, stamp in stamps.items()})
        return PublishReport(
            written=tuple(self._written),
            regenerated=self._regenerated,
            changed_files=len(self._changed),
            postponed=tuple(self._postponed),
            stamps=stamps,
            seconds=time.perf_counter() - started,
        )

    def _distrust(self) -> str | None:
        """Why the files on disk cannot be built upon."""
        if self._last is None:
            return "nothing is known of earlier files"
        if self._last.out != self._here:
            return "they lie elsewhere"
        # The lengths of parts are kept in the order of these files.
        if list(self._last.stamps) != list(self._fragments):
            return "other files are wanted"
        for name, stamp in self._last.stamps.items():
            if FileStamp.of(self._out / name) != stamp:
                return f"{name} is not as it was left"
        return None

    # --- files spliced of fragments -------------------------------------------------------------------------------

    def _bring_fragments(
        self, stack: ExitStack, threads: Executor
    ) -> tuple[dict[str, Part], Mapping[str, Future[FileStamp]]]:
        """Write the next version of the files that `emit` made the lines of; nothing where no file changed."""
        # Counting is enough: every wanted file is among the known parts, so as many of both are the same ones.
        if not self._changed and len(self._materials.wanted) == len(self._base.parts) and self._regenerated is None:
            return self._base.parts, {}
        old, wanted = self._base.parts, self._materials.wanted
        summaries: dict[str, FileSummary] = {}

        def fresh(path: str) -> list[bytes] | None:
            if path not in self._changed:
                return None
            fragments = decode_fragments(self._materials.load(path))
            summaries[path] = fragments.summary
            return [select(fragments) for select in self._fragments.values()]

        splicers = {
            name: stack.enter_context(Splicer(self._out / name, keeps=bool(old), claim=self._claim))
            for name in self._fragments
        }
        last = {path: part.lengths for path, part in old.items()}
        lengths = splice(list(splicers.values()), sorted(wanted), last, fresh)
        self._written.extend(splicers)
        parts = {
            path: Part(wanted[path], tuple(found), summaries[path]) if path in summaries else old[path]
            for path, found in lengths.items()
        }
        # To copy large files, the largest first, is work of the system's that needs no waiting for.
        return parts, {name: threads.submit(splicers[name].commit) for name in reversed(splicers)}

    def _remove_former(self) -> None:
        """Remove the lines of syntax nodes where they were before."""
        claimed = (str(path) for path in self._claims.of(self._out) if not path.is_relative_to(self._out))
        for name in {CST_FILE, *self._known.stamps, *claimed} - self._fragments.keys():
            path = self._out / name
            if not self._claims.is_needed(path) or self._claims.covers(path):
                path.unlink(missing_ok=True)

    def _stays_inside(self, parts: Mapping[str, Part]) -> bool:
        """Whether no page but the changed files' own, and no dataset but their packages', can come out otherwise."""
        old = self._base
        return (
            self._intact
            and old.version == self._version
            and old.parts.keys() == parts.keys()
            and all(_place(old.parts[path].summary) == _place(parts[path].summary) for path in self._changed)
        )

    # --- files made one by one ------------------------------------------------------------------------------------

    def _bring_single(self, materials: Materials, threads: Executor) -> Kept:
        former = self._former()
        rules: dict[str, BuildRule] = {}
        for make in dict.fromkeys(output.rules for output in self._outputs if output.rules is not None):
            rules.update(make(materials))
        standing = self._standing(materials, former, rules) if materials.only is not None else ()
        kept = keep_up(*(self._out, rules, former, threads), standing=standing, intact=self._intact, claim=self._claim)
        self._written.extend(kept.written)
        self._postponed.extend(kept.postponed)
        return kept

    def _former(self) -> Mapping[str, Made]:
        """The files made one by one that lie in the output folder and are ours."""
        if self._intact:
            return self._known.made
        known = self._known.made
        if self._compare:
            # No digest is empty, so that each is made, and compared with what lies there.
            known = {name: Made("", made.stamp) for name, made in known.items()}
        spliced = {*self._fragments, *(output.pattern for output in self._outputs if output.parts is not None)}
        # What a run that was stopped had written stands in no index.
        strays = [name for name in self._found() if name not in spliced and name not in known]
        return {**known, **{name: Made("", FileStamp.of(self._out / name)) for name in strays}}

    def _found(self) -> list[str]:
        """The files of ours in the output folder, by name."""
        if not self._claims.is_needed(self._out):
            return found_files(self._out, self._known.made)
        inside = (path for path in self._claims.of(self._out) if path.is_relative_to(self._out))
        return [path.relative_to(self._out).as_posix() for path in inside if self._claims.covers(path)]

    def _standing(self, materials: Materials, known: Collection[str], rules: Collection[str]) -> Iterator[str]:
        """The known files that the changed files have no part in."""
        for output in self._outputs:
            if output.standing is not None:
                ours = [name for name in known if name not in rules and output.matches(name)]
                yield from output.standing(materials, ours)

    # --- files spliced of parts with inputs of their own ----------------------------------------------------------

    def _bring_spliced(self, materials: Materials) -> dict[str, Parts]:
        """Bring the files of parts up to date, and remove those that are wanted no more."""
        spliced: dict[str, Parts] = {}
        for output in self._outputs:
            if output.parts is None:
                continue
            name = output.pattern
            known = None if self._compare else self._known.spliced.get(name)
            done = bring_parts(self._out / name, output.parts(materials), known, self._claim)
            spliced[name] = done.parts
            self._postponed.extend(f"{name}: {path}" for path in done.postponed)
            if done.is_new:
                self._written.append(name)
            if output.after_parts is not None:
                every = partial(_every_part, self._out / name, done.parts)
                output.after_parts(materials, done.made if done.is_new else None, done.parts.parts, every)
        remove_files(self._out, self._known.spliced.keys() - spliced.keys())
        return spliced


def _every_part(path: Path, parts: Parts) -> dict[str, bytes]:
    return dict(read_parts(path, parts, parts.parts))


def _place(summary: FileSummary) -> tuple[object, ...]:
    """What other files' pages and datasets depend on."""
    return summary.module, summary.package, summary.imports
