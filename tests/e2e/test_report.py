"""`codeintel-enrich report`: facts of real builds, histories and edits."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from codeintel_enrich.cli.app import app
from codeintel_enrich.commands.churn import churn
from codeintel_enrich.errors import EnrichError
from tests.support.built_packages import checked_package
from tests.support.projects import SHOP
from tests.support.workspace import Workspace


def report(root: Path, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the command says, and the facts in the page."""
    done = CliRunner().invoke(app, ["report", "--root", str(root), "--json", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    found = re.search(rb'id="facts">(.*?)</script>', Path(said["file"]).read_bytes(), re.DOTALL)
    assert found is not None
    return said, json.loads(found[1])


def git(root: Path, *words: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run(["git", "-C", str(root), *identity, *words], check=True, capture_output=True)


def commit(root: Path, day: str) -> None:
    git(root, "add", "-A")
    subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x"],
        check=True,
        env={"GIT_AUTHOR_DATE": f"{day}T00:00:00Z", "GIT_COMMITTER_DATE": f"{day}T00:00:00Z", "PATH": "/usr/bin:/bin"},
    )


def by_path(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {module["path"]: module for module in facts["modules"]}


def test_imports_lead_to_the_module_that_is_meant_not_to_its_package(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    _, facts = report(workspace.root)
    paths = [module["path"] for module in facts["modules"]]
    edges = {(paths[a], paths[b]): kind for a, b, kind, _ in facts["imports"]}
    assert edges["shop/left.py", "shop/right.py"] == "runtime"
    assert edges["shop/starred.py", "shop/__init__.py"] == "runtime"
    assert not [edge for edge in edges if edge[0] == edge[1]]
    assert facts["chains"][0]["hops"][-1] in ("shop.core.helper", "shop.core.Base")
    deep = next(c for c in facts["chains"] if c["name"] == "help_me" and paths[c["module"]] == "shop/__init__.py")
    assert deep["hops"] == ["shop.api.help_me", "shop.core.helper"]


def test_every_part_tells_what_the_build_found(tmp_path: Path) -> None:
    broken = {
        "shop/broken.py": "def f(:\n",
        "shop/outer.py": "import numpy\nfrom shop.core import nowhere\nnowhere()\n",
    }
    workspace = Workspace(tmp_path, SHOP | broken)
    summary = workspace.build()
    _, facts = report(workspace.root)
    assert [(item["path"], item["line"]) for item in facts["broken"]] == [("shop/broken.py", 1)]
    assert facts["outside"] == [{"package": "numpy", "names": 1, "files": 1}]
    assert facts["run"]["tasks"] == summary.ran_by_stage()
    assert round(facts["run"]["seconds"]["parse"], 3) == summary.seconds["parse"]
    assert facts["run"]["elapsed"] > 0
    core = by_path(facts)["shop/core.py"]
    assert (core["typable"], core["typed"], core["defs"], core["lines"]) == (4, 3, 4, 16)
    assert core["complexity"] == [4, "Base.key", 1, 7]
    resolved = sum(row["count"] for row in facts["references"] if row["reason"] is None)
    assert workspace.query("SELECT count(*) FROM refs WHERE qualified_name IS NOT NULL") == [(resolved,)]


def test_a_build_with_nothing_to_do_leaves_the_account_of_the_last_one(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    _, first = report(workspace.root)
    workspace.build()
    _, second = report(workspace.root)
    assert second["run"] == first["run"]
    workspace.append("shop/lonely.py", "\nX = 1\n")
    workspace.build()
    assert report(workspace.root)[1]["run"]["tasks"]["parse"] == 1


def test_only_new_content_is_measured_again_and_edited_files_are_told(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    said, _ = report(workspace.root)
    assert said["measured"] == len([path for path in SHOP if path.endswith(".py")])
    said, _ = report(workspace.root)
    assert (said["measured"], said["unmeasured"]) == (0, 0)
    workspace.append("shop/core.py", "\n\ndef more():\n    return 1 if LIMIT else 2\n")
    said, _ = report(workspace.root)
    assert (said["measured"], said["unmeasured"]) == (0, 0), "what was built is known; nothing is opened"
    workspace.build()
    said, facts = report(workspace.root)
    assert said["measured"] == 1
    assert by_path(facts)["shop/core.py"]["complexity"] == [6, "more", 2, 19]
    workspace.append("shop/core.py", "\nX = 1\n")
    (workspace.root / "cache" / "complexities.msgpack").write_bytes(b"damaged")
    said, facts = report(workspace.root)
    assert said["unmeasured"] == 1
    assert by_path(facts)["shop/core.py"]["complexity"] is None


def test_churn_counts_commits_in_a_window_that_ends_with_the_newest(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    git(workspace.root, "init", "-q")
    (workspace.root / ".gitignore").write_text("cache/\n")
    commit(workspace.root, "2020-01-01")
    workspace.append("shop/core.py", "# two\n")
    workspace.write("shop/naïve café.py", "A = 1\n")
    commit(workspace.root, "2024-05-01")
    workspace.append("shop/core.py", "# three\n")
    commit(workspace.root, "2024-06-01")
    workspace.build()
    _, facts = report(workspace.root)
    commits = {path: module["commits"] for path, module in by_path(facts).items()}
    assert commits["shop/core.py"] == 2
    assert commits["shop/naïve café.py"] == 1
    assert commits["shop/left.py"] == 0
    assert facts["churn"]["missing"] == ""
    _, longer = report(workspace.root, "--history-window-days", "3650")
    assert by_path(longer)["shop/core.py"]["commits"] == 3
    assert by_path(longer)["shop/left.py"]["commits"] == 1


def test_churn_of_a_folder_inside_a_repository_names_files_from_there(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.py").write_text("A = 1\n")
    (tmp_path / "b.py").write_text("B = 1\n")
    git(tmp_path, "init", "-q")
    commit(tmp_path, "2024-06-01")
    assert churn(tmp_path / "inner", 30).commits == {"a.py": 1}


def test_without_a_history_the_report_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    _, facts = report(workspace.root)
    assert facts["churn"]["missing"] == "not a git repository with commits"


def test_a_real_package_is_told_with_its_chains(tmp_path: Path) -> None:
    # The report remembers complexities in the cache, and that of the session is not to be changed.
    root = Path(shutil.copytree(checked_package("networkx").root, tmp_path / "nx"))
    _, facts = report(root)
    paths = [module["path"] for module in facts["modules"]]
    top = [chain for chain in facts["chains"] if paths[chain["module"]] == "networkx/__init__.py"]
    assert len(top[0]["hops"]) >= 4
    assert all(module["complexity"] for module in facts["modules"] if module["parse_ok"])
    assert len([edge for edge in facts["imports"] if "/tests/" not in paths[edge[0]]]) > 500


def test_no_store_and_no_place_for_the_page_are_one_message_each(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    with pytest.raises(EnrichError, match="run `codeintel-enrich build` first"):
        report(tmp_path)
    workspace = Workspace(tmp_path / "w", SHOP)
    workspace.build()
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(EnrichError, match="cannot be written"):
        report(workspace.root, "-o", str(blocked / "page.html"))
