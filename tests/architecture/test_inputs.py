"""A build opens nothing below the root but what it declares: indexed files, config, ignore rules, its cache."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from codeintel_enrich.engine.state.manifest import load_manifest
from tests.support.opened import opened
from tests.support.projects import SHOP
from tests.support.workspace import Workspace

MORE = {
    ".gitignore": "ignored/\n",
    "ignored/secret.py": "SECRET = 1\n",
    "shop/.gitignore": "*.log\n",
    "shop/notes.txt": "not ours to read\n",
    "shop/data.json": "{}\n",
    "shop/core.pyi": "class Base: ...\n",
    "setup.cfg": "[metadata]\n",
    "README.md": "# The shop\n",
}
LISTENER = """\
import os, sys
log = os.open(os.environ["OPENED_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
root = os.environ["OPENED_BELOW"]
who = "worker" if any(word.endswith("worker") for word in sys.orig_argv) else "main"
def say(what, of):
    os.write(log, f"{what} {of}{chr(10)}".encode())
def listen(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.join(os.getcwd(), os.fsdecode(arguments[0]))
        if path.startswith(root + os.sep):
            say(who, os.path.relpath(path, root))
say("started", who)
sys.addaudithook(listen)
"""


def declared(workspace: Workspace) -> set[str]:
    """Files that the manifest lists, of either kind, and those that steer the build."""
    manifest, warning = load_manifest(workspace.root / "cache" / "manifest.msgpack")
    assert warning is None
    # Build files name modules that are made when the project is built.
    steering = {
        "pyproject.toml",
        "setup.cfg",
        ".gitignore",
        *(f"{folder}/.gitignore" for folder in ("shop", "ignored")),
    }
    assert manifest.outlined.keys() == {"README.md", "pyproject.toml", "shop/data.json"}
    return {*manifest.files, *manifest.outlined, *steering}


def outside_cache(paths: set[str]) -> set[str]:
    # filelock makes a nameless file in the folder of a lock, to see how locks behave there: it opens the folder itself.
    return {path for path in paths if path != "cache" and not path.startswith("cache/")}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, {**SHOP, **MORE})


def test_a_build_opens_only_what_it_declares(workspace: Workspace) -> None:
    with opened(workspace.root) as seen:
        workspace.build()
    assert outside_cache(seen.paths()) <= declared(workspace)
    there = {path for path in {**SHOP, **MORE} if path.endswith((".py", ".pyi"))}
    assert seen.sources() == there - {"ignored/secret.py"}


def test_an_incremental_build_opens_only_the_sources_that_changed(workspace: Workspace) -> None:
    workspace.build()
    workspace.replace("shop/core.py", "def helper", "def helped")
    with opened(workspace.root) as seen:
        workspace.build()
    assert seen.sources() == {"shop/core.py"}
    assert outside_cache(seen.paths()) <= declared(workspace)


def test_a_build_that_has_nothing_to_do_opens_config_build_files_and_ignore_rules_only(workspace: Workspace) -> None:
    workspace.build()
    with opened(workspace.root) as seen:
        workspace.build()
    assert outside_cache(seen.paths()) <= {"pyproject.toml", "setup.cfg", ".gitignore", "shop/.gitignore"}


def test_workers_open_nothing_of_the_tree_but_what_overlays_are_made_of(workspace: Workspace, tmp_path: Path) -> None:
    listener = tmp_path / "listener"
    listener.mkdir()
    (listener / "sitecustomize.py").write_text(LISTENER)
    log = tmp_path / "opened.log"
    environment = {
        **os.environ,
        "OPENED_LOG": str(log),
        "OPENED_BELOW": str(workspace.root),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(listener), os.environ.get("PYTHONPATH")))),
    }
    command = [sys.executable, "-m", "codeintel_enrich", "build", "--no-index", "--no-types", "--json"]
    done = subprocess.run(command, cwd=workspace.root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["ran"]) > 50
    events = [line.split(" ", 1) for line in log.read_text().splitlines()]
    assert {of for what, of in events if what == "started"} == {"main", "worker"}
    starred = {"shop/__init__.py", "shop/starred.py"}
    assert outside_cache({path for what, path in events if what == "worker"}) == starred
    assert outside_cache({path for what, path in events if what == "main"}) <= declared(workspace)
