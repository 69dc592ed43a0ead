"""The hook under the real pre-commit on real repositories, what `build --fail-on` ends with, and what `init` writes."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP
from tests.support.workspace import Workspace

ALL = ("--fail-on", "parse-error", "--fail-on", "broken-export", "--fail-on", "import-cycle")
CORE, BROKEN = "shop/core.py", "def broken(:\n"


def found(command: Command, *words: str, code: int = 1) -> set[tuple[str, int, str]]:
    outcome = command.run("hook", "--root", str(command.root), "--json", *words)
    assert outcome.code == code, outcome.err
    return {(item["path"], item["line"], item["kind"]) for item in outcome.summary["findings"]}


@pytest.fixture
def shop(tmp_path: Path) -> GitRepository:
    return GitRepository(tmp_path, SHOP)


@pytest.fixture
def command(shop: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(shop.root, monkeypatch, capsys)


def test_pre_commit_judges_what_is_staged_and_nothing_else(shop: GitRepository) -> None:
    shop.append("pyproject.toml", '[tool.codeintel-enrich]\nfail-on = ["parse-error", "broken-export"]\n')
    shop.run("codeintel-enrich", "init")
    shop.commit("set up")
    shop.run("pre-commit", "install")
    # Staged broken, the work tree whole.
    whole = shop.read(CORE).decode()
    shop.write(CORE, BROKEN)
    shop.git("add", CORE)
    shop.write(CORE, whole)
    assert f"{CORE}:1: parse-error" in shop.git("commit", "-m", "partly staged", code=1)
    assert shop.read(CORE).decode() == whole
    # Staged whole, the work tree broken.
    shop.write(CORE, f"{whole}\nEXTRA = 1\n")
    shop.git("add", CORE)
    shop.write(CORE, BROKEN)
    shop.git("commit", "-m", "partly staged the other way round")
    assert shop.read(CORE).decode() == BROKEN
    # Another commit at once.
    shop.write(CORE, f"{whole}\nEXTRA = 2\n")
    shop.git("commit", "-a", "-m", "and another")
    # Deletions only: what nobody imports may go, what somebody imports may not.
    shop.git("rm", "-q", "shop/lonely.py")
    shop.git("commit", "-m", "a deletion")
    shop.write("shop/api.py", shop.read("shop/api.py").decode().replace("helper as help_me", "gone as help_me"))
    assert "shop/api.py:1: broken-export: `shop.core` has no `gone`" in shop.git("commit", "-am", "breaks", code=1)


def test_the_hook_finds_each_kind_in_the_index_without_touching_the_work_tree(
    shop: GitRepository, command: Command
) -> None:
    assert found(command, *ALL) == {("shop/left.py", 1, "import-cycle")}
    shop.write("shop/worse.py", "from .core import nowhere\n\n__all__ = ['missing', 'nowhere']\n")
    shop.write("shop/broken.py", BROKEN)
    assert found(command, *ALL[:4], code=0) == set()
    shop.git("add", "-A")
    shop.delete("shop/worse.py")
    before = shop.git("status", "--porcelain")
    assert found(command, *ALL[:4]) == {
        ("shop/broken.py", 1, "parse-error"),
        ("shop/worse.py", 1, "broken-export"),
        ("shop/worse.py", 3, "broken-export"),
    }
    assert shop.git("status", "--porcelain") == before


def test_the_hook_fails_on_nothing_that_was_not_asked_for(shop: GitRepository, command: Command) -> None:
    shop.write(CORE, BROKEN)
    shop.git("add", "-A")
    outcome = command.run("hook", "--root", str(shop.root))
    assert outcome.code == 0
    assert "fail-on" in outcome.out


def test_the_hook_outside_of_a_repository_is_one_message(tmp_path: Path, command: Command) -> None:
    (tmp_path / "plain").mkdir()
    outcome = command.run("hook", "--root", str(tmp_path / "plain"))
    assert outcome.code == 2
    assert "no git repository" in outcome.err


def test_a_merge_that_is_not_settled_is_named(shop: GitRepository, command: Command) -> None:
    shop.git("checkout", "-q", "-b", "other")
    shop.write("shop/lonely.py", "x = 1\n")
    shop.commit("theirs")
    shop.git("checkout", "-q", "main")
    shop.write("shop/lonely.py", "x = 2\n")
    shop.commit("ours")
    shop.git("merge", "-q", "other", code=1)
    outcome = command.run("hook", "--root", str(shop.root), *ALL)
    assert outcome.code == 2
    assert "shop/lonely.py" in outcome.err


def test_a_commit_may_not_take_away_a_module_that_others_import(shop: GitRepository, command: Command) -> None:
    shop.git("rm", "-q", "shop/lonely.py")
    assert found(command, *ALL[:4], code=0) == set()
    shop.git("mv", CORE, "shop/hub.py")
    places = {("shop/__init__.py", 2), ("shop/api.py", 1), ("shop/limited.py", 1), ("shop/right.py", 2)}
    assert found(command, *ALL[:4]) == {(*place, "broken-export") for place in places}
    assert found(command, *ALL[:2], code=0) == set()


def test_a_module_that_was_never_there_may_be_generated_and_is_no_finding(
    shop: GitRepository, command: Command
) -> None:
    shop.write("shop/lonely.py", "from ._version import version\n")
    shop.git("add", "-A")
    assert found(command, *ALL[:4], code=0) == set()


def test_imports_that_are_expected_to_fail_are_no_finding(shop: GitRepository, command: Command) -> None:
    shop.write(
        "shop/lonely.py",
        "import pytest\n\n\ndef test_it():\n    with pytest.raises(ImportError):\n        from .core import secret\n",
    )
    shop.git("add", "-A")
    assert found(command, *ALL[:4], code=0) == set()
    shop.replace("shop/lonely.py", "ImportError", "ValueError")
    shop.git("add", "-A")
    assert found(command, *ALL[:4]) == {("shop/lonely.py", 6, "broken-export")}


def test_the_first_commit_of_a_repository_is_judged(tmp_path: Path, command: Command, shop: GitRepository) -> None:
    shop.git("checkout", "-q", "--orphan", "anew")
    shop.write("shop/broken.py", BROKEN)
    shop.git("add", "-A")
    assert found(command, *ALL[:4]) == {("shop/broken.py", 1, "parse-error")}


def test_a_merge_about_to_be_committed_is_judged_as_it_will_be(shop: GitRepository, command: Command) -> None:
    shop.git("checkout", "-q", "-b", "other")
    shop.write("shop/lonely.py", "from .core import other as alone\n")
    shop.commit("theirs: one importer more")
    shop.git("checkout", "-q", "main")
    shop.replace(CORE, "def other", "def another")
    shop.replace("shop/right.py", "import other", "import another")
    shop.commit("ours: its name is another")
    assert found(command, *ALL[:4], code=0) == set()
    shop.git("merge", "-q", "--no-commit", "--no-ff", "other")
    assert found(command, *ALL[:4]) == {("shop/lonely.py", 1, "broken-export")}


def test_a_build_ends_with_1_for_findings_it_was_asked_to_fail_on(shop: GitRepository, command: Command) -> None:
    assert command.build("--fail-on", "parse-error").code == 0
    shop.write("shop/broken.py", BROKEN)
    outcome = command.build("--fail-on", "parse-error", "--json")
    assert outcome.code == 1
    assert outcome.summary["broken"].keys() == {"shop/broken.py"}
    assert "shop/broken.py:1: parse-error" in outcome.err
    assert command.build().code == 0
    shop.append("pyproject.toml", '[tool.codeintel-enrich]\nfail-on = ["parse-error"]\n')
    assert command.build().code == 1


def test_init_shows_then_writes_and_never_overwrites(tmp_path: Path, command: Command) -> None:
    root = tmp_path / "new"
    (root / "src").mkdir(parents=True)
    (root / "src" / "new.py").write_text("")
    (root / "dodo.py").write_text("# mine\n")
    (root / "pyproject.toml").write_text('[project]\nname = "new"  # a comment')
    before = sorted(root.rglob("*"))
    shown = command.run("init", "--root", str(root), "--dry-run").out
    assert "would be extended" in shown
    assert "codeintel-enrich hook" in shown
    assert sorted(root.rglob("*")) == before
    assert command.run("init", "--root", str(root)).code == 0
    settings = (root / "pyproject.toml").read_text()
    assert settings.startswith('[project]\nname = "new"  # a comment\n')
    assert tomllib.loads(settings)["tool"]["codeintel-enrich"]["roots"] == ["src", "."]
    assert (root / "dodo.py").read_text() == "# mine\n"
    workflow = yaml.safe_load((root / ".github/workflows/codeintel-enrich.yml").read_text())
    assert [step for step in workflow["jobs"]["api"]["steps"] if "cache" in step.get("uses", "")]
    state = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    steps = json.loads(command.run("init", "--root", str(root), "--json").out)["steps"]
    assert {step["action"] for step in steps} == {"keep"}
    assert {path: path.read_bytes() for path in root.rglob("*") if path.is_file()} == state
    assert command.run("build", "--root", str(root), "--no-index", "--no-types").code == 0


def test_the_manifest_of_hooks_is_one_that_pre_commit_takes() -> None:
    manifest = Path(__file__).parents[2] / ".pre-commit-hooks.yaml"
    pre_commit = str(Path(sys.executable).parent / "pre-commit")
    subprocess.run([pre_commit, "validate-manifest", str(manifest)], check=True)
    (hook,) = yaml.safe_load(manifest.read_text())
    assert (hook["pass_filenames"], hook["always_run"], hook["require_serial"]) == (False, True, True)
    assert hook["entry"] == "codeintel-enrich hook"
