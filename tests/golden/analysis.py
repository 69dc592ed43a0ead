"""Owns a case taken through `parse`, `link` and `qualify`, for the interpreter's own version and platform."""

from __future__ import annotations

import sys

from codeintel_enrich.model.config import LinkConfig, ParseConfig
from codeintel_enrich.model.linked import Target
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.parse import parse
from codeintel_enrich.stages.qualify import qualify
from tests.golden.cases import Case, Mark

_VERSION = sys.version_info[:2]
PARSE_CONFIG = ParseConfig(python_version=_VERSION, platform=sys.platform)


class Analysis:
    """What the stages say of one case."""

    def __init__(self, case: Case) -> None:
        self.case = case
        parsed = {path: parse(text.encode(), PARSE_CONFIG) for path, text in case.files.items()}
        self.unparsed = [f"{path}: {file.syntax.error}" for path, file in parsed.items() if not file.syntax.parse_ok]
        self.names = module_table(
            case.files, case.roots, lambda path: parsed[path].interface.extends_path == "roots"
        )
        """Path -> what importing it means."""
        linked = link(
            None,
            self.names,
            case.files,
            lambda path: parsed[path].interface,
            LinkConfig(python_version=_VERSION),
        )
        self.linked_modules = dict(linked.linked_modules)
        self._references = {path: file.syntax.references for path, file in parsed.items()}
        self._qualified = {
            path: qualify(file.syntax, file.interface, self.linked_modules[path]) for path, file in parsed.items()
        }

    def target(self, mark: Mark) -> Target:
        """What a marked expression means."""
        layer = self._qualified[mark.path]
        for index, reference in enumerate(self._references[mark.path]):
            if (reference.line, reference.end_col) == (mark.line, mark.column):
                place = layer.references[index]
                return layer.targets[place] if place >= 0 else Target((), "unknown", None, "nothing was asked")
        return Target((), "unknown", None, "no such reference")

    def exports(self, path: str) -> str:
        """The exports of a file, a row a line: name, origin, kind, whether a star gives it."""
        return "".join(
            f"{export.name} {export.origin or '-'} {export.kind} "
            f"{'typing' if export.typing_only else 'star' if export.in_star else '-'}\n"
            for export in self.linked_modules[path].exports
            if not (export.name.startswith("__") and export.name.endswith("__"))
        )

    def diagnostics(self, path: str) -> str:
        """The findings of `link`, a row a line."""
        return "".join(f"{found.rule}: {found.message}\n" for found in self.linked_modules[path].findings)
