"""Every kind of odd file ends as a row, and the build goes on."""

import errno
import os
import socket
from pathlib import Path
from typing import Any

import duckdb
import pytest

from codeintel_enrich.commands.diff import diff
from codeintel_enrich.commands.findings import findings
from codeintel_enrich.commands.hook import judge_staged
from codeintel_enrich.engine.state import tree
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.files.stat import read_file
from tests.support.gitrepo import GitRepository
from tests.support.workspace import Workspace

ODD: dict[str, bytes] = {
    "bom.py": b"\xef\xbb\xbfx = 1\n",
    "bom_latin.py": b"\xef\xbb\xbf# coding: latin-1\nx = 1\n",
    "latin.py": "# coding: latin-1\nname = 'é'\n".encode("latin-1"),
    "cp1252.py": "# coding: cp1252\nname = '€'\n".encode("cp1252"),
    "unknown_codec.py": b"# coding: no-such-codec\nx = 1\n",
    "utf16.py": "x = 1\n".encode("utf-16"),
    "bad_utf8.py": b"x = '\xff\xfe'\n",
    "nul.py": b"x = 1\0\n",
    "crlf.py": b"x = 1\r\nclass A:\r\n    y = 2\r\n",
    "lone_cr.py": b"x = 1\rclass A:\r    y = 2\r",
    "mixed.py": b"x = 1\r\ny = 2\nz = 3\rw = 4\n",
    "form_feed.py": b"x = 1\n\x0c\ndef f(): pass\n",
    "no_newline.py": b"def f():\n    return 1",
    "empty.py": b"",
    "bom_only.py": b"\xef\xbb\xbf",
    "nfkc.py": "ﬁle = 1\nprint(file)\n".encode(),
    "ctrl_z.py": b"x = 1\n\x1a",
    "nbsp.py": "x\u00a0= 1\n".encode(),
    "astral.py": "s = '𝒳𝒴'; after = 1\n".encode(),
    "pep646.py": b"def f(*args: *tuple[int, ...]): ...\n",
    "pep654.py": b"try:\n    pass\nexcept* ValueError as e:\n    pass\n",
    "pep695.py": b"class A[T]:\n    pass\n\n\ntype X[T] = list[T]\n\n\ndef f[T: int](x: T) -> T: ...\n",
    "pep696.py": b"class A[T = int]:\n    pass\n",
    "pep701.py": b'x = f"{\'a\' + f"{1}"}"\n',
    "pep750.py": b"name = 1\nx = t'{name}'\n",
    "pep758.py": b"try:\n    pass\nexcept ValueError, TypeError:\n    pass\n",
    "match_name.py": b"match = 1\ncase = match\nmatch match:\n    case 1:\n        pass\n",
    "python2.py": b"print 'hello'\n",
    "with space.py": b"x = 1\n",
    "equals=sign.py": b"x = 1\n",
    "star*.py": b"x = 1\n",
    "new\nline.py": b"x = 1\n",
    "quote'\".py": b"x = 1\n",
}

BROKEN = {
    "bom_latin.py", "unknown_codec.py", "utf16.py", "bad_utf8.py", "nul.py", "nbsp.py", "python2.py",
}  # fmt: skip
"""What Python itself refuses too. `ctrl_z.py` is left open: LibCST and CPython differ."""


def modules(workspace: Workspace) -> dict[str, tuple[Any, ...]]:
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select path, parse_ok, error, error_line, n_bytes from modules").fetchall()
    return {row[0]: row[1:] for row in rows}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("odd"), ODD)
    workspace.build()
    return workspace


def test_every_odd_file_has_a_row(odd: Workspace) -> None:
    rows = modules(odd)
    assert rows.keys() == ODD.keys()
    assert {path: row[3] for path, row in rows.items()} == {path: len(data) for path, data in ODD.items()}


def test_what_python_refuses_is_said_to_be_broken_and_why(odd: Workspace) -> None:
    rows = modules(odd)
    broken = {path for path, row in rows.items() if not row[0]}
    assert broken - {"ctrl_z.py"} == BROKEN
    assert all(rows[path][1] for path in broken)


