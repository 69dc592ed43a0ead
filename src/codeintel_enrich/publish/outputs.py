"""The registry of published files: one entry a kind, and the only list of their names.

Publishing, removing what is wanted no more, finding our files where it was forgotten what we wrote, `verify` and the
commands that read published files go by this list and no other. To add a file is to write the module that makes it and
to enter it here.
"""

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePath, PurePosixPath

import msgspec

from codeintel_enrich.files.atomic import UNFINISHED_SUFFIX
from codeintel_enrich.model.config import PublishConfig
from codeintel_enrich.model.graphs import GRAPHS
from codeintel_enrich.model.rows import FileFragments
from codeintel_enrich.publish.claims import Claims
from codeintel_enrich.publish.graphs import graph_rules
from codeintel_enrich.publish.metrics import metric_rules
from codeintel_enrich.publish.overlays import overlay_rules
from codeintel_enrich.publish.pages import page_rules, standing_pages
from codeintel_enrich.publish.parquet import outlined_rules, partition_rules, standing_partitions
from codeintel_enrich.publish.repo_map import repo_map_rules
from codeintel_enrich.publish.rules import Materials, Rules
from codeintel_enrich.publish.slices import log_made, slice_rules
from codeintel_enrich.publish.tags_index import tags_rules

CST_FILE = "cst/cst.jsonl"
"""The lines of syntax nodes, unless a user wants them elsewhere."""
SLICES_FILE = "slices/slices.jsonl"
OVERLAYS_FOLDER = "overlays"

MARK = b"ade by codeintel-enrich"
"""Stands in the first line of files that people may edit; it begins with an M or an m."""


AfterParts = Callable[[Materials, Mapping[str, bytes] | None, Collection[str], Callable[[], Mapping[str, bytes]]], None]
"""Is given the parts that were made (None where the file is as it was), the names of all, and what reads all."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of published file. Exactly one of `fragment`, `rules` and `parts` says how it is made."""

    pattern: str
    """Where the files lie, relative to the output folder: a glob of `pathlib`, or one name."""
    doc: str
    """What they say, and what they are made from, on one line."""
    wanted: Callable[[PublishConfig], bool] = lambda config: True
    """Whether the settings ask for them."""
    is_marked: bool = False
    """Whether their first line says that we made them."""
    fragment: Callable[[FileFragments], bytes] | None = None
    """One file, spliced from what `emit` made of each Python file for it."""
    rules: Callable[[Materials], Rules] | None = None
    """Files that are each made by a build rule of their own; shared by entries whose files come from the same rules."""
    parts: Callable[[Materials], Rules] | None = None
    """One file, spliced from one part for each analysed file."""
    after_parts: AfterParts | None = None
    """Called before the file is recorded."""
    standing: Callable[[Materials, Iterable[str]], Iterable[str]] | None = None
    """Those of the known files of this kind that no file of `Materials.only` has a part in; None: none are sure to."""

    def matches(self, name: str) -> bool:
        """Whether a name, relative to the output folder, is one of this kind."""
        return _pattern(self.pattern).fullmatch(name) is not None

    def is_ours(self, path: Path) -> bool:
        """Whether a file of this kind in an output folder of ours was made by us, as far as it can tell itself."""
        # Without a mark, a name like `modules/x.md` may be a file of the user's own, which is not ours to remove.
        return not self.is_marked or _has_mark(path)


OUTPUTS: tuple[Output, ...] = (
    Output(
        pattern="modules/modules.jsonl",
        doc="a line for each Python file: imports, definitions, exports, tags; from its rows",
        fragment=lambda fragments: fragments.module_json,
    ),
    Output(
        pattern=CST_FILE,
        doc="the lines of syntax nodes of each Python file; from its rows",
        wanted=lambda config: config.emit_cst,
        fragment=lambda fragments: fragments.cst_jsonl,
    ),
    Output(
        pattern="repo_map.json",
        doc="the repository at a glance; from what lists say of every file",
        rules=repo_map_rules,
    ),
    Output(
        pattern="tags/tags_index.yaml",
        doc="tag -> modules; from what lists say of every file",
        rules=tags_rules,
    ),
    Output(
        pattern="modules/**/*.md",
        doc="a page for each Python file; from its rows and its importers",
        wanted=lambda config: config.emit_pages,
        is_marked=True,
        rules=page_rules,
        standing=standing_pages,
    ),
    Output(
        pattern="parquet/*/package=*/part-*.parquet",
        doc="each table as a dataset, the rows of Python files; from the rows of a package's files",
        wanted=lambda config: config.emit_parquet,
        rules=partition_rules,
        standing=standing_partitions,
    ),
    Output(
        pattern="parquet/*/package=*/other-*.parquet",
        doc="the same of files that are not Python; from their rows",
        wanted=lambda config: config.emit_parquet,
        rules=outlined_rules,
    ),
    Output(
        pattern="overlays/**/*.pyi",
        doc="typed stubs that spell stars out; from a module's rows and its source",
        wanted=lambda config: config.overlays.enabled,
        is_marked=True,
        rules=overlay_rules,
    ),
    Output(
        pattern="overlays/*-stubs/py.typed",
        doc="the marker of a partial stub package; where it has a stub",
        wanted=lambda config: config.overlays.enabled,
        rules=overlay_rules,
    ),
    # Behind all others that have rules: these may wait for the store.
    *(
        Output(pattern=graph.file, doc="rows of all files together; from what each contributes", rules=graph_rules)
        for graph in GRAPHS
    ),
    Output(
        pattern="ast/metrics.jsonl",
        doc="metrics of functions, a line for each Python file that parses; from its source",
        wanted=lambda config: config.emit_ast,
        parts=metric_rules,
    ),
    Output(
        pattern=SLICES_FILE,
        doc="chunks to embed, of each Python file that the filter lets through; from its rows, source and callers",
        wanted=lambda config: config.slices.enabled,
        parts=slice_rules,
        after_parts=log_made,
    ),
)
"""All of them, in the order in which they are made."""

