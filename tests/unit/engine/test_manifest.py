"""What a stat signature can and cannot tell, and a manifest that is damaged or half written."""

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.engine.state.manifest import (
    External,
    FileState,
    Manifest,
    StageState,
    load_manifest,
    save_manifest,
)
from codeintel_enrich.files.atomic import replace_file
from codeintel_enrich.files.stat import (
    CLOCK_GRANULARITY_NS,
    COARSE_GRANULARITY_NS,
    FileStamp,
    Found,
    is_racy,
    read_file,
)
from codeintel_enrich.model.digest import digest

SECOND = 1_000_000_000
CHANGED = 1_700_000_000 * SECOND + 123_456_789


def found(ctime_ns: int, mtime_ns: int = CHANGED) -> Found:
    return Found(size=1, mtime_ns=mtime_ns, ctime_ns=ctime_ns, inode=1)


@pytest.mark.parametrize(
    ("read_after", "racy"),
    [(-1, True), (0, True), (CLOCK_GRANULARITY_NS - 1, True), (CLOCK_GRANULARITY_NS, False), (SECOND, False)],
)
def test_what_is_read_within_the_tick_of_its_change_is_racy(read_after: int, racy: bool) -> None:
    assert is_racy(found(CHANGED), CHANGED + read_after) is racy


def test_a_modification_time_that_somebody_set_decides_nothing() -> None:
    for mtime in (0, CHANGED - 3600 * SECOND, CHANGED + 3600 * SECOND):
        assert not is_racy(found(CHANGED, mtime), CHANGED + SECOND)
        assert is_racy(found(CHANGED, mtime), CHANGED + 1)


def test_a_file_system_with_whole_seconds_gets_a_longer_tick() -> None:
    whole = 1_700_000_000 * SECOND
    assert is_racy(found(whole, whole), whole + COARSE_GRANULARITY_NS - 1)
    assert not is_racy(found(whole, whole), whole + COARSE_GRANULARITY_NS)


def test_a_file_that_was_just_changed_is_waited_for_and_read_settled(tmp_path: Path) -> None:
    target = tmp_path / "a.py"
    for text in ("x = 1\n", "x = 2\n"):
        target.write_text(text)
        data, signature, racy = read_file(str(target))
        assert data == text.encode()
        assert not racy
        status = target.stat()
        expected = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        assert (signature.size, signature.mtime_ns, signature.ctime_ns, signature.inode) == expected


def test_a_file_written_while_it_is_read_has_the_signature_from_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.py"
    target.write_text("x = 1\n")
    time.sleep(0.03)
    before = target.stat().st_mtime_ns
    stat = os.fstat

    def meddling(descriptor: int) -> os.stat_result:
        status = stat(descriptor)
        monkeypatch.undo()
        target.write_text("x = 1000\n")
        return status

    monkeypatch.setattr(os, "fstat", meddling)
    data, signature, _ = read_file(str(target))
    assert data == b"x = 1000\n"
    assert signature.mtime_ns == before != target.stat().st_mtime_ns


def example() -> Manifest:
    state = FileState(found(CHANGED), False, "c", "e", {"parse": StageState("k", ("o", "s"))})
    externals = {"index": External("index", "key", {"a.py": "d"}, {"a.py": "c"}, "tool 1", {"b.py": "why"})}
    return Manifest(files={"a.py": state}, externals=externals, settled="yes", rows={"modules": 1})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    save_manifest(tmp_path / "m", example())
    assert load_manifest(tmp_path / "m") == (example(), None)


def test_a_missing_manifest_is_an_empty_one_without_warning(tmp_path: Path) -> None:
    assert load_manifest(tmp_path / "m") == (Manifest(), None)


def test_a_manifest_of_any_damage_is_an_empty_one_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "m"
    save_manifest(path, example())
    whole = path.read_bytes()
    damaged = [whole[:size] for size in range(len(whole))]
    damaged += [whole[:at] + bytes((whole[at] ^ 0x10,)) + whole[at + 1 :] for at in range(len(whole))]
    damaged.append(whole + b"x")
    for data in damaged:
        path.write_bytes(data)
        loaded, warning = load_manifest(path)
        assert loaded == Manifest()
        assert warning is not None
        assert str(path) in warning


def test_a_manifest_of_another_version_is_an_empty_one_with_a_warning(tmp_path: Path) -> None:
    body = b"\x81\xa5files\x07"
    (tmp_path / "m").write_bytes(digest(body).encode() + body)
    loaded, warning = load_manifest(tmp_path / "m")
    assert loaded == Manifest()
    assert warning is not None
    assert "another version" in warning


@pytest.mark.parametrize("step", ["write", "replace"])
def test_a_write_that_fails_leaves_the_old_bytes_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    target = tmp_path / "m"
    replace_file(target, b"old")

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if step == "replace":
        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(OSError, match="No space"):
            replace_file(target, b"new")
    else:
        with pytest.raises(TypeError):
            replace_file(target, b"half of the ne", "not bytes")  # type: ignore[arg-type]
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_a_stamp_tells_every_rewrite(tmp_path: Path) -> None:
    target = tmp_path / "m"
    assert FileStamp.of(target) is None
    replace_file(target, b"one")
    first = FileStamp.of(target)
    replace_file(target, b"two")
    assert FileStamp.of(target) != first
