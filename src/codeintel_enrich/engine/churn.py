"""Owns what version control tells of files; knows git's command line and nothing of what a file holds."""

import os
import subprocess
from collections import Counter
from pathlib import Path

from codeintel_enrich.engine.programs import executable
from codeintel_enrich.model.report import Churn

_PATIENCE_SECONDS = 120
_ITS_SETTINGS = {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}


def churn(root: Path, days: int) -> Churn:
    """How many commits changed each file below `root` within `days` days up to the newest commit.

    The window ends with a commit, not today, so that the same history gives the same numbers. Merges count for what
    they merge; a renamed file begins anew. Where git or a history is missing, the answer says so.
    """
    git = executable("git")
    if git is None:
        return Churn(days=days, commits={}, missing="git is not installed")
    newest = _git(git, root, "log", "-1", "--format=%ct")
    if newest is None or not newest.strip():
        return Churn(days=days, commits={}, missing="not a git repository with commits")
    since = int(newest) - days * 86_400
    log = _git(git, root, "log", f"--since=@{since}", "--no-renames", "--name-only", "--relative", "-z", "--format=")
    if log is None:
        return Churn(days=days, commits={}, missing="git could not read the history")
    paths = (os.fsdecode(name).strip("\n") for name in log.split(b"\0"))
    return Churn(days=days, commits=dict(sorted(Counter(path for path in paths if path).items())))


def _git(git: str, root: Path, *words: str) -> bytes | None:
    """What git says; None where it fails."""
    try:
        done = subprocess.run(
            [git, "-C", str(root), *words],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            env={**os.environ, **_ITS_SETTINGS},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
