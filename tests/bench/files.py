"""Every published file of real trees: there, valid, and the same anywhere: `python -m tests.bench.files [TREE ...]`.

A tree is an installed package or a folder. Each is copied to two places and built from nothing at both, with everything
asked for, by one worker and by two. Prints one row a tree: files analysed, files published, their size, what is wrong
with any of them, and how many differ between the two places. Ends with 1 where anything is wrong or differs.
"""

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.support.packages import package_folder
from tests.support.published import complaints
from tests.support.workspace import Workspace

ALL = {"emit-ast": True, "slices": {"enabled": True}}
NOT_COPIED = shutil.ignore_patterns("cache", ".*", "__pycache__", "*.so", "*.egg-info", "build", "dist", "node_modules")
CHECKOUT = Path(__file__).parents[2]


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("trees", nargs="*", default=["networkx", str(CHECKOUT)])
    print("| tree | files | published | MB | wrong | differ |")
    print("| --- | --- | --- | --- | --- | --- |")
    faults = 0
    for tree in arguments.parse_args().trees:
        with tempfile.TemporaryDirectory() as temporary:
            faults += compare(tree, Path(temporary))
    raise SystemExit(1 if faults else 0)


def compare(tree: str, folder: Path) -> int:
    """Build a tree at two places; returns how many faults were found."""
    given = Path(tree)
    source, name = (given, "") if given.is_dir() else (package_folder(tree), tree)
    workspaces = [
        Workspace(folder / place, index=True, types=True, jobs=jobs, overrides=ALL)
        for place, jobs in (("one", 1), ("elsewhere/two", 2))
    ]
    # Copied before anything is built: a checkout may be worked on meanwhile.
    for workspace in workspaces:
        shutil.copytree(source, workspace.root / name, ignore=NOT_COPIED, dirs_exist_ok=True)
    wrong: list[str] = []
    outputs = []
    for workspace in workspaces:
        files = workspace.build().files
        cache = workspace.root / "cache"
        wrong += complaints(cache / "enriched", cache / "codeintel.duckdb")
        outputs.append(workspace.outputs())
    first, second = outputs
    differ = sorted(path for path in first.keys() | second.keys() if first.get(path) != second.get(path))
    size = sum(map(len, first.values())) / 1e6
    title = name or source.resolve().name
    print(f"| {title} | {files} | {len(first)} | {size:.1f} | {len(wrong)} | {len(differ)} |", flush=True)
    for text in [*wrong[:20], *(f"{path} differs" for path in differ[:20])]:
        print(f"  {text}")
    return len(wrong) + len(differ)


if __name__ == "__main__":
    main()
