"""How an index is joined to the code: `python -m tests.bench.stitching [PACKAGE ...] [--indexer NAME]`.

Prints four tables. The indexers that are installed are run on copies of installed packages.

attached    of the ranges that name an identifier, those that found it; the rest by cause; classes and functions that
            carry their symbol, of those that the index defines; symbols whose last descriptor is another identifier
moved       after three lines more at the top of every file, with the index as it was: symbols that are found again, and
            those that a fresh index contradicts
repairs     symbols of scip-python that were mended, by rule, and how many of them are right: those that ty-scip (on
            the same token) and the running interpreter (for classes and functions) confirm, of those they speak of
splitting   an index of 35 MB: finding its documents, hashing each, finding the changed one; memory that it allocates
"""

import argparse
import importlib
import shutil
import tempfile
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec

from codeintel_enrich.engine.inputs.tools import IndexerName, find_tool, make_index
from codeintel_enrich.formats.scip import SCIPIndex, open_index
from codeintel_enrich.formats.scip_wire import encode_document, encode_head
from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.linked import Target
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.scip import ROLE_DEFINITION, Document, IndexMetadata
from codeintel_enrich.model.stitched import Stitched
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.qualify import qualify
from codeintel_enrich.stages.stitch import stitch
from codeintel_enrich.stages.stitch.symbols import parse_symbol
from tests.support.packages import copy_package, source_files

PACKAGES = ("rich", "requests", "flask", "networkx")
INDEXERS: tuple[IndexerName, ...] = ("ty-scip", "scip-python")
CAUSES = ("misnamed", "unplaced", "aliased")
LARGE = 35_000_000
Token = tuple[str, int, int]
"""Path, line, column."""


class Project:
    """The sources of one tree, analysed up to what a stitch needs."""

    def __init__(self, sources: dict[str, bytes]) -> None:
        self.sources = sources
        self.parsed = {path: parse(source, ParseConfig()) for path, source in sources.items()}
        names = module_table(sources, ("src", "."))
        interfaces = {path: path for path in sources}
        linked = link(None, names, interfaces, lambda path: self.parsed[path].interface, LinkConfig())
        self.linked_modules = {path: linked.linked_modules[path] for path in sources}
        self.qualified = {
            path: qualify(item.syntax, item.interface, self.linked_modules[path]) for path, item in self.parsed.items()
        }

    def stitch(self, documents: dict[str, Document]) -> dict[str, Stitched]:
        return {
            path: stitch(
                item.syntax,
                item.interface,
                self.qualified[path],
                self.linked_modules[path],
                documents[path],
                {},
            )
            for path, item in self.parsed.items()
            if path in documents
        }

    def attached(self, layers: dict[str, Stitched]) -> Iterator[tuple[Token, str, str, str | None, Target]]:
        """Token, identifier, symbol, repair and our own target of every reference that carries a symbol."""
        for path, layer in layers.items():
            qualified = self.qualified[path]
            references = self.parsed[path].syntax.references
            for reference, answer, meaning in zip(references, layer.references, qualified.references, strict=True):
                if answer.symbol is not None:
                    ours = qualified.targets[meaning] if meaning >= 0 else Target((), "unknown")
                    yield (path, reference.line, reference.col), reference.name, answer.symbol, answer.repair, ours


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    arguments.add_argument("--indexer", choices=INDEXERS, action="append")
    chosen = arguments.parse_args()
    indexers = chosen.indexer or [name for name in INDEXERS if find_tool(name)]
    attached: list[tuple[object, ...]] = []
    moved: list[tuple[object, ...]] = []
    repairs: list[tuple[object, ...]] = []
    largest = Path()
    with tempfile.TemporaryDirectory() as folder:
        for package in chosen.packages:
            root = copy_package(package, Path(folder) / package)
            project = Project({path: (root / path).read_bytes() for path in source_files(root)})
            edited = {path: b"# one\n# two\n# three\n" + source for path, source in project.sources.items()}
            layers: dict[str, dict[str, Stitched]] = {}
            for indexer in indexers:
                index = Path(folder) / f"{package}-{indexer}.scip"
                documents = indexed(root, project.sources, index, indexer)
                layers[indexer] = project.stitch(documents)
                attached.append((indexer, package, *attachment(project, layers[indexer], documents)))
                if indexer == "ty-scip":
                    fresh = indexed(Path(folder) / "edited", edited, index.with_suffix(".fresh"), indexer)
                    moved.append((indexer, package, *movement(Project(edited), documents, fresh)))
                if not largest.name or index.stat().st_size > largest.stat().st_size:
                    largest = index
            if len(layers) == len(INDEXERS):
                repairs += [(package, *cells) for cells in confirmations(project, layers)]
        table(("index", "package", "ranges", "attached", *CAUSES, "definitions", "with symbol", "misspelled"), attached)
        table(("index", "package", "symbols", "found again", "wrong"), moved)
        table(("package", "rule", "mended", "ty-scip speaks", "says the same", "interpreter", "says the same"), repairs)
        table(("megabytes", "documents", "split s", "hash s", "memory MB"), [splitting(largest, Path(folder))])


