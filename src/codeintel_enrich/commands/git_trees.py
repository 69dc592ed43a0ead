"""Trees out of git's own objects: what a commit or the index holds, laid out in a folder of ours and kept there.

The work tree is neither read nor touched. From one tree to the next only blobs that differ are written.
"""

import contextlib
import os
import posixpath
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.engine.state.artifacts import has_log
from codeintel_enrich.engine.state.discovery import may_be_python
from codeintel_enrich.engine.state.lock import CacheLock
from codeintel_enrich.engine.state.places import Options, Places, places
from codeintel_enrich.engine.state.surroundings import BUILD_FILES, is_made_of
from codeintel_enrich.errors import EnrichError, ToolError, UsageError
from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.git import find_repository, git_objects, run_git
from codeintel_enrich.formats.tree_paths import path_fault
from codeintel_enrich.tasks import run_build

STEERING = BUILD_FILES | {".gitignore", "pyvenv.cfg", "CACHEDIR.TAG"}
"""Files that decide, beside the sources, what a build sees."""
RECORD = "tree.msgpack"
"""What the laid out tree holds, beside it."""
SYMLINK = "120000"
SUBMODULE = "160000"
_UP_AGAIN = re.compile(r"[^./][^/]*/+\.\.(/|$)|\.[^./][^/]*/+\.\.(/|$)")
_MOST_LINKS = 8
"""Links that lead to links are followed so far."""

NO_FILES: dict[str, Any] = {
    "emit-cst": False,
    "emit-pages": False,
    "emit-parquet": False,
    "emit-ast": False,
    "tags-yaml": None,
    "owners": False,
    "coverage-xml": None,
    "overlays": {"enabled": False},
    "slices": {"enabled": False},
}
"""Settings of a build that is only asked for its store."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One file of a tree."""

    mode: str
    blob: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What building one tree would have to look at."""

    tree: str
    """`staged`, or a commit's name."""
    files: int
    changed: tuple[str, ...]
    """Files that are new, or others than in the tree before it, sorted."""
    removed: tuple[str, ...]


class Repository:
    """The git repository that a folder lies in; its commands read objects only."""

    def __init__(self, root: Path) -> None:
        """Raises UsageError where git is not installed or the folder lies in no repository."""
        self.root = root
        if find_repository(root) is None:
            raise UsageError(f"{root} is in no git repository")

    def commit(self, revision: str) -> str:
        """The full name of a commit. Raises UsageError where there is none of that name."""
        found = self._git(
            # Behind `--end-of-options` a revision that begins with a dash is no option; `^{commit}` follows a tag to
            # its commit.
            *("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"),
            complaint=f"git knows no commit {revision!r}; in a shallow clone, fetch it first",
        )
        return found.decode().strip()

    def merge_base(self, one: str, other: str) -> str:
        """Where two commits parted. Raises UsageError where they have nothing in common."""
        complaint = f"{one} and {other} have no commit in common; in a shallow clone, fetch more first"
        return self._git("merge-base", "--end-of-options", one, other, complaint=complaint).decode().strip()

    def tree(self, commit: str) -> dict[str, Entry]:
        """Path, relative to the root -> what a commit holds there."""
        entries: dict[str, Entry] = {}
        for line in self._git("ls-tree", "-r", "-z", commit).split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, _, blob = head.decode().split(" ")
            entries[os.fsdecode(path)] = Entry(mode, blob)
        return self._without_links(entries)

    def staged(self) -> dict[str, Entry]:
        """Path, relative to the root -> what the index holds there. Raises UsageError while a merge has conflicts."""
        entries: dict[str, Entry] = {}
        for line in self._git("ls-files", "--stage", "-z").split(b"\0")[:-1]:
            head, _, path = line.partition(b"\t")
            mode, blob, stage = head.decode().split(" ")
            # Stages 1 to 3 are the sides of a conflict (git-ls-files, "--stage").
            if stage != "0":
                raise UsageError(f"{os.fsdecode(path)}: the merge of it is not settled; settle and stage it first")
            entries[os.fsdecode(path)] = Entry(mode, blob)
        return self._without_links(entries)

    def _without_links(self, entries: dict[str, Entry]) -> dict[str, Entry]:
        """The same with each link to a file replaced by that file, and without links that lead out of the tree.

        Only links to folders of the tree are laid out: what is written next could go through others to anywhere.
        """
        links = [path for path, entry in entries.items() if entry.mode == SYMLINK and _is_wanted(path, entry)]
        targets = {
            path: posixpath.normpath(posixpath.join(posixpath.dirname(path), text))
            for path, data in zip(links, self.blobs([entries[path].blob for path in links]), strict=True)
            # Behind a name, `..` means where that leads to, which need not be what it is written in.
            if not _UP_AGAIN.search(text := os.fsdecode(data))
        }
        found = {path: entry for path, entry in entries.items() if entry.mode != SYMLINK}
        for path in links:
            target = path
            for _ in range(_MOST_LINKS):
                target = targets.get(target, target)
            # As in the work tree, where a file that says what is ignored does not count if it is a link.
            if target in found and PurePosixPath(path).name not in STEERING - BUILD_FILES:
                found[path] = found[target]
        folders = {str(folder) for path in found for folder in PurePosixPath(path).parents} - {"."}
        return found | {path: entries[path] for path in links if path not in found and targets.get(path) in folders}

    def blobs(self, names: list[str]) -> Iterator[bytes]:
        """The bytes of each blob, in order. Raises EnrichError for one that git cannot give."""
        return git_objects(self.root, names)

    def _git(self, *words: str, complaint: str = "") -> bytes:
        try:
            done = run_git(self.root, *words)
        except ToolError as error:
            raise UsageError(f"git cannot be run ({error.message}); install it") from error
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip()
            raise UsageError(complaint or f"git {words[0]} failed: {said}")
        return done.stdout


