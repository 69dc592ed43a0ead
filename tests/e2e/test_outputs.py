"""The registry of published files is the only list of their names: it knows each, and takes no other for ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from codeintel_enrich.commands.verify import verify
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.publish.outputs import OUTPUTS, found_files
from tests.support.projects import EVERYTHING_ON, SHOP
from tests.support.workspace import Workspace

FILES = {
    **SHOP,
    "pyproject.toml": EVERYTHING_ON,
    "notes.md": "# Notes\n",
    "shop/starry.py": "from shop.core import *\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path, FILES, index=True)
    workspace.build()
    return workspace


def out_of(workspace: Workspace) -> Path:
    return workspace.root / "cache" / "enriched"


def is_equal(workspace: Workspace) -> Iterator[str]:
    """What `verify` says differs."""
    found = verify(Options(root=workspace.root, **workspace.options))
    assert not found.tables
    return (f"{item.name}: {item.what}" for item in found.published)


def test_every_file_is_of_exactly_one_kind_and_every_kind_has_a_file(shop: Workspace) -> None:
    names = list(shop.outputs())
    kinds = {name: [output.pattern for output in OUTPUTS if output.matches(name)] for name in names}
    assert {name: found for name, found in kinds.items() if len(found) != 1} == {}
    assert {pattern for found in kinds.values() for pattern in found} == {output.pattern for output in OUTPUTS}
    assert found_files(out_of(shop)) == sorted(names)


@pytest.mark.parametrize("gone", ["notes.md", "shop/starry.py"])
def test_files_whose_rows_are_gone_go_though_it_was_forgotten_what_was_written(shop: Workspace, gone: str) -> None:
    before = set(shop.outputs())
    (shop.root / "cache" / "published.msgpack").unlink()
    shop.delete(gone)
    if gone == "notes.md":
        shop.delete("pyproject.toml")  # The only other file that is not Python.
    shop.build()
    assert before - set(shop.outputs())
    shop.assert_equals_clean()
    assert list(is_equal(shop)) == []


def test_verify_finds_files_that_should_not_be_there(shop: Workspace) -> None:
    out = out_of(shop)
    parquet = next(path for path in sorted(out.glob("parquet/*/package=*/other-0.parquet")))
    stray = {
        "parquet/outlines/package=gone/other-0.parquet": parquet.read_bytes(),
        "modules/gone.py.md": (out / "modules/shop/core.py.md").read_bytes(),
    }
    for name, data in stray.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).write_bytes(data)
    assert set(is_equal(shop)) == {f"{name}: should not be there" for name in stray}


def test_files_of_the_users_in_the_output_folder_stay(shop: Workspace) -> None:
    mine = {
        "modules/notes.md": b"Mine.\n",
        "graphs/mine.json": b"{}\n",
        "overlays/mine.pyi": b"x: int\n",
        "a.txt": b"a",
    }
    for name, data in mine.items():
        (out_of(shop) / name).write_bytes(data)
    assert list(is_equal(shop)) == []
    (shop.root / "cache" / "published.msgpack").unlink()
    shop.replace("shop/core.py", "LIMIT = 3", "LIMIT = 4")
    shop.build()
    assert mine.items() <= shop.outputs().items()


def test_the_folder_of_a_dataset_goes_with_its_last_row(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {"a.py": "x = 1\n", "notes.md": "# Notes\n"})
    workspace.build()
    # It has a row of its own still, and none in its outline.
    workspace.write("notes.md", "")
    workspace.build()
    assert [folder for folder in out_of(workspace).rglob("*") if folder.is_dir() and not any(folder.iterdir())] == []
    workspace.assert_equals_clean()
