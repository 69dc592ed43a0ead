"""Damage to every file of a cache: `python -m tests.bench.damage [--trials N] [--seed N]`.

Each trial takes a built repository, flips a bit of one file below its cache, zeroes a few bytes, cuts, empties, extends
or deletes it, or puts a folder in its place; half of the flips leave size and time as they were. Then one command that
reads is run, in half of the trials a source is edited, and a build runs (`--check` where times do not show the damage).
What was built must equal a clean build, or the build must have ended with an error that names the file; nothing may end
in a traceback.

Prints what is wrong, and a table: trials and, of them, wrong ones, by file and by kind of damage.
"""

import argparse
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from tests.support.crashing import look, nursery
from tests.support.damage import KINDS, READS, damages, trial, whole_cache
from tests.support.projects import SHOP

WORDS = ("--emit-ast", "--emit-slices")


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
    base = folder / "base" / "repo"
    for path, text in SHOP.items():
        (base / path).parent.mkdir(parents=True, exist_ok=True)
        (base / path).write_text(text)
    whole_cache(base, WORDS)
    clean = warm.call(look, base).result
    files = sorted(path for path in (base / "cache").rglob("*") if path.is_file())
    names = [path.relative_to(base / "cache").as_posix() for path in files]
    # Our own records take as many of the trials as all that is published.
    ours = [name for name in names if "/" not in name]
    names = [name for pair in zip(names, ours * (len(names) // len(ours) + 1), strict=False) for name in pair]
    done: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for number, damage in enumerate(damages(names, trials, seed)):
        root = folder / "trial" / "repo"
        shutil.copytree(base, root, symlinks=True)
        read = READS[number % len(READS)]
        ended = warm.call(trial, root, damage, read, WORDS, clean)
        wrong = ended.result if ended.code == 0 else [f"{ended.code}: {ended.output[-2000:]}"]
        shutil.rmtree(folder / "trial")
        top = damage.name.split("/")[0]
        done[top, damage.kind] += 1
        failed[top, damage.kind] += bool(wrong)
        for line in wrong:
            print(
                f"{number} {damage.kind} {damage.name} at {damage.place:.3f} {damage.keeps_times}: {line}", flush=True
            )
    warm.close()
    print("\n| file | " + " | ".join(KINDS) + " |\n| --- |" + " --- |" * len(KINDS))
    for top in sorted({top for top, _ in done}):
        print(f"| {top} | " + " | ".join(f"{done[top, kind]}, wrong {failed[top, kind]}" for kind in KINDS) + " |")
    print(f"\n{sum(done.values())} trials, {sum(failed.values())} of them wrong")
    return sum(failed.values())


if __name__ == "__main__":
    main()
