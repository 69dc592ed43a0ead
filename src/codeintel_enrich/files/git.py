"""Owns git's command line, as far as it is asked about a folder's history; knows nothing of what a file holds."""

import os
import subprocess
from pathlib import Path

from codeintel_enrich.files.programs import executable

_PATIENCE_SECONDS = 300
_ITS_SETTINGS = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}


def git(root: Path, *words: str) -> bytes | None:
    """What git says in a folder; None where it is not installed, fails, or takes more than five minutes."""
    program = executable("git")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, "-C", str(root), *words],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=_PATIENCE_SECONDS,
            env={**os.environ, **_ITS_SETTINGS},
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
