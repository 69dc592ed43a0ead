"""Everything that is published: there, valid, the same anywhere, and rewritten only where something changed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.packages import copy_package
from tests.support.published import FOLDERS, complaints
from tests.support.stars import STARS
from tests.support.workspace import Workspace

ALL = {"emit-ast": True, "slices": {"enabled": True, "max-tokens": 200}, "tags-yaml": "rules.yaml"}
RULES = "- tag: numeric\n  modules: '**.numbers'\n"


@pytest.fixture
def stars(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, {**STARS, "rules.yaml": RULES}, overrides=ALL)


def places(workspace: Workspace) -> dict[str, tuple[int, int]]:
    out = workspace.root / "cache/enriched"
    return {name: (os.stat(out / name).st_ino, os.stat(out / name).st_mtime_ns) for name in workspace.outputs()}


def chunks(workspace: Workspace) -> dict[str, dict[str, object]]:
    lines = workspace.outputs()["slices/slices.jsonl"].splitlines()
    return {chunk["id"]: chunk for chunk in map(json.loads, lines)}


def test_every_file_is_there_and_valid_and_says_what_the_store_says(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"rules.yaml": RULES}, overrides=ALL)
    copy_package("flask", workspace.root)
    workspace.build()
    cache = workspace.root / "cache"
    assert list(complaints(cache / "enriched", cache / "codeintel.duckdb")) == []
    kinds = {name.split("/")[0] for name in workspace.outputs()}
    assert kinds == set(FOLDERS)
    assert "public-api" in yaml.safe_load(workspace.outputs()["tags/tags_index.yaml"])


def test_what_is_missing_invalid_or_untrue_is_complained_of(stars: Workspace) -> None:
    stars.build()
    cache = stars.root / "cache"
    out, store = cache / "enriched", cache / "codeintel.duckdb"
    assert list(complaints(out, store)) == []
    (out / "modules/src/use.py.md").unlink()
    (out / "tags/tags_index.yaml").write_bytes(b"[")
    shutil.copy(out / "parquet/refs/package=sky/part-0.parquet", out / "parquet/refs/package=sky/part-1.parquet")
    (out / "repo_map.json").write_bytes(b'{"modules": 1}\n')
    found = list(complaints(out, store))
    assert {text for text in found if "yaml" not in text} == {
        "parquet/refs has other rows than the store",
        "src/use.py has no page",
        "repo_map.json counts other modules than the store",
    }
    assert [text.partition(":")[0] for text in found if "yaml" in text] == [
        "tags/tags_index.yaml does not end with a line end",
        "tags/tags_index.yaml is not valid",
    ]


def test_files_are_the_same_at_another_place_with_other_workers(stars: Workspace) -> None:
    stars.build()
    stars.assert_equals_clean(jobs=2)


def test_after_edits_files_are_those_of_a_clean_build(stars: Workspace) -> None:
    stars.build()
    stars.replace("src/sky/numbers.py", "_double", "_twice")
    stars.delete("src/use.py")
    stars.write("src/sky/more/__init__.py", "from sky import *\nfrom .. import greet\n")
    stars.build()
    stars.assert_equals_clean()


def test_a_body_edit_rewrites_only_what_depends_on_it(stars: Workspace) -> None:
    stars.build()
    before = places(stars)
    stars.replace("src/sky/deep.py", "str(x)", "repr(x)")
    stars.build()
    rewritten = {name for name, place in places(stars).items() if before.get(name) != place}
    assert rewritten == {
        *("modules/modules.jsonl", "cst/cst.jsonl", "slices/slices.jsonl", "ast/metrics.jsonl"),
        *(f"parquet/{table}/package=sky/part-0.parquet" for table in ("modules", "nodes", "refs", "uses")),
        "graphs/uses.parquet",
    }


def test_a_run_with_nothing_to_do_writes_no_file(stars: Workspace) -> None:
    stars.build()
    before = places(stars)
    assert stars.ran() == set()
    assert places(stars) == before


@pytest.mark.parametrize(
    "name", ["modules/src/sky/deep.py.md", "slices/slices.jsonl", "parquet/refs/package=sky/part-0.parquet"]
)
def test_a_file_deleted_by_hand_comes_back(stars: Workspace, name: str) -> None:
    stars.build()
    expected = stars.outputs()
    (stars.root / "cache/enriched" / name).unlink()
    assert stars.ran() == {"merge"}
    assert stars.outputs() == expected


def test_rules_tag_modules_in_files_and_store(stars: Workspace) -> None:
    stars.build()
    assert yaml.safe_load(stars.outputs()["tags/tags_index.yaml"])["numeric"] == ["sky.numbers"]
    stars.write("rules.yaml", RULES.replace("numeric", "counted"))
    assert stars.ran() >= {"emit:src/sky/deep.py", "merge"}
    tags = yaml.safe_load(stars.outputs()["tags/tags_index.yaml"])
    assert tags["counted"] == ["sky.numbers"]
    assert "numeric" not in tags


def test_chunks_name_their_callers_and_a_new_caller_changes_no_text(stars: Workspace) -> None:
    stars.build()
    before = chunks(stars)
    greet = "sky:greet:FunctionDef:0#0"
    assert before[greet]["callers"] == ["use"]
    stars.append("src/sky/inner.py", "\n\ndef welcome():\n    from sky import greet\n\n    return greet('x')\n")
    stars.build()
    after = chunks(stars)
    assert after[greet]["callers"] == ["sky.inner.welcome", "use"]
    assert after[greet]["text_hash"] == before[greet]["text_hash"]


def test_an_embedding_job_follows_the_repository_by_generations(stars: Workspace) -> None:
    """A reader who asks for what changed, and applies it, holds what a full reading gives."""

    def told(since: int) -> tuple[int, bool, list[dict[str, object]]]:
        command = [sys.executable, "-m", "codeintel_enrich", "slices", "--since", str(since)]
        done = subprocess.run(command, cwd=stars.root, capture_output=True, check=True)
        head, *lines = map(json.loads, done.stdout.splitlines())
        return head["generation"], head["complete"], lines

    stars.build()
    generation, complete, changes = told(0)
    assert complete
    held = {str(change["id"]): change["chunk"]["text_hash"] for change in changes}  # type: ignore[index]
    stars.replace("src/sky/deep.py", "str(x)", "repr(x)")
    stars.delete("src/sky/inner.py")
    stars.replace("src/use.py", "from sky.inner import pick\n", "pick = str\n")
    stars.build()
    _, complete, changes = told(generation)
    assert not complete
    operations = {str(change["id"]): change["operation"] for change in changes}
    assert operations == {
        "sky.deep:_hidden:FunctionDef:0#0": "changed",
        "sky.inner::Module:0#0": "removed",
        "sky.inner:pick:FunctionDef:0#0": "removed",
        "use::Module:0#0": "changed",
        # What is left of the module fits into one window.
        "use::Module:0#1": "removed",
    }
    for change in changes:
        if change["operation"] == "removed":
            del held[str(change["id"])]
        else:
            held[str(change["id"])] = change["chunk"]["text_hash"]  # type: ignore[index]
    assert held == {item: chunk["text_hash"] for item, chunk in chunks(stars).items()}


def test_activation_is_printed_and_written_and_settles(stars: Workspace) -> None:
    stars.build()

    def activate(*more: str) -> str:
        command = [sys.executable, "-m", "codeintel_enrich", "overlays", "activate", *more]
        return subprocess.run(command, cwd=stars.root, capture_output=True, text=True, check=True).stdout

    before = stars.read("pyproject.toml")
    printed = activate()
    assert 'stubPath = "cache/enriched/overlays"' in printed
    assert 'search-path = ["cache/enriched/overlays", "src", "."]' in printed
    assert stars.read("pyproject.toml") == before
    assert activate("--write") == printed
    assert stars.read("pyproject.toml").startswith(before)
    assert activate() == "# pyproject.toml [tool.pyright]: all is set\n# pyproject.toml [tool.pyrefly]: all is set\n"
