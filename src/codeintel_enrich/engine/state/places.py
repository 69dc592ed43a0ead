"""What a caller asks of one build, and where that build reads and writes."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.rules.config import cache_setting
from codeintel_enrich.engine.state.discovery import CACHE_SIGNATURE, CACHE_TAG
from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.git import git
from codeintel_enrich.files.inside import leads_outside

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/")
"""What a URL looks like as a path: of two slashes one is left."""

GITIGNORE = """\
# Everything the build writes here can be made again.
*
"""
TAG_TEXT = f"""\
{CACHE_SIGNATURE.decode()}
# This folder holds the incremental build cache of codeintel-enrich.
# What a cache folder tag means: https://bford.info/cachedir/
"""


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """One build as asked for; relative paths are relative to the working directory."""

    root: Path = Path()
    cache_dir: Path | None = None
    """Default: what the settings say, else `<root>/cache`."""
    out: Path | None = None
    """Default: `<cache>/enriched`."""
    scip: Path | None = None
    """A SCIP index to use as it is, instead of making one."""
    reports: Mapping[str, Path] = {}
    """Checker name -> a report of it to use as it is, instead of running the checker."""
    only: tuple[str, ...] = ()
    index: bool = True
    types: bool = True
    refresh_index: bool = False
    check: bool = False
    """Believe no stamp: read every source and every file of ours."""
    trust: bool = False
    """Whether indexers and checkers may do whatever the tree's own settings of them say (or the user's own file)."""
    jobs: int | None = None
    all_tracked: bool = False
    """Whether git tracks every file of the root, so that ignore rules leave none out."""
    no_sources: tuple[Path, ...] = ()
    """Folders inside the root whose files are no sources, beside cache and out."""
    overrides: Mapping[str, Any] = {}
    """Config keys (kebab-case) that win over pyproject.toml."""

    def worker_count(self) -> int:
        """How many worker processes may run at once."""
        if self.jobs:
            return self.jobs
        # Those this process may use: containers and `taskset` give it fewer than the machine has.
        return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Places(msgspec.Struct, frozen=True):
    """Absolute paths of a build."""

    root: Path
    cache: Path
    out: Path
    no_sources: tuple[Path, ...] = ()
    all_tracked: bool = False

    @property
    def manifest(self) -> Path:
        """What the last run knew of every file."""
        return self.cache / "manifest.msgpack"

    @property
    def artifacts(self) -> Path:
        """Stage outputs and traces."""
        return self.cache / "artifacts.sqlite"

    @property
    def last_run(self) -> Path:
        """What the last run that had something to do did, and what was different before it."""
        return self.cache / "last.msgpack"

    @property
    def intent(self) -> Path:
        """What a build that is at work, or did not come to its end, set out to do."""
        return self.cache / "intent.json"

    @property
    def link_state(self) -> Path:
        """What `link` keeps between runs."""
        return self.cache / "link.msgpack"

    @property
    def store(self) -> Path:
        """The DuckDB store."""
        return self.cache / "codeintel.duckdb"

    @property
    def index(self) -> Path:
        """The SCIP index the pipeline makes."""
        return self.cache / "index.scip"

    @property
    def export(self) -> Path:
        """Our own SCIP index, as the last export left it."""
        return self.cache / "export.scip"

    @property
    def publish_index(self) -> Path:
        """Where each file's lines stand in the published files."""
        return self.cache / "published.msgpack"

    @property
    def slice_log(self) -> Path:
        """When which chunk came, changed or went."""
        return self.cache / "slices.sqlite"

    @property
    def complexities(self) -> Path:
        """What the last report measured, by content."""
        return self.cache / "complexities.msgpack"

    def name(self, path: Path) -> str:
        """A path relative to the cache where it lies in it, so that the cache can move; else as it is."""
        return path.relative_to(self.cache).as_posix() if path.is_relative_to(self.cache) else str(path)

    def skipped(self) -> tuple[str, ...]:
        """Folders of ours inside the root, relative to it: never scanned."""
        inside = (p for p in (self.cache, self.out, *self.no_sources) if p.is_relative_to(self.root) and p != self.root)
        return tuple(p.relative_to(self.root).as_posix() for p in inside)

    def _check_origin(self) -> None:
        """Raises UsageError for a cache that holds links, or came with the tree: somebody else made it."""
        _refuse(_links_below(self.cache))
        if not self.cache.is_relative_to(self.root) or not (self.manifest.exists() or self.artifacts.exists()):
            return
        listed = git(self.root, "ls-files", "-z", "--", str(self.cache)) or b""
        ours = (CACHE_TAG, ".gitignore")
        theirs = [name for name in os.fsdecode(listed).split("\0")[:-1] if name.rpartition("/")[2] not in ours]
        if theirs:
            raise UsageError(
                f"{theirs[0]}: git keeps it, so this cache came with the tree; `git rm -r --cached {self.cache.name}`, "
                "delete it, or choose another --cache-dir"
            )

    def prepare_cache(self) -> None:
        """Make the cache folder, tagged. Raises UsageError when the folder is somebody else's."""
        tag = self.cache / CACHE_TAG
        self._check_origin()
        try:
            # A folder called `cache` is common. Whatever is in one that we did not tag is not ours to write into.
            if self.cache.exists() and not tag.exists() and any(self.cache.iterdir()):
                raise UsageError(
                    f"{self.cache} exists and is not a cache of ours (no {CACHE_TAG} in it); "
                    "choose another folder with --cache-dir"
                )
            self.cache.mkdir(parents=True, exist_ok=True)
            for path, text in ((tag, TAG_TEXT), (self.cache / ".gitignore", GITIGNORE)):
                if not path.is_file():
                    path.write_text(text, encoding="utf-8")
        except OSError as error:
            place = error.filename or self.cache
            raise UsageError(
                f"{place}: cannot be written ({error.strerror}); choose another folder with --cache-dir"
            ) from error
        for path in self._files():
            # We did not make it, so it is not ours to remove.
            if path.is_dir():
                raise UsageError(
                    f"{path}: a folder where a file of ours belongs; move it away, or choose another cache folder with "
                    "--cache-dir"
                )

    def _files(self) -> Iterator[Path]:
        """The files that a build writes into the cache itself."""
        yield from (self.manifest, self.intent, self.last_run, self.link_state, self.publish_index)
        yield from (self.slice_log, self.index)
        for database, beside in ((self.artifacts, ("", "-wal", "-shm")), (self.store, ("", ".wal"))):
            yield from (database.with_name(f"{database.name}{suffix}") for suffix in beside)


