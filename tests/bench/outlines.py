"""What outlines still see of broken files: `python -m tests.bench.outlines [PACKAGE ...] [--files N] [--seeds N]`.

Each file is broken in a random place (a bracket dropped, or the end cut off). Prints one row a package: definitions of
the intact files that the broken ones still name, the share of them that the outline lists with the right kind, name and
place, the files below 90 %, and the CPU of these outlines as a multiple of `libcst.parse_module` on the intact files.
"""

import argparse
import importlib.util
import time
from pathlib import Path

import libcst

from codeintel_enrich.stages.outline import outline
from tests.support.breakage import Broken, Definition, broken_files

PACKAGES = ("rich", "networkx")


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    arguments.add_argument("--files", type=int, default=50)
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument("--show", action="store_true", help="name the files below 90 %%")
    chosen = arguments.parse_args()
    print("| package | files | definitions | listed | files below 90 % | CPU / libcst |")
    print("| --- | --- | --- | --- | --- | --- |")
    for package in chosen.packages:
        broken = [each for seed in range(chosen.seeds) for each in broken_files(package, chosen.files, seed)]
        started = time.process_time()
        shares = [recall(each) for each in broken]
        spent = time.process_time() - started
        expected = sum(len(each.expected) for each in broken)
        listed = sum(found for found, _ in shares)
        below = [each for each, (found, wanted) in zip(broken, shares, strict=True) if found < 0.9 * wanted]
        ratio = spent / _parsing(package, broken)
        print(f"| {package} | {len(broken)} | {expected} | {listed / expected:.4f} | {len(below)} | {ratio:.2f} |")
        for each in below if chosen.show else ():
            print(f"    {each.path}: {each.accident}: misses {sorted(each.expected - listed_in(each.source))}")


def recall(broken: Broken) -> tuple[int, int]:
    """How many of the definitions the outline lists, and how many there are."""
    return len(broken.expected & listed_in(broken.source)), len(broken.expected)


def listed_in(source: bytes) -> frozenset[Definition]:
    """The classes and functions of the outline."""
    kinds = {"class": "class", "function": "function", "method": "function"}
    items = outline("python", source).items
    return frozenset((kinds[item.kind], item.name, item.name_start_byte) for item in items if item.kind in kinds)


def _parsing(package: str, broken: list[Broken]) -> float:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    sources = [(root / each.path).read_bytes() for each in broken]
    started = time.process_time()
    for source in sources:
        libcst.parse_module(source)
    return time.process_time() - started


if __name__ == "__main__":
    main()
