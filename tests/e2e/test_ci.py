"""What a CI job meets, and exactly which tasks run: a cache out of an archive, a fresh clone, newer tools."""

import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
import yaml

from codeintel_enrich.engine.rules import keys
from codeintel_enrich.engine.run.last_run import read_last_run
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP
from tests.support.tools import Toolbox
from tests.support.workspace import Workspace, all_tasks

CORE = "shop/core.py"
SOURCES = tuple(path for path in SHOP if path.endswith(".py"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("built"), SHOP)
    workspace.build()
    return workspace


def published(workspace: Workspace) -> dict[str, tuple[int, int, bytes]]:
    """Every published file with its stamp."""
    out = workspace.root / "cache" / "enriched"
    return {
        str(path.relative_to(out)): (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes())
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


def fresh_clone(folder: Path) -> Workspace:
    """The same sources with the times of now."""
    return Workspace(folder, SHOP)


# --- the workflow -----------------------------------------------------------------------------------------------------


def test_the_steps_of_the_workflow_that_init_writes_work_on_a_pull_request(tmp_path: Path) -> None:
    """Its commands run as a runner runs them: twice, the second time in a fresh clone beside the first one's cache."""
    origin = GitRepository(tmp_path / "origin", {**SHOP, "broken.py": "from shop.core import nothing\n"})
    origin.run("codeintel-enrich", "init")
    origin.commit("set up")
    origin.git("checkout", "-q", "-b", "feature")
    origin.replace(CORE, "def other", "def another")
    origin.commit("a breaking change")
    workflow = yaml.safe_load(origin.read(".github/workflows/codeintel-enrich.yml"))
    every = workflow["jobs"]["api"]["steps"]
    caches = {step["uses"]: step["with"] for step in every if "cache" in step.get("uses", "")}
    restored, saved = caches["actions/cache/restore@v5"], caches["actions/cache/save@v5"]
    assert restored["key"] == saved["key"]
    assert saved["key"].startswith(restored["restore-keys"])
    assert restored["path"] == saved["path"] == "cache"
    summaries = []
    for job in ("first", "second"):
        root = tmp_path / job
        origin.git("clone", "-q", ".", str(root))
        origin.git("-C", str(root), "branch", "-q", "--track", "main", "origin/main")
        if job == "second":
            shutil.copytree(tmp_path / "first" / "cache", root / "cache")
        environment = {**origin.environment, "GITHUB_STEP_SUMMARY": f"{root}-summary.md"}
        codes = []
        for step in every:
            if "codeintel-enrich " in step.get("run", ""):
                shell = ["bash", "-eo", "pipefail"] if step.get("shell") == "bash" else ["bash", "-e"]
                text = step["run"].replace("${{ github.base_ref }}", "main")
                codes.append(subprocess.run([*shell, "-c", text], cwd=root, env=environment, check=False).returncode)
        # What the settings ask to fail on ends the first step with 1; the second one tells of the change anyway.
        assert codes == [1, 0]
        summaries.append(Path(f"{root}-summary.md").read_text())
    assert "- **breaking** `shop.core.other`" in summaries[0]
    assert summaries[1] == summaries[0]
    first, second = (read_last_run(tmp_path / job / "cache" / "last.msgpack") for job in ("first", "second"))
    assert first is not None
    assert "check:pyrefly" in first.ran
    assert second is not None
    assert second.ran == ()


# --- caches that move -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT], ids=["pax", "gnu: whole seconds"])
def test_a_cache_out_of_an_archive_beside_a_fresh_clone_runs_no_task(
    built: Workspace, tmp_path: Path, kind: int
) -> None:
    archive = tmp_path / "cache.tar"
    with tarfile.open(archive, "w", format=kind) as packed:
        packed.add(built.root / "cache", "cache")
    clone = fresh_clone(tmp_path / "elsewhere")
    with tarfile.open(archive) as packed:
        packed.extractall(clone.root, filter="fully_trusted")
    before = published(clone)
    assert clone.ran() == set()
    assert published(clone) == before
    clone.replace(CORE, "return value + LIMIT", "return value")
    assert clone.ran() == {*all_tasks(CORE), "merge"}
    clone.assert_equals_clean()


def test_a_clone_in_a_folder_of_another_name_runs_no_task(built: Workspace, tmp_path: Path) -> None:
    clone = fresh_clone(tmp_path)
    shutil.copytree(built.root / "cache", clone.root / "cache")
    clone.root = clone.root.rename(tmp_path / "pull-request-7")
    assert clone.ran() == set()


def test_a_project_without_a_name_is_the_same_in_a_folder_of_another_name(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n"})
    workspace.build()
    before = published(workspace)
    workspace.root = workspace.root.rename(tmp_path / "other")
    assert workspace.ran() == set()
    assert published(workspace) == before


def test_a_cache_copied_without_its_times_is_checked_and_not_written(built: Workspace, tmp_path: Path) -> None:
    clone = fresh_clone(tmp_path)
    shutil.copytree(built.root / "cache", clone.root / "cache", copy_function=shutil.copyfile)
    later = 10**9 * 4_000_000_000
    for path in (clone.root / "cache").rglob("*"):
        os.utime(path, ns=(later, later))
    pages = {name: stamp for name, stamp in published(clone).items() if not name.endswith(".jsonl")}
    summary = clone.build()
    assert set(summary.ran) == {"merge"}
    assert len(summary.warnings) == 1
    assert "copied without their times" in summary.warnings[0]
    assert {name: published(clone)[name] for name in pages} == pages
    assert clone.ran() == set()
    clone.assert_equals_clean()


# --- newer tools and libraries ----------------------------------------------------------------------------------------


def test_a_newer_checker_that_says_the_same_runs_and_nothing_else(tmp_path: Path, tools: Toolbox) -> None:
    workspace = Workspace(tmp_path, SHOP, types=True)
    tools.put_real("pyrefly")
    workspace.build()
    tools.put_real("pyrefly", "99.0.0")
    assert workspace.ran() == {"check:pyrefly"}
    assert workspace.ran() == set()


def test_a_newer_checker_that_says_more_of_one_file_redoes_that_file(tmp_path: Path, tools: Toolbox) -> None:
    workspace = Workspace(tmp_path, SHOP, types=True)
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"errors": []}))
    body = f'case "$1" in coverage) exec {tools.real("pyrefly")} "$@";; esac; cat {report}'
    tools.put("pyrefly", body)
    workspace.build()
    finding = {"line": 1, "column": 1, "stop_line": 1, "stop_column": 2, "path": "shop/lonely.py", "code": -2}
    finding |= {"name": "new-rule", "severity": "error", "description": "new", "concise_description": "new"}
    report.write_text(json.dumps({"errors": [finding]}))
    assert workspace.ran() == set()
    tools.put("pyrefly", body, "99.0.0")
    assert workspace.ran() == {"check:pyrefly", "types:shop/lonely.py", "emit:shop/lonely.py", "merge"}
    rows = workspace.query("select path, rule from diagnostics where rule = 'new-rule'")
    assert rows == [("shop/lonely.py", "new-rule")]