def test_node_rows_are_the_exact_source_bytes(odd: Workspace) -> None:
    with duckdb.connect(str(odd.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute(
            "select path, node_type, name, start_byte, end_byte from nodes"
            " where node_type in ('ClassDef', 'FunctionDef')"
        ).fetchall()
    assert len(rows) >= 8
    for path, kind, name, start, end in rows:
        text = ODD[path][start:end]
        assert text.startswith(b"class " if kind == "ClassDef" else b"def "), (path, text)
        assert name.encode() in text


def test_the_odd_tree_equals_its_clean_build_and_settles(odd: Workspace) -> None:
    odd.assert_equals_clean()
    assert odd.ran() == set()


def test_what_is_no_regular_file_is_left_out_with_a_reason(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"good.py": "x = 1\n", "folder.py/inner.py": "y = 2\n"})
    root = workspace.root
    os.mkfifo(root / "fifo.py")
    (root / "dangling.py").symlink_to("nowhere.py")
    (root / "loop.py").symlink_to("loop.py")
    (root / "link.py").symlink_to("good.py")
    (root / "folder_loop").symlink_to(".")
    os.link(root / "good.py", root / "hard.py")
    (root / os.fsdecode(b"bad\xff.py")).write_bytes(b"x = 1\n")
    with socket.socket(socket.AF_UNIX) as server:
        here = os.getcwd()
        os.chdir(root)
        server.bind("socket.py")
        os.chdir(here)
        summary = workspace.build()
    assert set(modules(workspace)) == {"good.py", "folder.py/inner.py", "link.py", "hard.py"}
    assert set(summary.left_out) == {"fifo.py", "socket.py", "dangling.py", "loop.py", "bad\\xff.py", "folder_loop"}
    workspace.delete("socket.py")
    # Nothing of that name may be meant by an import any more.
    assert workspace.ran() == {"link"}
    assert workspace.ran() == set()


def test_an_unreadable_file_has_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = Workspace(tmp_path, {"good.py": "x = 1\n", "secret.py": "y = 2\n"})

    def refusing(path: str) -> Any:
        if path.endswith("secret.py"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return read_file(path)

    monkeypatch.setattr(f"{tree.__name__}.read_file", refusing)
    workspace.build()
    rows = modules(workspace)
    assert rows["good.py"][0]
    assert not rows["secret.py"][0]
    assert "Permission denied" in rows["secret.py"][1]
    assert workspace.ran() == set()
    monkeypatch.undo()
    os.utime(workspace.root / "secret.py")
    workspace.build()
    assert modules(workspace)["secret.py"][0]
    workspace.assert_equals_clean()


KILLERS: dict[str, bytes] = {
    "nested_brackets.py": b"x = " + b"[" * 3000 + b"]" * 3000 + b"\n",
    "long_sum.py": b"x = " + b" + ".join([b"1"] * 20_000) + b"\n",
    "many_nots.py": b"x = " + b"not " * 5000 + b"1\n",
    "long_elif.py": b"if a:\n    pass\n" + b"elif a:\n    pass\n" * 1000,
    "concatenated.py": b"x = (\n" + b"    'a'\n" * 3000 + b")\n",
    "long_chain.py": b"x = a" + b".b()" * 3000 + b"\n",
    "medium_sum.py": b"x = " + b" + ".join([b"1"] * 500) + b"\n",
}


@pytest.mark.slow
def test_what_kills_the_parser_ends_as_a_row_and_the_build_goes_on(tmp_path: Path) -> None:
    workspace = Workspace(
        tmp_path,
        {
            **KILLERS,
            "good.py": "def fine():\n    return 1\n",
            "pyproject.toml": "[tool.codeintel-enrich]\ncpu-seconds = 4\nmemory-megabytes = 700\n",
        },
        jobs=2,
    )
    summary = workspace.build()
    assert not summary.errors
    rows = modules(workspace)
    assert rows.keys() == {*KILLERS, "good.py"}
    assert rows["good.py"][0]
    assert rows["medium_sum.py"][0]
    assert all(ok or error for ok, error, *_ in rows.values())
    assert not rows["long_sum.py"][0]
    assert "CPU" in rows["long_sum.py"][1]
    assert workspace.ran() == set()


def test_a_file_over_the_size_limit_has_a_row_that_says_so(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"big.py": "x = 1\n" * 1000, "small.py": "x = 1\n"})
    workspace.build(overrides={"max-file-bytes": 1000})
    rows = modules(workspace)
    assert rows["small.py"][0]
    assert not rows["big.py"][0]
    assert "1000" in rows["big.py"][1]


OPEN = {
    "pyproject.toml": "[tool.codeintel-enrich]\nmax-file-bytes = 200\n",
    "shop/__init__.py": 'from .tables import *\n\n__all__ = ["lookup"]\n',
    "shop/passing.py": "from .tables import *\n",
    "shop/tables.py": "TABLE = {\n" + "".join(f"    {n}: 'row {n}',\n" for n in range(40)) + "}\ndef lookup(k): ...\n",
    "use.py": (
        "from shop import lookup\nfrom shop.passing import TABLE\nfrom shop.tables import TABLE as again\n"
        "import shop.tables as t\nlookup(1)\nt.lookup(TABLE, again)\n"
    ),
}


@pytest.mark.parametrize(
    "text",
    [OPEN["shop/tables.py"], "def (:\n", "# coding: no-such-codec\nx = 1\n", "x = 1\0\n"],
    ids=["too-large", "syntax-error", "undecodable", "null-bytes"],
)
def test_names_of_a_file_that_could_not_be_analysed_are_unknown_and_never_missing(tmp_path: Path, text: str) -> None:
    workspace = Workspace(tmp_path, {**OPEN, "shop/tables.py": text})
    workspace.build()
    assert findings(workspace.root / "cache" / "codeintel.duckdb", ["broken-export", "import-cycle"]) == []
    assert workspace.query("select path from diagnostics where rule = 'unresolved-import'") == []
    unknown = workspace.query(
        "select name, reason from refs where path = 'use.py' and target_kind = 'unknown' order by start_byte"
    )
    assert {name for name, _ in unknown} == {"lookup", "TABLE", "again"}
    assert all("could not be analysed" in reason for _, reason in unknown)
    # As soon as it can be, what it lacks is missed.
    workspace.write("shop/tables.py", "TABLE = {}\n")
    workspace.build()
    assert [found.message for found in findings(workspace.root / "cache" / "codeintel.duckdb", ["broken-export"])] == [
        "`__all__` lists `lookup`, which nothing binds",
        "`shop` has no `lookup`",
    ]
    workspace.assert_equals_clean()


def test_a_file_that_can_no_longer_be_analysed_takes_no_name_of_the_api_away(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path, {**OPEN, "shop/tables.py": "TABLE = {}\ndef lookup(k): ...\n"})
    repository.write("shop/tables.py", OPEN["shop/tables.py"])
    repository.commit("large")
    found = diff(Options(root=repository.root, jobs=1), "HEAD~1..HEAD")
    assert found.breaking == ()
    assert found.findings == ()
    assert judge_staged(Options(root=repository.root, jobs=1), ("broken-export", "parse-error")).findings == ()
