"""A real git repository in a temporary folder, which no setting of this machine's user reaches."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.workspace import Workspace

SOURCES = Path(__file__).parents[2] / "src"


class GitRepository(Workspace):
    """A workspace under git."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes]) -> None:
        super().__init__(folder, files)
        nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PRE_COMMIT_HOME": f"{folder}/hooks"}
        scripts = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, **nobody, "PATH": scripts, "PYTHONPATH": str(SOURCES)}
        self.git("init", "-q", "-b", "main")
        self.git("config", "user.email", "somebody@example.org")
        self.git("config", "user.name", "Somebody")
        self.write(".git/info/exclude", "/cache/\n")
        self.commit("start")

    def run(self, *words: str, code: int = 0) -> str:
        """Run a program here; what it said on both streams. Fails the test where it ends otherwise than with `code`."""
        done = subprocess.run(
            words, cwd=self.root, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert "Traceback" not in said
        return said

    def git(self, *words: str, code: int = 0) -> str:
        """Run git."""
        return self.run("git", *words, code=code)

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's name."""
        self.git("add", "-A")
        self.git("commit", "-q", "--no-verify", "-m", message)
        return self.git("rev-parse", "HEAD").strip()
