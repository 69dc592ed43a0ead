"""What a person sees while a build runs: one bar on a terminal, nothing elsewhere."""

from typing import Any

from codeintel_enrich.tasks import Session, SilentReporter


class ProgressReporter(SilentReporter):
    """A progress bar over the tasks handed out so far."""

    def __init__(self, session: Session) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        super().__init__(session)
        # On stderr, and gone when done: stdout is for the account, which may be piped.
        console = Console(stderr=True)
        self.bar = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self.row = self.bar.add_task("look", total=None)

    def initialize(self, tasks: Any, selected_tasks: Any) -> None:
        """The run begins."""
        self.bar.start()

    def execute_task(self, task: Any) -> None:
        """A task begins."""
        # Tasks without actions are groups. The total grows as the run goes on: who follows `link` is known behind it.
        if task.actions:
            self.bar.update(self.row, description=task.name.split(":", 1)[0], total=self.session.expected)

    def add_success(self, task: Any) -> None:
        """A task ended well."""
        if task.actions:
            self.bar.update(self.row, advance=1)

    def skip_uptodate(self, task: Any) -> None:
        """A task turned out not to be due."""
        self.bar.update(self.row, advance=1)

    def complete_run(self) -> None:
        """The run ended; the summary is printed by the command."""
        self.bar.stop()
        super().complete_run()
