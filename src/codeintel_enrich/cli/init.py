"""What `init` puts into a user's repository: new files, and a table at the end of `pyproject.toml`."""

import tomllib
from pathlib import Path

import msgspec

from codeintel_enrich.cli.show import print_json, say
from codeintel_enrich.commands.layout import repository_roots
from codeintel_enrich.engine.rules.config import TABLE
from codeintel_enrich.errors import EnrichError, UsageError

DODO = """\
\"\"\"`doit` brings the code index up to date, `doit list --all` shows every task.\"\"\"

from codeintel_enrich.tasks import creators

globals().update(creators())
"""
# `language: system`: the hook is the command that the user has, which knows the indexer and checkers beside it; an
# environment of pre-commit's own would have neither. One at a time, since all would want the same cache.
PRE_COMMIT = """\
repos:
  - repo: local
    hooks:
      - id: codeintel-enrich
        name: codeintel-enrich
        entry: codeintel-enrich hook
        language: system
        pass_filenames: false
        always_run: true
        require_serial: true
"""
# The history is fetched since `diff` builds the commit where the branch began. The cache is restored from the newest
# and saved under a new name, since GitHub never overwrites one; also after a failure, as what was built stays true.
WORKFLOW = """\
name: codeintel-enrich

on: pull_request

permissions:
  contents: read

jobs:
  api:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with:
          fetch-depth: 0
      - uses: actions/setup-python@v6
        with:
          python-version: "3.12"
      - run: pip install 'codeintel-enrich[scip,types]'
      - uses: actions/cache/restore@v5
        with:
          path: cache
          key: codeintel-enrich-${{ runner.os }}-${{ github.sha }}
          restore-keys: codeintel-enrich-${{ runner.os }}-
      - run: codeintel-enrich build
      - if: ${{ !cancelled() }}
        shell: bash  # with pipefail
        run: codeintel-enrich diff "origin/${{ github.base_ref }}...HEAD" | tee -a "$GITHUB_STEP_SUMMARY"
      - if: ${{ !cancelled() }}  # also where `fail-on` ends the job
        uses: actions/cache/save@v5
        with:
          path: cache
          key: codeintel-enrich-${{ runner.os }}-${{ github.sha }}
"""


class SetupStep(msgspec.Struct, frozen=True):
    """One file of the repository that has to do with us."""

    path: str
    action: str
    """`create`, `append`; `keep` where there is one already, which gets nothing."""
    text: str
    """What is written, or what is left to the user to add."""


def set_up(root: Path, *, dry_run: bool, as_json: bool) -> None:
    """Write what is not there yet. Raises UsageError for a pyproject.toml that does not parse."""
    steps = (
        _settings(root),
        *(
            SetupStep(name, "keep" if (root / name).exists() else "create", text)
            for name, text in (
                ("dodo.py", DODO),
                (".pre-commit-config.yaml", PRE_COMMIT),
                (".github/workflows/codeintel-enrich.yml", WORKFLOW),
            )
        ),
    )
    if not dry_run:
        for step in steps:
            _write(root / step.path, step)
    if as_json:
        print_json({"written": not dry_run, "steps": steps})
        return
    for step in steps:
        say(_line(step, dry_run))


def _settings(root: Path) -> SetupStep:
    name = "pyproject.toml"
    path = root / name
    roots = ", ".join(f'"{each}"' for each in repository_roots(root))
    text = f'[tool.{TABLE}]\nroots = [{roots}]\nfail-on = ["parse-error", "broken-export"]\n'
    # Bytes, and only added to: a file that is read and written as TOML would lose the user's formatting.
    try:
        present = path.read_bytes()
    except FileNotFoundError:
        return SetupStep(name, "create", text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        tool = tomllib.loads(present.decode("utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not valid TOML: {error}; mend it first") from error
    if isinstance(tool, dict) and TABLE in tool:
        return SetupStep(name, "keep", text)
    gap = "\n" if present.endswith(b"\n") or not present else "\n\n"
    return SetupStep(name, "append", gap + text)


def _write(path: Path, step: SetupStep) -> None:
    if step.action == "keep":
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive: what came to be meanwhile is not overwritten, either.
        with open(path, "x" if step.action == "create" else "a", encoding="utf-8") as file:
            file.write(step.text)
    except OSError as error:
        raise EnrichError(f"{path}: cannot be written ({error.strerror})") from error


def _line(step: SetupStep, dry_run: bool) -> str:
    if step.action == "keep":
        return f"{step.path}: is there already and left alone; what it may need:\n{_indented(step.text)}"
    verb = {"create": "created", "append": "extended"}[step.action]
    return f"{step.path}: {'would be ' if dry_run else ''}{verb}\n{_indented(step.text) if dry_run else ''}"


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" if line else "\n" for line in text.strip("\n").split("\n"))
