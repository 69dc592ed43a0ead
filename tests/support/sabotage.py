"""What befalls worker processes, at a place in their work that a test can choose."""

import os
from pathlib import Path

import pytest

MARK = "# accident"
"""In a source: here it happens, when a worker parses the file."""

_SITE = """\
import os, signal, sys, time

if "codeintel_enrich.engine.run.worker" in " ".join(sys.orig_argv):
    import libcst

    parse_module = libcst.parse_module

    def accident(text):
        if {mark!r} in text:
            # A folder is made by exactly one process, however many try.
            for number in range({times}):
                try:
                    os.mkdir(os.path.join({folder!r}, str(number)))
                except FileExistsError:
                    continue
                {what}
                break
        return parse_module(text)

    libcst.parse_module = accident
"""


class Sabotage:
    """Something that happens in workers, `times` times, when they parse a source with `MARK` in it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, what: str, times: int) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            _SITE.format(mark=MARK, folder=str(folder), what=what, times=times), encoding="utf-8"
        )
        patch.setenv("PYTHONPATH", str(folder))

    def happened(self) -> int:
        """How often it happened so far."""
        return sum(entry.is_dir() and entry.name.isdigit() for entry in os.scandir(self.folder))


def signalled(name: str) -> str:
    """The worker is sent a signal."""
    return f"os.kill(os.getpid(), signal.{name})"
