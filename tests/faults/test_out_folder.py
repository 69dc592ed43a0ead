"""An output folder outside of the cache is the user's: we replace and remove there what we wrote, and nothing else."""

import os
import shutil
from pathlib import Path

import pytest

from codeintel_enrich.commands.verify import verify
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from tests.support.projects import SHOP
from tests.support.workspace import Workspace

STRANGE = (
    *("repo_map.json", "modules/modules.jsonl", "cst/cst.jsonl", "tags/tags_index.yaml", "graphs/symbol_graph.json"),
    *("modules/notes.md", "modules/shop/core.py.md", "parquet/sales/package=x/part-0.parquet", "overlays/mine.pyi"),
    *("slices/slices.jsonl", "parquet/symbols/part-0.parquet", "overlays/q-stubs/py.typed"),
)


class Docs:
    """A repository that publishes into a folder beside its sources."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "docs"
        self.shop = Workspace(folder, SHOP, out=self.out)

    def write(self, name: str, text: str) -> None:
        (self.out / name).parent.mkdir(parents=True, exist_ok=True)
        (self.out / name).write_text(text)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.out).as_posix(): path.read_bytes()
            for path in sorted(self.out.rglob("*"))
            if path.is_file()
        }

    def assert_refused(self, name: str) -> None:
        """Nothing was written: the folder is as before."""
        before = self.files()
        with pytest.raises(UsageError, match="--out") as refused:
            self.shop.build()
        assert str(self.out / name) in refused.value.message
        assert refused.value.exit_code == 2
        assert self.files() == before

    def assert_equals_clean(self) -> None:
        clean = self.shop.clean(out=None)
        assert self.files() == clean.outputs()
        shutil.rmtree(clean.folder)
        assert verify(Options(root=self.shop.root, **self.shop.options)).is_equal


@pytest.fixture
def docs(tmp_path: Path) -> Docs:
    return Docs(tmp_path)


@pytest.fixture
def published(docs: Docs) -> Docs:
    docs.shop.build()
    return docs


@pytest.mark.parametrize("name", STRANGE)
def test_a_strange_file_under_a_name_of_ours_is_refused_before_anything_is_written(docs: Docs, name: str) -> None:
    docs.write(name, "mine")
    docs.assert_refused(name)
    assert not (docs.shop.root / "cache" / "codeintel.duckdb").exists()


def test_everything_else_in_the_folder_is_nobodys_business(docs: Docs) -> None:
    mine = ("index.md", "graphs/architecture.svg", "overlays/py.typed", "modules/notes.txt", "sub/repo_map.json")
    for name in mine:
        docs.write(name, "mine")
    docs.shop.build()
    docs.shop.delete("shop/lonely.py")
    docs.shop.build()
    assert {name: docs.files().pop(name) for name in mine} == dict.fromkeys(mine, b"mine")


@pytest.mark.parametrize("name", ["repo_map.json", "modules/shop/core.py.md", "cst/cst.jsonl"])
def test_a_file_of_ours_that_was_edited_is_refused_until_it_is_moved_away(published: Docs, name: str) -> None:
    published.write(name, "edited")
    published.assert_refused(name)
    (published.out / name).unlink()
    published.shop.build()
    published.assert_equals_clean()


@pytest.mark.parametrize("name", ["modules/gone.py.md", "parquet/nodes/package=gone/part-0.parquet"])
def test_a_strange_file_that_came_later_is_seen_though_nothing_else_is_due(published: Docs, name: str) -> None:
    published.write(name, "mine")
    published.assert_refused(name)


def test_files_of_ours_are_known_by_their_bytes_whatever_their_times(published: Docs) -> None:
    for path in published.out.rglob("*"):
        os.utime(path, (0, 0))
    published.shop.replace("shop/core.py", "def helper", "def helped")
    published.shop.build()
    published.assert_equals_clean()


def test_without_the_list_of_what_we_wrote_nothing_is_ours(published: Docs) -> None:
    published.shop.delete("cache")
    published.assert_refused("repo_map.json")


@pytest.mark.parametrize("name", ["modules", "repo_map.json", "cst"])
def test_links_are_not_written_through_and_not_replaced(docs: Docs, tmp_path: Path, name: str) -> None:
    target = tmp_path / "target"
    target.mkdir()
    docs.out.mkdir()
    (docs.out / name).symlink_to(target)
    docs.assert_refused(name)
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("name", ["repo_map.json", "modules/modules.jsonl", "modules/shop/core.py.md"])
def test_a_folder_under_the_name_of_a_file_is_refused(docs: Docs, name: str) -> None:
    docs.write(f"{name}/mine", "mine")
    docs.assert_refused(name)


def test_a_file_under_the_name_of_a_folder_is_refused(docs: Docs) -> None:
    docs.write("parquet", "mine")
    docs.assert_refused("parquet")


def test_the_folder_itself_may_be_a_link(docs: Docs, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    docs.out.symlink_to(tmp_path / "real")
    docs.shop.build()
    docs.shop.replace("shop/core.py", "def helper", "def helped")
    docs.shop.build()
    docs.assert_equals_clean()


def test_the_repository_itself_is_refused(docs: Docs) -> None:
    with pytest.raises(UsageError, match="folder of its own"):
        docs.shop.build(out=docs.shop.root)


def test_folders_that_are_used_in_turn_both_follow(published: Docs, tmp_path: Path) -> None:
    shop = published.shop
    for out in (None, published.out, tmp_path / "third"):
        shop.build(out=out)
    shop.delete("shop/lonely.py")
    for out in (tmp_path / "third", None, published.out):
        shop.build(out=out)
    assert published.files() == shop.outputs()
    published.assert_equals_clean()


def test_what_a_failed_build_wrote_there_is_ours(docs: Docs) -> None:
    docs.shop.write("shop/sub/z.py", "x = 1\n")
    docs.write("modules/shop/sub", "a file where a page needs a folder")
    with pytest.raises(AssertionError, match="cannot be written"):
        docs.shop.build()
    assert docs.files().keys() > {"modules/shop/core.py.md"}, "some pages were written before"
    docs.shop.delete("shop/sub")
    docs.shop.delete("shop/core.py")
    (docs.out / "modules/shop/sub").unlink()
    docs.shop.build()
    docs.assert_equals_clean()


def test_syntax_nodes_elsewhere_are_not_written_over_a_strange_file(docs: Docs) -> None:
    docs.shop.write("nodes.jsonl", "mine\n")
    with pytest.raises(UsageError, match="--cst-out"):
        docs.shop.build(overrides={"cst-out": "nodes.jsonl"})
    assert docs.shop.read("nodes.jsonl") == b"mine\n"


def test_syntax_nodes_in_their_usual_place_by_another_name_stay_there(published: Docs) -> None:
    usual = published.files()
    published.shop.build(overrides={"cst-out": str(published.out / "cst")})
    assert published.files() == usual
