"""A stranger's repository is data: nothing of it runs, and nothing beside it is read or written."""

import re
import subprocess
from pathlib import Path

import duckdb
import pytest
from markdown_it import MarkdownIt

from codeintel_enrich.errors import UsageError
from codeintel_enrich.store.ask import ask
from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP
from tests.support.workspace import Workspace


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


# --- what tools and interpreters would run ----------------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path: Path, canary: Canary) -> GitRepository:
    """A repository in which every file that some program would run, or obey by running another, is a canary."""
    shop = GitRepository(tmp_path, SHOP)
    program = f"#!/bin/sh\n{canary.command('interpreter')}\n"
    for place in (".venv/bin/python", ".venv/bin/python3", "bin/python", "bin/git", "git", "node", "python"):
        shop.write(place, program)
        (shop.root / place).chmod(0o755)
    shop.write(".venv/pyvenv.cfg", f"home = {shop.root}/bin\n")
    shop.write(".venv/lib/python3.11/site-packages/run.pth", f"import os; {canary.python('pth')}")
    shop.write(".venv/lib/python3.11/site-packages/sitecustomize.py", canary.python("site-packages"))
    shop.write("more.pth", f"import os; {canary.python('pth')}")
    for name in ("sitecustomize", "usercustomize", "json", "msgspec", "duckdb", "site", "doit", "dodo", "conftest"):
        shop.write(f"{name}.py", canary.python(name))
    shop.write("codeintel_enrich/__init__.py", canary.python("ourselves"))
    shop.write("codeintel_enrich/engine/run/worker.py", canary.python("worker"))
    shop.write("doit.cfg", "[REPORTER]\nbad = dodo:Bad\n[COMMAND]\nrun = dodo:Bad\n")
    interpreter = f'"{shop.root}/bin/python"'
    shop.append("pyproject.toml", "[tool.doit.plugins.reporter]\nbad = 'dodo:Bad'\n")
    shop.append(
        "pyproject.toml",
        f'[tool.pyright]\nvenvPath = "."\nvenv = ".venv"\n[tool.ty.environment]\npython = {interpreter}\n',
    )
    shop.write(
        "pyrefly.toml",
        f"python-interpreter-path = {interpreter}\nfallback-python-interpreter-name = {interpreter}\n"
        f'script-command = [{interpreter}]\nconda-environment = "bad"\n'
        f'[build-system]\ntype = "custom"\ncommand = [{interpreter}]\n',
    )
    shop.write("pyrightconfig.json", f'{{"venvPath": "{shop.root}", "venv": ".venv", "pythonPath": {interpreter}}}')
    shop.write("mypy.ini", f"[mypy]\npython_executable = {shop.root}/bin/python\nplugins = dodo\n")
    shop.write(".npmrc", f"node-options=--require {shop.root}/bad.js\nscript-shell={shop.root}/bin/python\n")
    shop.write("script.py", "# /// script\n# dependencies = []\n# ///\nx = 1\n")
    shop.environment |= {"PYTHONPATH": "", "VIRTUAL_ENV": ""}
    return shop


def test_nothing_that_lies_in_a_repository_runs(trap: GitRepository, canary: Canary) -> None:
    trap.append("pyproject.toml", '[tool.codeintel-enrich.check]\ntools = ["pyrefly", "pyright"]\n')
    trap.commit("a trap")
    said = trap.run("codeintel-enrich", "build", "--jobs", "1")
    assert canary.sang() == set()
    assert "it may run a program or lead out of the tree; `--trust` lets it" in said
    for words in (["hook"], ["diff", "HEAD~1"], ["doctor"], ["report"], ["verify"]):
        trap.run("codeintel-enrich", *words)
        assert canary.sang() == set(), words


def test_what_a_user_trusts_is_obeyed(trap: GitRepository, canary: Canary, tmp_path: Path) -> None:
    trap.write("pyrefly.toml", 'python-interpreter-path = "bin/python"\n')
    trap.run("codeintel-enrich", "build", "--no-index", "--jobs", "1")
    assert canary.sang() == set()
    trap.run("codeintel-enrich", "build", "--no-index", "--jobs", "1", "--trust")
    assert canary.sang() == {"interpreter"}
    # Only a tree that the user names, in a file of their own.
    canary.forget()
    own = tmp_path / "config" / "codeintel-enrich" / "config.toml"
    own.parent.mkdir(parents=True)
    trap.environment["XDG_CONFIG_HOME"] = str(tmp_path / "config")
    for trusted, sings in (("false", False), (f'["{tmp_path}/other"]', False), (f'["{tmp_path}"]', True)):
        own.write_text(f"trust = {trusted}\n", encoding="utf-8")
        trap.append("shop/core.py", "# an edit\n")
        trap.run("codeintel-enrich", "build", "--no-index", "--jobs", "1")
        assert bool(canary.sang()) is sings, trusted


