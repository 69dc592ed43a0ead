"""A machine that lacks something: the build succeeds, or says what to do; nothing of it is recorded about the code."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest

from codeintel_enrich.engine.run.sandbox import Pool
from codeintel_enrich.engine.state import discovery, tree
from codeintel_enrich.errors import MachineError
from codeintel_enrich.files.stat import read_file
from codeintel_enrich.model.config import ParseConfig
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, build_at

LIMITED = """\
import resource, sys
limit = getattr(resource, sys.argv[1]), (int(sys.argv[2]), int(sys.argv[2]))
resource.setrlimit(*limit)
del sys.argv[1:3]
from codeintel_enrich.cli import main
main()
"""
COMMANDS = """\
import contextlib, io, json, sys
from codeintel_enrich.cli import main
told = {}
for words in json.loads(sys.argv[1]):
    sys.argv[1:] = words
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = main()
        except SystemExit as end:
            code = end.code
    told[words[0]] = (code or 0, said.getvalue())
print(json.dumps(told))
"""


def build_words(workspace: Workspace) -> list[str]:
    return ["build", "--root", str(workspace.root), "--no-index", "--no-types", "--jobs", "2"]


def run(program: str, *words: str, inside: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*inside, sys.executable, "-c", program, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, **environment},
    )
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.built(tmp_path, SHOP)


@pytest.mark.parametrize(
    ("limit", "amount", "remedy"),
    [
        ("RLIMIT_NOFILE", 12, "ulimit -n"),
        ("RLIMIT_NOFILE", 24, "ulimit -n"),
        ("RLIMIT_AS", 100 << 20, "ulimit -v"),
        ("RLIMIT_FSIZE", 100_000, "ulimit -f"),
    ],
)
def test_what_a_limit_does_not_allow_is_said_with_the_remedy(
    tmp_path: Path, limit: str, amount: int, remedy: str
) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n" * 3000, "b.py": "import a\n"})
    done = run(LIMITED, limit, str(amount), *build_words(workspace))
    assert done.returncode == 3
    assert remedy in done.stdout + done.stderr
    workspace.build()
    workspace.assert_equals_clean()


def test_little_is_enough(tmp_path: Path) -> None:
    """64 open files, nowhere to put temporary files, no home, a locale without letters beyond ASCII, a strict umask."""
    workspace = Workspace(tmp_path, {**SHOP, "shop/naïve.py": "x = 1\n"})
    before = os.umask(0o077)
    try:
        done = run(
            LIMITED,
            *("RLIMIT_NOFILE", "64"),
            *build_words(workspace),
            inside=["env", "-u", "HOME"],
            TMPDIR="/proc",
            LC_ALL="C",
            PYTHONIOENCODING="ascii",
        )
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    workspace.assert_equals_clean()


def mounted(folder: Path, how: str) -> list[str]:
    """How to run a program to which a folder is another file system; the test is skipped where that is not allowed."""
    prefix = ["unshare", "--mount", "sh", "-c", f'{how} && shift && exec "$@"', "sh", str(folder)]
    if shutil.which("unshare") is None or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("this system does not let us mount anything")
    return prefix


def test_a_read_only_cache_answers_all_questions_and_gives_a_build_a_message(shop: Workspace, tmp_path: Path) -> None:
    shop.append("shop/lonely.py", "y = 1\n")
    root = ["--root", str(shop.root)]
    commands = [
        ["sql", "select count(*) from modules", *root],
        ["refs", "shop.core.helper", *root],
        ["exports", "shop", *root],
        ["status", *root],
        ["explain", "shop/core.py", *root],
        ["export", "--scip", str(tmp_path / "index.scip"), *root],
        ["report", "-o", str(tmp_path / "report.html"), *root],
        ["overlays", "list", *root],
        ["build", *root, "--no-index", "--no-types"],
        ["hook", *root, "--fail-on", "parse-error"],
    ]
    subprocess.run(["git", "init", "-q", str(shop.root)], check=True)
    read_only = mounted(shop.root / "cache", 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"')
    told = json.loads(run(COMMANDS, json.dumps(commands), inside=read_only).stdout)
    refused = {"build": told.pop("build"), "hook": told.pop("hook")}
    assert {name: code for name, (code, _) in told.items()} == dict.fromkeys(told, 0), told
    for code, text in refused.values():
        assert code == 3
        assert "Read-only file system; make it writable, or choose another folder with --cache-dir" in text
    # What could be kept nowhere is as what is kept.
    with_cache = tmp_path / "other.scip"
    run("from codeintel_enrich.cli import main; main()", "export", "--scip", str(with_cache), *root)
    assert (tmp_path / "index.scip").read_bytes() == with_cache.read_bytes()


@pytest.mark.parametrize("size", ["size=600k", "nr_inodes=12"])
def test_a_full_disk_is_a_message(tmp_path: Path, size: str) -> None:
    workspace = Workspace(tmp_path, SHOP)
    (workspace.root / "cache").mkdir()
    full = mounted(workspace.root / "cache", f'mount -t tmpfs -o {size} none "$1"')
    done = run(LIMITED, "RLIMIT_NOFILE", "1000", *build_words(workspace), inside=full)
    assert done.returncode == 3
    assert "free" in done.stdout + done.stderr


def test_fewer_processes_than_asked_for_do_all_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []
    popen = subprocess.Popen

    def stingy(*arguments: Any, **more: Any) -> Any:
        if started:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
        started.append(1)
        return popen(*arguments, **more)

    monkeypatch.setattr(subprocess, "Popen", stingy)
    pool = Pool(2, 30, 1500, "codeintel_enrich.stages.parse")
    config = msgspec.msgpack.encode(ParseConfig())
    with ThreadPoolExecutor(2) as threads:
        found = list(threads.map(lambda number: pool.run("parse", b"x = %d\n" % number, config, "source"), range(6)))
    assert len(found) == 6
    pool.close()


@pytest.mark.usefixtures("own_workers")
def test_no_process_at_all_is_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*arguments: Any, **more: Any) -> Any:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    workspace = Workspace(tmp_path, {"a.py": "x = 1\n"})
    monkeypatch.setattr(subprocess, "Popen", refusing)
    summary = build_at(workspace.root, workspace.options)
    assert summary.exit_code == 3
    assert "ulimit -u" in summary.errors[0]


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ENOMEM])
def test_a_source_that_the_machine_could_not_read_is_not_recorded_as_unreadable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n", "b.py": "from a import x\n"})

    def refusing(path: str) -> Any:
        if path.endswith("a.py"):
            raise OSError(code, os.strerror(code), path)
        return read_file(path)

    monkeypatch.setattr(f"{tree.__name__}.read_file", refusing)
    with pytest.raises(MachineError, match=f"a.py: {os.strerror(code)}; "):
        build_at(workspace.root, workspace.options)
    monkeypatch.undo()
    workspace.build()
    assert workspace.query("select path from modules where not parse_ok") == []
    workspace.assert_equals_clean()


def test_a_folder_that_the_machine_could_not_list_takes_no_file_away(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    scandir = os.scandir

    def refusing(path: Any) -> Any:
        if os.fspath(path).endswith("/shop"):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), path)
        return scandir(path)

    monkeypatch.setattr(f"{discovery.__name__}.os.scandir", refusing)
    with pytest.raises(MachineError, match="ulimit -n"):
        build_at(shop.root, shop.options)
    monkeypatch.undo()
    assert shop.ran() == set()


def test_a_file_that_became_readable_without_a_change_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n"})

    def refusing(path: str) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)

    monkeypatch.setattr(f"{tree.__name__}.read_file", refusing)
    workspace.build()
    # As when another user, who may read it, runs the next build.
    monkeypatch.undo()
    workspace.build()
    workspace.assert_equals_clean()


def test_a_name_that_the_terminal_cannot_show_is_escaped(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"naïve.py": "def (:\n"})
    done = run("from codeintel_enrich.cli import main; main()", *build_words(workspace), PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "na\\xefve.py" in done.stdout
