"""Replacing a file as a whole: readers see the old bytes or the new, never a part."""

import os
from pathlib import Path


def write_atomically(path: Path, *parts: bytes) -> None:
    """Write to a temporary name beside `path`, then rename."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.writelines(parts)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