def test_a_repository_cannot_vouch_for_itself(trap: GitRepository, canary: Canary) -> None:
    trap.append("pyproject.toml", "[tool.codeintel-enrich]\ntrust = true\n")
    assert "not the tree's to say" in trap.run("codeintel-enrich", "build", code=2)
    trap.replace("pyproject.toml", "trust = true\n", "")
    trap.write("config/codeintel-enrich/config.toml", "trust = true\n")
    for place in (str(trap.root / "config"), "config"):
        trap.environment["XDG_CONFIG_HOME"] = place
        trap.run("codeintel-enrich", "build", "--no-index", "--jobs", "1")
        assert canary.sang() == set()


# --- paths that lead out of it ----------------------------------------------------------------------------------------

SECRET = "password_of_mine"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of the user's, with a secret in files of every kind."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("secret.py", "secret.toml", "secret.json", "secret.md", "CODEOWNERS"):
        (folder / name).write_text({"py": f"{SECRET} = 1\n", "toml": f"{SECRET} = 1\n"}.get(name[-2:], SECRET))
    (folder / "secret.toml").write_text(f"{SECRET} = 1\n")
    (folder / "secret.json").write_text(f'{{"{SECRET}": 1}}')
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_no_link_leads_out_of_a_repository(tmp_path: Path, outside: Path) -> None:
    workspace = Workspace(tmp_path, SHOP, types=True, overrides={"owners": True})
    shown = {
        "secret.py": "secret.py",
        "pyrefly.toml": "secret.toml",
        "secret.json": "secret.json",
        "CODEOWNERS": "CODEOWNERS",
        ".gitignore": "CODEOWNERS",
        "README.md": "secret.md",
    }
    for name, target in shown.items():
        (workspace.root / name).symlink_to(outside / target)
    (workspace.root / "package").symlink_to(outside)
    (workspace.root / "config.toml").symlink_to(".git/config")
    workspace.write(".git/config", f"[{SECRET}]\n")
    summary = workspace.build()
    assert summary.left_out["secret.py"] == summary.left_out["config.toml"] == "a link that leads out of the tree"
    made = contents(workspace.root / "cache")
    assert [path for path, data in made.items() if SECRET.encode() in data] == []


@pytest.mark.parametrize("key", ["tags-yaml", "coverage-xml", "cst-out", "slices.tokenizer", "roots"])
def test_a_setting_that_leads_out_of_a_repository_is_refused(tmp_path: Path, outside: Path, key: str) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n"})
    (workspace.root / "link").symlink_to(outside)
    before = contents(outside)
    table, _, name = key.rpartition(".")
    for value in ("../outside/secret.toml", f"{outside}/secret.toml", "link/secret.toml", ".git/config"):
        written = f'["{value}"]' if key == "roots" else f'"{value}"'
        workspace.write("pyproject.toml", f"[tool.codeintel-enrich{table and '.'}{table}]\n{name} = {written}\n")
        with pytest.raises(UsageError, match="leads out of the tree"):
            workspace.build()
    assert contents(outside) == before


def test_no_setting_of_a_repository_says_where_the_cache_lies(tmp_path: Path) -> None:
    for key in ("cache-dir", "out", "scip", "root"):
        workspace = Workspace(tmp_path / key, {"pyproject.toml": f'[tool.codeintel-enrich]\n{key} = "/tmp"\n'})
        with pytest.raises(UsageError, match=r"unknown key|is no folder inside"):
            workspace.build()


def test_a_cache_that_leads_elsewhere_is_refused(tmp_path: Path, outside: Path) -> None:
    before = contents(outside)
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n"})
    (workspace.root / "cache").symlink_to(outside)
    with pytest.raises(UsageError, match="--cache-dir"):
        workspace.build()
    (workspace.root / "cache").unlink()
    workspace.build()
    for name in ("manifest.msgpack.tmp", "enriched/modules", "codeintel.duckdb", "git"):
        place = workspace.root / "cache" / name
        kept = place.rename(tmp_path / "kept") if place.exists() else None
        place.symlink_to(outside)
        workspace.append("a.py", "# more\n")
        with pytest.raises(UsageError, match="a link"):
            workspace.build()
        place.unlink()
        if kept is not None:
            kept.rename(place)
    workspace.build()
    assert contents(outside) == before


def test_a_cache_that_came_with_a_repository_is_refused(tmp_path: Path) -> None:
    shop = GitRepository(tmp_path, SHOP)
    shop.build()
    shop.run("git", "add", "-f", "cache")
    shop.append("shop/core.py", "# more\n")
    with pytest.raises(UsageError, match="came with the tree"):
        shop.build()


