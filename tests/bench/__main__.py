"""Speed and size, as ratios inside one run: `python -m tests.bench [--files N ...] [--only NAME]`.

Asserts nothing about time. External indexers and checkers are off. That what is built equals a clean build, whatever
happens, is put to the test by `python -m tests.bench.crashes`, `python -m tests.bench.lives` and
`python -m tests.bench.damage`; the `--help` of each says how. What is found wrong with ten repositories prints
`python -m tests.bench.repositories`.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.bench.generate import generate

PARSE_ONLY = """
import gc, pathlib, sys, time
import libcst
sources = [p.read_bytes() for p in sorted(pathlib.Path(sys.argv[1]).rglob("*.py")) if "cache" not in p.parts]
gc.disable()
start = time.process_time()
for source in sources:
    try:
        libcst.parse_module(source)
    except Exception:
        pass
print(time.process_time() - start, sum(s.count(b"\\n") for s in sources))
"""

WALK = """
import os, sys
import doit
pending = [sys.argv[1]]
while pending:
    with os.scandir(pending.pop()) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            else:
                entry.stat()
"""

QUERY = """
import sys, time
import duckdb
# What the library does once in a process is no matter of the store.
duckdb.connect().execute("select 1").fetchall()
start = time.perf_counter()
with duckdb.connect(sys.argv[1], read_only=True) as store:
    rows = store.execute("select * from exports where module = ?", [sys.argv[2]]).fetchall()
print(time.perf_counter() - start, len(rows))
"""

INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""An installed package's modules are compiled already."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--files", type=int, nargs="*", default=[1000, 10_000], help="sizes of generated repositories")
    parser.add_argument("--packages", nargs="*", default=["rich", "networkx"], help="installed packages")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    print(f"{os.cpu_count()} cores, Python {sys.version.split()[0]}")
    with tempfile.TemporaryDirectory() as folder:
        for package in arguments.packages:
            source = installed(package)
            root = Path(folder) / package
            shutil.copytree(source, root / source.name, ignore=shutil.ignore_patterns("__pycache__"))
            measure(package, root, arguments.rounds, edit=next(iter(sorted((root / source.name).glob("*.py")))))
        for files in arguments.files:
            root = Path(folder) / f"generated-{files}"
            generate(root, files)
            measure(f"generated {files}", root, arguments.rounds, edit=root / "shop/p0001/m5.py")


def measure(title: str, root: Path, rounds: int, edit: Path) -> None:
    """Print every figure of one repository."""
    files = sum(1 for _ in root.rglob("*.py"))
    parse_seconds, lines = (float(x) for x in python(PARSE_ONLY, str(root)).split())
    print(f"\n## {title}: {files} files, {int(lines)} lines; libcst.parse_module alone {parse_seconds:.1f} s CPU\n")
    row("what", "wall s", "CPU s", "ratio", "note")
    row("---", "---", "---", "---", "---")
    cold: dict[int, Usage] = {}
    for jobs in (1, 2):
        shutil.rmtree(root / "cache", ignore_errors=True)
        cold[jobs] = usage = run(build(root, "--jobs", str(jobs)))
        note = f"CPU / parse alone; peak {usage.peak_megabytes:.0f} MB a process"
        row(f"cold, {jobs} worker{'s' * (jobs > 1)}", usage.wall, usage.cpu, usage.cpu / parse_seconds, note)
    row("cold, 2 against 1", "", "", cold[1].wall / cold[2].wall, "times faster")
    stages = json.loads(cold[1].output)["seconds"]
    row("of it, wall s", "", "", "", ", ".join(f"{k} {v:.1f}" for k, v in stages.items() if v >= 0.1))
    base = median(rounds, lambda: run([sys.executable, "-c", WALK, str(root)]).wall)
    row("import doit + walk", base, "", 1.0, "")
    idle = median(rounds, lambda: run(build(root)).wall)
    row("no-op, codeintel-enrich", idle, "", idle / base, "against import doit + walk")
    (root / "dodo.py").write_text(
        "from codeintel_enrich.tasks import creators\n\nglobals().update(creators(index=False, types=False))\n"
    )
    run(build(root))
    doit = [str(Path(sys.executable).parent / "doit")]
    run(doit, cwd=root)
    noop = median(rounds, lambda: run(doit, cwd=root).wall)
    row("no-op, doit", noop, "", noop / base, "against import doit + walk")
    edits = []
    for number in range(rounds):
        edit.write_text(edit.read_text(encoding="utf-8") + f"# edit {number}\n", encoding="utf-8")
        edits.append(run(build(root)).wall)
    edited = statistics.median(edits)
    row("one body edit", edited, "", edited / base, f"{edited - idle:.2f} s more than no-op")
    store = root / "cache" / "codeintel.duckdb"
    module = edit.relative_to(root).with_suffix("").as_posix().replace("/", ".")
    answers = [python(QUERY, str(store), module).split() for _ in range(rounds)]
    answer = statistics.median(float(seconds) for seconds, _ in answers)
    row("open store, exports of a module", answer, "", "", f"{answers[0][1]} rows")
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted((root / "cache").iterdir()) if path.is_file()}
    row("cache, MB", "", "", "", ", ".join(f"{name} {size:.1f}" for name, size in sizes.items() if size >= 0.1))


class Usage:
    """What one command took."""

    def __init__(self, wall: float, cpu: float, peak_megabytes: float, output: str) -> None:
        self.wall, self.cpu, self.peak_megabytes, self.output = wall, cpu, peak_megabytes, output


def run(command: Sequence[str], cwd: Path | None = None) -> Usage:
    """Run to the end; CPU covers all its processes, the peak is that of its largest."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, cwd=cwd, text=True, check=True, env=INSTALLED)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Usage(wall, cpu, after.ru_maxrss / 1024, done.stdout)


def build(root: Path, *more: str) -> list[str]:
    command = str(Path(sys.executable).parent / "codeintel-enrich")
    return [command, "build", "--root", str(root), "--no-index", "--no-types", "--json", *more]


def python(code: str, *arguments: str) -> str:
    return run([sys.executable, "-c", code, *arguments]).output


def median(rounds: int, once: Callable[[], float]) -> float:
    return statistics.median(once() for _ in range(rounds))


def installed(package: str) -> Path:
    import importlib.util

    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


def row(*cells: Any) -> None:
    print(
        "| " + " | ".join(f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


if __name__ == "__main__":
    main()
