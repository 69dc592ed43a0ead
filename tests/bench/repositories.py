"""What is found wrong with ten repositories: `python -m tests.bench.repositories [NAME ...] [--run]`.

Six are source distributions from the registry, with their tests where they have them; four are trees of our own, in
`repository_trees`. Each is put under git and built with the roots that `init` would write. Prints one row a repository:
files, findings by rule, and open imports, which are those of modules that may well be there; then each finding. `--run`
has the interpreter load every file of our own trees, a process each, and prints what fails. Each finding is judged in
`repositories.md`.
"""

import argparse
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from codeintel_enrich.commands.findings import findings
from codeintel_enrich.commands.layout import repository_roots
from codeintel_enrich.engine.rules.config import folders_in
from codeintel_enrich.engine.rules.layout import expanded_roots
from codeintel_enrich.store import open_store
from tests.bench.repository_trees import TREES, Tree
from tests.support.workspace import build_at

SDISTS = ("flask==3.1.3", "httpx==0.28.1", "black==26.10.1", "requests==2.34.2", "rich==15.0.0", "networkx==3.6.1")
RULES = ("parse-error", "broken-export", "import-cycle", "unresolved-import", "open")
_IMPORTS = """
    SELECT path, line, CASE severity WHEN 'info' THEN 'open' ELSE rule END, message FROM diagnostics
    WHERE tool = 'link' AND rule = 'unresolved-import'
"""
_MODULES = "SELECT path, CASE WHEN path NOT LIKE '%.pyi' THEN module END FROM modules WHERE parse_ok ORDER BY path"
# As a star does, which shows what `__all__` lists and nothing binds; it cannot be written for `0001_initial`. A file
# without a name for `import` is run, though not as the program.
_LOAD = """
import importlib, os, runpy, sys
path, module, before = sys.argv[1:]
exec(before)
if module == "-":
    runpy.run_path(path, run_name="loaded")
else:
    loaded = importlib.import_module(module)
    for name in getattr(loaded, "__all__", ()):
        getattr(loaded, name)
"""


class Found(msgspec.Struct, frozen=True, order=True):
    """One finding."""

    path: str
    line: int
    rule: str
    message: str


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*(sdist.partition("==")[0] for sdist in SDISTS), *TREES]
    arguments.add_argument("names", nargs="*", default=names)
    arguments.add_argument("--run", action="store_true", help="load the files of our own trees in the interpreter")
    chosen = arguments.parse_args()
    found: list[tuple[str, Found]] = []
    failed: list[tuple[str, str, str]] = []
    row("repository", "files", *RULES)
    row(*["---"] * (2 + len(RULES)))
    for name in chosen.names:
        with tempfile.TemporaryDirectory() as folder:
            root = made(name, Path(folder))
            roots = repository_roots(root)
            store = Path(folder) / "cache" / "codeintel.duckdb"
            options = {"cache_dir": store.parent, "index": False, "types": False, "jobs": 1}
            summary = build_at(root, {**options, "overrides": {"roots": roots}})
            assert not summary.errors, summary.errors
            told = told_of(store)
            row(name, summary.files, *(sum(each.rule == rule for each in told) for rule in RULES))
            found += [(name, each) for each in told]
            if chosen.run and name in TREES:
                failed += [(name, *each) for each in fails(root, TREES[name], store, roots, Path(folder))]
    print()
    for name, each in found:
        print(f"{name}: {each.path}:{each.line}: {each.rule}: {each.message}")
    for line in failed:
        print("does not load:", *line)


def made(name: str, folder: Path) -> Path:
    """The repository of that name, under git, below a folder."""
    if name in TREES:
        root = folder / name
        for path, text in TREES[name].files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
    else:
        pinned = next(sdist for sdist in SDISTS if sdist.startswith(f"{name}=="))
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:"]
        subprocess.run([*command, "-d", str(folder), pinned], check=True, capture_output=True)
        archive = next(folder.glob("*.tar.gz"))
        with tarfile.open(archive) as opened:
            opened.extractall(folder, filter="data")
        root = folder / archive.name.removesuffix(".tar.gz")
    for words in (("init", "-q"), ("add", "-A")):
        subprocess.run(["git", *words], cwd=root, check=True, capture_output=True)
    return root


def told_of(store: Path) -> list[Found]:
    """What a store says is wrong, or open."""
    with open_store(store) as connection:
        imports = [Found(*each) for each in connection.execute(_IMPORTS).fetchall()]
    counted = findings(store, ("parse-error", "broken-export", "import-cycle"))
    return sorted([*imports, *(Found(each.path, each.line, each.kind, each.message) for each in counted)])


def fails(root: Path, tree: Tree, store: Path, roots: Sequence[str], folder: Path) -> Iterator[tuple[str, str]]:
    """The files that the interpreter does not load, each with the last line that it says."""
    needed = folder / "needed"
    for requirement in tree.needs:
        command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(needed), requirement]
        subprocess.run(command, check=True, capture_output=True)
    on_path = [
        *(str(root / each) for each in expanded_roots(roots, lambda place: folders_in(root / place))),
        str(needed),
    ]

    def load(file: str, module: str | None) -> tuple[str, str]:
        folder = next((each for each in tree.programs if file.startswith(each)), None)
        if folder is not None:
            words = file.removeprefix(folder).removesuffix(".py").split("/")
            module = ".".join(words) if file.endswith(".py") and all(map(str.isidentifier, words)) else None
        path = os.pathsep.join([*([str(root / folder)] if folder else []), *on_path])
        environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", _LOAD, file, module or "-", tree.before]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
        return file, done.stderr.strip().rpartition("\n")[2] if done.returncode else ""

    with open_store(store) as connection:
        modules = connection.execute(_MODULES).fetchall()
    with ThreadPoolExecutor(2) as pool:
        for file, said in pool.map(lambda each: load(*each), modules):
            if said:
                yield file, said


def row(*cells: object) -> None:
    """Print one row of a Markdown table."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


if __name__ == "__main__":
    main()