def test_a_tree_made_by_hand_lays_nothing_out_elsewhere(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = GitRepository(tmp_path, SHOP)

    def made(kind: str, data: bytes) -> str:
        """Byte by byte: git itself refuses such names."""
        words = ["git", "hash-object", "-w", "-t", kind, "--literally", "--stdin"]
        return subprocess.run(words, cwd=shop.root, input=data, capture_output=True, check=True).stdout.decode().strip()

    def blob(text: str) -> str:
        return made("blob", text.encode())

    def tree(*entries: tuple[str, str, str]) -> str:
        return made("tree", b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(oid) for mode, name, oid in entries))

    evil, link, inner = blob("x = 1\n"), blob(str(outside)), blob("shop.py")
    folder = tree(("100644", "written.py", evil))
    top = tree(
        ("120000", "pkg.py", link),
        ("40000", "pkg.py", folder),
        ("40000", "..", folder),
        ("40000", ".git", folder),
        ("120000", "secret.py", blob(str(outside / "secret.py"))),
        ("120000", "again.py", inner),
        ("100644", "shop.py", evil),
    )
    commit = shop.git("commit-tree", top, "-m", "bad").strip()
    before = contents(outside)
    command = Command(shop.root, monkeypatch, capsys)
    outcome = command.run("diff", f"HEAD..{commit}", "--root", str(shop.root), "--json")
    assert outcome.code == 0, outcome.err
    assert contents(outside) == before
    laid_out = {path.name for path in (shop.root / "cache/git").rglob("*.py") if path.is_file()}
    assert laid_out == {"shop.py", "again.py", "written.py"}
    assert [path for path in (shop.root / "cache/git").rglob("*") if path.is_symlink()] == []
    assert not (shop.root / "cache" / "git" / "written.py").exists()


# --- questions to the store -------------------------------------------------------------------------------------------


