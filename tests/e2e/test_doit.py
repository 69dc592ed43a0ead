"""The same graph under doit itself: a `dodo.py` of three lines; run, listed, explained, selected.

Where a process of its own is part of the claim (a cold start, threads, what is left at exit), doit runs in one;
elsewhere its entry point runs here, on workers that outlive it.
"""

import contextlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from doit.doit_cmd import DoitMain

from tests.support.projects import SHOP
from tests.support.workspace import Workspace, all_tasks, assert_same, build_at

DODO = "from codeintel_enrich.tasks import creators\n\nglobals().update(creators())\n"
ALONE = DODO.replace("creators())", "creators(index=False, types=False))")
ODD = ("shop/a=b.py", "shop/st*r.py", "shop/new\nline.py", "shop/with space.py", "shop/per%cent.py")
ODD_LABELS = ("shop/a%3Db.py", "shop/st%2Ar.py", "shop/new%0Aline.py", "shop/with space.py", "shop/per%25cent.py")
CORE = "shop/core.py"


class Checkout(Workspace):
    """A checkout with a dodo.py."""

    first: set[str]
    """The tasks of the first build."""

    def doit(self, *words: str, code: int = 0, apart: bool = False) -> str:
        """Run doit, here or in a process apart; what it printed, stdout and stderr. No run may end in a traceback."""
        found, said = self._apart(*words) if apart else self._here(*words)
        assert found == code, said
        assert "Traceback" not in said
        return said

    def ran_by_doit(self, *words: str, apart: bool = False) -> set[str]:
        """The tasks that doit says it ran."""
        said = self.doit(*words, apart=apart)
        return {line.removeprefix(".  ") for line in said.splitlines() if line.startswith(".  ")}

    def _apart(self, *words: str) -> tuple[int, str]:
        command = [str(Path(sys.executable).parent / "doit"), *words]
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, timeout=120)
        return done.returncode, done.stdout + done.stderr

    def _here(self, *words: str) -> tuple[int, str]:
        out, err = io.StringIO(), io.StringIO()
        streams = contextlib.redirect_stdout(out), contextlib.redirect_stderr(err)
        with as_a_program("doit", *words, folder=self.root), streams[0], streams[1]:
            code = DoitMain().run(list(words))
        return code or 0, out.getvalue() + err.getvalue()