def _links_below(folder: Path) -> Iterator[str]:
    """Every link below a folder; none is followed."""
    pending = [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_symlink():
                        yield entry.path
                    elif entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
        except OSError:
            continue


def _refuse(links: Iterator[str]) -> None:
    if (link := next(links, None)) is not None:
        raise UsageError(f"{link}: a link, and a cache of ours has none; remove it, or choose another --cache-dir")


def places(options: Options) -> Places:
    """Resolve where a build reads and writes. Raises UsageError when the root is no folder."""
    for name, place in (("--root", options.root), ("--cache-dir", options.cache_dir), ("--out", options.out)):
        if place is not None and (scheme := _URL.match(str(place))):
            raise UsageError(f"{name} {place}: {scheme[1]} addresses are not written to; name a folder of this machine")
    # Links are followed once, here: names of files of ours are compared as text from here on.
    root = options.root.resolve()
    if not root.is_dir():
        raise UsageError(f"{options.root}: not a folder; name the repository with --root")
    named = cache_setting(root) or "cache"
    cache = (options.cache_dir or root / named).resolve()
    if options.cache_dir is None and leads_outside(root, cache):
        raise UsageError(f"{root / named}: it leads out of the tree; name what lies elsewhere with --cache-dir")
    # What lies here is opened by name from here on; what lies deeper is looked at before anything is written.
    if cache.is_dir():
        with os.scandir(cache) as entries:
            _refuse(entry.path for entry in entries if entry.is_symlink())
    out = (options.out or cache / "enriched").resolve()
    if out == root:
        raise UsageError(f"{options.out}: what is written there would be taken for sources; name a folder of its own")
    return Places(root, cache, out, tuple(path.resolve() for path in options.no_sources), options.all_tracked)
