"""Reading and writing below a folder that a stranger may have filled: no link leads out of it."""

import os
from pathlib import Path

from codeintel_enrich.files.stat import bytes_of

_OF_GIT = ".git"
"""It may hold passwords: what CI clones with stands in its configuration."""


def leads_outside(root: Path, path: Path | str) -> bool:
    """Whether a path, with every link on its way followed, is not below `root`, or is git's own."""
    real = os.path.realpath(path)
    base = os.path.realpath(root)
    return not (real == base or real.startswith(base.rstrip("/") + "/")) or _OF_GIT in real[len(base) :].split("/")


def bytes_inside(root: Path, path: Path) -> bytes | None:
    """A file's bytes; None where it cannot be read, is no regular file, or leads out of `root`."""
    return None if leads_outside(root, path) or not path.is_file() else bytes_of(path)
