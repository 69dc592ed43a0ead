"""Owns the question put to the interpreter: every case is written to a folder, imported and looked at there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.golden.analysis import Analysis
from tests.golden.cases import Case

_PROBE = Path(__file__).with_name("probe.py")


def can_run(case: Case) -> bool:
    """Whether this interpreter can judge the case."""
    return case.not_run is None and (case.python is None or sys.version_info >= case.python)


def ask(analyses: Mapping[str, Analysis], folder: Path) -> dict[str, dict[str, Any]]:
    """Case -> path -> what the interpreter says of that module and of what the analysis claims of it."""
    places: list[tuple[str, str]] = []
    questions: list[dict[str, Any]] = []
    for number, (name, analysis) in enumerate(analyses.items()):
        case = analysis.case
        home = folder / str(number)
        for path, text in case.files.items():
            (home / path).parent.mkdir(parents=True, exist_ok=True)
            (home / path).write_text(text, encoding="utf-8")
        files = {
            path: linked_module.module
            for path, linked_module in analysis.linked_modules.items()
            if linked_module.module is not None and path.endswith(".py")
        }
        for path, module in files.items():
            places.append((name, path))
            questions.append(
                {
                    "folder": str(home),
                    "files": files,
                    "roots": case.roots,
                    "entry": case.entry,
                    "module": module,
                    "names": {
                        export.name: list(export.chain)
                        for export in analysis.linked_modules[path].exports
                        if not export.typing_only
                    },
                    "marks": [
                        {
                            "path": mark.path,
                            "module": files.get(mark.path),
                            "line": mark.line,
                            "text": mark.text,
                            "claims": [*analysis.target(mark).qualified_names, *(mark.names or ())],
                        }
                        for mark in case.marks()
                    ],
                }
            )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", str(_PROBE)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, dict[str, Any]] = {name: {} for name in analyses}
    for (name, path), answer in zip(places, json.loads(done.stdout), strict=True):
        answers[name][path] = answer
    return answers
