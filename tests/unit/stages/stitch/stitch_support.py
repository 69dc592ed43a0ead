"""Layers of small projects and of real packages, and documents made by hand or by ty-scip."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from codeintel_enrich.engine.inputs.tools import make_index
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.scip import Document, Occurrence
from codeintel_enrich.model.stitched import Stitched
from codeintel_enrich.model.syntax import Node, Syntax
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.qualify import qualify
from codeintel_enrich.stages.stitch import stitch
from tests.support.packages import copy_package, make_scip, source_files
from tests.support.parsed import parsed_once

Row = tuple[int, int, int, str] | tuple[int, int, int, str, int]
"""Line from 0, column, end column, symbol and, where there are any, roles of an occurrence."""


class Project:
    """Parsed, linked and qualified sources, by path."""

    def __init__(self, sources: dict[str, bytes]) -> None:
        self.sources = sources
        self.parsed = {path: parsed_once(source, ParseConfig()) for path, source in sources.items()}
        names = module_table(sources, ("src", "."))
        interfaces = {path: path for path in sources}
        self.linked_modules = link(
            None, names, interfaces, lambda p: self.parsed[p].interface, LinkConfig()
        ).linked_modules
        self.qualified = {
            path: qualify(parsed.syntax, parsed.interface, self.linked_modules[path])
            for path, parsed in self.parsed.items()
        }

    def syntax(self, path: str) -> Syntax:
        return self.parsed[path].syntax

    def stitch(self, path: str, document: Document | None) -> Stitched:
        parsed = self.parsed[path]
        linked_module, qualified = self.linked_modules[path], self.qualified[path]
        return stitch(parsed.syntax, parsed.interface, qualified, linked_module, document, {})

    def definitions(self, path: str) -> list[tuple[Node, int]]:
        """(node, definition index) of everything that defines."""
        return [(node, node.definition) for node in self.syntax(path).nodes if node.definition >= 0]


def one_file(
    source: str | bytes, document_or_rows: Document | Sequence[Row], path: str = "pkg/a.py", **fields: Any
) -> tuple[Project, Stitched]:
    """Project and stitched layer of a single file; `fields` are the document's, beside the occurrences in its rows."""
    source = source if isinstance(source, bytes) else source.encode()
    project = Project({path: source, "pkg/__init__.py": b""})
    if isinstance(document_or_rows, Document):
        return project, project.stitch(path, document_or_rows)
    occurrences = tuple(Occurrence(row[0], row[1], row[0], row[2], *row[3:]) for row in document_or_rows)
    document = Document(path, fields.pop("unit", "utf-8"), occurrences, counts_bom=True, **fields)
    return project, project.stitch(path, document)


def symbols_of(project: Project, stitched: Stitched, path: str = "pkg/a.py") -> dict[tuple[str, int], str]:
    """(identifier, line) -> symbol, of the references that carry one."""
    return {
        (reference.name, reference.line): answer.symbol
        for reference, answer in zip(project.syntax(path).references, stitched.references, strict=True)
        if answer.symbol is not None
    }


def package_sources(name: str, folder: Path) -> dict[str, bytes]:
    """The sources of an installed package by path, copied below `folder`."""
    copy_package(name, folder)
    return {path: (folder / path).read_bytes() for path in source_files(folder)}


def indexed(root: Path, files: Iterable[str], scratch: Path) -> dict[str, Document]:
    """The index that ty-scip makes of a tree."""
    index = scratch / "index.scip"
    if sorted(files) == source_files(root):
        make_scip(root, index)
    else:
        make_index(root, files, index, scratch / "view")
    return SCIPIndex.load(index).by_file()
