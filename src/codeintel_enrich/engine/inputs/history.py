"""What git's history says of each file: authors, bus factor, churn.

The window of history ends with the newest commit, never today: the same history gives the same facts.
"""

import os
from functools import cached_property
from pathlib import Path

import msgspec

from codeintel_enrich.engine.inputs.external import ExternalInput, MadeInput, encoded
from codeintel_enrich.engine.rules.config import config_digest
from codeintel_enrich.engine.rules.keys import stage_version
from codeintel_enrich.engine.state.discovery import may_be_python
from codeintel_enrich.errors import ToolError
from codeintel_enrich.files.git import find_repository, git
from codeintel_enrich.files.programs import executable
from codeintel_enrich.files.stat import bytes_of
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.digest import digest


class Tip(msgspec.Struct, frozen=True):
    """Where the history of a folder stands."""

    commit: str = ""
    """The newest commit; empty where there is none, and `missing` says why."""
    missing: str = ""
    shallow: tuple[str, ...] = ()
    """Commits whose parents a shallow clone lacks: what they changed nobody knows."""
    mailmap: str = ""
    """Digest of the repository's mailmap."""


def find_tip(root: Path) -> Tip:
    """Ask git once."""
    if executable("git") is None:
        return Tip(missing="git is not installed")
    folders = find_repository(root)
    commit = git(root, "rev-parse", "--verify", "--quiet", "HEAD") if folders is not None else None
    if folders is None or commit is None:
        return Tip(missing="the folder lies in no git repository with commits")
    cut = bytes_of(folders.common / "shallow") or b""
    mailmap = digest(bytes_of(folders.top / ".mailmap") or b"")
    return Tip(commit.decode().strip(), "", tuple(sorted(cut.decode().split())), mailmap)


class HistoryInput(ExternalInput):
    """The commits that changed each file."""

    name = "history"
    stage = "context"

    @property
    def title(self) -> str:
        """As people call it."""
        return self.name

    @property
    def is_wanted(self) -> bool:
        """Whether history is asked for."""
        return self.state.project.config.owners

    @cached_property
    def _tip(self) -> Tip:
        # Asked once a build, so that key and content are of the same commit although somebody commits meanwhile.
        return find_tip(self.state.places.root)

    def policy(self) -> object:
        """The newest commit, and the windows."""
        return self.name, stage_version(self.stage), self.made_from()

    def made_from(self) -> str:
        """The newest commit, and the windows."""
        config = self.state.project.config
        return config_digest(self._tip, config.history_window_days, config.commits_window)

    def make(self) -> MadeInput:
        """Read git's log. Raises ToolError where git fails."""
        from codeintel_enrich.formats.git_log import LOG_FORMAT, histories, read_log

        tip, root, config = self._tip, self.state.places.root, self.state.project.config
        if tip.missing:
            return self.split(self.made_from(), {}, producer=self.name, left_out={"git": tip.missing})
        # Of the commit, not of the work tree: a file that is not committed yet has no history.
        listed = git(root, "ls-tree", "-r", "-z", "--name-only", tip.commit)
        time = git(root, "log", "-1", "--no-show-signature", "--format=%ct", tip.commit)
        log = git(
            root,
            *("-c", "diff.renameLimit=1000"),
            *("log", "-z", "--numstat", "--relative", "-M", "--diff-algorithm=myers", "--no-ext-diff", "--no-textconv"),
            *(
                "--no-show-signature",
                "--encoding=UTF-8",
                f"--max-count={config.commits_window}",
                LOG_FORMAT,
                tip.commit,
            ),
        )
        if listed is None or time is None or log is None:
            raise ToolError(
                "git could not read the history; in a partial clone, fetch it first (`git fetch --refetch`), "
                "else run `git fsck`"
            )
        paths = [path for name in listed.split(b"\0") if may_be_python(path := os.fsdecode(name))]
        # git shows a commit whose parents are missing as if it had added every file there is.
        commits = (commit for commit in read_log(log) if commit.name not in tip.shallow)
        found = histories(commits, paths, int(time), config.history_window_days)
        parts = ((path, FileContext(history=one)) for path, one in found.items())
        left_out = {"shallow clone": "it knows the newest commits only; `git fetch --unshallow` fetches the others"}
        return self.split(
            self.made_from(), encoded(parts), producer=self.name, left_out=left_out if tip.shallow else {}
        )