_TOPS = frozenset(output.pattern.partition("/")[0] for output in OUTPUTS)
"""What an output folder holds of ours."""


def wanted_outputs(config: PublishConfig) -> list[Output]:
    """Those that the settings ask for."""
    return [output for output in OUTPUTS if output.wanted(config)]


def found_files(out: Path, known: Collection[str] = ()) -> list[str]:
    """Every file of ours below an output folder, by name relative to it: for when it was forgotten what we wrote.

    Those that people may edit are ours only if their first line says so; of the `known` ones that is clear.
    """
    return sorted(
        name
        for name, entry in _entries(out)
        if (output := _kind(name)) is not None
        and entry.is_file(follow_symlinks=False)
        and (name in known or output.is_ours(out / name))
    )


def unfinished_files(out: Path, elsewhere: Iterable[str] = ()) -> Iterator[Path]:
    """What killed runs were about to write: in an output folder, and in the place of files that may lie elsewhere."""
    for name, entry in _entries(out):
        if name.endswith(UNFINISHED_SUFFIX) and not entry.is_dir():
            yield out / name
    yield from (out / f"{name}{UNFINISHED_SUFFIX}" for name in elsewhere)


def foreign_files(root: Path, out: Path, cst_out: str | None, claims: Claims) -> list[Path]:
    """What lies outside of the cache where published files may go, and is not ours or no more as we left it."""
    found = list(_foreign_entries(out, claims)) if claims.is_needed(out) else []
    lines = out / cst_place(cst_out, root, out)
    # A user named this one file as ours: once we wrote it, it is made again like one in the cache, whoever edited it.
    if claims.is_needed(lines) and not lines.is_relative_to(out) and os.path.lexists(lines) and lines not in claims:
        found.append(lines)
    return found


def lying_there(root: Path, out: Path, cst_out: str | None, claims: Claims) -> Iterator[str]:
    """What lies where published files go, by name relative to the output folder, be it known or not."""
    if not claims.is_needed(out):
        yield from found_files(out)
    for path in (*unfinished_files(out), *foreign_files(root, out, cst_out, claims)):
        yield path.relative_to(out).as_posix() if path.is_relative_to(out) else str(path)


def remove_empty_folders(out: Path) -> None:
    """Remove the folders of ours that a run which was stopped has left empty. Raises OSError."""
    for top in _TOPS:
        for folder, _, _ in os.walk(out / top, topdown=False):
            with os.scandir(folder) as entries:
                is_empty = not any(entries)
            if is_empty:
                os.rmdir(folder)


def _foreign_entries(out: Path, claims: Claims) -> Iterator[Path]:
    for name, entry in _entries(out):
        path = out / name
        if entry.is_symlink():
            # Through a link we would write into another place.
            if entry.is_dir() or _kind(name) is not None:
                yield path
        elif entry.is_dir():
            if _kind(name) is not None and not claims.is_above(path):
                yield path
        elif name in _TOPS and _kind(name) is None:
            yield path  # A file where we need a folder.
        elif _kind(name) is not None and not claims.covers(path):
            yield path


def _entries(out: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All that lies in an output folder under the names at its top that are ours."""
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(out / prefix) as entries:
                listing = sorted(entries, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        for entry in listing:
            name = f"{prefix}{entry.name}"
            if prefix or entry.name.removesuffix(UNFINISHED_SUFFIX) in _TOPS:
                yield name, entry
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{name}/")


def _kind(name: str) -> Output | None:
    return next((output for output in OUTPUTS if output.matches(name)), None)


def cst_place(cst_out: str | None, root: Path, out: Path) -> PurePath:
    """Where the lines of syntax nodes go: relative to the output folder where they lie in it, else absolute.

    `cst_out`: the setting, a file named `*.jsonl` or a folder, relative to the root.
    """
    if cst_out is None:
        return PurePosixPath(CST_FILE)
    target = (root / cst_out).resolve()
    if target.suffix != ".jsonl":
        target /= PurePosixPath(CST_FILE).name
    # One name for each file: one that is known by two would be removed as the former place of itself.
    return target.relative_to(out) if target.is_relative_to(out) else target


def _has_mark(path: Path) -> bool:
    with path.open("rb") as file:
        return MARK in file.readline(200)


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    """A glob as a regular expression: `**/` stands for any folders or none, `*` for anything in one part."""
    # `PurePath.full_match` knows `**` from Python 3.13 on only.
    parts: Sequence[str] = re.split(r"(\*\*/|\*)", pattern)
    return re.compile("".join({"**/": "(?:[^/]+/)*", "*": "[^/]*"}.get(part) or re.escape(part) for part in parts))
