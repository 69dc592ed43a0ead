"""Which tasks run after which edit, exactly; and after every step the store equals a clean build's."""

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.support.opened import opened
from tests.support.projects import SHOP
from tests.support.workspace import Workspace, all_tasks, later_tasks


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.built(tmp_path, SHOP)


def snapshot(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Every file below a folder, as far as a write would show."""
    return {
        str(p): (s.st_size, s.st_mtime_ns, s.st_ino)
        for p in sorted(folder.rglob("*"))
        if (s := p.stat()) and p.is_file()
    }


def test_a_cold_build_runs_every_task_once(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    sources = [path for path in SHOP if path.endswith(".py")]
    assert workspace.ran() == set().union(*map(all_tasks, sources)) | {"outline:pyproject.toml", "link", "merge"}


def test_nothing_changed_runs_no_task_opens_no_source_and_writes_nothing(shop: Workspace) -> None:
    before = snapshot(shop.root)
    with opened(shop.root) as seen:
        assert shop.ran() == set()
    assert seen.sources() == set()
    assert snapshot(shop.root) == before


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return value + LIMIT", "return LIMIT + value"),
        ("def helper", "# a comment\ndef helper"),
        ('"""The hub."""', '"""The hub,\n\nlonger."""'),
        ("LIMIT = 3", "\n\n\nLIMIT = 3"),
    ],
    ids=["body", "comment", "docstring", "line shift"],
)
def test_what_no_importer_can_see_redoes_no_importer(shop: Workspace, old: str, new: str) -> None:
    shop.replace("shop/core.py", old, new)
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}
    shop.assert_equals_clean()
    assert shop.ran() == set()


def test_a_new_export_that_nobody_uses_redoes_only_its_file(shop: Workspace) -> None:
    shop.append("shop/core.py", "\n\ndef unused():\n    return 1\n")
    assert shop.ran() == all_tasks("shop/core.py") | {"link", "merge"}
    shop.assert_equals_clean()


def test_a_removed_export_redoes_those_who_use_it_through_chains_and_stars(shop: Workspace) -> None:
    shop.replace("shop/core.py", "def helper", "def helped")
    ran = shop.ran()
    users = {"shop/api.py", "shop/__init__.py", "shop/chained.py", "shop/starred.py"}
    assert ran == all_tasks("shop/core.py") | {"link", "merge"} | set().union(*map(later_tasks, users))
    shop.assert_equals_clean()


def test_a_changed_kind_of_export_redoes_its_users_only(shop: Workspace) -> None:
    shop.replace("shop/core.py", "LIMIT = 3", "def LIMIT(): ...")
    assert shop.ran() == all_tasks("shop/core.py") | later_tasks("shop/limited.py") | {"link", "merge"}
    shop.assert_equals_clean()


def test_a_change_inside_an_import_cycle_redoes_its_users_in_the_cycle(shop: Workspace) -> None:
    shop.replace("shop/left.py", "LEFT = 1", "def LEFT(): ...")
    assert shop.ran() == all_tasks("shop/left.py") | later_tasks("shop/right.py") | {"link", "merge"}
    shop.assert_equals_clean()


def test_a_failed_import_satisfied_later_redoes_who_asked_for_it(shop: Workspace) -> None:
    shop.write("shop/missing.py", "def later():\n    return 1\n")
    # The package has a new submodule, which `from shop import missing` finds: one export more.
    users = later_tasks("shop/waiting.py") | later_tasks("shop/__init__.py")
    assert shop.ran() == all_tasks("shop/missing.py") | users | {"link", "merge"}
    shop.assert_equals_clean()


def test_adding_deleting_and_renaming_a_module(shop: Workspace) -> None:
    # Submodules are exports of their package, so the package's own rows follow; nobody else's do.
    package = later_tasks("shop/__init__.py")
    shop.write("shop/added.py", "from .core import Base\n")
    assert shop.ran() == all_tasks("shop/added.py") | package | {"link", "merge"}
    shop.assert_equals_clean()

    shop.delete("shop/lonely.py")
    assert shop.ran() == package | {"link", "merge"}
    shop.assert_equals_clean()

    shop.move("shop/added.py", "shop/renamed.py")
    # The same bytes under another name: parsed and typed before, so only what depends on the name is done.
    assert shop.ran() == later_tasks("shop/renamed.py") | package | {"link", "merge"}
    shop.assert_equals_clean()


def test_a_module_becomes_a_package(shop: Workspace) -> None:
    shop.move("shop/left.py", "shop/left/__init__.py")
    ran = shop.ran()
    assert "parse:shop/left/__init__.py" not in ran
    assert not any(":shop/core.py" in task or ":shop/lonely.py" in task for task in ran)
    shop.assert_equals_clean()


def test_edit_then_revert_runs_no_stage_again(shop: Workspace) -> None:
    before = shop.dump()
    shop.replace("shop/core.py", "def helper", "def helped")
    shop.build()
    shop.replace("shop/core.py", "def helped", "def helper")
    assert shop.ran() == {"merge"}
    assert shop.dump() == before
    # And onwards from the reverted state, whatever state link was left in.
    shop.replace("shop/core.py", "LIMIT = 3", "def LIMIT(): ...")
    assert shop.ran() == all_tasks("shop/core.py") | later_tasks("shop/limited.py") | {"link", "merge"}
    shop.assert_equals_clean()


def test_a_touch_hashes_but_runs_nothing(shop: Workspace) -> None:
    os.utime(shop.root / "shop/core.py")
    assert shop.ran() == set()
    before = snapshot(shop.root)
    assert shop.ran() == set()
    assert snapshot(shop.root) == before


def test_an_edit_of_equal_size_with_a_restored_mtime_is_found(shop: Workspace) -> None:
    target = shop.root / "shop/core.py"
    status = target.stat()
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}
    shop.assert_equals_clean()


def test_a_copy_with_preserved_times_is_found(shop: Workspace) -> None:
    other = shop.folder / "other.py"
    target = shop.root / "shop/core.py"
    other.write_bytes(target.read_bytes().replace(b"LIMIT = 3", b"LIMIT = 5"))
    status = target.stat()
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    shutil.copy2(other, target)
    assert shop.ran() == all_tasks("shop/core.py") | {"merge"}
    shop.assert_equals_clean()


def test_a_file_from_the_future_settles(shop: Workspace) -> None:
    later = time.time() + 86_400
    os.utime(shop.root / "shop/core.py", (later, later))
    shop.build()
    with opened(shop.root) as seen:
        assert shop.ran() == set()
    assert seen.sources() == set()


def test_config_of_one_stage_redoes_that_stage_and_what_follows(shop: Workspace) -> None:
    sources = [path for path in SHOP if path.endswith(".py")]
    shop.append("pyproject.toml", "\n[tool.codeintel-enrich]\nemit-cst = false\n")
    assert shop.ran() == {f"emit:{path}" for path in sources} | {"outline:pyproject.toml", "merge"}
    shop.assert_equals_clean()


def test_config_of_link_alone_redoes_no_parse(shop: Workspace) -> None:
    shop.append("pyproject.toml", '\n[tool.codeintel-enrich]\nroots = ["."]\n')
    # The same module names come out, so nothing behind link is redone.
    assert shop.ran() == {"outline:pyproject.toml", "link", "merge"}
    shop.assert_equals_clean()


def test_a_build_of_a_fresh_clone_with_a_moved_cache_runs_nothing(shop: Workspace) -> None:
    clone = Workspace(shop.folder / "elsewhere")
    shutil.rmtree(clone.root)
    shutil.copytree(shop.root, clone.root, copy_function=shutil.copy)
    ran = clone.ran()
    assert ran <= {"merge"}
    assert clone.dump() == shop.dump()
