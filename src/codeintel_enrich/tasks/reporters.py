"""What a run of doit prints while it goes on, and at its end."""

import sys
from typing import Any, TextIO

from doit.reporter import ConsoleReporter

from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.model.plain import plain
from codeintel_enrich.tasks.session import Session


class Reporter(ConsoleReporter):  # type: ignore[misc]
    """doit's console lines (one per task that runs), and the closing summary."""

    def __init__(self, session: Session, stream: TextIO | None = None) -> None:
        super().__init__(stream or sys.stdout, {"failure_verbosity": 0})
        self.session = session
        self.summary: Summary | None = None

    def execute_task(self, task: Any) -> None:
        """A task begins. What may turn out to need no run is named when it has ended."""
        if not self.session.may_need_no_run(task.name):
            super().execute_task(task)

    def add_success(self, task: Any) -> None:
        """A task has ended well."""
        if self.session.may_need_no_run(task.name) and task.name in self.session.ran:
            super().execute_task(task)

    def skip_uptodate(self, task: Any) -> None:
        """Up-to-date tasks are counted, not listed."""

    def complete_run(self) -> None:
        """Close the build and say what happened."""
        self.summary = self.session.finish()
        super().complete_run()
        self.close(self.summary)

    def write(self, text: str) -> None:
        """Names of tasks hold paths of the analysed code."""
        super().write(plain(text))

    def close(self, summary: Summary) -> None:
        """Print the closing summary."""
        self.write(summary.text())


class SilentReporter(Reporter):
    """Says nothing; the summary is for the caller."""

    def execute_task(self, task: Any) -> None:
        """A task begins."""

    def add_success(self, task: Any) -> None:
        """A task has ended well."""

    def add_failure(self, task: Any, fail: Any) -> None:
        """A task failed; its message is in the session's errors, doit's own are kept for them."""
        if not self.session.errors:
            self.session.add_error(f"{task.name}: {fail.get_msg()}")

    def complete_run(self) -> None:
        """Close the build."""
        self.summary = self.session.finish()
