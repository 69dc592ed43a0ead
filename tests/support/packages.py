"""Real packages as test input: copied from where they are installed, never changed there."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from codeintel_enrich.engine.inputs.tools import make_index
from codeintel_enrich.model.digest import digest
from tests.support.shared import remembered


def package_folder(name: str) -> Path:
    """Where an installed package is."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def copy_package(name: str, to: Path) -> Path:
    """Copy the sources of an installed package to `to/name`; returns `to`."""
    shutil.copytree(package_folder(name), to / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", "*.so"))
    return to


def source_files(root: Path) -> list[str]:
    """Relative paths of all Python files below a folder, sorted."""
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.suffix in (".py", ".pyi"))


OUR_PACKAGES = {**os.environ, "VIRTUAL_ENV": sys.prefix}
"""An environment of processes in which checkers find the packages that a build hands them where no other are named."""


def make_scip(root: Path, output: Path) -> Path:
    """A SCIP index of a tree, made by the real ty-scip; of equal trees once a session."""

    def make() -> bytes:
        make_index(root, source_files(root), output, output.with_suffix(".scratch"))
        return output.read_bytes()

    index = remembered(f"scip/{_tree_digest(root)}", make)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_bytes(index)
    return output


def _tree_digest(root: Path) -> str:
    """Of all that an indexer or a checker sees of a tree."""
    steering = [name for name in ("pyproject.toml", "ty.toml", "pyrefly.toml") if (root / name).is_file()]
    parts = [f"{path} {digest((root / path).read_bytes())}" for path in [*source_files(root), *steering]]
    return digest("\n".join(parts).encode())


def pyrefly_report(root: Path) -> bytes:
    """What pyrefly itself says of a tree, as JSON; of the tree's own files, not of overlays we wrote.

    Of equal trees it is asked once a session: paths in its report are relative to the tree.
    """
    return remembered(f"pyrefly/{_tree_digest(root)}", lambda: _ask_pyrefly(root))


def _ask_pyrefly(root: Path) -> bytes:
    command = [str(Path(sys.executable).parent / "pyrefly"), "check", "--output-format", "json", "--preset", "default"]
    command += ["--project-excludes", "cache/**"]
    done = subprocess.run(command, cwd=root, env=OUR_PACKAGES, capture_output=True, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    assert "errors" in report
    return done.stdout
