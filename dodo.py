"""`doit` indexes this checkout; `doit check` is what CI runs."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codeintel_enrich.tasks import creators

pipeline = creators()
globals().update(pipeline)


def task_check() -> Iterator[dict[str, Any]]:
    """Type-checker facts for the pipeline, and the gate of this repository: linters, types, import contracts, tests."""
    yield from pipeline["task_check"]()
    gate = {
        "format": "ruff format --check .",
        "lint": "ruff check .",
        "mypy": "mypy",
        "imports": "lint-imports",
        # A process more than there are cores: each waits for workers and tools a good part of its time.
        "tests": f"pytest -n {(os.cpu_count() or 1) + 1} --dist loadfile",
    }
    tools = Path(sys.executable).parent
    for name, command in gate.items():
        yield {"name": name, "actions": [f"{tools}/{command}"], "verbosity": 2}


def task_coverage() -> dict[str, Any]:
    """The tests once more, counting which lines of ours they run; fails below the floor that `pyproject.toml` sets."""
    tools = Path(sys.executable).parent
    commands = ("erase", "run -m pytest -n auto --dist loadfile", "combine --quiet", "report")
    return {"actions": [f"{tools}/coverage {command}" for command in commands], "verbosity": 2}


def task_docs() -> dict[str, Any]:
    """The site: README, tour, reference, architecture, examples and docstrings, into `.docs/site`."""
    tools = Path(sys.executable).parent
    return {"actions": [f"{tools}/mkdocs build --strict --quiet --config-file .docs/mkdocs.yml"], "verbosity": 2}
