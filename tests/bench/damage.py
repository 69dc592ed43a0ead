"""Damage to every file of a cache: `python -m tests.bench.damage [--trials N] [--seed N]`.

Each trial takes a built repository, flips a bit of one file below its cache, zeroes a few bytes, cuts, empties, extends
or deletes it, or puts a folder in its place; half of the flips leave size and time as they were. Then one command that
reads is run, in half of the trials a source was edited, and a build runs (`--check` where times show no damage).
What was built must equal a clean build, or the build must have ended with an error that names the file; nothing may end
in a traceback.

Prints what is wrong, and a table: trials and, of them, wrong ones, by file and by kind of damage.
"""

import argparse
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.crashing import nursery
from tests.support.damage import KINDS, READS, Trials, damages


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.damage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = run(Path(folder).resolve(), arguments.trials, arguments.seed)
    raise SystemExit(1 if wrong else 0)


def run(folder: Path, trials: int, seed: int) -> int:
    """Do the trials; returns how many went wrong."""
    warm = nursery()
    scene = Trials(folder, warm)
    done: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for number, damage in enumerate(damages(scene.names, trials, seed)):
        wrong = scene.run(damage, READS[number % len(READS)], is_edited=number % 2 == 1)
        top = damage.name.split("/")[0]
        done[top, damage.kind] += 1
        failed[top, damage.kind] += bool(wrong)
        for line in wrong:
            print(f"{number} {damage}: {line}", flush=True)
    warm.close()
    print("\n| file | " + " | ".join(KINDS) + " |\n| --- |" + " --- |" * len(KINDS))
    for top in sorted({top for top, _ in done}):
        cells = [f"{done[top, kind]}" + f", wrong {failed[top, kind]}" * bool(failed[top, kind]) for kind in KINDS]
        print(f"| {top} | " + " | ".join(cells) + " |")
    print(f"\n{sum(done.values())} trials, {sum(failed.values())} of them wrong")
    return sum(failed.values())


if __name__ == "__main__":
    main()
