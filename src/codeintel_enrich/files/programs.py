"""Finding installed programs."""

import os
import shutil
import sys
from pathlib import Path


def executable(name: str) -> str | None:
    """Path of a program: beside the running interpreter first, then on PATH; None where there is none."""
    # An activated environment is not needed: tools that were installed with us are found beside us.
    beside = Path(sys.executable).parent / name
    return str(beside) if os.access(beside, os.X_OK) else shutil.which(name)