class TreeCache:
    """A folder of the cache in which trees out of git are built, one after the other; only one process at a time."""

    def __init__(self, options: Options, notify: Callable[[str], None] = lambda message: None) -> None:
        """`options` say root and cache."""
        self._main = places(options)
        self.repository = Repository(self._main.root)
        self._folder = self._main.cache / "git"
        self._jobs = options.jobs
        self._notify = notify
        self._lock: CacheLock | None = None

    def __enter__(self) -> "TreeCache":
        self._main.prepare_cache()
        turn = self._folder / "turn"
        turn.mkdir(parents=True, exist_ok=True)
        self._lock = CacheLock(turn)
        # Two hooks at once (commits in two worktrees of one repository) take turns: there is one folder for the tree.
        self._lock.acquire(600, self._notify)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._lock is not None:
            self._lock.release()

    def forecast(self, trees: Mapping[str, Mapping[str, Entry]]) -> tuple[Step, ...]:
        """What it would take to build some trees, by their names, one after the other. Writes nothing."""
        steps: list[Step] = []
        before = self._laid_out()
        for name, entries in trees.items():
            wanted = _sources(entries)
            changed = sorted(path for path, entry in wanted.items() if before.get(path) != entry)
            removed = sorted(before.keys() - wanted.keys())
            steps.append(Step(tree=name, files=len(wanted), changed=tuple(changed), removed=tuple(removed)))
            before = wanted
        return tuple(steps)

    def build(self, entries: Mapping[str, Entry]) -> tuple[Build, Summary]:
        """Build a tree. Raises EnrichError where that fails."""
        self._lay_out(_sources(entries))
        options = Options(
            root=self._folder / "tree",
            cache_dir=self._folder / "cache",
            index=False,
            types=False,
            jobs=self._jobs,
            all_tracked=True,
            overrides=NO_FILES,
        )
        build = Build(options, self._notify)
        _seed(self._main, build.state.places)
        summary = run_build(build)
        if summary.errors:
            raise EnrichError(f"the build failed: {summary.errors[0]}")
        return build, summary

    def _laid_out(self) -> dict[str, Entry]:
        """The files that the folder holds; none where that is not known."""
        try:
            return msgspec.msgpack.decode((self._folder / RECORD).read_bytes(), type=dict[str, Entry])
        except (OSError, msgspec.DecodeError):
            return {}

    def _lay_out(self, wanted: Mapping[str, Entry]) -> None:
        """Make the folder hold exactly these files."""
        tree, record = self._folder / "tree", self._folder / RECORD
        known = self._laid_out()
        if not known:
            shutil.rmtree(tree, ignore_errors=True)
        # Until all is written nothing is known: a run that is killed leaves no wrong record.
        record.unlink(missing_ok=True)
        tree.mkdir(parents=True, exist_ok=True)
        # What goes, goes first: a name may have been a file and be a folder now.
        for path, entry in known.items():
            if wanted.get(path) != entry:
                with contextlib.suppress(OSError):
                    (tree / path).unlink()
                    (tree / path).parent.rmdir()
        # Blobs as git has them, in a folder of ours: `git worktree` would note itself in the user's repository, and a
        # checkout run their filters.
        fresh = [path for path, entry in wanted.items() if known.get(path) != entry]
        # Of what is compiled only the name counts, and it may be large.
        empty = [path for path in fresh if is_made_of(path)]
        for path in empty:
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).touch()
        fresh = [path for path in fresh if path not in set(empty)]
        for path, data in zip(fresh, self.repository.blobs([wanted[path].blob for path in fresh]), strict=True):
            target = tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if wanted[path].mode == SYMLINK:
                os.symlink(os.fsdecode(data), target)
            else:
                target.write_bytes(data)
        replace_file(record, msgspec.msgpack.encode(dict(wanted)))


def _sources(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    # A submodule is a commit of another repository: there is no blob to write.
    found = {path: entry for path, entry in entries.items() if entry.mode != SUBMODULE and _is_wanted(path, entry)}
    # A tree that was made by hand can have a file and a folder of one name.
    return {
        path: entry for path, entry in found.items() if not any(str(p) in found for p in PurePosixPath(path).parents)
    }


def _is_wanted(path: str, entry: Entry) -> bool:
    pure = PurePosixPath(path)
    # git itself never checks out `..` or its own folder, but a tree that was made by hand can name them.
    if path_fault(path) is not None or any(part.lower() == ".git" for part in pure.parts):
        return False
    # A link may lead to a folder of modules.
    return may_be_python(path) or pure.name in STEERING or entry.mode == SYMLINK or is_made_of(pure.name)


def _seed(main: Places, side: Places) -> None:
    """Give a new cache what the repository's own has found out; every artifact is checked when it is read."""
    # A file whose log is not folded in yet lacks the newest results, or is written at this moment.
    if main.artifacts.is_file() and not side.artifacts.exists() and not has_log(main.artifacts):
        side.prepare_cache()
        # One copy beats thousands of lookups in a second store, and the first hook of a repository parses nothing
        # again.
        shutil.copyfile(main.artifacts, side.artifacts)
