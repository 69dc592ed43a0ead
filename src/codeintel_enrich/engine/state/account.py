"""What a build has to say at its end: what ran and for how long, what was left out, what went wrong."""

import threading


class Account:
    """Notes of one build; safe to write into from several threads."""

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self.ran: list[str] = []
        """Names of the tasks that ran, in the order in which they ended."""
        self.seconds: dict[str, float] = {}
        """Stage -> wall seconds that its tasks took, summed."""
        self.left_out: dict[str, str] = {}
        """What was left out -> why."""
        self.failed_tools: dict[str, str] = {}
        """External inputs that could not be made -> why; they are due again at the next run."""
        self._lock = threading.Lock()

    def spend(self, stage: str, seconds: float) -> None:
        """Add wall time to a stage."""
        with self._lock:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
