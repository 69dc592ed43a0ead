"""Builds in processes of their own, struck by faults or not, and what they leave beside what clean builds leave."""

import contextlib
import io
import json
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from codeintel_enrich.cli import main
from codeintel_enrich.model.digest import digest
from codeintel_enrich.store import canonical_dump
from tests.support.faults import Fault, Points
from tests.support.forked import Nursery
from tests.support.pool import without_workers

PLAIN = ("--no-index", "--no-types", "--json", "--jobs", "1")
"""What every build is asked for here."""


def nursery() -> Nursery:
    """A warm process for builds; whoever asks closes it."""
    workers = ("parse", "link", "qualify", "stitch", "types", "emit", "overlay", "measure", "slice", "outline")
    return Nursery(
        *("tests.support.crashing", "codeintel_enrich.tasks", "codeintel_enrich.cli.build", "filelock"),
        *(f"codeintel_enrich.stages.{stage}" for stage in workers),
        *(f"codeintel_enrich.engine.run.{job}" for job in ("file_job", "link_job", "merge_job")),
        *("codeintel_enrich.store.libraries", "codeintel_enrich.store.arrow", "codeintel_enrich.publish.libraries"),
        *("codeintel_enrich.publish.files", "codeintel_enrich.formats.tokens", "codeintel_enrich.cli.show"),
    )


class Ran(NamedTuple):
    """One build by the command line."""

    code: int
    ran: tuple[str, ...]
    errors: tuple[str, ...]


class Left(NamedTuple):
    """What builds left of a repository."""

    digests: dict[str, str]
    """Table or published file -> digest of all that it says."""
    listing: frozenset[str]
    """Every file and folder that is not the user's."""
    wrong: tuple[str, ...]
    """What went wrong in the last build, or was still to do after it."""


def build(root: Path, words: tuple[str, ...] = ()) -> Ran:
    """Run the command in this process."""
    code, said, complaints = run(("build", "--root", str(root), *PLAIN, *words))
    found = json.loads(said or "{}")
    return Ran(code, tuple(found.get("ran", ())), (*found.get("errors", ()), *complaints.splitlines()))


def run(words: Sequence[str]) -> tuple[int, str, str]:
    """Run any command in this process; its exit code and what it said on both streams, which is repeated."""
    sys.argv = ["codeintel-enrich", *words]
    streams = [io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2)]
    code: object = 0
    try:
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            code = main()
    except SystemExit as end:
        code = end.code
    finally:
        said = [stream.buffer.getvalue().decode() for stream in streams]
        sys.stderr.write("".join(said))
    return int(code or 0) if isinstance(code, int | None) else 1, said[0], said[1]


def build_struck(
    root: Path, words: tuple[str, ...], log: Path, fault: Fault | None, edit: Callable[[], None] | None = None
) -> None:
    """Run the command, and let a fault strike, or an edit happen. To be called in a process of its own."""
    without_workers()
    Points(str(root), str(log), fault, edit).install()
    sys.exit(build(root, words).code)


def build_whole(root: Path, words: tuple[str, ...] = ()) -> Left:
    """Build, look, and build again. To be called in a process of its own."""
    without_workers()
    done = build(root, words)
    if done.code:
        return Left({}, frozenset(), (f"exit code {done.code}: {', '.join(done.errors)}",))
    left = look(root)
    again = build(root, words)
    return left._replace(wrong=tuple(f"still to do: {task}" for task in again.ran))


def look(root: Path) -> Left:
    """What is there now. To be called in a process of its own."""
    cache = root / "cache"
    digests = {
        f"table {name}": digest(repr(rows).encode())
        for name, rows in canonical_dump(cache / "codeintel.duckdb").items()
    }
    listing = [path.relative_to(root).as_posix() for path in sorted(cache.rglob("*"))]
    listing += [path.relative_to(root).as_posix() for path in root.rglob("*.tmp")]
    for name in listing:
        path = root / name
        if name.startswith("cache/enriched/") and path.is_file():
            digests[name] = digest(path.read_bytes())
    # Jobs that are done in this process keep the file of artifacts open, so that its log is not tidied away. The log of
    # slices is history, which a clean build has none of.
    usual = ("cache/artifacts.sqlite-", "cache/slices.sqlite")
    return Left(digests, frozenset(name for name in listing if not name.startswith(usual)), ())


def clean(root: Path, elsewhere: Path, words: tuple[str, ...] = ()) -> Left:
    """What a build from nothing of a copy of the tree leaves. To be called in a process of its own."""
    # With git's own folder: what git tracks is indexed, whatever ignore files say.
    shutil.copytree(root, elsewhere, symlinks=True, ignore=shutil.ignore_patterns("cache", "*.tmp"))
    left = build_whole(elsewhere, words)
    shutil.rmtree(elsewhere)
    return left


def differences(found: Left, wanted: Left) -> list[str]:
    """What is not as after a clean build, in a line each."""
    lines = [*found.wrong, *(f"in a clean build: {line}" for line in wanted.wrong)]
    if lines:
        return lines
    names = sorted(found.digests.keys() | wanted.digests.keys())
    lines += [f"differs: {name}" for name in names if found.digests.get(name) != wanted.digests.get(name)]
    lines += [f"strange: {name}" for name in sorted(found.listing - wanted.listing)]
    return lines


def tracebacks(output: str) -> list[str]:
    """The last line of each traceback in what was printed, and the place in our code that it came through last."""
    lines = []
    for text in re.split(r"Traceback \(most recent call last\):", output)[1:]:
        ours = re.findall(r'src/(codeintel_enrich/[\w/.]+)\\?", (line \d+), in', text)
        said = re.findall(r"^\S*(?:Error|Exception|Interrupt|Exit)\b.*$", text, re.MULTILINE)
        lines.append(f"traceback: {said[:1]} at {' '.join(ours[-1]) if ours else 'unknown'}")
    return lines