@contextlib.contextmanager
def as_a_program(*command: str, folder: Path) -> Iterator[None]:
    """In the block, a command line, a working folder and an import path of its own; its `dodo.py` is then forgotten."""
    with (
        patch.object(sys, "argv", list(command)),
        patch.object(sys, "path", list(sys.path)),
        # Python would take another checkout's file of the same length and second for the one that it compiled.
        patch.object(sys, "dont_write_bytecode", True),
        contextlib.chdir(folder),
    ):
        try:
            yield
        finally:
            # By name alone: to put all of `sys.modules` back would import compiled modules a second time.
            sys.modules.pop("dodo", None)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Built by `doit`, with a real index and a real checker; tests must leave it settled."""
    files = {**SHOP, **dict.fromkeys(ODD, "x = 1\n"), "dodo.py": DODO}
    checkout = Checkout(tmp_path_factory.mktemp("doit"), files, index=True, types=True)
    checkout.first = checkout.ran_by_doit(apart=True)
    return checkout


@pytest.fixture
def shop(tmp_path: Path) -> Checkout:
    return Checkout.built(tmp_path, {**SHOP, "dodo.py": ALONE})


def sources(checkout: Checkout) -> list[str]:
    return sorted(p.relative_to(checkout.root).as_posix() for p in checkout.root.rglob("*.py"))


def test_doit_runs_everything_and_then_nothing(built: Checkout) -> None:
    expected = {"index", "check:pyrefly", "link", "merge"}
    for path in sources(built):
        name = dict(zip(ODD, ODD_LABELS, strict=True)).get(path, path)
        # Files of equal content are parsed and typed once, whichever comes first.
        stages = ("qualify", "stitch", "emit") if path in ODD else ("parse", "qualify", "stitch", "types", "emit")
        expected |= {f"{stage}:{name}" for stage in stages}
    assert expected <= built.first
    assert built.ran_by_doit(apart=True) == set()
    assert "tasks run: 0" in built.doit()


def test_doit_makes_the_store_that_the_command_makes(built: Checkout) -> None:
    copy = built.clean()
    assert_same(built.dump(), copy.dump())
    assert built.outputs() == copy.outputs()
    assert build_at(built.root, built.options).ran == ()


def test_list_all_names_every_task(built: Checkout) -> None:
    listed = {line.split("  ")[0] for line in built.doit("list", "--all").splitlines()}
    assert {"link", "merge", "index", "check:pyrefly"} <= listed
    for path in (*SHOP, *ODD_LABELS):
        if path.endswith(".py"):
            assert all_tasks(path) <= listed


def test_list_says_what_would_run_and_looking_changes_nothing(shop: Checkout) -> None:
    def due() -> set[str]:
        lines = shop.doit("list", "--all", "-s").splitlines()
        return {words[1] for line in lines if (words := line.split()) and words[0] == "R" and ":" in words[1]}

    assert due() == set()
    shop.append(CORE, "# edited\n")
    assert due() == all_tasks(CORE)
    assert due() == all_tasks(CORE)
    assert f"emit:{CORE}" in shop.doit("list", "--all", "-s", apart=True)
    assert shop.ran_by_doit() == all_tasks(CORE) | {"merge"}
    assert due() == set()


@pytest.mark.parametrize("before", [(), ("-f", "dodo.py"), ("--verbosity", "2")], ids=" ".join)
def test_looking_commands_are_recognised_behind_options(shop: Checkout, before: tuple[str, ...]) -> None:
    shop.append(CORE, "# edited\n")
    if before[:1] == ("--verbosity",):
        said = shop.doit("info", f"parse:{CORE}", code=1)
        assert f"{CORE} changed since the last build" in said
    else:
        assert f"emit:{CORE}" in shop.doit(*before, "list", "--all")
    assert shop.ran() == all_tasks(CORE) | {"merge"}


def test_info_explains_a_task(shop: Checkout) -> None:
    said = shop.doit("info", f"emit:{CORE}")
    assert "final rows of one file" in said
    assert "up-to-date" in said
    for stage in ("qualify", "stitch", "types"):
        assert f"{stage}:{CORE}" in said
    shop.append(CORE, "# edited\n")
    assert f"{CORE} changed since the last build" in shop.doit("info", f"emit:{CORE}", code=1)


def test_parse_of_one_file_runs_alone_and_the_rest_stays_due(shop: Checkout) -> None:
    shop.append(CORE, "# edited\n")
    shop.append("shop/lonely.py", "# edited\n")
    assert shop.ran_by_doit(f"parse:{CORE}", apart=True) == {f"parse:{CORE}"}
    assert shop.ran_by_doit(f"parse:{CORE}") == set()
    rest = (all_tasks(CORE) | all_tasks("shop/lonely.py") | {"merge"}) - {f"parse:{CORE}"}
    assert shop.ran_by_doit() == rest
    shop.assert_equals_clean()
    assert shop.ran_by_doit() == set()


@pytest.mark.parametrize("chosen", [f"parse:{CORE}", "link", f"qualify:{CORE}", f"emit:{CORE}"])
def test_what_a_selection_leaves_undone_stays_due(shop: Checkout, chosen: str) -> None:
    shop.append(CORE, "# edited\n")
    done = shop.ran_by_doit(chosen)
    assert done <= all_tasks(CORE)
    assert shop.ran_by_doit() == (all_tasks(CORE) | {"merge"}) - done
    shop.assert_equals_clean()


def test_emit_of_one_file_runs_what_it_needs_and_no_other_files_analyses(shop: Checkout) -> None:
    shop.append(CORE, "# edited\n")
    shop.append("shop/lonely.py", "# edited\n")
    # link reads every interface, so every due parse comes before it.
    assert shop.ran_by_doit(f"emit:{CORE}") == all_tasks(CORE) | {"parse:shop/lonely.py"}
    rest = (all_tasks("shop/lonely.py") | {"merge"}) - {"parse:shop/lonely.py"}
    assert shop.ran_by_doit() == rest
    shop.assert_equals_clean()


@pytest.mark.parametrize(("path", "name"), list(zip(ODD, ODD_LABELS, strict=True)))
def test_odd_file_names_can_be_selected(built: Checkout, path: str, name: str) -> None:
    before = built.read(path)
    built.write(path, f"y = {ODD.index(path)}\n")
    assert built.ran_by_doit(f"parse:{name}") == {f"parse:{name}"}
    ran = built.ran_by_doit(f"emit:{name}")
    assert {f"qualify:{name}", f"stitch:{name}", f"types:{name}", f"emit:{name}"} <= ran
    assert not any(":shop/" in task and name not in task for task in ran)
    built.write(path, before)
    built.doit()


def test_two_threads_build_the_same(shop: Checkout) -> None:
    shop.replace(CORE, "def helper", "def helped")
    assert all_tasks(CORE) | {"link", "merge"} <= shop.ran_by_doit("-n", "2", apart=True)
    shop.assert_equals_clean()
    assert shop.ran_by_doit("-n", "2", apart=True) == set()


def test_processes_instead_of_threads_are_refused_with_the_remedy(shop: Checkout) -> None:
    shop.append(CORE, "# edited\n")
    assert "-P thread" in shop.doit("-n", "2", "-P", "process", code=1, apart=True)
    assert "merge" in shop.ran_by_doit()
    shop.assert_equals_clean()


def test_index_makes_the_index_anew_and_what_it_changed_stays_due(built: Checkout) -> None:
    built.replace(CORE, "def other", "def another")
    built.doit()
    assert built.ran_by_doit("index", apart=True) == {"index"}
    assert f"stitch:{CORE}" in built.ran_by_doit()
    assert built.ran_by_doit() == set()
    built.replace(CORE, "def another", "def other")
    built.doit("index")
    built.doit()


def test_a_checker_can_be_selected_when_nothing_is_due(built: Checkout) -> None:
    assert built.ran_by_doit("check:pyrefly") == set()


@pytest.mark.parametrize("word", ["parse:no/such.py", "nonsense"])
def test_an_unknown_task_is_named(shop: Checkout, word: str) -> None:
    assert word in shop.doit(word, code=3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[tool.codeintel-enrich]\nlevl = 'full'\n", 'did you mean "level"'),
        ("[tool.codeintel-enrich]\ninclude = ['[z-a]']\n", "include"),
        ("[tool.codeintel-enrich]\njobs = 3\n", 'unknown key "jobs"'),
    ],
)
@pytest.mark.parametrize("command", ["run", "list"])
def test_wrong_config_is_one_message(shop: Checkout, text: str, says: str, command: str) -> None:
    shop.write("pyproject.toml", text)
    shop.write("shop/fresh.py", "")
    assert says in shop.doit(command, code=3)


def test_a_syntax_error_in_config_names_the_place(shop: Checkout) -> None:
    """doit reads pyproject.toml before us and fails in its own way; ours is not made worse."""
    shop.write("pyproject.toml", "[tool.codeintel-enrich\n")
    command = [str(Path(sys.executable).parent / "doit")]
    done = subprocess.run(command, cwd=shop.root, capture_output=True, text=True, check=False)
    assert done.returncode
    assert "line 1" in done.stderr


def test_a_cache_folder_of_somebody_else_is_one_message(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path, {"dodo.py": ALONE, "cache/precious.txt": "mine"})
    assert "--cache-dir" in checkout.doit(code=3, apart=True)
    assert checkout.read("cache/precious.txt") == b"mine"
