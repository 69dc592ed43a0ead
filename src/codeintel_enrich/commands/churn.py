"""How often files changed, as the report shows it."""

import os
from collections import Counter
from pathlib import Path

from codeintel_enrich.files.git import git
from codeintel_enrich.files.programs import executable
from codeintel_enrich.model.report import Churn


def churn(root: Path, days: int) -> Churn:
    """How many commits changed each file below `root` within `days` days up to the newest commit.

    The window ends with a commit, not today, so that the same history gives the same numbers. Merges count for what
    they merge; a renamed file begins anew. Where git or a history is missing, the answer says so.
    """
    if executable("git") is None:
        return Churn(days=days, commits={}, missing="git is not installed")
    newest = git(root, "log", "-1", "--format=%ct")
    if newest is None or not newest.strip():
        return Churn(days=days, commits={}, missing="not a git repository with commits")
    # From the newest commit, not from now: the same history gives the same numbers tomorrow.
    since = int(newest) - days * 86_400
    log = git(root, "log", f"--since=@{since}", "--no-renames", "--name-only", "--relative", "-z", "--format=")
    if log is None:
        return Churn(days=days, commits={}, missing="git could not read the history")
    paths = (os.fsdecode(name).strip("\n") for name in log.split(b"\0"))
    return Churn(days=days, commits=dict(sorted(Counter(path for path in paths if path).items())))
