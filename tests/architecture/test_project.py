"""The files around the code are well-formed, and what they call is there: workflows, hooks, changelog, site."""

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.gitrepo import GitRepository

CHECKOUT = Path(__file__).parents[2]
GITHUB = CHECKOUT / ".github"
SCRIPTS = Path(sys.executable).parent
PROJECT: dict[str, Any] = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
TASKS = set(re.findall(r"^def (task_\w+)", (CHECKOUT / "dodo.py").read_text(encoding="utf-8"), re.MULTILINE))

ACTIONS = {
    *("actions/checkout", "actions/setup-python", "actions/upload-artifact", "actions/download-artifact"),
    "pypa/gh-action-pypi-publish",
}
"""Actions that are used: GitHub's own and the Python Packaging Authority's."""


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    for job in read(workflow)["jobs"].values():
        assert job["timeout-minutes"] > 0
        yield from job["steps"]


def commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a line of shell."""
    for command in re.split(r"&&|\|\||;|\n", text):
        if words := shlex.split(command):
            yield words


def test_all_yaml_around_the_code_is_well_formed() -> None:
    files = [*GITHUB.rglob("*.yml"), *CHECKOUT.glob(".pre-commit-*.yaml"), CHECKOUT / ".docs" / "mkdocs.yml"]
    assert len(files) >= 8
    for file in files:
        assert read(file), file


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_a_known_one_and_pinned_by_its_major_version(workflow: Path) -> None:
    for step in steps(workflow):
        if "uses" in step:
            name, _, version = step["uses"].partition("@")
            assert name in ACTIONS
            assert re.fullmatch(r"v\d+|release/v\d+", version), step["uses"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_every_command_that_a_workflow_calls_is_there(workflow: Path) -> None:
    """A program is one that this machine has, or comes with what a step before it installs."""
    installed: set[str] = set()
    for step in steps(workflow):
        for program, *words in commands(step.get("run", "")):
            if program == ".venv/bin/pip":
                assert words[0] == "install"
                installed.update(words[1:])
            elif program.startswith(".venv/bin/"):
                name = program.removeprefix(".venv/bin/")
                assert name in installed or (SCRIPTS / name).exists(), program
            else:
                assert shutil.which(program), program
            if program.endswith("/doit"):
                assert {f"task_{word}" for word in words} <= TASKS


def test_the_gate_runs_on_every_python_that_is_promised() -> None:
    matrix = read(GITHUB / "workflows" / "test.yml")["jobs"]["gate"]["strategy"]["matrix"]
    classifiers = re.findall(r"Python :: (3\.\d+)$", "\n".join(PROJECT["project"]["classifiers"]), re.MULTILINE)
    assert matrix["python"] == classifiers
    assert PROJECT["project"]["requires-python"] == f">={classifiers[0]}"


def test_the_gate_of_the_workflow_is_that_of_the_readme() -> None:
    called = [step["run"] for step in steps(GITHUB / "workflows" / "test.yml") if "run" in step]
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert " && ".join(called[:2]) in readme


def test_a_release_is_published_without_a_token_by_the_one_job_that_may() -> None:
    workflow = read(GITHUB / "workflows" / "release.yml")
    may = [name for name, job in workflow["jobs"].items() if "id-token" in job.get("permissions", {})]
    assert workflow["permissions"] == {"contents": "read"}
    assert may == ["publish"]
    assert "secrets." not in (GITHUB / "workflows" / "release.yml").read_text(encoding="utf-8")


def test_the_hooks_call_tools_of_the_environment_that_the_readme_makes() -> None:
    (repo,) = read(CHECKOUT / ".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    called = [shlex.split(hook["entry"])[0] for hook in repo["hooks"]]
    assert called == [f".venv/bin/{name}" for name in ("ruff", "ruff", "mypy", "codeintel-enrich")]
    assert all((SCRIPTS / Path(program).name).exists() for program in called)


def test_the_hooks_find_what_is_wrong_in_what_is_staged(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path, {"a.py": '"""Text."""\n\nimport os\n', "b.py": "from a import nothing\n"})
    repository.write(".pre-commit-config.yaml", (CHECKOUT / ".pre-commit-config.yaml").read_bytes())
    (repository.root / ".venv").symlink_to(SCRIPTS.parent)
    repository.write(".git/info/exclude", "/cache/\n/.venv\n")
    repository.git("add", "-A")
    said = repository.run("pre-commit", "run", "ruff", "--files", "a.py", code=1)
    assert "files were modified by this hook" in said
    assert b"import os" not in repository.read("a.py")
    assert "broken-export" in repository.run("pre-commit", "run", "codeintel-enrich", code=1)


def test_what_is_not_released_yet_makes_a_changelog() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}
    fragments = [path for path in (GITHUB / "changes").iterdir() if path.name not in ("README.md", ".gitignore")]
    for fragment in fragments:
        assert re.fullmatch(rf"(\d+|\+[\w-]+)\.({'|'.join(kinds)})(\.\d+)?\.md", fragment.name), fragment.name
    draft = subprocess.run(
        [SCRIPTS / "towncrier", "build", "--draft"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    for fragment in fragments:
        assert fragment.read_text(encoding="utf-8").strip().split("`")[0] in draft


def test_the_site_is_built_and_every_link_in_it_leads_somewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(SCRIPTS / "mkdocs", "build", "--strict", "--config-file", CHECKOUT / ".docs" / "mkdocs.yml"),
            *("--site-dir", tmp_path),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for page in ("index", "tour", "reference", "architecture", "examples", "contributing", "changelog"):
        assert (tmp_path / f"{page}.html").is_file()
    # Docstrings of the deepest package there is.
    assert "stages.parse.bind.walk" in (tmp_path / "code" / "codeintel_enrich.stages.parse.bind.html").read_text()
