"""Stand-ins for indexers and checkers: scripts that the pipeline finds where the real ones would be."""

import os
import stat
import sys
from pathlib import Path

import pytest

from codeintel_enrich.engine.inputs.tools import find_tool

NAMES = ("ty-scip", "scip-python", "pyrefly", "pyright")


class Toolbox:
    """The folder in which tools are looked for, and nowhere else. Empty at first."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.log = folder / "calls.txt"
        folder.mkdir()
        real = Path(sys.executable)
        self._real = real.parent
        self._script("python", f'exec {real} "$@"\n')
        # Tools stand beside the running interpreter, or on PATH.
        patch.setattr(sys, "executable", str(folder / "python"))
        patch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
        find_tool.cache_clear()

    def _script(self, name: str, text: str) -> None:
        target = self.folder / name
        target.write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
        target.chmod(target.stat().st_mode | stat.S_IXUSR)
        find_tool.cache_clear()

    def put(self, name: str, body: str, version: str = "0.1.0") -> None:
        """A tool that notes that it was called, then does `body` (shell; `$output` is the index it shall write)."""
        assert name in NAMES
        self._script(
            name,
            f'case "$1" in --version) echo "{name} {version}"; exit 0;; esac\n'
            f'echo "{name} $*" >> {self.log}\n'
            'output=; for word in "$@"; do [ "$last" = --output ] && output="$word"; last="$word"; done\n'
            f"{body}\n",
        )

    def put_real(self, name: str, version: str = "0.1.0") -> None:
        """The installed tool, which says of itself that it is of that version."""
        self.put(name, f'exec {self.real(name)} "$@"', version)

    def real(self, name: str) -> Path:
        """Where the installed tool is."""
        return self._real / name

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()
        find_tool.cache_clear()

    def calls(self) -> int:
        """How often tools were called so far (to ask for a version is no call)."""
        return len(self.log.read_text().splitlines()) if self.log.exists() else 0
