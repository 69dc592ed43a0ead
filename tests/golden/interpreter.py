"""Owns the question put to the interpreter: every case is written to a folder, imported and looked at there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeintel_enrich.model.modules import ModuleName, plain
from tests.golden.analysis import Analysis
from tests.golden.cases import Case

_PROBE = Path(__file__).with_name("probe.py")


def can_run(case: Case) -> bool:
    """Whether this interpreter can judge the case."""
    return case.not_run is None and (case.python is None or sys.version_info >= case.python)


class _Roots:
    """The import roots of one case, as a program that starts with one of its files has them on its path."""

    def __init__(self, case: Case, analysis: Analysis) -> None:
        self._roots = case.roots
        self._names = analysis.names if len(case.roots) > 1 else {}

    def searched(self, path: str) -> list[str]:
        """The file's own root first, and none that has another distribution's modules of the file's name."""
        if not self._names:
            return list(self._roots)
        own, top = self._of(path), self._top(path)
        rivals = {
            self._of(other)
            for other, name in self._names.items()
            if self._top(other) == top and _realm(name) != _realm(self._names[path])
        }
        return [own, *(root for root in self._roots if root != own and root not in rivals)]

    def _of(self, path: str) -> str:
        holding = [root for root in self._roots if root == "." or path.startswith(f"{root}/")]
        return max(holding, key=lambda root: len(root.strip("."))) if holding else path.rpartition("/")[0]

    def _top(self, path: str) -> str:
        return (self._names[path].module or path).partition(".")[0]


def _realm(name: ModuleName) -> str:
    # A package that merges over roots is one, whichever of its `__init__.py` is looked at.
    package = name.package if name.is_package else name.key or ""
    return package[: len(package) - len(plain(package))]


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
        rooted = _Roots(case, analysis)
        for path, module in files.items():
            places.append((name, path))
            questions.append(
                {
                    "folder": str(home),
                    "files": files,
                    "roots": rooted.searched(path),
                    "entry": case.entry,
                    "module": module,
                    "names": {
                        export.name: list(export.chain)
                        for export in analysis.linked_modules[path].exports
                        if not export.typing_only
                    },
                    "marks": [
                        {
                            # What a file of another root means depends on the program that has imported it.
                            "path": mark.path if len(case.roots) == 1 or mark.path == path else None,
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