def test_a_newer_indexer_runs_when_the_index_is_refreshed_and_redoes_what_it_says_otherwise(
    tmp_path: Path, tools: Toolbox
) -> None:
    workspace = Workspace(tmp_path, SHOP, index=True)
    tools.put_real("ty-scip")
    workspace.build()
    tools.put_real("ty-scip", "99.0.0")
    assert workspace.ran() == set()
    assert workspace.ran(refresh_index=True) == {"index"}
    assert workspace.ran() == set()


@pytest.mark.parametrize(
    ("library", "redone"),
    [
        ("libcst", {f"parse:{path}" for path in SOURCES}),
        ("duckdb", {"merge"}),
        ("pyarrow", {"merge"}),
        ("pyyaml", set()),
    ],
)
def test_a_newer_library_redoes_the_stage_that_leans_on_it(
    built: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, redone: set[str]
) -> None:
    workspace = fresh_clone(tmp_path)
    shutil.copytree(built.root / "cache", workspace.root / "cache")
    installed = keys.library_version
    monkeypatch.setattr(keys, "library_version", lambda name: "99.0" if name == library else installed(name))
    keys.stage_version.cache_clear()
    try:
        assert workspace.ran() == redone
        assert workspace.ran() == set()
        workspace.assert_equals_clean()
    finally:
        monkeypatch.undo()
        keys.stage_version.cache_clear()
