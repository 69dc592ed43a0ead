"""git's command line: the one place where it is run, and under which conditions; knows nothing of what a file holds."""

import contextlib
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from codeintel_enrich.errors import EnrichError, ToolError
from codeintel_enrich.files.process import run_program
from codeintel_enrich.files.programs import executable

_PATIENCE_SECONDS = 300
_ITS_SETTINGS = {
    # A look must not rewrite the index of somebody who is at work beside us.
    "GIT_OPTIONAL_LOCKS": "0",
    # Replaced objects are a matter of one clone: the same commit must mean the same everywhere.
    "GIT_NO_REPLACE_OBJECTS": "1",
    "LC_ALL": "C",
}


def run_git(folder: Path, *words: str) -> "subprocess.CompletedProcess[bytes]":
    """Run git in a folder; the exit code is the caller's to judge. Raises ToolError where it cannot be run."""
    program = executable("git")
    if program is None:
        raise ToolError("git is not installed")
    return run_program([program, "-C", str(folder), *words], folder, _PATIENCE_SECONDS, _ITS_SETTINGS)


def git(folder: Path, *words: str) -> bytes | None:
    """What git prints in a folder; None where it is not installed, fails, or takes more than five minutes."""
    try:
        done = run_git(folder, *words)
    except ToolError:
        return None
    return done.stdout if done.returncode == 0 else None


def git_objects(folder: Path, names: Sequence[str]) -> Iterator[bytes]:
    """The bytes of each object, in order. Raises EnrichError for one that git cannot give."""
    command = [executable("git") or "git", "-C", str(folder), "cat-file", "--batch"]
    environment = {**os.environ, **_ITS_SETTINGS}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as process:
        asks, answers = process.stdin, process.stdout
        assert asks is not None, "it was asked for"
        assert answers is not None, "it was asked for"
        # One at a time: git answers each before it reads the next, so neither side waits for ever.
        for name in names:
            asks.write(f"{name}\n".encode())
            asks.flush()
            head = answers.readline().split()
            # The answer is `<name> <type> <size>`, the bytes and a line end; or `<name> missing` (git-cat-file, "Batch
            # output").
            if len(head) != 3:
                raise EnrichError(f"git cannot give the object {name}; run `git fsck`")
            yield answers.read(int(head[2]) + 1)[:-1]
        with contextlib.suppress(OSError):
            asks.close()
