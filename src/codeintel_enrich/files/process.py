"""Running a program to its end, with all that it starts."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from codeintel_enrich.errors import ToolError


def run_program(
    command: Sequence[str], cwd: Path, timeout_seconds: float, environment: Mapping[str, str | None] | None = None
) -> "subprocess.CompletedProcess[bytes]":
    """Run a program and all it starts; none of them outlives the call, whatever ends it.

    `environment` is added to ours; what it has no value for is taken out. What the exit code means is for the caller to
    say. Raises ToolError where the program cannot be started, or takes longer than `timeout_seconds`.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={name: value for name, value in {**os.environ, **(environment or {})}.items() if value is not None},
            # A tool that asks a question would wait for its answer for ever.
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # A group of its own: indexers start node, checkers start workers, and killing the parent leaves those.
            start_new_session=True,
        )
    except OSError as error:
        raise ToolError(f"{command[0]} can not be started: {error.strerror or error}") from error
    try:
        # Both pipes are read while it runs: one that is full stops the program that writes into it.
        stdout, stderr = process.communicate(timeout=timeout_seconds)
    except subprocess.TimeoutExpired as error:
        raise ToolError(f"{command[0]} was stopped after {timeout_seconds:g} s; the time limit is config") from error
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
