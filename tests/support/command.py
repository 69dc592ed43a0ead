"""The command line run in this process, as its entry point runs it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.cli import main


class Outcome:
    """What one run of the command did."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        assert "Traceback" not in out + err

    @property
    def summary(self) -> Any:
        return json.loads(self.out)


class Command:
    """Runs the command in this process, without tools unless told otherwise."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self.root, self._patch, self._capture = root, patch, capture

    def run(self, *words: str) -> Outcome:
        self._patch.setattr(sys, "argv", ["codeintel-enrich", *words])
        self._capture.readouterr()
        try:
            code = main()
        except SystemExit as end:
            code = end.code
        return Outcome(int(code or 0), *self._capture.readouterr())

    def build(self, *words: str) -> Outcome:
        return self.run("build", "--root", str(self.root), "--no-index", "--no-types", *words)
