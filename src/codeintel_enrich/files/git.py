"""git's command line: the one place where it is run, and under which conditions; knows nothing of what a file holds.

A repository may be a stranger's. Its `config` can name programs for nearly everything that git does (filters, hooks,
monitors, remotes, pagers), so git never gets to see it: it is given a folder of ours that leads to the repository's
objects, references and index, and has a configuration of its own.
"""

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from codeintel_enrich.errors import EnrichError, ToolError
from codeintel_enrich.files.process import run_program
from codeintel_enrich.files.programs import executable
from codeintel_enrich.files.stat import bytes_of

_PATIENCE_SECONDS = 300

_ITS_SETTINGS = {
    # A look must not rewrite the index of somebody who is at work beside us.
    "GIT_OPTIONAL_LOCKS": "0",
    # Replaced objects are a matter of one clone: the same commit must mean the same everywhere.
    "GIT_NO_REPLACE_OBJECTS": "1",
    # Nor may the user's own settings of renames, mailmaps or encodings decide what a history is found to say.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "0",
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    # An object that is not here is missing: no remote is asked for it.
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}

_CONFIG = """\
[core]
\trepositoryformatversion = 1
\tbare = false
\tfsmonitor = false
\thooksPath = /dev/null
[protocol]
\tallow = never
"""
_EXTENSION = re.compile(r"^\s*(objectformat|refstorage)\s*=\s*(\w+)\s*$", re.MULTILINE | re.IGNORECASE)
"""What a repository says of its own format; git reads these two from its `config` alone, never from included files."""

_SHARED = ("refs", "packed-refs", "reftable", "shallow")
"""What of a repository git is led to, beside objects and index."""


class GitFolders(msgspec.Struct, frozen=True):
    """Where the parts of a repository lie; absolute."""

    top: Path
    """The folder that is checked out."""
    own: Path
    """What this checkout has for itself: HEAD and the index."""
    common: Path
    """What all checkouts of the repository share; the same as `own` but for linked worktrees."""


def find_repository(folder: Path) -> GitFolders | None:
    """The repository that a folder lies in, found as git finds it; no file of its configuration is opened.

    A folder that is itself a bare repository is none: anybody can commit such a folder.
    """
    # Hooks get these from the git that runs them, relative to the folder in which it runs them.
    if named := os.environ.get("GIT_DIR"):
        return _folders(Path(os.environ.get("GIT_WORK_TREE") or ".").resolve(), Path(named).resolve())
    ceilings = {Path(path) for path in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if path}
    for top in (folder, *folder.parents):
        if top in ceilings:
            return None
        marker = top / ".git"
        if marker.is_file():
            # Linked worktrees and submodules: one line, `gitdir: PATH` (gitrepository-layout).
            line = (bytes_of(marker) or b"").removeprefix(b"gitdir:").strip()
            found = _folders(top, (top / os.fsdecode(line)).resolve())
        else:
            found = _folders(top, marker)
        if found is not None:
            return found
    return None


def _folders(top: Path, own: Path) -> GitFolders | None:
    if not (own / "HEAD").exists():
        return None
    common = bytes_of(own / "commondir")
    return GitFolders(top, own, own if common is None else (own / os.fsdecode(common.strip())).resolve())


@contextlib.contextmanager
def _view(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which git sees the repository without its configuration. Raises ToolError where none is."""
    found = find_repository(folder)
    if found is None:
        raise ToolError(f"{folder} lies in no git repository")
    view = Path(tempfile.mkdtemp(prefix="codeintel-enrich-git-"))
    try:
        # git follows no link that HEAD is unless it names a branch.
        (view / "HEAD").write_bytes(bytes_of(found.own / "HEAD") or b"")
        extensions = _EXTENSION.findall((bytes_of(found.common / "config") or b"").decode(errors="replace"))
        lines = [f"\t{name} = {value}\n" for name, value in extensions]
        (view / "config").write_text("".join((_CONFIG, "[extensions]\n", *lines)), encoding="utf-8")
        for name in _SHARED:
            if (found.common / name).exists():
                (view / name).symlink_to(found.common / name)
        # Large indexes may be kept in two files, of which git looks for the second beside HEAD.
        for part in found.own.glob("sharedindex.*"):
            (view / part.name).symlink_to(part)
        yield {
            **_ITS_SETTINGS,
            "GIT_DIR": str(view),
            "GIT_COMMON_DIR": str(view),
            "GIT_WORK_TREE": str(found.top),
            # What is pushed lies apart at first.
            "GIT_INDEX_FILE": str(_index_of(found)),
            "GIT_OBJECT_DIRECTORY": os.path.abspath(os.environ.get("GIT_OBJECT_DIRECTORY") or found.common / "objects"),
        }
    finally:
        shutil.rmtree(view, ignore_errors=True)


def run_git(folder: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder; the exit code is the caller's to judge. Raises ToolError where it cannot be run."""
    program = executable("git")
    if program is None:
        raise ToolError("git is not installed")
    with _view(folder) as environment:
        return run_program([program, "-C", str(folder), *words], folder, _PATIENCE_SECONDS, environment)


def git(folder: Path, *words: str) -> bytes | None:
    """What git prints in a folder; None where it is not installed, fails, or takes more than five minutes."""
    try:
        done = run_git(folder, *words)
    except ToolError:
        return None
    return done.stdout if done.returncode == 0 else None


def index_file(folder: Path) -> Path | None:
    """The index of the checkout that a folder lies in; None where it lies in none. Runs nothing."""
    found = find_repository(folder)
    return None if found is None else _index_of(found)


def _index_of(found: GitFolders) -> Path:
    # A hook of `git commit FILE` runs beside an index of its own.
    return Path(os.path.abspath(os.environ.get("GIT_INDEX_FILE") or found.own / "index"))


def tracked_files(folder: Path) -> frozenset[str] | None:
    """The paths below a folder, relative to it, that are in git's index; None where git cannot say."""
    listed = git(folder, "ls-files", "-z", "--cached")
    return None if listed is None else frozenset(map(os.fsdecode, listed.split(b"\0")[:-1]))


def git_objects(folder: Path, names: Sequence[str]) -> Iterator[bytes]:
    """The bytes of each object, in order. Raises EnrichError for one that git cannot give."""
    command = [executable("git") or "git", "-C", str(folder), "cat-file", "--batch"]
    with (
        _view(folder) as environment,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **environment}
        ) as process,
    ):
        asks, answers = process.stdin, process.stdout
        assert asks is not None, "it was asked for"
        assert answers is not None, "it was asked for"
        # One at a time: git answers each before it reads the next, so neither side waits for ever.
        for name in names:
            asks.write(f"{name}\n".encode())
            asks.flush()
            head = answers.readline().split()
            # The answer is `<name> <type> <size>`, the bytes and a line end; or `<name> missing` (git-cat-file, "Batch
            # output").
            if len(head) != 3:
                raise EnrichError(
                    f"git cannot give the object {name}; in a partial clone, fetch it first (`git fetch --refetch`), "
                    "else run `git fsck`"
                )
            yield answers.read(int(head[2]) + 1)[:-1]
        with contextlib.suppress(OSError):
            asks.close()
