"""The reports of type checkers: each made by its checker or handed in, split per file."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codeintel_enrich.engine.inputs.external import (
    ExternalInput,
    MadeInput,
    digest_of_file,
    digest_of_report,
    encoded,
    tool_policy,
)
from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.state.discovery import COMPILED
from codeintel_enrich.engine.state.state import State
from codeintel_enrich.files.programs import executable
from codeintel_enrich.model.notebook import is_notebook

if TYPE_CHECKING:
    from codeintel_enrich.engine.inputs.surroundings import Around
    from codeintel_enrich.formats.checkers import Checker, CheckerReport


_CELLS = "a notebook; in a checker's report its places are counted by cell"


class CheckerInput(ExternalInput):
    """What one type checker says."""

    stage = "check"

    def __init__(self, state: State, name: str) -> None:
        super().__init__(state)
        self.name = name

    @cached_property
    def _checker(self) -> "Checker":
        # Looked up when it is needed: a build that finds nothing to do loads no reader of reports.
        from codeintel_enrich.formats.checkers import CHECKERS

        return CHECKERS[self.name]

    @property
    def is_wanted(self) -> bool:
        """Whether the build reads it."""
        options, config = self.state.options, self.state.project.config.check
        return self.name in options.reports or (
            options.types and config.refresh != "never" and self.name in config.tools
        )

    def handed_in(self) -> Path | None:
        """The report that the user gave."""
        return self.state.options.reports.get(self.name)

    def missing(self) -> str | None:
        """Why it cannot run on this machine."""
        if self.handed_in() is not None or executable(self.name):
            return None
        return f"{self.name} is not installed; {self._checker.install}, or say --no-types"

    def policy(self) -> object:
        """The checker and what surrounds the tree, or the report that was handed in."""
        given = self.given()
        if given is not None:
            return tool_policy(self.name, self.name, given)
        from codeintel_enrich.engine.inputs.surroundings import stamps

        state = self.state
        around = stamps(self._checker, state.places.root)
        return tool_policy(self.name, self.name, None), state.trusted, around, state.tree.seen.beside

    def made_from(self) -> str:
        """The sources, what configures checkers and the checker's version; or the report that was handed in."""
        given = self.given()
        return digest_of_report(given, self.state.files) if given is not None else self._tool_key

    @cached_property
    def _tool_key(self) -> str:
        from codeintel_enrich.engine.inputs.tools import find_tool

        tool = find_tool(self.name)
        asked = self.state.project.config.check.types
        settings, environment, _ = self._found
        contents = [(path, self.state.files[path].content) for path in self._files]
        contents += sorted(self.state.tree.seen.links.items())
        beside = [
            (path, digest_of_file(self.state.places.root / path) if not path.endswith(COMPILED) else "")
            for path in sorted(self.state.tree.seen.beside)
        ]
        installed = environment.digest() if environment is not None else None
        # Where packages lie is a matter of one machine, which of them are there is not.
        said = msgspec.structs.replace(settings, libraries=())
        return config_digest(self.name, asked, tool.version if tool else None, said, installed, contents, beside)

    @cached_property
    def _found(self) -> "Around":
        from codeintel_enrich.engine.inputs.surroundings import find_surroundings

        return find_surroundings(self._checker, self.state.places.root, trusted=self.state.trusted)

    def make(self) -> MadeInput:
        """Run the checker in the tree."""
        from codeintel_enrich.engine.inputs.tools import run_checker

        # Asked before the run: a source that is edited meanwhile must leave the report due again.
        key = self._tool_key
        config = self.state.project.config.check
        report = run_checker(
            self._checker,
            self.state.places.root,
            self._files,
            self._found.surroundings,
            beside=self.state.tree.seen.beside,
            links=self.state.tree.seen.links,
            timeout=config.timeout_seconds,
            expressions=config.types == "expressions",
        )
        return self._split_report(key, report, self._found.left_out)

    def read(self, given: Path) -> MadeInput:
        """Read the report that was handed in."""
        report = self._checker.read(given.read_bytes(), self.state.places.root.as_posix(), self._files, str(given))
        return self._split_report(digest_of_report(given, self.state.files), report)

    @property
    def _files(self) -> list[str]:
        """The files of which a report is believed."""
        return sorted(path for path in self.state.files if not is_notebook(path))

    def _split_report(
        self, made_from: str, report: "CheckerReport", left_out: Mapping[str, str] | None = None
    ) -> MadeInput:
        said = {path: _CELLS if is_notebook(path) else why for path, why in report.left_out} | dict(left_out or {})
        return self.split(made_from, encoded(report.files.items()), producer=self.name, left_out=said)
