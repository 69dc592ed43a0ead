"""The registry of external inputs: which there are, which of them a build reads, and making those that are due.

To add one is to write its class and to enter it in `ExternalInputs.all`.
"""

from collections.abc import Mapping
from functools import cached_property

from codeintel_enrich.engine.inputs.checkers import CheckerInput
from codeintel_enrich.engine.inputs.coverage import CoverageInput
from codeintel_enrich.engine.inputs.external import ExternalInput
from codeintel_enrich.engine.inputs.history import HistoryInput
from codeintel_enrich.engine.inputs.index import IndexInput, behind
from codeintel_enrich.engine.inputs.owners import OwnersInput
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.rules.stages import stages_of
from codeintel_enrich.engine.state.state import State
from codeintel_enrich.errors import ToolError


class ExternalInputs:
    """The external inputs of one build."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._index = IndexInput(state)
        self._coverage = CoverageInput(state)
        # The checkers that somebody names; the settings were read against the list of those that there are.
        checkers = dict.fromkeys((*state.project.config.check.tools, *state.options.reports))
        self.all: tuple[ExternalInput, ...] = (
            self._index,
            *(CheckerInput(state, name) for name in checkers),
            self._coverage,
            HistoryInput(state),
            OwnersInput(state),
        )

    @cached_property
    def wanted(self) -> dict[str, ExternalInput]:
        """Those that the build reads, by name."""
        return {item.name: item for item in self.all if item.is_wanted}

    def policy(self) -> object:
        """What decides, beside the source files, whether any of them is made anew; cheap to find out."""
        config = self._state.project.config
        settings = (config.owners, config.history_window_days, config.commits_window, config.coverage_xml)
        return [
            *(config.index, config.check, settings, [stage_version(stage.name) for stage in stages_of("input")]),
            *(item.policy() for item in self.wanted.values()),
        ]

    def due(self) -> list[str]:
        """The names of those that must be made now; what recorded runs made of the same is taken over.

        Those that this build does without are dropped, and those that cannot be made here are left out with a remedy.
        """
        state = self._state
        # Its slices must go before keys are looked up: a clean build without it would not have them either.
        for name in [name for name in state.manifest.externals if name not in self.wanted]:
            state.drop_external(name)
        if (absent := self._coverage.absent()) is not None:
            state.account.left_out["coverage report"] = absent
        return [name for name, item in self.wanted.items() if self._can_be_made(item) and item.is_due()]

    def _can_be_made(self, item: ExternalInput) -> bool:
        missing = item.missing()
        if missing is not None:
            self._state.account.left_out[item.title] = missing
        return missing is None

    def make(self, name: str) -> None:
        """Make one, or read what was handed in. A tool that fails becomes a warning, and its input stays due.

        Raises UsageError for a file that was handed in and is not what it should be.
        """
        item, account = self.wanted[name], self._state.account
        given = item.given()
        try:
            made = item.read(given) if given is not None else item.make()
        except ToolError as error:
            # A fault of a tool is no fact about the code: nothing is recorded, and the next run tries again.
            account.failed_tools[name] = error.message
            account.warnings.append(f"{item.title}: {error.message}; going on with what was known before")
            return
        self._state.record_external(name, item.task_inputs(made.external.key), *made)

    def index_behind(self, contents: Mapping[str, str | None]) -> int:
        """How many files are not as the SCIP index saw them; `contents` are the digests of all files."""
        known = self._state.manifest.externals.get(self._index.name)
        if known is None or not known.contents or self._index.name not in self.wanted:
            return 0
        return behind(known, contents)