def indexed(root: Path, sources: dict[str, bytes], index: Path, indexer: IndexerName) -> dict[str, Document]:
    """Run the real indexer on a tree."""
    shutil.rmtree(root, ignore_errors=True)
    for path, source in sources.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(source)
    make_index(root, sorted(sources), index, index.with_suffix(".scratch"), tool=indexer, timeout=900)
    return SCIPIndex.load(index).by_file()


def attachment(project: Project, layers: dict[str, Stitched], documents: dict[str, Document]) -> tuple[object, ...]:
    """Counts of one index of one package."""
    outcomes: Counter[str] = Counter()
    n_definitions = n_with_symbol = 0
    for path, layer in layers.items():
        outcomes.update(layer.outcomes)
        syntax = project.parsed[path].syntax
        occurrences = documents[path].occurrences
        defined = {(o.start_line + 1, o.start_character) for o in occurrences if o.roles & ROLE_DEFINITION}
        for node in syntax.nodes:
            if node.node_type in ("ClassDef", "FunctionDef"):
                definition = syntax.definitions[node.definition]
                is_known = (definition.name_line, definition.name_col) in defined
                n_definitions += is_known
                n_with_symbol += is_known and node.definition in layer.nodes
    misspelled = sum(parse_symbol(symbol).final != name for _, name, symbol, _, _ in project.attached(layers))
    n_ranges = outcomes["attached"] + outcomes["misnamed"] + outcomes["unplaced"]
    share = outcomes["attached"] / max(1, n_ranges)
    return n_ranges, share, *(outcomes[cause] for cause in CAUSES), n_definitions, n_with_symbol, misspelled


def movement(edited: Project, stale: dict[str, Document], fresh: dict[str, Document]) -> tuple[object, ...]:
    """How a stale index fares on edited sources, against a fresh one of them."""
    right = {token: symbol for token, _, symbol, _, _ in edited.attached(edited.stitch(fresh))}
    found = {token: symbol for token, _, symbol, _, _ in edited.attached(edited.stitch(stale))}
    wrong = sum(right.get(token) != symbol for token, symbol in found.items())
    return len(right), (len(found) - wrong) / max(1, len(right)), wrong


def confirmations(project: Project, layers: dict[str, dict[str, Stitched]]) -> list[tuple[object, ...]]:
    """Per rule: mended symbols, and what ty-scip and the interpreter say of the names we put there."""
    others = {token: symbol for token, _, symbol, _, _ in project.attached(layers["ty-scip"])}
    counts: dict[str, Counter[str]] = {}
    for token, _, _, repair, ours in project.attached(layers["scip-python"]):
        if repair is None:
            continue
        count = counts.setdefault(repair, Counter())
        count["mended"] += 1
        if token in others:
            count["other"] += 1
            count["other agrees"] += parse_symbol(others[token]).dotted in ours.qualified_names
        said = interpreted(ours.qualified_names[0]) if ours.kind in ("class", "function", "module") else None
        if said is not None:
            count["interpreter"] += 1
            count["interpreter agrees"] += said
    columns = ("mended", "other", "other agrees", "interpreter", "interpreter agrees")
    return [(rule, *(counts[rule][column] for column in columns)) for rule in sorted(counts)]


@cache
def interpreted(name: str) -> bool | None:
    """Whether a class, function or module calls itself by this name; None where that cannot be asked."""
    try:
        return bool(importlib.import_module(name).__name__ == name)
    except Exception:
        owner, _, last = name.rpartition(".")
    try:
        value = getattr(importlib.import_module(owner), last)
        return f"{value.__module__}.{value.__qualname__}" == name
    except Exception:
        return None


def splitting(index: Path, folder: Path) -> tuple[object, ...]:
    """Split and hash an index made 35 MB large out of copies of one, of which one document changed."""
    large = folder / "large.scip"
    documents = SCIPIndex.load(index).documents
    with large.open("wb") as file:
        file.write(encode_head(IndexMetadata("bench", "0")))
        copy = 0
        while file.tell() < LARGE:
            for document in documents:
                renamed = msgspec.structs.replace(document, relative_path=f"copy{copy}/{document.relative_path}")
                file.write(encode_document(renamed))
                if file.tell() >= LARGE:
                    break
            copy += 1
    del documents
    with open_index(large) as reader:
        known = {path: digest(piece) for path, piece in reader.documents()}
    known[min(known)] = ""
    started = time.perf_counter()
    with open_index(large) as reader:
        split = time.perf_counter() - started
        changed = [path for path, piece in reader.documents() if known[path] != digest(piece)]
    whole = time.perf_counter() - started
    assert len(changed) == 1
    tracemalloc.start()
    with open_index(large) as reader:
        assert sum(known[path] != digest(piece) for path, piece in reader.documents()) == 1
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return large.stat().st_size / 1e6, len(known), split, whole - split, peak / 1e6


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Print a Markdown table."""
    print()
    for cells in (head, ("---",) * len(head), *rows):
        texts = (f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells)
        print("| " + " | ".join(texts) + " |", flush=True)


if __name__ == "__main__":
    main()
