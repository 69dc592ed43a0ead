"""A stranger's repository is data: nothing of it runs, and nothing beside it is read or written."""

import subprocess
from pathlib import Path

import pytest

from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP


class Canary:
    """A program that leaves a mark wherever it is run from."""

    def __init__(self, folder: Path) -> None:
        self._marks = folder / "marks"
        self._program = folder / "canary"
        self._marks.mkdir()
        self._program.write_text(f'#!/bin/sh\ntouch {self._marks}/"$1"\ncat\n', encoding="utf-8")
        self._program.chmod(0o755)

    def command(self, name: str) -> str:
        """A command line that leaves a mark of that name."""
        return f"{self._program} {name}"

    def python(self, name: str) -> str:
        """A line of Python that leaves one."""
        return f"open({str(self._marks / name)!r}, 'w').close()\n"

    def sang(self) -> set[str]:
        """The marks that were left."""
        return {mark.name for mark in self._marks.iterdir()}

    def forget(self) -> None:
        for mark in self._marks.iterdir():
            mark.unlink()


@pytest.fixture
def canary(tmp_path: Path) -> Canary:
    folder = tmp_path / "canary"
    folder.mkdir()
    return Canary(folder)


# --- git's own settings -----------------------------------------------------------------------------------------------


@pytest.fixture
def hostile(tmp_path: Path, canary: Canary) -> GitRepository:
    """A repository whose every setting that can name a program names the canary, and which lacks an object."""
    shop = GitRepository(tmp_path, SHOP)
    shop.write(".gitattributes", "* filter=bad diff=bad merge=bad\n")
    shop.append("shop/core.py", "# committed\n")
    shop.commit("one more")
    gone = shop.git("rev-parse", "HEAD:shop/lonely.py").strip()
    elsewhere = tmp_path / "included"
    elsewhere.write_text(f"[core]\n\tfsmonitor = {canary.command('include.path')}\n", encoding="utf-8")
    settings = {
        "core.fsmonitor": canary.command("fsmonitor"),
        "core.pager": canary.command("pager"),
        "core.sshCommand": canary.command("ssh"),
        "core.editor": canary.command("editor"),
        "core.askPass": canary.command("askpass"),
        "core.alternateRefsCommand": canary.command("alternate-refs"),
        "core.hooksPath": str(tmp_path / "hooks"),
        "core.attributesFile": str(tmp_path / "attributes"),
        "core.worktree": str(tmp_path),
        "credential.helper": f"!{canary.command('credential')}",
        "diff.external": canary.command("external-diff"),
        "diff.bad.command": canary.command("diff-command"),
        "diff.bad.textconv": canary.command("textconv"),
        "filter.bad.clean": canary.command("clean"),
        "filter.bad.smudge": canary.command("smudge"),
        "filter.bad.process": canary.command("process"),
        "filter.bad.required": "true",
        "gpg.program": canary.command("gpg"),
        "log.showSignature": "true",
        "pager.log": canary.command("pager-log"),
        "alias.log": f"!{canary.command('alias')}",
        "include.path": str(elsewhere),
        "remote.origin.url": f"ext::{canary.command('promisor')}",
        "remote.origin.uploadpack": canary.command("uploadpack"),
        "remote.origin.promisor": "true",
        "protocol.ext.allow": "always",
        "extensions.partialClone": "origin",
        "core.repositoryFormatVersion": "1",
    }
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for folder in (hooks, shop.root / ".git" / "hooks"):
        for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman", "post-checkout"):
            (folder / name).write_text(f"#!/bin/sh\n{canary.command(f'hook-{name}')}\n", encoding="utf-8")
            (folder / name).chmod(0o755)
    (tmp_path / "attributes").write_text("* filter=bad diff=bad\n", encoding="utf-8")
    with (shop.root / ".git" / "config").open("a", encoding="utf-8") as config:
        for name, value in settings.items():
            section, _, key = name.rpartition(".")
            head, dot, rest = section.partition(".")
            value = value.replace('"', '\\"')
            config.write(f'[{head} "{rest}"]\n' if dot else f"[{head}]\n")
            config.write(f'\t{key} = "{value}"\n')
    (shop.root / ".git" / "objects" / gone[:2] / gone[2:]).unlink()
    return shop


def test_the_settings_of_a_repository_make_git_run_nothing(
    hostile: GitRepository, canary: Canary, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The trap works: git itself falls into it.
    subprocess.run(["git", "-C", hostile.root, "status"], check=False, capture_output=True)
    assert canary.sang() >= {"include.path", "hook-post-index-change"}
    canary.forget()
    command = Command(hostile.root, monkeypatch, capsys)
    for words in (
        ("build", "--no-index", "--no-types", "--owners", "--jobs", "1"),
        ("hook",),
        ("hook", "--dry-run"),
        ("diff", "HEAD~1..HEAD"),
        ("diff", "--dry-run", "HEAD~1..HEAD"),
        ("report",),
        ("doctor",),
        ("status",),
    ):
        command.run(*words, "--root", str(hostile.root))
        assert canary.sang() == set(), words
