"""What people see: lines that are whole, text that is text, errors that they know, and how fresh the answer is."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from codeintel_enrich.engine.run.last_run import read_last_run
from tests.support.command import Command
from tests.support.projects import SHOP
from tests.support.workspace import Workspace

LONG = "shop/" + "a_folder_with_a_long_name/" * 4
FILES = {
    **SHOP,
    f"{LONG}__init__.py": "",
    f"{LONG}user.py": "from shop.core import helper\n\n\ndef a_function_with_a_rather_long_name():\n    helper(1)\n",
    "shop/[red]brackets[blue].py": "import shop.core\n",
    "shop/hidden.py": "class Hidden:\n    def find_me(self): ...\n\n\nHidden().find_me\n",
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.built(tmp_path_factory.mktemp("terminal"), FILES)


@pytest.fixture
def command(shop: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Command(shop.root, monkeypatch, capsys)


def on_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """Rich takes the output for a terminal of that many columns."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(width))


@pytest.mark.parametrize("width", [20, 60, 200])
def test_a_place_is_never_broken_or_cut(command: Command, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    on_terminal(monkeypatch, width)
    shown = command.run("refs", "shop.core.helper", "--root", str(command.root)).out
    assert f"{LONG}user.py:5:5" in shown
    shown = command.run("sql", "select path from modules", "--root", str(command.root)).out
    assert f"{LONG}user.py" in shown


def test_wide_cells_are_cut_on_a_terminal_unless_all_is_wanted(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("sql", f"select '{'wide ' * 40}end' as cell, 'café 漢字' as other", "--root", str(command.root))
    assert "end" in command.run(*asked).out
    on_terminal(monkeypatch, 60)
    shown = command.run(*asked).out
    assert "wide w..." in shown
    assert "end" not in shown
    assert "café 漢字" in shown
    assert "end" in command.run(*asked, "--full").out


def test_what_is_piped_does_not_depend_on_the_terminal(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("refs", "shop.core.helper", "--root", str(command.root))
    shown = command.run(*asked).out
    for columns in ("10", "500"):
        monkeypatch.setenv("COLUMNS", columns)
        assert command.run(*asked).out == shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("text", [":100:", "[bold]x[/bold]", "[/]", "a\\[b]", "\x1b[31mred\x07", "two\nlines"])
def test_values_are_printed_as_text(command: Command, text: str) -> None:
    spelled = " || ".join(f"chr({ord(character)})" for character in text)
    shown = command.run("sql", f"select {spelled} as value", "--root", str(command.root)).out
    assert "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) in shown
    assert "\x1b" not in shown


def test_parts_of_paths_in_brackets_are_kept(command: Command) -> None:
    shown = command.run("sql", "select path from modules where path like '%brackets%'", "--root", str(command.root))
    assert "shop/[red]brackets[blue].py" in shown.out


def test_no_color_leaves_no_styling(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    on_terminal(monkeypatch, 100)
    assert "\x1b" in command.run("exports", "shop", "--root", str(command.root)).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in command.run("exports", "shop", "--root", str(command.root)).out


def test_refs_takes_a_name_as_it_is_exported(command: Command) -> None:
    asked = ("--root", str(command.root), "--json")
    own = command.run("refs", "shop.core.helper", *asked).summary
    assert command.run("refs", "shop.help_me", *asked).summary == own
    assert (
        command.run("refs", "shop.Base.key", *asked).summary
        == command.run("refs", "shop.core.Base.key", *asked).summary
    )


def test_refs_proposes_what_has_that_last_name(command: Command) -> None:
    outcome = command.run("refs", "Hidden", "--root", str(command.root))
    assert outcome.code == 2
    assert "did you mean shop.hidden.Hidden" in outcome.err
    assert "shop.hidden.Hidden.find_me" in command.run("refs", "find_me", "--root", str(command.root)).err


def test_an_answer_out_of_a_stale_store_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.built(tmp_path, SHOP)
    command = Command(workspace.root, monkeypatch, capsys)
    for asked in (("refs", "shop.core.helper"), ("exports", "shop"), ("sql", "select 1")):
        assert command.run(*asked, "--root", str(command.root)).err == ""
    workspace.append("shop/core.py", "# edited\n")
    workspace.write("shop/new.py", "")
    for asked in (("refs", "shop.core.helper"), ("exports", "shop"), ("sql", "select 1")):
        assert "2 files changed since the build" in command.run(*asked, "--root", str(command.root)).err


# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "source",
    ["x = (\n", "def f(:\n", "class C\n", "x = 'a\n", "print 1\n", "if x:\ny\n", "é = (1,\n# ü\n", "f(a=1, 2)\n"],
)
def test_a_parse_error_is_pythons_at_pythons_place_and_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    workspace = Workspace(tmp_path, {"wrong.py": source})
    said = Command(workspace.root, monkeypatch, capsys).build().out
    with pytest.raises(SyntaxError) as caught:
        ast.parse(source)
    error = caught.value
    assert said.count(f"wrong.py:{error.lineno}: {error.msg}\n") == said.count("wrong.py") == 1
    ((line, col),) = workspace.query("select line, col from diagnostics where rule = 'syntax-error'")
    assert (line, col) == (error.lineno, (error.offset or 1) - 1)


def test_a_stopped_build_says_what_it_keeps(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {f"m{number}.py": "x = 1\n" for number in range(300)})
    words = [
        sys.executable,
        "-m",
        "codeintel_enrich",
        "build",
        "--no-index",
        "--no-types",
        "--root",
        str(workspace.root),
    ]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        while not (workspace.root / "cache" / "artifacts.sqlite").exists() and process.poll() is None:
            pass
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert process.returncode == 130
    assert "the next build goes on from there" in said
    assert "Traceback" not in said


# --- places -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--out", "--cache-dir", "--root"])
def test_an_address_is_no_folder(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("build", option, "s3://bucket/prefix") if option == "--root" else ("build", "--root", str(command.root))
    outcome = command.run(*words, *(() if option == "--root" else (option, "s3://bucket/prefix")))
    assert outcome.code == 2
    assert "s3 addresses" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_given_twice_is_refused(command: Command) -> None:
    outcome = command.run("build", "--root", str(command.root), f"--root={command.root}")
    assert outcome.code == 2
    assert "more than once" in outcome.err


def test_the_cache_may_lie_elsewhere_by_its_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace(tmp_path, {**SHOP, "pyproject.toml": '[tool.codeintel-enrich]\ncache-dir = ".made/here"\n'})
    command = Command(workspace.root, monkeypatch, capsys)
    assert command.build().code == 0
    assert read_last_run(workspace.root / ".made/here/last.msgpack") is not None
    assert not (workspace.root / "cache").exists()
    assert command.run("exports", "shop", "--root", str(workspace.root)).code == 0
    assert command.build("--json").summary["ran"] == []
    # Nothing in it is for git to see, what says so included.
    subprocess.run(["git", "init", "-q"], cwd=workspace.root, check=True)
    seen = subprocess.run(
        ["git", "status", "--porcelain", "-uall"], cwd=workspace.root, check=True, capture_output=True
    )
    assert b".made" not in seen.stdout


@pytest.mark.parametrize("place", ["../elsewhere", "/tmp/elsewhere", ".", "linked/in"])
def test_settings_name_no_cache_outside_of_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], place: str
) -> None:
    workspace = Workspace(tmp_path, {"pyproject.toml": f'[tool.codeintel-enrich]\ncache-dir = "{place}"\n', "a.py": ""})
    (workspace.root / "linked").symlink_to(tmp_path)
    outcome = Command(workspace.root, monkeypatch, capsys).build()
    assert outcome.code == 2
    assert "cache-dir" in outcome.err
