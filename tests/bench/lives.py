"""Long random lives of small repositories: `python -m tests.bench.lives [--edits N] [--builds N] [--seed N]`.

A life is determined by its seed: edits of every kind (`tests/support/life.py`), a build after each few, one build in
ten disturbed by a fault or an edit that comes while it runs; every tenth build is compared with a clean one, at another
path. Lives are lived until there were so many edits. One that fails is cut down to the steps that matter and printed as
a case for `tests/golden/lives.md`. Prints a line a life; ends with 1 where any failed.
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.support.crashing import nursery
from tests.support.forked import Nursery
from tests.support.life import COMPARED, Life, Step, life, shrink, spelled


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.lives", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--edits", type=int, default=10_000, help="in all lives together")
    parser.add_argument("--builds", type=int, default=100, help="of one life")
    parser.add_argument("--seed", type=int, default=1, help="of the first life")
    arguments = parser.parse_args()
    warm = nursery()
    edits = builds = struck = failed = 0
    seed = arguments.seed
    while edits < arguments.edits:
        steps = life(seed, arguments.builds)
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            lived = Life(Path(folder).resolve() / "life", warm)
            wrong = lived.run(steps)
        count = sum(step[0] == "build" for step in steps)
        edits, builds, struck = edits + len(steps) - count, builds + count, struck + lived.struck
        failed += wrong is not None
        print(
            f"seed {seed}: {len(steps) - count} edits, {count} builds, {lived.struck} of them struck,"
            f" {time.perf_counter() - started:.0f} s: {'equal' if wrong is None else wrong}",
            flush=True,
        )
        if wrong is not None:
            print(f"### Seed {seed}\n```life\n{spelled(cut_down(steps[: lived.done], warm))}```", flush=True)
        seed += 1
    warm.close()
    print(f"{seed - arguments.seed} lives, {edits} edits, {builds} builds, {struck} struck, {failed} lives failed")
    raise SystemExit(1 if failed else 0)


def cut_down(steps: Sequence[Step], warm: Nursery) -> list[Step]:
    """A life that fails, without the steps that it fails without."""

    def fails(left: Sequence[Step]) -> bool:
        if left[-1][0] != "build":
            return False
        with tempfile.TemporaryDirectory() as folder:
            return Life(Path(folder).resolve() / "life", warm).run(left, COMPARED) is not None

    return shrink(steps, fails)


if __name__ == "__main__":
    main()
