"""Layers of small projects and of real packages, and documents made by hand or by ty-scip."""

import importlib.util
import shutil
from pathlib import Path

from codeintel_enrich.engine.inputs.tools import make_index
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.modules import module_table
from codeintel_enrich.model.scip import Document, Occurrence
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.qualify import qualify
from codeintel_enrich.stages.stitch import stitch


class Project:
    """Parsed, linked and qualified sources, by path."""

    def __init__(self, sources):
        self.sources = sources
        self.parsed = {path: parse(source, ParseConfig()) for path, source in sources.items()}
        names = module_table(sources, ("src", "."))
        interfaces = {path: path for path in sources}
        self.linked_modules = link(
            None, names, interfaces, lambda p: self.parsed[p].interface, LinkConfig()
        ).linked_modules
        self.qualified = {
            path: qualify(parsed.syntax, parsed.interface, self.linked_modules[path])
            for path, parsed in self.parsed.items()
        }

    def syntax(self, path):
        return self.parsed[path].syntax

    def stitch(self, path, document):
        parsed = self.parsed[path]
        linked_module, qualified = self.linked_modules[path], self.qualified[path]
        return stitch(parsed.syntax, parsed.interface, qualified, linked_module, document)

    def definitions(self, path):
        """(node, definition index) of everything that defines."""
        return [(node, node.definition) for node in self.syntax(path).nodes if node.definition >= 0]


def one_file(source, document_or_occurrences, path="pkg/a.py", **fields):
    """Project and stitched layer of a single file; occurrences are tuples (line from 0, start, end, symbol, roles)."""
    source = source if isinstance(source, bytes) else source.encode()
    project = Project({path: source, "pkg/__init__.py": b""})
    document = document_or_occurrences
    if not isinstance(document, Document):
        occurrences = tuple(Occurrence(row[0], row[1], row[0], row[2], *row[3:]) for row in document)
        document = Document(path, fields.pop("unit", "utf-8"), occurrences, counts_bom=True, **fields)
    return project, project.stitch(path, document)


def symbols_of(project, stitched, path="pkg/a.py"):
    """(identifier, line) -> symbol, of the references that carry one."""
    return {
        (reference.name, reference.line): answer.symbol
        for reference, answer in zip(project.syntax(path).references, stitched.references, strict=True)
        if answer.symbol is not None
    }


def copy_package(name, folder):
    """A copy of an installed package below `folder`, and its sources by path."""
    origin = Path(importlib.util.find_spec(name).submodule_search_locations[0])
    shutil.copytree(origin, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def indexed(root, files, scratch):
    """The index that ty-scip makes of a tree."""
    make_index(root, files, scratch / "index.scip", scratch / "view")
    return SCIPIndex.load(scratch / "index.scip").by_file()
