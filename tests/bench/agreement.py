"""What each identifier means, against the indexers: `python -m tests.bench.agreement [PACKAGE ...] [--indexer NAME]`.

Prints one row a package, of the references on which both the index and `qualify` have a say: how many they agree on, of
all and of those whose target the index has in the package itself (of a name from elsewhere only the last part is
compared). `--show N` prints N of the disagreements, drawn by a fixed seed, with the line they stand on.
"""

import argparse
import random
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from codeintel_enrich.engine.inputs.tools import IndexerName, find_tool, make_index
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.parsed import Parsed
from codeintel_enrich.model.scip import Document
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.qualify import qualify
from codeintel_enrich.stages.stitch import stitch
from codeintel_enrich.stages.stitch.symbols import parse_symbol
from tests.support.packages import copy_package, source_files

PACKAGES = ("rich", "requests", "flask")
INDEXERS: tuple[IndexerName, ...] = ("ty-scip", "scip-python")


class Answer(msgspec.Struct, frozen=True):
    """One reference on which both sides have a say."""

    path: str
    line: int
    name: str
    text: str
    """Its source line."""
    symbol: str
    ours: tuple[str, ...]
    agrees: bool
    is_inner: bool
    """Whether the symbol belongs to the package itself."""


class Agreement(msgspec.Struct, frozen=True):
    """One package and one index of it."""

    answers: tuple[Answer, ...]
    n_cst_only: int
    n_scip_only: int
    n_unplaced: int
    """Occurrences of the index that stand on no reference."""

    @property
    def share(self) -> float:
        """Of the references with two answers, those with the same."""
        return sum(answer.agrees for answer in self.answers) / max(1, len(self.answers))

    @property
    def inner_share(self) -> float:
        """The same, of references to the package's own things."""
        inner = [answer.agrees for answer in self.answers if answer.is_inner]
        return sum(inner) / max(1, len(inner))


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    arguments.add_argument("--indexer", choices=INDEXERS, action="append")
    arguments.add_argument("--show", type=int, default=0, metavar="N")
    chosen = arguments.parse_args()
    row("index", "package", "both speak", "agree", "inner", "inner agree", "only ours", "only index", "unplaced")
    row(*["---"] * 9)
    differing: list[Answer] = []
    for indexer in chosen.indexer or [name for name in INDEXERS if find_tool(name)]:
        for package in chosen.packages:
            with tempfile.TemporaryDirectory() as folder:
                found = measure(package, Path(folder), indexer)
            inner = sum(answer.is_inner for answer in found.answers)
            counts = (found.n_cst_only, found.n_scip_only, found.n_unplaced)
            row(indexer, package, len(found.answers), found.share, inner, found.inner_share, *counts)
            differing += [answer for answer in found.answers if not answer.agrees]
    shown = random.Random(0).sample(differing, min(chosen.show, len(differing)))
    for answer in shown:
        print(f"\n{answer.path}:{answer.line} {answer.name}: {answer.text.strip()}")
        print(f"    index {answer.symbol}\n    ours  {', '.join(answer.ours)}")


def measure(package: str, folder: Path, indexer: IndexerName) -> Agreement:
    """Index a copy of an installed package in `folder`, and compare."""
    root = copy_package(package, folder / "repo")
    paths = [path for path in source_files(root) if path.endswith(".py")]
    make_index(root, paths, folder / "index.scip", folder / "scratch", tool=indexer)
    documents = SCIPIndex.load(folder / "index.scip").by_file()
    sources = {path: (root / path).read_bytes() for path in paths}
    return compare(
        package, sources, {path: parse(source, ParseConfig()) for path, source in sources.items()}, documents
    )


def compare(
    package: str, sources: Mapping[str, bytes], parsed: Mapping[str, Parsed], documents: Mapping[str, Document]
) -> Agreement:
    """Compare what an index says of the sources of a package, each of them parsed."""
    names = module_table(sources, ("src", "."))
    linked = link(None, names, {path: path for path in sources}, lambda path: parsed[path].interface, LinkConfig())
    answers: list[Answer] = []
    silent = {"cst-only": 0, "scip-only": 0}
    n_unplaced = 0
    for path in sources:
        syntax, interface, linked_module = parsed[path].syntax, parsed[path].interface, linked.linked_modules[path]
        qualified = qualify(syntax, interface, linked_module)
        stitched = stitch(syntax, interface, qualified, linked_module, documents.get(path), {})
        n_unplaced += stitched.n_occurrences - stitched.n_attached
        lines = sources[path].decode().splitlines()
        for index, answer in enumerate(stitched.references):
            if answer.agreement in silent:
                silent[answer.agreement] += 1
            elif answer.symbol is not None:
                reference = syntax.references[index]
                ours = qualified.targets[qualified.references[index]].qualified_names
                answers.append(
                    Answer(
                        path,
                        reference.line,
                        reference.name,
                        lines[reference.line - 1],
                        answer.symbol,
                        ours,
                        answer.agreement == "both",
                        parse_symbol(answer.symbol).dotted.partition(".")[0] == package,
                    )
                )
    return Agreement(tuple(answers), silent["cst-only"], silent["scip-only"], n_unplaced)


def row(*cells: object) -> None:
    """Print one row of a Markdown table."""
    print(
        "| " + " | ".join(f"{cell:.4f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


if __name__ == "__main__":
    main()