def test_a_question_reaches_no_file_but_the_store(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.built(tmp_path, {"a.py": "x = 1\n"})
    monkeypatch.chdir(outside)
    store = workspace.root / "cache" / "codeintel.duckdb"
    secret = outside / "secret.json"
    before, kept = contents(outside), sorted(path.name for path in store.parent.iterdir())
    for question in (
        f"select * from read_text('{secret}')",
        f"from '{secret}'",
        f"from glob('{outside}/*')",
        f"from query('from read_csv(''{secret}'')')",
        f"describe from read_json('{secret}')",
        "copy modules to 'stolen.csv'",
        f"copy (select 1) to '{store}.tmp/stolen.csv'",
        f"copy (select 1) to '{store}'",
        "export database 'stolen'",
        "import database 'stolen'",
        "attach 'stolen.duckdb'",
        "install httpfs",
        "load httpfs",
        "load './bad.so'",
        "from 'https://example.org/x.csv'",
        "create persistent secret s (type http)",
        "from duckdb_secrets()",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "set temp_directory = '.'",
        "set allowed_directories = ['/']",
        "pragma profiling_output = 'stolen.json'",
        "call enable_logging(storage = 'file', storage_path = 'stolen')",
        "create table more as select 1",
        "delete from modules",
    ):
        with pytest.raises(UsageError, match="can not be answered"):
            ask(store, question)
    assert contents(outside) == before
    assert sorted(path.name for path in store.parent.iterdir()) == kept
    assert ask(store, "select path from modules").rows == [("a.py",)]


def test_a_store_that_came_with_a_repository_reads_no_file(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.built(tmp_path, {"a.py": "x = 1\n"})
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb")) as store:
        store.execute("alter table exports rename to hidden")
        store.execute(
            f"create view exports as select * replace (content as name) from hidden, read_text('{outside}/secret.json')"
        )
    command = Command(workspace.root, monkeypatch, capsys)
    build = ["build", "--no-index", "--no-types"]
    for words in (["exports", "a"], ["sql", "from exports"], ["report"], ["verify"], build):
        outcome = command.run(*words, "--root", str(workspace.root))
        assert SECRET not in outcome.out + outcome.err
    assert [path for path, data in contents(workspace.root / "cache").items() if SECRET.encode() in data] == []


# --- what a terminal and a browser are shown --------------------------------------------------------------------------


def test_names_steer_no_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = GitRepository(tmp_path, SHOP)
    shop.build()
    steering = "\x1b]0;owned\x07\x1b[2J\x9b1A\u202e\r"
    for name in ("b{}.py", "::error::{}.py", "d{}/__init__.py", "o{}.json"):
        shop.write(name.format(steering), "def broken(:\n" if name.endswith(".py") else "{")
    lost = f"lost{steering.strip()}"
    shop.append("shop/core.py", f"def said(x: '{lost}') -> int: ...\n__all__ = ['{lost}']\n")
    shop.git("add", "-A")
    command = Command(shop.root, monkeypatch, capsys)
    fail = ("--fail-on", "parse-error", "--fail-on", "broken-export")
    for words in (
        ("build", "--dry-run", "--no-index", "--no-types"),
        ("build", "--no-index", "--no-types", *fail),
        ("status",),
        ("explain", f"b{steering}.py"),
        ("hook", *fail),
        ("hook", "--dry-run"),
        ("sql", "select path, error from modules"),
        ("refs", f"nothing{steering}"),
        ("exports", f"nothing{steering}"),
        ("build", "--root", f"nowhere{steering}"),
        ("diff", f"HEAD{steering}"),
    ):
        said = command.run(*words, *([] if "--root" in words else ["--root", str(shop.root)]))
        assert not [c for c in said.out + said.err if not c.isprintable() and c != "\n"], (words, said.out, said.err)
        # Runners of CI take such lines for commands.
        assert words[0] == "sql" or not [line for line in (said.out + said.err).split("\n") if line.startswith("::")]


HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> ![i](http://evil.example/i.png) [l](javascript:alert(1)) "
    "<http://evil.example> &lt;b&gt; ``` `` ` {{ x }} </textarea> [ref]: http://evil.example"
)


def hostile_files() -> dict[str, str]:
    """Modules whose names, docstrings, signatures and findings hold markup."""
    text = f'"""{HOSTILE}\n\n```\n{HOSTILE}\n"""\n'
    module = (
        f"{text}\nimport os\nfrom shop.core import *\n\n\nclass A(object):\n    {text}\n"
        f"    @mark({HOSTILE!r})\n    def f(self, x: {HOSTILE!r} = {HOSTILE!r}) -> {HOSTILE!r}:\n        {text}\n\n\n"
        f"def g(x: {HOSTILE!r} = {HOSTILE!r}):\n    {text}\n\n\n__all__ = ['A', 'g', {HOSTILE!r}]\n"
    )
    return {
        "<img src=x onerror=alert(1)>.py": module,
        "![i](evil).py": module,
        "`](javascript:alert(1)).py": "def broken(:\n",
        "<b>/__init__.py": module,
        "plain.py": module,
    }


def test_pages_show_markup_as_text(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {**SHOP, **hostile_files()})
    workspace.build()
    pages = [path for path in workspace.outputs() if path.endswith(".md")]
    assert len(pages) > 10
    for path in pages:
        shown = MarkdownIt("commonmark", {"html": True}).render(workspace.outputs()[path].decode())
        kinds = set(re.findall(r"<([a-zA-Z]\w*)", shown))
        assert kinds <= {"h1", "h2", "h3", "p", "pre", "code", "ul", "li", "a", "strong", "em", "hr", "blockquote"}, (
            path
        )
        assert not [link for link in re.findall(r'href="([^"]*)"', shown) if ":" in link or not link.endswith(".md")]


# --- time and memory --------------------------------------------------------------------------------------------------


def test_no_pattern_takes_its_time(tmp_path: Path) -> None:
    costly, name = "*a" * 40 + "b", "a" * 200 + ".py"
    workspace = Workspace(tmp_path, {name: "x = 1\n", ".gitignore": f"{costly}\n{'**/a/' * 20}b\n"})
    workspace.build()
    for key, value in (("exclude", [costly]), ("include", [costly])):
        with pytest.raises(UsageError, match="more than 3 stars"):
            workspace.build(overrides={key: value})
    workspace.write("CODEOWNERS", f"{costly} @somebody\n")
    with pytest.raises(AssertionError, match="CODEOWNERS:1"):
        workspace.build(overrides={"owners": True})
    workspace.write("tags.yaml", f'- tag: bad\n  paths: "{costly}"\n')
    with pytest.raises(UsageError, match=r"tags\.yaml:2"):
        workspace.build(overrides={"tags-yaml": "tags.yaml"})
    for expression in ("(a+)+$", "((a*)b?)*", "(a|a)*$", "([x(]|y){9,}"):
        workspace.write("tags.yaml", f"- tag: bad\n  docstring: '{expression}'\n")
        with pytest.raises(UsageError, match="may never end"):
            workspace.build(overrides={"tags-yaml": "tags.yaml"})


@pytest.mark.parametrize(
    "text", ["x = " + "[" * 100_000, 'x = "' + "\\" * 99_999, "[" * 100_000], ids=["list", "text", "table"]
)
def test_no_settings_are_too_deep(tmp_path: Path, text: str) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n", "pyproject.toml": text})
    with pytest.raises(UsageError, match="pyproject"):
        workspace.build()
