"""Owns the context of files: coverage, history and owners as external inputs, each split into one part per file.

The window of history ends with the newest commit, never today: the same history gives the same facts.
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.state.artifacts import Artifact
from codeintel_enrich.engine.state.discovery import SUFFIXES
from codeintel_enrich.engine.state.manifest import External
from codeintel_enrich.errors import ToolError
from codeintel_enrich.files.git import git
from codeintel_enrich.files.programs import executable
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.digest import digest

if TYPE_CHECKING:
    from codeintel_enrich.engine.build.build import Build

ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class Tip(msgspec.Struct, frozen=True):
    """Where the history of a folder stands."""

    commit: str = ""
    """The newest commit; empty where there is none, and `missing` says why."""
    missing: str = ""
    shallow: tuple[str, ...] = ()
    """Commits whose parents a shallow clone lacks: what they changed nobody knows."""
    mailmap: str = ""
    """Digest of the repository's mailmap."""


def find_tip(root: Path) -> Tip:
    """Ask git once."""
    if executable("git") is None:
        return Tip(missing="git is not installed")
    said = git(root, "rev-parse", "HEAD", "--show-toplevel", "--git-path", "shallow")
    if said is None:
        return Tip(missing="the folder lies in no git repository with commits")
    commit, top, shallow = said.decode(errors="surrogateescape").splitlines()[:3]
    cut = _read(root / shallow) or b""
    return Tip(commit, "", tuple(sorted(cut.decode().split())), digest(_read(Path(top) / ".mailmap") or b""))


def context_policy(build: "Build", name: str) -> object:
    """What decides, beside the files, whether history or owners are looked up anew; cheap to find out."""
    if name == "history":
        return _history_key(build)
    return [FileStamp.of(build.places.root / place) for place in _places()]


def context_key(build: "Build", name: str) -> str:
    """What the input is made from."""
    if name == "history":
        return _history_key(build)
    place, data = _codeowners(build.places.root)
    return config_digest(place, digest(data), sorted(build.files))


def make_context(build: "Build", name: str) -> tuple[External, list[Artifact]]:
    """Make history or owners. Raises ToolError where git fails, UsageError for a CODEOWNERS file that is none."""
    if name == "history":
        parts, left_out = _history(build)
    else:
        parts, left_out = _owners(build)
    return split_context(context_key(build, name), parts, left_out, name)


def read_coverage(build: "Build", given: Path, key: str) -> tuple[External, list[Artifact]]:
    """Read a coverage report. Raises UsageError where it is none, or of another tree."""
    from codeintel_enrich.formats.coverage import read_coverage_xml

    root, config = build.places.root, build.project.config
    report = read_coverage_xml(given.read_bytes(), root.as_posix(), build.files, config.roots, str(given))
    parts = ((path, FileContext(coverage=coverage)) for path, coverage in report.files.items())
    return split_context(key, parts, report.left_out, "coverage")


def split_context(
    key: str, parts: Iterable[tuple[str, FileContext]], left_out: dict[str, str], producer: str
) -> tuple[External, list[Artifact]]:
    """The input as the manifest keeps it, and what it says of each file."""
    pieces = {path: Artifact.of(ENCODER.encode(part)) for path, part in parts}
    slices = {path: piece.digest for path, piece in pieces.items()}
    unique = {piece.digest: piece for piece in pieces.values()}
    return External(key, slices, producer=producer, left_out=left_out), list(unique.values())


def _history_key(build: "Build") -> str:
    config = build.project.config
    return config_digest(build.tip, config.history_window_days, config.commits_window)


def _history(build: "Build") -> tuple[list[tuple[str, FileContext]], dict[str, str]]:
    from codeintel_enrich.formats.git_log import LOG_FORMAT, histories, read_log

    tip, root, config = build.tip, build.places.root, build.project.config
    if tip.missing:
        return [], {"git": tip.missing}
    listed = git(root, "ls-tree", "-r", "-z", "--name-only", tip.commit)
    time = git(root, "log", "-1", "--no-show-signature", "--format=%ct", tip.commit)
    log = git(
        root,
        *("-c", f"mailmap.file={os.devnull}", "-c", "mailmap.blob=", "-c", "diff.renameLimit=1000"),
        *("log", "-z", "--numstat", "--relative", "-M", "--diff-algorithm=myers", "--no-ext-diff", "--no-textconv"),
        *("--no-show-signature", "--encoding=UTF-8", f"--max-count={config.commits_window}", LOG_FORMAT, tip.commit),
    )
    if listed is None or time is None or log is None:
        raise ToolError("git could not read the history; run `git fsck`")
    paths = [path for name in listed.split(b"\0") if (path := os.fsdecode(name)).endswith(SUFFIXES)]
    commits = (commit for commit in read_log(log) if commit.name not in tip.shallow)
    found = histories(commits, paths, int(time), config.history_window_days)
    left_out = {"shallow clone": "it knows the newest commits only; `git fetch --unshallow` fetches the others"}
    return [(path, FileContext(history=one)) for path, one in found.items()], left_out if tip.shallow else {}


def _owners(build: "Build") -> tuple[list[tuple[str, FileContext]], dict[str, str]]:
    from codeintel_enrich.formats.codeowners import read_codeowners

    place, data = _codeowners(build.places.root)
    if not place:
        return [], {"CODEOWNERS": f"there is none; looked for {', '.join(_places())}"}
    owners_of = read_codeowners(data, place)
    return [(path, FileContext(owners=owners)) for path in sorted(build.files) if (owners := owners_of(path))], {}


def _places() -> tuple[str, ...]:
    from codeintel_enrich.formats.codeowners import PLACES

    return PLACES


def _codeowners(root: Path) -> tuple[str, bytes]:
    """Place and bytes of the CODEOWNERS file that counts; empty ones where there is none."""
    for place in _places():
        data = _read(root / place)
        if data is not None:
            return place, data
    return "", b""


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
