"""The `exports` table against the running interpreter: `python -m tests.bench.names [PACKAGE ...] [--show N]`.

Prints one table of scores (a row a package, the last of all), one of the names that are missed, by cause, over all
packages, and one by package. A package is taken as it is installed for this interpreter; what is not installed is left
out.

star exact    share of the modules whose `from module import *` binds exactly the names that `in_star` says; submodules
              do not count where there is no `__all__`: which of them are loaded depends on who imported what
static        the same, of the modules whose `__all__` is absent or was evaluated
origins       share of re-exported classes and functions whose `origin` is where they are defined, of those that are
              defined in the package; "anywhere" counts those of other packages too, whose sources nobody showed us
"""

import argparse
import ast
import importlib.metadata
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from tests.support.packages import copy_package
from tests.support.truth import Truth, truth_of

PACKAGES = (
    *("networkx", "rich", "aiohttp", "sympy", "flask", "attrs", "attr", "requests"),
    *("asyncio", "collections", "concurrent", "ctypes", "curses", "dbm", "email", "encodings", "html", "http"),
    *("importlib", "json", "logging", "multiprocessing", "sqlite3", "tkinter", "unittest", "urllib", "wsgiref", "xml"),
    *("zoneinfo", "django", "sqlalchemy", "pydantic", "numpy", "_pytest", "jinja2", "werkzeug", "click", "markdown_it"),
)
Miss = tuple[str, str, str, str]
"""What is wrong (`extra`, `missing`, `origin`), module, name, cause."""


class Module(msgspec.Struct):
    """What the store says of one module."""

    all_dynamic: str | None = None
    star: set[str] = set()
    origins: dict[str, str] = {}


class Score(msgspec.Struct):
    """One package."""

    package: str
    modules: int = 0
    exact: int = 0
    static: int = 0
    static_exact: int = 0
    true: int = 0
    extra: int = 0
    missing: int = 0
    inner: int = 0
    inner_right: int = 0
    outer: int = 0
    outer_right: int = 0
    misses: list[Miss] = []

    def cells(self) -> tuple[Any, ...]:
        return (
            self.package,
            self.modules,
            self.exact / max(1, self.modules),
            self.static_exact / max(1, self.static),
            self.true / max(1, self.true + self.extra),
            self.true / max(1, self.true + self.missing),
            self.inner,
            self.inner_right / max(1, self.inner),
            self.inner + self.outer,
            (self.inner_right + self.outer_right) / max(1, self.inner + self.outer),
        )


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="print the first N misses of each package")
    chosen = arguments.parse_args()
    row("package", "modules", "star exact", "static", "precision", "recall", "origins", "right", "anywhere", "right")
    row(*["---"] * 10)
    scores: list[Score] = []
    for package in chosen.packages:
        if find_spec(package) is None:
            print(f"{package} is not installed", file=sys.stderr)
            continue
        try:
            with tempfile.TemporaryDirectory() as folder:
                scores.append(score_package(package, Path(folder)))
        except subprocess.CalledProcessError as error:
            print(f"{package}: {(error.stderr or b'').decode().strip().splitlines()[-1:]}", file=sys.stderr)
            continue
        row(*scores[-1].cells())
    total = Score("all")
    for score in scores:
        for field in Score.__struct_fields__[1:-1]:
            setattr(total, field, getattr(total, field) + getattr(score, field))
    row(*total.cells())
    print()
    row("miss", "cause", "modules", "names", "packages")
    row(*["---"] * 5)
    misses = [(what, cause, module, score.package) for score in scores for what, module, _, cause in score.misses]
    for kind, count in Counter((what, cause) for what, cause, _, _ in misses).most_common():
        found = [(module, package) for what, cause, module, package in misses if (what, cause) == kind]
        packages = dict.fromkeys(package for _, package in found)
        row(*kind, len(set(found)), count, ", ".join(packages))
    print()
    row("package", "miss", "cause", "names", "for instance")
    row(*["---"] * 5)
    for score in scores:
        causes = Counter((what, cause) for what, _, _, cause in score.misses)
        for (what, cause), count in sorted(causes.items()):
            _, module, name, _ = next(miss for miss in score.misses if (miss[0], miss[3]) == (what, cause))
            row(score.package, what, cause, count, f"{module}.{name}")
        for miss in score.misses[: chosen.show]:
            print("   ", *miss, file=sys.stderr)


