"""What a person sees while a build runs: a bar for each thing that takes its time, nothing elsewhere."""

from typing import Any

from codeintel_enrich.engine.rules.stages import ANALYSES, FIRST
from codeintel_enrich.tasks import Session, SilentReporter

_FILES = {
    **dict.fromkeys((stage.name for stage in FIRST.values()), "parse"),
    **dict.fromkeys((stage.name for stage in ANALYSES), "analyse"),
}
"""Stage of single files -> the bar that counts its tasks. What is of the whole repository has a bar of its own."""


class ProgressReporter(SilentReporter):
    """A bar for the files that are parsed, one for those that are analysed, and one for every tool, link and merge.

    A bar appears when it is known how much there is to do, so no total moves; who follows `link` is known behind it.
    """

    def __init__(self, session: Session) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(session)
        # On stderr, and gone when done: stdout is for the account, which may be piped.
        console = Console(stderr=True)
        self.bars = Progress(
            TextColumn("{task.description:<14}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.rows: dict[str, Any] = {}

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """The run begins."""
        self.bars.start()

    def execute_task(self, task: Any) -> None:
        """A task begins."""
        # Tasks without actions are groups.
        if task.actions:
            self._row(task.name)

    def add_success(self, task: Any) -> None:
        """A task ended well."""
        if task.actions:
            self._advance(task.name)

    def skip_uptodate(self, task: Any) -> None:
        """A task turned out not to be due."""
        if task.actions:
            self._advance(task.name)

    def complete_run(self) -> None:
        """The run ended; the summary is printed by the command."""
        self.bars.stop()
        super().complete_run()

    def _row(self, name: str) -> Any:
        """The bar of a task, which appears with its first one."""
        stage = name.partition(":")[0]
        title = _FILES.get(stage, name)
        if title not in self.rows:
            # Without a total it moves to and fro: nobody knows how far a tool has come.
            total = sum(self.session.expected[each] for each, bar in _FILES.items() if bar == title) or None
            self.rows[title] = self.bars.add_task(title, total=total, count="")
        return self.rows[title]

    def _advance(self, name: str) -> None:
        row = self._row(name)
        shown = self.bars.tasks[row]
        if shown.total is None:
            self.bars.update(row, total=1, completed=1)
        else:
            self.bars.update(row, advance=1, count=f"{int(shown.completed) + 1}/{int(shown.total)}")
