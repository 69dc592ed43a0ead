"""Files of a cache that somebody flipped bits in, cut, emptied, removed or put a folder in the place of."""

import io
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple

from codeintel_enrich.cli import main
from tests.support.crashing import PLAIN, Left, build, differences, look, tracebacks
from tests.support.pool import without_workers

KINDS = ("flip", "zero", "cut", "empty", "extend", "delete", "folder")

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


def whole_cache(root: Path, words: Sequence[str]) -> None:
    """Build a repository, and run what leaves files in its cache; each in a process that ends as usual."""
    for more in (("build", *PLAIN, *words), *LEAVING):
        command = [sys.executable, "-m", "codeintel_enrich", *more, "--root", str(root)]
        subprocess.run(command, cwd=root.parent, stdout=subprocess.DEVNULL, check=True)


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
    code, said = _said([*read, "--root", str(root)])
    wrong = [f"{' '.join(read)}: {line}" for line in tracebacks(said)]
    if code not in (0, 1, 2, 3):
        wrong.append(f"{' '.join(read)}: exit code {code}")
    if damage.keeps_times:
        words = (*words, "--check")
    done = build(root, words)
    if done.code:
        is_named = any(damage.name in error for error in done.errors)
        return wrong if is_named else [*wrong, f"exit code {done.code}: {', '.join(done.errors)}"]
    return wrong + differences(look(root), wanted)


def _said(words: Sequence[str]) -> tuple[int, str]:
    """Exit code of a command, and what it said where errors are said."""
    sys.argv = ["codeintel-enrich", *words]
    errors = io.StringIO()
    before, sys.stderr = sys.stderr, errors
    code: object = 0
    try:
        with redirect_stdout(io.TextIOWrapper(io.BytesIO())):
            code = main()
    except SystemExit as end:
        code = end.code
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 70
    finally:
        sys.stderr = before
    return int(code or 0) if isinstance(code, int | None) else 1, errors.getvalue()
