"""A fault at each thing that any process of a build asks the system to write: `python -m tests.bench.crashes`.

A build of an installed package is edited (a module changed, one new, one gone) and built by the command, with workers.
A library that is loaded into all its processes (`crashes.c`; needs a C compiler and Linux) numbers what they write
below the repository, and lets a fault strike at one number: all processes killed, the command alone killed, SIGINT or
SIGTERM to the command, a disk that stays full, an I/O error, a refusal. Then one builds again, reverts the edit and
builds, renames the new file and builds, or builds with other options; store, published files and list of files are
compared with those of a clean build elsewhere. No process and no temporary file may be left.

Prints what is wrong, and a table: cases and, of them, wrong ones, by fault and by what followed.
Without options, each number is struck once, with faults and what follows in turn; `--whole` does all of them at each.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.support.crashing import PLAIN, nursery
from tests.support.forked import Nursery
from tests.support.packages import package_folder
from tests.support.scene import Files, Scene, follows

KINDS = ("kill", "kill main", "SIGINT", "SIGTERM", "ENOSPC", "EIO", "EACCES")
OTHER = ("--no-emit-cst", "--emit-ast", "--emit-slices", "--overlays-set", "enabled=false")
SHARED_BYTES = 1 << 16
PATIENCE_SECONDS = 20.0


class Striker:
    """Runs the command with the library loaded."""

    def __init__(self, folder: Path) -> None:
        self._library = folder / "crashes.so"
        source = Path(__file__).with_suffix(".c")
        subprocess.run(["cc", "-shared", "-fPIC", "-O2", "-o", self._library, source, "-ldl"], check=True)

    def strike(self, kind: str, at: int, left: list[str], root: Path) -> tuple[int, str]:
        """Build with a fault; adds to `left` what the processes left behind."""
        aside, shared = root.parent / "temporary", root.parent / "shared"
        aside.mkdir()
        shared.write_bytes(bytes(SHARED_BYTES))
        environment = {
            **os.environ,
            "TMPDIR": str(aside),
            "LD_PRELOAD": str(self._library),
            "FAULT_FOLDER": str(root),
            "FAULT_SHARED": str(shared),
            "FAULT_LOG": str(root.parent / "points"),
            "FAULT_KIND": kind,
            "FAULT_AT": str(at),
        }
        words = [sys.executable, "-m", "codeintel_enrich", "build", "--root", str(root), *PLAIN[:3], "--jobs", "2"]
        with (root.parent / "printed").open("w+") as printed:
            code = subprocess.run(
                words, env=environment, stdout=printed, stderr=printed, start_new_session=True, check=False
            ).returncode
            printed.seek(0)
            output = printed.read()
        left += [f"process left: {pid}" for pid in self._alive(shared)]
        left += [f"temporary file left: {path.name}" for path in aside.iterdir()]
        return code, output

    def _alive(self, shared: Path) -> list[int]:
        """Processes of the build that do not end."""
        numbers = memoryview(shared.read_bytes())
        count = numbers[8:16].cast("q")[0]
        pids = list(numbers[16 : 16 + 4 * count].cast("i"))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (alive := [pid for pid in pids if _is_alive(pid)]) and time.monotonic() < deadline:
            time.sleep(0.01)
        return alive


def _is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def trees(package: str) -> tuple[Files, Files, str]:
    """The sources of a package, the same edited, and the path of the file that is new."""
    source = package_folder(package)
    before = {f"{package}/{path.relative_to(source).as_posix()}": path.read_bytes() for path in source.rglob("*.py")}
    names = sorted(before)
    changed, gone, new = names[len(names) // 2], names[-1], f"{package}/fresh_module.py"
    after = {name: content for name, content in before.items() if name != gone}
    after[changed] += b"\n\ndef fresh_function():\n    return __name__\n"
    after[new] = f"from .{Path(changed).stem} import *\n\n\ndef made() -> str:\n    return fresh_function()\n".encode()
    after[f"{package}/__init__.py"] += b"\nfrom .fresh_module import made\n"
    return before, after, new


def cases(points: int, arguments: argparse.Namespace) -> Iterator[tuple[int, str, str]]:
    """Number, kind and what follows, of each case."""
    names = ("build again", "revert", "rename", "other options")
    for number in range(arguments.start, points + 1, arguments.step):
        if arguments.whole:
            yield from ((number, kind, follow) for kind in KINDS for follow in names)
        else:
            turn = number // arguments.step
            yield number, KINDS[turn % len(KINDS)], names[turn // len(KINDS) % len(names)]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.crashes",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("package", nargs="?", default="flask", help="an installed package")
    parser.add_argument("--whole", action="store_true", help="every fault, with all that may follow, at each number")
    parser.add_argument("--start", type=int, default=1, help="the first number")
    parser.add_argument("--step", type=int, default=1, help="only each so-many-th number")
    arguments = parser.parse_args()
    warm = nursery()
    with tempfile.TemporaryDirectory() as folder:
        faults = run(Path(folder).resolve(), warm, arguments)
    warm.close()
    raise SystemExit(1 if faults else 0)


def run(folder: Path, warm: Nursery, arguments: argparse.Namespace) -> int:
    """Do the cases; returns how many went wrong."""
    before, after, new = trees(arguments.package)
    scene = Scene(folder, warm, before, after, follows(before, after, new, f"{arguments.package}/moved.py", OTHER))
    striker = Striker(folder)
    whole = scene.edited()
    left: list[str] = []
    assert striker.strike("", 0, left, whole)[0] == 0
    points = (whole.parent / "points").read_text().splitlines()
    print(
        f"{arguments.package}: {len(before)} files; {len(points)} points; left behind without a fault: {left}",
        flush=True,
    )
    shutil.rmtree(whole.parent)
    done: Counter[tuple[str, str]] = Counter()
    wrong: Counter[tuple[str, str]] = Counter()
    for number, kind, follow in cases(len(points), arguments):
        left = []
        found = scene.case(partial(striker.strike, kind, number, left), follow) + left
        done[kind, follow] += 1
        wrong[kind, follow] += bool(found)
        for line in found:
            print(f"{number} {points[number - 1]}, {kind}, {follow}: {line}", flush=True)
    print("\n| fault | " + " | ".join(scene.nexts) + " |\n| --- |" + " --- |" * len(scene.nexts))
    for kind in KINDS:
        counts = [(done[kind, follow], wrong[kind, follow]) for follow in scene.nexts]
        cells = [f"{count}" + f", wrong {bad}" * bool(bad) for count, bad in counts]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    print(f"\n{sum(done.values())} cases, {sum(wrong.values())} of them wrong")
    return sum(wrong.values())


if __name__ == "__main__":
    main()
