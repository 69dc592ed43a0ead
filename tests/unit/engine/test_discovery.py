"""Which files there are. Git itself is the oracle for ignore rules."""

import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.state.discovery import CACHE_SIGNATURE, Decisions, Scan, scan
from codeintel_enrich.errors import UsageError
from codeintel_enrich.files.stat import CLOCK_GRANULARITY_NS


def write(root: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def claims(name: str) -> bool:
    """Whether a file is listed beside Python files."""
    return name.endswith((".toml", ".md"))


def look(root: Path, decisions: Decisions | None = None, **rules: Any) -> Scan:
    rules = {"include": (), "exclude": (), "only": (), "skip": (), "submodules": False, "claims": claims, **rules}
    return scan(root, decisions=decisions or Decisions(), **rules)


def found(root: Path, **rules: Any) -> set[str]:
    return set(look(root, **rules).files)


def everything(root: Path) -> set[str]:
    """Files of either kind."""
    seen = look(root)
    assert all(path.endswith((".toml", ".md")) for path in seen.outlined)
    return {*seen.files, *seen.outlined}


def of_git(root: Path) -> set[str]:
    """Files that git would add."""
    subprocess.run(["git", "init", "-q", "."], cwd=root, check=True)
    command = ["git", "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
    return {path for path in listed if path.endswith((".py", ".pyi", ".toml", ".md"))}


def git(root: Path, *words: str) -> None:
    """Run git, with settings of nobody."""
    nobody = ("-c", "user.name=A", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *nobody, *words], cwd=root, check=True, capture_output=True)


TREE = [
    *("a.py", "b.pyi", "notes.txt", "pkg/__init__.py", "pkg/a.py", "pkg/gen/a.py", "pkg/gen/keep.py", "pkg/sub/b.py"),
    *("build/a.py", "build/lib/a.py", "docs/conf.py", "docs/build/x.py", "with space/a.py", "#odd.py", "!bang.py"),
    *("README.md", "a.toml", "docs/a.md", "build/lib/b.toml", "pkg/gen/keep.md"),
]


@pytest.mark.parametrize(
    "ignore",
    [
        {".gitignore": "build/\n"},
        {".gitignore": "/build/\n"},
        {".gitignore": "a.py\n!/a.py\n"},
        {".gitignore": "/a.py\n"},
        {".gitignore": "*.py\n!pkg/a.py\n"},
        {".gitignore": "pkg/\n!pkg/a.py\n"},
        {".gitignore": "pkg/*\n!pkg/a.py\n!pkg/gen/\n"},
        {".gitignore": "**/gen/**\n!**/keep.py\n"},
        {".gitignore": "gen/*\n!gen/keep.py\n", "pkg/.gitignore": "gen/*\n!gen/keep.py\n"},
        {".gitignore": "a.py\n", "pkg/.gitignore": "!a.py\n"},
        {".gitignore": "build/\n", "build/.gitignore": "!a.py\n"},
        {".gitignore": "*\n", "pkg/.gitignore": "!*\n"},
        {"pkg/.gitignore": "/gen\n", "pkg/gen/.gitignore": "!keep.py\n"},
        {"pkg/.gitignore": "*.py\n", "pkg/gen/.gitignore": "!keep.py\n"},
        {".gitignore": "docs/**/x.py\n"},
        {".gitignore": "with\\ space/\n\\#odd.py\n\\!bang.py\n"},
        {".gitignore": "with space/ \n"},
        {".gitignore": "build/\r\n# a comment\r\n\r\ndocs/\r\n"},
        {".gitignore": "\ufeffbuild/\n"},
        {".gitignore": "[ab].py*\n?.pyi\n"},
        {".gitignore": "[z-a].py\nbuild/\n"},
        {".gitignore": "!\n/\n\\\nbuild/\n"},
        {".gitignore": "PKG/\n"},
        {".gitignore": "*.md\n!/docs/*.md\n"},
        {".gitignore": ""},
    ],
    ids=lambda ignore: " | ".join(f"{path}: {text!r}" for path, text in ignore.items()),
)
def test_ignore_rules_are_gits(tmp_path: Path, ignore: dict[str, str]) -> None:
    write(tmp_path, {**dict.fromkeys(TREE, "x = 1\n"), **ignore})
    assert everything(tmp_path) == of_git(tmp_path)


IGNORED = {
    ".gitignore": "gen/\n*_pb2.py\n!keep_pb2.py\n",
    "gen/tables.py": "",
    "gen/other.py": "",
    "pkg/a_pb2.py": "",
    "pkg/b_pb2.py": "",
    "pkg/keep_pb2.py": "",
    "pkg/.gitignore": "local/\n",
    "pkg/local/x.py": "",
    "pkg/local/y.py": "",
    "a.py": "",
}


def tracked(root: Path) -> set[str]:
    """What git lists: files in its index, and those that it would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-per-directory=.gitignore"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True).stdout.decode().split("\0")
    return {path for path in listed if path.endswith(".py") and (root / path).exists()}


def test_what_git_tracks_counts_though_ignore_rules_match(tmp_path: Path) -> None:
    write(tmp_path, IGNORED)
    git(tmp_path, "init", "-q", ".")
    # Of one machine, and no part of the tree: neither this nor a user's own file leaves anything out.
    (tmp_path / ".git/info/exclude").write_text("a.py\n")
    git(tmp_path, "add", "-f", "gen/tables.py", "pkg/a_pb2.py", "pkg/local/x.py")
    seen = look(tmp_path)
    assert (
        set(seen.files)
        == tracked(tmp_path)
        == {"gen/tables.py", "pkg/a_pb2.py", "pkg/keep_pb2.py", "pkg/local/x.py", "a.py"}
    )
    assert set(seen.left_out) == {"gen/other.py", "pkg/b_pb2.py", "pkg/local/y.py"}
    assert set(seen.left_out.values()) == {"ignore rules leave it out, and git does not track it"}
    assert found(tmp_path, exclude=("gen/",)) == tracked(tmp_path) - {"gen/tables.py"}
    # A root that is a folder of the repository, where paths are others than in git's index.
    assert found(tmp_path / "pkg") == {"a_pb2.py", "b_pb2.py", "keep_pb2.py", "local/x.py"}


def test_to_be_tracked_or_no_more_is_noticed(tmp_path: Path) -> None:
    write(tmp_path, IGNORED)
    git(tmp_path, "init", "-q", ".")
    seen = look(tmp_path)
    for words in (
        ("add", "-f", "gen"),
        ("rm", "-q", "--cached", "gen/other.py"),
        ("commit", "-q", "-m", "x"),
        ("rm", "-q", "-f", "gen/tables.py"),
        ("checkout", "HEAD", "gen/tables.py"),
    ):
        git(tmp_path, *words)
        seen = look(tmp_path, seen.decisions)
        assert set(seen.files) == set(look(tmp_path).files) == tracked(tmp_path), words
    (tmp_path / "gen/tables.py").unlink()
    assert "gen/tables.py" not in look(tmp_path, seen.decisions).files
    write(tmp_path, {"gen/tables.py": "x = 1"})
    assert "gen/tables.py" in look(tmp_path, seen.decisions).files
    shutil.rmtree(tmp_path / ".git")
    assert set(look(tmp_path, seen.decisions).files) == {"a.py", "pkg/keep_pb2.py"}


def test_git_is_not_started_while_its_index_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, IGNORED)
    git(tmp_path, "init", "-q", ".")
    git(tmp_path, "add", "-f", "gen/tables.py")
    os.utime(tmp_path / ".git/index")
    time.sleep(CLOCK_GRANULARITY_NS / 1e9)
    seen = look(tmp_path)
    monkeypatch.setenv("PATH", "")
    assert look(tmp_path, seen.decisions).files == seen.files


def test_other_work_trees_are_not_entered(tmp_path: Path) -> None:
    root = tmp_path / "root"
    write(root, {"a.py": "", "odd/.git": "", "odd/b.py": "", "empty/c.py": ""})
    (root / "empty/.git").mkdir()
    git(root, "init", "-q", ".")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "x")
    git(root, "worktree", "add", "-q", "-b", "one", ".claude/worktrees/one")
    write(root, {"clone/d.py": "", "clone/deep/e.py": ""})
    git(root / "clone", "init", "-q", ".")
    seen = look(root)
    assert set(seen.files) == {"a.py", "odd/b.py", "empty/c.py"}
    assert seen.left_out == dict.fromkeys((".claude/worktrees/one", "clone"), "another git work tree")
    # A work tree is one as any other where it is the root.
    assert found(root / ".claude/worktrees/one") == {"a.py", "odd/b.py", "empty/c.py"}


def test_submodules_are_asked_for(tmp_path: Path) -> None:
    other, root = tmp_path / "other", tmp_path / "root"
    write(other, {"lib.py": "", ".gitignore": "gen.py\n", "gen.py": ""})
    git(other, "init", "-q", ".")
    git(other, "add", ".")
    git(other, "commit", "-q", "-m", "x")
    write(root, {"a.py": ""})
    git(root, "init", "-q", ".")
    git(root, "submodule", "add", "-q", str(other), "ext/lib one")
    seen = look(root)
    assert set(seen.files) == {"a.py"}
    assert seen.left_out == {"ext/lib one": "a git submodule; the setting `submodules` takes it in"}
    assert found(root, submodules=True) == {"a.py", "ext/lib one/lib.py"}


SCRIPTS = {
    "env": b"#!/usr/bin/env python3\n",
    "crlf": b"#!/usr/bin/env python3\r\nx = 1\r\n",
    "bom": b"\xef\xbb\xbf#!/usr/bin/python3\n",
    "split": b"#!/usr/bin/env -S python -u\n",
    "glued": b"#!/usr/bin/env -S'python3' -u\n",
    "unset": b"#!/usr/bin/env -i -u HOME A=1 python3.13t\n",
    "version": b"#!/usr/bin/python3.11\n",
    "spaced": b"#! /usr/local/bin/python -E\n",
    "windows": b"#!C:\\Python\\pythonw.exe\n",
    "bare": b"#!python",
    "uv": b"#!/usr/bin/env -S uv run --script\n# /// script\n",
    "poetry": b"#!/usr/bin/env -S poetry run python\n",
    "nix": b"#!/usr/bin/env nix-shell\n#! nix-shell -i python3 -p python3\n",
    "long": b"#!/bin/sh\n'''exec' /very/long/python3 \"$0\" \"$@\"\n",
    ".githook": b"#!/usr/bin/env python3\n",
    "web.cgi": b"#!/usr/bin/env python3\n",
    "tool-1.2": b"#!/usr/bin/env python3\n",
}
NO_SCRIPTS = {
    "shell": b"#!/bin/sh\npython3 x\n",
    "bash": b"#!/usr/bin/env bash\n",
    "runner": b"#!/usr/bin/env -S uv tool run ruff\n",
    "text": b"python3\n",
    "second": b"\n#!/usr/bin/env python3\n",
    "nothing": b"",
    "only env": b"#!/usr/bin/env\n",
    "bytes": bytes(range(256)),
    "data.txt": b"#!/usr/bin/env python3\n",
}
OTHERS = {"old": (b"#!/usr/bin/env python2\n", "python2"), "fast": (b"#!/usr/bin/pypy3\n", "pypy3")}


def test_scripts_are_known_by_their_first_line(tmp_path: Path) -> None:
    for name, data in {**SCRIPTS, **NO_SCRIPTS, **{name: data for name, (data, _) in OTHERS.items()}}.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "gui.pyw").write_bytes(b"")
    (tmp_path / "link").symlink_to("env")
    os.mkfifo(tmp_path / "pipe")
    seen = look(tmp_path)
    assert set(seen.files) == {*SCRIPTS, "gui.pyw"}
    assert seen.left_out == {name: f"a script for {program}" for name, (_, program) in OTHERS.items()}


def test_a_file_that_becomes_a_script_is_noticed_and_none_is_opened_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"tool": "#!/bin/sh\n", "LICENSE": "x", "a.py": ""})
    time.sleep(2 * CLOCK_GRANULARITY_NS / 1e9)
    seen = look(tmp_path)
    assert set(seen.files) == {"a.py"}
    write(tmp_path, {"tool": "#!/usr/bin/env python3\n"})
    time.sleep(2 * CLOCK_GRANULARITY_NS / 1e9)
    seen = look(tmp_path, seen.decisions)
    assert set(seen.files) == {"a.py", "tool"}
    with monkeypatch.context() as patched:
        patched.setattr("builtins.open", lambda *words, **more: pytest.fail("a file was opened again"))
        assert set(look(tmp_path, seen.decisions).files) == {"a.py", "tool"}
    write(tmp_path, {"tool": "echo"})
    assert set(look(tmp_path, seen.decisions).files) == {"a.py"}


def test_python_files_are_found_in_path_order(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(TREE, ""))
    assert list(look(tmp_path).files) == sorted(path for path in TREE if path.endswith((".py", ".pyi")))


def test_other_files_are_found_apart_from_them_if_their_name_is_claimed(tmp_path: Path) -> None:
    write(tmp_path, {**dict.fromkeys(TREE, ""), "folder.md/a.toml": ""})
    assert list(look(tmp_path).outlined) == sorted(
        ["folder.md/a.toml", *(path for path in TREE if path.endswith((".toml", ".md")))]
    )


def test_what_is_never_source_is_not_entered(tmp_path: Path) -> None:
    places = (
        *(".git", "__pycache__", "node_modules", "site-packages", ".venv", ".tox", ".mypy_cache", ".hypothesis"),
        *("deep/__pycache__", "deep/node_modules"),
    )
    write(tmp_path, {**{f"{place}/a.py": "" for place in places}, "a.py": "", "deep/a.py": ""})
    assert found(tmp_path) == {"a.py", "deep/a.py"}


def test_a_virtual_environment_is_told_by_its_marker_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, {"odd name/pyvenv.cfg": "", "odd name/lib/a.py": "", "venv/a.py": ""})
    assert found(tmp_path) == {"venv/a.py"}


def test_a_cache_is_told_by_its_signature_not_by_a_files_name(tmp_path: Path) -> None:
    write(
        tmp_path, {"one/CACHEDIR.TAG": CACHE_SIGNATURE.decode(), "one/a.py": "", "two/CACHEDIR.TAG": "", "two/a.py": ""}
    )
    assert found(tmp_path) == {"two/a.py"}


def test_the_root_itself_may_bear_any_marker(tmp_path: Path) -> None:
    write(tmp_path, {"pyvenv.cfg": "", "CACHEDIR.TAG": CACHE_SIGNATURE.decode(), "a.py": ""})
    assert found(tmp_path) == {"a.py"}


def test_our_own_folders_are_skipped(tmp_path: Path) -> None:
    write(tmp_path, {"cache/a.py": "", "out/deep/a.py": "", "out/b.py": "", "a.py": ""})
    assert found(tmp_path, skip=("cache", "out/deep")) == {"a.py", "out/b.py"}


def test_include_exclude_and_only_narrow_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, dict.fromkeys(TREE, ""))
    files = found(tmp_path)
    assert found(tmp_path, include=("pkg/",)) == {path for path in files if path.startswith("pkg/")}
    assert found(tmp_path, exclude=("pkg/", "*.pyi")) == {
        path for path in files if not path.startswith("pkg/") and not path.endswith(".pyi")
    }
    assert found(tmp_path, include=("pkg/",), exclude=("gen/",), only=("a.py",)) == {"pkg/a.py"}


def test_a_pattern_that_is_none_names_the_setting(tmp_path: Path) -> None:
    write(tmp_path, {"a.py": ""})
    for setting in ("include", "exclude", "only"):
        with pytest.raises(UsageError, match=rf"{setting}.*z-a"):
            look(tmp_path, None, **{setting: ("[z-a].py",)})


def test_links_to_files_are_files_and_links_to_folders_are_listed_and_not_followed(tmp_path: Path) -> None:
    write(tmp_path, {"real/a.py": "x = 1\n", "empty/x.txt": ""})
    (tmp_path / "link.py").symlink_to("real/a.py")
    (tmp_path / "folder").symlink_to("real")
    (tmp_path / "loop").symlink_to(".")
    (tmp_path / "real/up").symlink_to("../real")
    (tmp_path / "out").symlink_to("/usr")
    (tmp_path / "nothing").symlink_to("empty")
    (tmp_path / "twice.py").symlink_to("folder")
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    seen = look(tmp_path)
    assert set(seen.files) == {"real/a.py", "link.py"}
    assert seen.links == {"folder": "real", "twice.py": "real"}
    assert seen.left_out == {
        "dangling.py": "dangling or looping symbolic link",
        "loop": "a link to a folder around it",
        "out": "a link that leads out of the tree",
        "real/up": "a link to a folder around it",
    }
    assert look(tmp_path, exclude=("folder/", "tw*")).links == {}
    write(tmp_path, {".gitignore": "folder\n"})
    assert look(tmp_path).links == {"twice.py": "real"}
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-f", "folder")
    assert look(tmp_path).links == {"folder": "real", "twice.py": "real"}
    assert seen.files["link.py"].inode == seen.files["real/a.py"].inode


def test_a_fifo_is_never_opened(tmp_path: Path) -> None:
    write(tmp_path, {"pkg/a.py": "", "other/a.py": ""})
    for name in ("a_fifo.py", ".gitignore", "other/CACHEDIR.TAG", "pkg/.gitignore"):
        os.mkfifo(tmp_path / name)
    seen = look(tmp_path)
    assert set(seen.files) == {"pkg/a.py", "other/a.py"}
    assert seen.left_out == {"a_fifo.py": "not a regular file"}


def test_a_name_that_is_not_utf8_is_left_out_with_a_reason(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"bad\xff.py")).write_bytes(b"")
    (tmp_path / "new\nline.py").write_bytes(b"")
    seen = look(tmp_path)
    assert set(seen.files) == {"new\nline.py"}
    assert seen.left_out == {"bad\\xff.py": "its name is not valid UTF-8"}


def test_a_folder_that_cannot_be_listed_is_left_out_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"a.py": "", "secret/b.py": ""})
    listed = os.scandir

    def refusing(path: str) -> Any:
        if str(path).endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refusing)
    seen = look(tmp_path)
    assert set(seen.files) == {"a.py"}
    assert "Permission denied" in seen.left_out["secret"]


def test_remembered_decisions_change_nothing_and_are_dropped_when_a_rule_changes(tmp_path: Path) -> None:
    write(tmp_path, {**dict.fromkeys(TREE, ""), ".gitignore": "build/\n"})
    first = look(tmp_path)
    assert first.decisions_changed
    second = look(tmp_path, first.decisions)
    assert not second.decisions_changed
    assert second.files == first.files
    write(tmp_path, {"docs/.gitignore": "*.py\n"})
    third = look(tmp_path, second.decisions)
    assert third.decisions_changed
    assert {*third.files, *third.outlined} == everything(tmp_path) == of_git(tmp_path)
    (tmp_path / ".gitignore").unlink()
    fourth = look(tmp_path, third.decisions)
    assert {*fourth.files, *fourth.outlined} == of_git(tmp_path)