def score_package(package: str, folder: Path) -> Score:
    """Build a copy of an installed package, and of what its distribution installs beside it, and compare."""
    root = copy_package(package, folder / "repo")
    for neighbour in neighbours(package):
        copy_package(neighbour, root)
    command = [str(Path(sys.executable).parent / "codeintel-enrich"), "build", "--root", str(root), "--json"]
    subprocess.run(
        [*command, "--cache-dir", str(folder / "cache"), "--no-index", "--no-types"], stdout=subprocess.PIPE, check=True
    )
    return score_store(package, folder / "cache" / "codeintel.duckdb", root)


def score_store(package: str, store: Path, root: Path) -> Score:
    """Compare what a store says of a package, whose sources are below `root`."""
    return compare(package, truth_of(package), stored(store), root)


def neighbours(package: str) -> list[str]:
    """The other packages of the distribution that an installed package came with; none for the standard library's."""
    known = importlib.metadata.packages_distributions()
    beside = {name for name, owners in known.items() if set(owners) & set(known.get(package, ()))} - {package}
    return sorted(
        name for name in beside if (spec := find_spec(name)) and spec.submodule_search_locations and spec.origin
    )


def stored(store: Path) -> dict[str, Module]:
    """What a store says, by module; of a module with a stub what the module itself says."""
    found: dict[str, Module] = {}
    with duckdb.connect(str(store), read_only=True) as connection:
        for module, dynamic in connection.execute(
            "select module, all_dynamic from modules where module is not null and not is_stub"
        ).fetchall():
            found[module] = Module(dynamic)
        for module, name, origin, in_star in connection.execute(
            "select module, name, origin, in_star from exports where module is not null and path not like '%.pyi'"
        ).fetchall():
            if in_star:
                found[module].star.add(name)
            if origin is not None:
                found[module].origins[name] = origin
    return found


def compare(package: str, truth: Truth, said: dict[str, Module], root: Path) -> Score:
    """Score what was said of each module that the interpreter could import."""
    score = Score(package)
    wrong: dict[str, set[str]] = {}
    reader = Reader(root)
    inside = {package, *neighbours(package)}
    for module, true in sorted(truth.items()):
        ours = said.get(module, Module())
        star = ours.star if true.has_all else ours.star - true.submodules
        extra, missing = star - true.star, true.star - star
        score.modules += 1
        score.exact += not extra and not missing
        if ours.all_dynamic is None:
            score.static += 1
            score.static_exact += not extra and not missing
        score.true += len(star & true.star)
        score.extra += len(extra)
        score.missing += len(missing)
        wrong[module] = extra | missing
        for name, origin in sorted(true.origins.items()):
            if origin == f"{module}.{name}":
                continue
            right = ours.origins.get(name) == origin
            if origin.partition(".")[0] not in inside:
                score.outer += 1
                score.outer_right += right
                if not right:
                    score.misses.append(("origin", module, name, "re-exported by another package"))
            else:
                score.inner += 1
                score.inner_right += right
                if not right:
                    found = "another" if name in ours.origins else "none"
                    score.misses.append(("origin", module, name, f"{found}; {reader.cause(module, name, true.star)}"))
        for what, names in (("extra", extra), ("missing", missing)):
            for name in sorted(names):
                cause = reader.cause(module, name, true.star)
                if ours.all_dynamic:
                    cause = "dynamic `__all__`"
                elif true.has_all and not reader.mentions(module, "__all__"):
                    cause = "`__all__` set by another module"
                score.misses.append((what, module, name, cause))
    origins = {(module, name) for what, module, name, _ in score.misses if what == "origin"}
    score.misses = [_taken_over(miss, wrong, origins, reader) for miss in score.misses]
    return score


