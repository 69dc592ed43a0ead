"""Files of a cache that somebody flipped bits in, cut, emptied, removed or put a folder in the place of."""

import os
import random
import shutil
import subprocess
import sys
import traceback
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from tests.support.crashing import PLAIN, Left, build, build_whole, differences, look, run, tracebacks
from tests.support.forked import Nursery
from tests.support.pool import without_workers
from tests.support.projects import SHOP

KINDS = ("flip", "zero", "cut", "empty", "extend", "delete", "folder")

WORDS = ("--emit-ast", "--emit-slices")
"""What every build here is asked for."""
LEAVING: tuple[tuple[str, ...], ...] = (("report",), ("export", "--scip", "index.scip"))
"""Commands that leave files of their own in the cache."""
READS: tuple[tuple[str, ...], ...] = (
    ("status",),
    ("explain", "shop/core.py"),
    ("sql", "select * from exports order by all"),
    ("refs", "shop.core.helper"),
    ("exports", "shop"),
    ("slices",),
    ("slices", "--since", "1"),
    ("overlays", "list"),
    *LEAVING,
    ("build", "--no-index", "--no-types", "--dry-run"),
)
"""Commands that read what a build left."""


class Damage(NamedTuple):
    """What happens to one file."""

    kind: str
    name: str
    """Relative to the cache."""
    place: float
    """Where in the file, as a share of its bytes."""
    keeps_times: bool
    """Whether size and time are as before: nothing shows but the bytes."""


def damages(names: Sequence[str], count: int, seed: int) -> list[Damage]:
    """So many, each file in turn."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        kind = chance.choice(KINDS)
        keeps = kind in ("flip", "zero") and chance.random() < 0.5
        found.append(Damage(kind, names[number % len(names)], chance.random(), keeps))
    return found


def spoil(cache: Path, damage: Damage) -> None:
    """Do it."""
    path = cache / damage.name
    found = path.stat()
    data = bytearray(path.read_bytes())
    at = int(damage.place * max(0, len(data) - 1))
    if damage.kind in ("delete", "folder"):
        path.unlink()
        if damage.kind == "folder":
            path.mkdir()
            (path / "inner").write_text("x")
        return
    if damage.kind == "flip" and data:
        data[at] ^= 0x10
    elif damage.kind == "zero":
        data[at : at + 64] = bytes(len(data[at : at + 64]))
    elif damage.kind == "cut":
        del data[at:]
    elif damage.kind == "empty":
        data.clear()
    elif damage.kind == "extend":
        data += b"more\n"
    path.write_bytes(data)
    if damage.keeps_times:
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def trial(root: Path, damage: Damage, read: Sequence[str], words: tuple[str, ...], wanted: Left) -> list[str]:
    """Spoil a file, read, and build; what is wrong then. To be called in a process of its own.

    A build that ends well must leave what a clean build leaves. One that does not must say why.
    """
    without_workers()
    os.chdir(root.parent)
    spoil(root / "cache", damage)
    wrong: list[str] = []
    try:
        code, _, _ = run([*read, "--root", str(root)])
        wrong += [] if code in (0, 2, 3) else [f"{' '.join(read)}: exit code {code}"]
        done = build(root, (*words, "--check") if damage.keeps_times else words)
        if done.code:
            is_named = any(damage.name in error for error in done.errors)
            return wrong if is_named else [*wrong, f"exit code {done.code}: {', '.join(done.errors)}"]
    except Exception:
        return [*wrong, *tracebacks(traceback.format_exc())]
    return wrong + [line for line in differences(look(root), wanted) if not line.endswith("/inner")]


class Trials:
    """A built repository with everything in its cache that can be, copied for each trial."""

    def __init__(self, folder: Path, warm: Nursery) -> None:
        self._folder, self._warm = folder, warm
        self._base = folder / "base" / "repo"
        for path, text in SHOP.items():
            (self._base / path).parent.mkdir(parents=True, exist_ok=True)
            (self._base / path).write_text(text)
        for more in (("build", *PLAIN, *WORDS), *LEAVING):
            # In processes that end as usual: what they leave is what a user's leave.
            command = [sys.executable, "-m", "codeintel_enrich", *more, "--root", str(self._base)]
            subprocess.run(command, cwd=self._base.parent, stdout=subprocess.DEVNULL, check=True)
        cache = self._base / "cache"
        paths = sorted(path for path in cache.rglob("*") if path.is_file())
        self._names = [path.relative_to(cache).as_posix() for path in paths]
        self._clean = [self._cleanly(is_edited) for is_edited in (False, True)]

    @property
    def names(self) -> list[str]:
        """The files to damage, relative to the cache: our own records stand as often as all that is published."""
        ours = [name for name in self._names if "/" not in name]
        return [name for pair in zip(self._names, cycle(ours), strict=False) for name in pair]

    def run(self, damage: Damage, read: Sequence[str], *, is_edited: bool) -> list[str]:
        """One trial, with an edit before the build or without; what is wrong then."""
        root = self._folder / "trial" / "repo"
        shutil.copytree(self._base, root, symlinks=True)
        if is_edited:
            _edit(root)
        ended = self._warm.call(trial, root, damage, read, WORDS, self._clean[is_edited])
        shutil.rmtree(root.parent)
        wrong: list[str] = ended.result if ended.code == 0 else [f"{ended.code}: {ended.output[-2000:]}"]
        return wrong

    def _cleanly(self, is_edited: bool) -> Left:
        root = self._folder / f"clean {is_edited}" / "repo"
        shutil.copytree(self._base, root, ignore=shutil.ignore_patterns("cache"))
        if is_edited:
            _edit(root)
        left: Left = self._warm.call(build_whole, root, WORDS).result
        # What other commands left is there, too.
        return left._replace(listing=left.listing | {f"cache/{name}" for name in self._names})


def _edit(root: Path) -> None:
    with (root / "shop/core.py").open("a") as file:
        file.write("\n\ndef fresh():\n    return LIMIT\n")
