"""The command line: exit codes, messages, options. Whatever the input, the user sees a message, never a traceback."""

import inspect
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer.main

from codeintel_enrich import __version__
from codeintel_enrich.cli.app import app, overlays_app
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.engine.state.lock import CacheLock
from tests.support.command import Command
from tests.support.gitrepo import GitRepository
from tests.support.projects import SHOP
from tests.support.workspace import Workspace

CHECKOUT = Path(__file__).parents[2]
SOURCES = {path for path in SHOP if path.endswith(".py")}


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, SHOP)


@pytest.fixture
def command(shop: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(shop.root, monkeypatch, capsys)


def paths(store: Path) -> set[str]:
    with duckdb.connect(str(store), read_only=True) as connection:
        return {row[0] for row in connection.execute("select path from modules").fetchall()}


# --- help and version -------------------------------------------------------------------------------------------------

PROMISED = [
    "--root",
    "--cache-dir",
    "--scip",
    "--refresh-index",
    "--no-index",
    "--no-types",
    "--out",
    "--pyrefly-json",
    "--pyright-json",
    "--tags-yaml",
    "--coverage-xml",
    "--only",
    "--max-file-bytes",
    "--owners",
    "--history-window-days",
    "--commits-window",
    "--emit-slices",
    "--slices-filter",
    "--emit-ast",
    "--emit-cst",
    "--no-emit-cst",
    "--cst-out",
    "--overlays-config",
    "--overlays-set",
    "--dry-run",
    "--jobs",
]
"""Options of `build` that users rely on."""


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


@pytest.mark.parametrize("start", [("-m", "codeintel_enrich"), ()], ids=["module", "script"])
def test_help_shows_every_command_and_every_option(start: tuple[str, ...]) -> None:
    program = [sys.executable, *start] if start else [str(Path(sys.executable).parent / "codeintel-enrich")]
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1"}

    def ask(*words: str) -> str:
        done = subprocess.run([*program, *words], capture_output=True, text=True, check=True, env=environment)
        return plain(done.stdout)

    overview = ask("--help")
    group = typer.main.get_group(app)
    assert {"build", "exports", "refs"} <= group.commands.keys()
    assert "--install-completion" in overview
    for name in group.commands:
        assert re.search(rf"\b{name}\b", overview)
    shown = ask("build", "--help")
    missing = [option for option in PROMISED if not re.search(rf"(?<![\w-]){option}(?![\w-])", shown)]
    assert missing == []
    for parameter in group.commands["build"].params:
        for option in (*parameter.opts, *parameter.secondary_opts):
            assert option in shown
        if parameter.name != "help":
            help_text = getattr(parameter, "help", None)
            assert help_text, parameter.name
            assert help_text.split(";")[0].rstrip(".") in shown


def test_the_options_that_scripts_rely_on_are_there() -> None:
    group = typer.main.get_group(app)
    known = {option for parameter in group.commands["build"].params for option in parameter.opts}
    assert known >= {
        *("--root", "--cache-dir", "--scip", "--refresh-index", "--no-index", "--no-types", "--out", "--pyrefly-json"),
        *("--pyright-json", "--only", "--max-file-bytes", "--emit-cst", "--jobs", "--json"),
    }


def test_version_is_printed(command: Command) -> None:
    outcome = command.run("--version")
    assert (outcome.code, outcome.out) == (0, f"{__version__}\n")


def test_every_command_has_a_description() -> None:
    for item in app.registered_commands:
        assert inspect.getdoc(item.callback)


def test_the_version_is_written_in_one_place() -> None:
    """In the package; what builds and installs it, and the changelog, read it from there."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "codeintel_enrich.__version__"}
    assert project["tool"]["towncrier"]["package"] == "codeintel_enrich"
    assert metadata.version("codeintel-enrich") == __version__, "install it again: `pip install -e .`"


# --- a good run -------------------------------------------------------------------------------------------------------


def test_a_build_ends_with_0_and_an_account(command: Command) -> None:
    outcome = command.build()
    assert outcome.code == 0
    assert outcome.err == ""
    for said in (f"{len(SOURCES)} files", f"parse {len(SOURCES)}", "link 1", "merge 1", "up to date: 0", "seconds: "):
        assert said in outcome.out
    assert re.search(rf"rows: .*\bmodules {len(SOURCES)}\b", outcome.out)
    assert "tasks run: 0 (none)" in command.build().out


def test_json_is_the_account_for_machines(command: Command) -> None:
    outcome = command.build("--json")
    assert outcome.code == 0
    assert outcome.summary["files"] == len(SOURCES)
    assert {f"parse:{path}" for path in SOURCES} | {"link", "merge"} <= set(outcome.summary["ran"])
    assert outcome.summary["rows"]["modules"] == len(SOURCES)
    assert outcome.summary["errors"] == []
    assert command.build("--json").summary["ran"] == []


def test_the_module_runs_as_the_command_does(shop: Workspace) -> None:
    options = ["build", "--root", str(shop.root), "--no-index", "--no-types", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "codeintel_enrich", *options], capture_output=True, text=True, check=False, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == len(SOURCES)
    assert done.stderr == ""


def test_a_file_that_does_not_parse_is_no_failure_and_is_named(command: Command, shop: Workspace) -> None:
    shop.write("shop/broken.py", "def f(:\n")
    outcome = command.build()
    assert outcome.code == 0
    assert "shop/broken.py" in outcome.out


# --- options ----------------------------------------------------------------------------------------------------------


def test_only_narrows_what_is_indexed_and_is_repeatable(command: Command, shop: Workspace) -> None:
    store = shop.root / "cache" / "codeintel.duckdb"
    command.build("--only", "shop/core.py", "--only", "l*.py")
    assert paths(store) == {"shop/core.py", "shop/left.py", "shop/limited.py", "shop/lonely.py"}
    command.build()
    assert paths(store) == SOURCES


def test_cache_dir_and_out_decide_where_things_are_written(command: Command, shop: Workspace, tmp_path: Path) -> None:
    cache, out = tmp_path / "my cache", tmp_path / "my out"
    assert command.build("--cache-dir", str(cache), "--out", str(out)).code == 0
    assert not (shop.root / "cache").exists()
    assert (cache / "CACHEDIR.TAG").is_file()
    assert "*" in (cache / ".gitignore").read_text()
    assert paths(cache / "codeintel.duckdb") == SOURCES
    published = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert {"modules/modules.jsonl", "cst/cst.jsonl", "repo_map.json"} <= published
    # Another place for files is a matter of merge alone.
    other = tmp_path / "other out"
    assert command.build("--cache-dir", str(cache), "--out", str(other), "--json").summary["ran"] == ["merge"]
    assert (other / "repo_map.json").read_bytes() == (out / "repo_map.json").read_bytes()


def test_relative_paths_are_relative_to_the_working_directory(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command.run("build", "--root", "repo", "--cache-dir", "mine", "--no-index", "--no-types").code == 0
    assert paths(tmp_path / "mine" / "codeintel.duckdb") == SOURCES


def test_max_file_bytes_redoes_only_what_crosses_the_line(command: Command, shop: Workspace) -> None:
    command.build()
    largest = max(SOURCES, key=lambda path: len(SHOP[path]))
    limit = len(SHOP[largest]) - 1
    outcome = command.build("--max-file-bytes", str(limit), "--json")
    assert outcome.code == 0
    with duckdb.connect(str(shop.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select path, error from modules where not parse_ok").fetchall()
    assert [path for path, _ in rows] == [largest]
    assert str(limit) in rows[0][1]


def test_without_cst_there_is_no_cst_file(command: Command, shop: Workspace) -> None:
    published = shop.root / "cache" / "enriched" / "cst" / "cst.jsonl"
    command.build()
    assert published.exists()
    assert command.build("--no-emit-cst").code == 0
    assert not published.exists()


def test_options_win_over_config(command: Command, shop: Workspace) -> None:
    shop.append("pyproject.toml", "[tool.codeintel-enrich]\nmax-file-bytes = 1\nemit-cst = false\n")
    command.build("--max-file-bytes", "100000", "--emit-cst")
    with duckdb.connect(str(shop.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        assert store.execute("select bool_and(parse_ok) from modules").fetchone() == (True,)
    assert (shop.root / "cache" / "enriched" / "cst" / "cst.jsonl").exists()


# --- wrong use: 2 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--root", "/no/such/place"], "--root"),
        (["--scip", "/no/such.scip"], "/no/such.scip"),
        (["--pyrefly-json", "/no/such.json"], "/no/such.json"),
        (["--pyright-json", "/no/such.json"], "/no/such.json"),
        (["--jobs", "0"], "--jobs"),
        (["--jobs", "many"], "--jobs"),
        (["--max-file-bytes", "much"], "--max-file-bytes"),
        (["--only", "[z-a]"], "--only"),
        (["--no-such-option"], "--no-such-option"),
        (["--cache-dir", "/proc/nowhere"], "--cache-dir"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_end_with_2_and_name_what_is_wrong(command: Command, words: list[str], says: str) -> None:
    outcome = command.build(*words)
    assert outcome.code == 2
    assert says in plain(outcome.err)
    assert outcome.out == ""


def test_a_root_that_is_a_file_ends_with_2(command: Command, shop: Workspace) -> None:
    outcome = command.run("build", "--root", str(shop.root / "shop" / "core.py"))
    assert outcome.code == 2
    assert "--root" in outcome.err


def test_an_unknown_command_ends_with_2(command: Command) -> None:
    assert command.run("biuld").code == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("levl = 'full'", 'unknown key "levl"; did you mean "level"?'),
        ("max_file_bytes = 3", 'did you mean "max-file-bytes"?'),
        ("level = 'deep'", "level"),
        ("max-file-bytes = 'x'", "max-file-bytes"),
        ("python-version = '2.7'", "python-version"),
        ("roots = 'src'", "roots"),
        ("index = 3", "index"),
        ("[tool.codeintel-enrich.index]\nrefesh = 'never'", 'did you mean "refresh"?'),
        ("[tool.codeintel-enrich.index]\nrefresh = 'sometimes'", "refresh"),
        ("[tool.codeintel-enrich.check]\ntools = ['mypyy']", "tools"),
        ("level = ", "not valid TOML"),
        ("level = '\udcff'", "not valid TOML"),
        ("include = ['[z-a]']", "include"),
    ],
    ids=lambda value: value.encode("ascii", "backslashreplace").decode() if "=" in value else "",
)
def test_wrong_config_ends_with_2_and_names_what_is_wrong(
    command: Command, shop: Workspace, text: str, says: str
) -> None:
    shop.write("pyproject.toml", f"[tool.codeintel-enrich]\n{text}\n".encode("utf-8", "surrogateescape"))
    outcome = command.build()
    assert outcome.code == 2
    assert says in outcome.err
    assert "pyproject.toml" in outcome.err or says == "include"


@pytest.mark.parametrize("text", ["tool = 3", "[tool]\ncodeintel-enrich = 3", "project = 3", "[project]\nscripts = 3"])
def test_a_pyproject_of_odd_shape_is_no_crash(command: Command, shop: Workspace, text: str) -> None:
    shop.write("pyproject.toml", text)
    assert command.build().code in (0, 2)


def test_a_cache_folder_of_somebody_else_ends_with_2_and_is_left_alone(command: Command, shop: Workspace) -> None:
    shop.write("cache/precious.txt", "mine")
    outcome = command.build()
    assert outcome.code == 2
    assert "--cache-dir" in outcome.err
    assert os.listdir(shop.root / "cache") == ["precious.txt"]


def test_a_cache_that_is_a_file_ends_with_2(command: Command, shop: Workspace) -> None:
    shop.write("cache", "a file")
    outcome = command.build()
    assert outcome.code == 2
    assert "--cache-dir" in outcome.err


@pytest.mark.parametrize("option", ["--scip", "--pyrefly-json", "--pyright-json"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff nonsense", b"{}", b"[1, 2]"])
def test_a_file_handed_in_that_is_no_index_or_report_ends_with_2(
    command: Command, tmp_path: Path, option: str, content: bytes
) -> None:
    given = tmp_path / "given"
    given.write_bytes(content)
    outcome = command.build(option, str(given))
    assert outcome.code == 2
    assert str(given) in outcome.out + outcome.err
    # It is as wrong the next time.
    assert command.build(option, str(given)).code == 2


# --- what fails: 3 ----------------------------------------------------------------------------------------------------


def test_a_lock_that_is_not_let_go_ends_with_3_and_names_its_holder(command: Command, shop: Workspace) -> None:
    command.build()
    shop.append("shop/core.py", "# edited\n")
    shop.append("pyproject.toml", "[tool.codeintel-enrich]\nlock-wait-seconds = 0.1\n")
    with CacheLock(shop.root / "cache") as lock:
        lock.acquire(0, print)
        outcome = command.build()
    assert outcome.code == 3
    assert f"process {os.getpid()}" in outcome.err
    assert command.build().code == 0


def test_a_place_that_cannot_be_written_to_ends_with_3_and_keeps_what_was_done(
    command: Command, tmp_path: Path
) -> None:
    blocked = tmp_path / "out"
    blocked.write_text("a file where a folder should be")
    outcome = command.build("--out", str(blocked), "--json")
    assert outcome.code == 3
    assert str(blocked) in " ".join(outcome.summary["errors"])
    again = command.build("--json")
    assert again.code == 0
    assert again.summary["ran"] == ["merge"]


# --- asking -----------------------------------------------------------------------------------------------------------


def test_exports_and_refs_answer_and_name_what_is_near(command: Command, shop: Workspace) -> None:
    command.build()
    root = ("--root", str(shop.root))
    rows = command.run("exports", "shop", *root, "--json").summary
    assert {row["name"]: row["origin"] for row in rows}["help_me"] == "shop.core.helper"
    found = command.run("refs", "shop.core.helper", *root, "--json").summary
    assert found["complete"]
    assert {row["path"] for row in found["references"]} >= {"shop/core.py", "shop/api.py", "shop/chained.py"}
    for words, near in ((("exports", "shop.cor"), "shop.core"), (("refs", "shop.core.helpr"), "shop.core.helper")):
        outcome = command.run(*words, *root)
        assert outcome.code == 2
        assert near in outcome.err
    for words in (("exports", "shop"), ("refs", "shop.core.helper")):
        assert command.run(*words, *root).code == 0


def test_asking_where_nothing_was_built_says_what_to_do(command: Command, shop: Workspace) -> None:
    outcome = command.run("exports", "shop", "--root", str(shop.root))
    assert outcome.code != 0
    assert "codeintel-enrich build" in outcome.err
    assert not (shop.root / "cache").exists()


# --- JSON -------------------------------------------------------------------------------------------------------------

ARGUMENTS = {
    "build": ("--no-index", "--no-types"),
    "exports": ("shop",),
    "refs": ("shop.core.helper",),
    "export": ("--scip", "index.scip", "--dry-run"),
    "report": ("--dry-run",),
    "sql": ("select 'ä' as z, 1 as a, 'inf'::double as x, null as n",),
    "explain": ("shop/core.py",),
    "hook": ("--fail-on", "parse-error"),
    "diff": ("HEAD~1..HEAD",),
    "init": ("--dry-run",),
}
"""Command -> arguments with which it prints JSON."""


def test_every_command_prints_json_in_one_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = GitRepository(tmp_path, {**SHOP, ".gitignore": "cache/\n"})
    repository.append("shop/core.py", "# more\n")
    repository.commit("more")
    monkeypatch.chdir(repository.root)
    command = Command(repository.root, monkeypatch, capsys)
    group = typer.main.get_group(app)
    overlays = typer.main.get_group(overlays_app)
    commands: list[tuple[tuple[str, ...], Any]] = [
        ((name,), item) for name, item in group.commands.items() if name != "overlays"
    ]
    commands += [(("overlays", name), item) for name, item in overlays.commands.items()]
    asked = [words for words, item in commands if any("--json" in option.opts for option in item.params)]
    assert len(asked) > 10
    for words in asked:
        printed = command.run(*words, *ARGUMENTS.get(words[0], ()), "--json").out
        value = json.loads(printed)
        assert not re.search(r"\b(NaN|-?Infinity)\b", printed), words
        assert printed == json.dumps(value, ensure_ascii=False, indent=2) + "\n", words


def test_json_keeps_the_order_of_columns_and_of_declared_fields(command: Command, shop: Workspace) -> None:
    outcome = command.build("--json")
    assert tuple(outcome.summary) == Summary.__struct_fields__
    assert list(outcome.summary["rows"]) == sorted(outcome.summary["rows"])
    (row,) = command.run("sql", "select 1 as z, 2 as a", "--root", str(shop.root), "--json").summary
    assert list(row.items()) == [("z", 1), ("a", 2)]


def test_json_is_utf_8_whatever_the_locale(command: Command, shop: Workspace) -> None:
    command.build()
    words = ["sql", "select 'ä' as a", "--root", str(shop.root), "--json"]
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run([sys.executable, "-m", "codeintel_enrich", *words], capture_output=True, env=environment)
    assert json.loads(done.stdout.decode("utf-8")) == [{"a": "ä"}]


# --- context ----------------------------------------------------------------------------------------------------------


def test_context_is_asked_for_by_options(command: Command, shop: Workspace, tmp_path: Path) -> None:
    shop.write("CODEOWNERS", "* @everyone\n")
    report = tmp_path / "coverage.xml"
    lines = '<class filename="shop/core.py"><lines><line number="1" hits="1"/></lines></class>'
    report.write_text(f"<coverage>{lines}</coverage>")
    windows = ("--history-window-days", "30", "--commits-window", "10")
    outcome = command.build("--owners", *windows, "--coverage-xml", str(report), "--json")
    assert outcome.code == 0, outcome.err
    assert {"context:coverage", "context:history", "context:owners"} <= set(outcome.summary["ran"])
    question = "select owners, coverage_ratio from modules where path = 'shop/core.py'"
    assert shop.query(question) == [(["@everyone"], 1.0)]
    assert command.run("status", "--root", str(shop.root), "--json").summary["up_to_date"]
    # Without the options, and with them again: nothing is looked up anew.
    assert "context:owners" not in command.build("--no-owners", "--json").summary["ran"]
    assert shop.query(question) == [([], None)]


def test_a_coverage_report_that_is_not_there_is_wrong_use(command: Command) -> None:
    outcome = command.build("--coverage-xml", "nowhere.xml")
    assert outcome.code == 2
    assert "nowhere.xml" in outcome.err