def _taken_over(miss: Miss, stars: dict[str, set[str]], origins: set[tuple[str, str]], reader: "Reader") -> Miss:
    """A miss that only repeats that of the module from which the name comes says so; the cause is named there."""
    what, module, name, _ = miss
    if what != "origin":
        if any(name in stars.get(star, ()) for star in reader.stars(module)):
            return (what, module, name, "a star of a module where it is missed")
    elif origins & set(reader.sources(module, name)):
        return (what, module, name, "imported from a module where it is missed")
    return miss


class Reader:
    """Tells by the source of a module why static analysis may miss a name of it. Knows nothing of how we analyse."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._trees: dict[str, ast.Module] = {}

    def cause(self, module: str, name: str, star: Iterable[str]) -> str:
        """The likely cause, in the order of how certain it is."""
        tree = self._tree(module)
        if any(self._is_foreign(target) for target in self.stars(module)):
            return "a star of an extension or another package"
        mentions = list(_bindings(tree, name))
        if any(isinstance(node, ast.Delete) for node, _ in mentions):
            return "deleted"
        for node, around in mentions:
            if any(isinstance(outer, ast.Try) for outer in around):
                return "bound in a `try` (an optional import)"
            if any(isinstance(outer, ast.If | ast.Match) for outer in around):
                return "bound in a branch"
            if any(isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef) for outer in around):
                return "bound by a function (`global`)"
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.decorator_list:
                return "decorated"
            value = getattr(node, "value", None)
            if isinstance(value, ast.IfExp):
                return "a conditional expression"
            if isinstance(value, ast.Call):
                return "what a call returns"
        words = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
            return "lazy (`__getattr__`)"
        if not mentions:
            if words & {"globals", "setattr", "vars", "locals", "exec", "__import__"}:
                return "set by string (`globals()`, `setattr`, ...)"
            return "set by another module" if name in star else "bound nowhere in the source"
        return "unknown"

    def mentions(self, module: str, name: str) -> bool:
        """Whether the source of a module has an identifier."""
        return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(self._tree(module)))

    def sources(self, module: str, name: str) -> Iterator[tuple[str, str]]:
        """The modules, and the names in them, from which imports and stars of a module may take a name."""
        for node in ast.walk(self._tree(module)):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    if alias.name == "*":
                        yield self._target(module, node), name
                    elif (alias.asname or alias.name) == name:
                        yield self._target(module, node), alias.name

    def stars(self, module: str) -> Iterator[str]:
        """The modules that a module star-imports."""
        for node in ast.walk(self._tree(module)):
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                yield self._target(module, node)

    def _target(self, module: str, node: ast.ImportFrom) -> str:
        package = module if self._path(module).name == "__init__.py" else module.rpartition(".")[0]
        base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
        return ".".join([*base, *([node.module] if node.module else [])])

    def _is_foreign(self, module: str) -> bool:
        return not self._path(module).exists()

    def _path(self, module: str) -> Path:
        place = self.root.joinpath(*module.split("."))
        return place / "__init__.py" if place.is_dir() else place.with_name(place.name + ".py")

    def _tree(self, module: str) -> ast.Module:
        if module not in self._trees:
            path = self._path(module)
            self._trees[module] = ast.parse(path.read_bytes()) if path.exists() else ast.Module([], [])
        return self._trees[module]


def _bindings(tree: ast.Module, name: str) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    """The statements outside classes that bind or delete a name, each with the statements around it."""
    waiting: list[tuple[ast.stmt, list[ast.stmt]]] = [(node, []) for node in reversed(tree.body)]
    while waiting:
        node, around = waiting.pop()
        if name in _bound(node):
            yield node, around
        if isinstance(node, ast.ClassDef):
            continue
        inner = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        for handler in getattr(node, "handlers", ()):
            inner.extend(handler.body)
        waiting += [(child, [*around, node]) for child in reversed(inner)]


def _bound(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Delete | ast.For | ast.With):
        return {
            inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
        }
    return set()


def row(*cells: Any) -> None:
    """Print one row of a Markdown table."""
    texts = (f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells)
    print("| " + " | ".join(texts) + " |", flush=True)


if __name__ == "__main__":
    main()
