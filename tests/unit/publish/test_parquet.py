"""Datasets hold the rows, and a change rewrites the partitions of its package and no other."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from codeintel_enrich.model.tables import REFS, TABLES, Table
from codeintel_enrich.publish import parquet
from tests.support.packages import copy_package, source_files
from tests.support.rows import as_dicts, emitted
from tests.unit.publish.publish_support import PARQUET, Desk

SOURCES = {
    "src/one/__init__.py": "",
    "src/one/a.py": '"""A."""\n\n\ndef f(x: int, y): ...\n',
    "src/two/__init__.py": "from one.a import f\n",
    "src/two/deep/__init__.py": "",
    "src/two/deep/b.py": "import os\nfrom two import f\n",
    "lone.py": "x = 1\n",
    "broken.py": "def (\n",
}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, PARQUET)


def flask(tmp_path: Path) -> dict[str, bytes]:
    root = copy_package("flask", tmp_path / "tree")
    return {path: (root / path).read_bytes() for path in source_files(root)}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_row_of_every_table_is_there_with_its_nulls(desk: Desk, tmp_path: Path, table: Table) -> None:
    sources = flask(tmp_path) | SOURCES
    desk.publish(sources)
    names = [column.name for column in table.columns if (table.name, column.name) != ("modules", "package")]
    expected = [row for path, rows in sorted(emitted(sources).items()) for row in as_dicts(rows, table.name)]
    folder = desk.out / "parquet" / table.name
    if not expected:
        assert not folder.exists()
        return
    found = ds.dataset(folder, partitioning="hive").to_table().sort_by("path").select(names).to_pylist()

    def plain(row: dict[str, Any]) -> str:
        return repr([list(row[name]) if isinstance(row[name], tuple | list) else row[name] for name in names])

    assert sorted(map(plain, found)) == sorted(plain({name: row[name] for name in names}) for row in expected)


def test_rows_of_a_file_keep_their_order_and_files_stand_in_path_order(desk: Desk, tmp_path: Path) -> None:
    sources = flask(tmp_path)
    desk.publish(sources)
    rows = ds.dataset(desk.out / "parquet/refs/package=flask", format="parquet").to_table().to_pylist()
    places = [(row["path"], row["start_byte"]) for row in rows]
    assert places == sorted(places)
    assert len(rows) > 1000


def test_duckdb_and_pyarrow_read_the_package_from_the_folder(desk: Desk) -> None:
    desk.publish(SOURCES)
    pattern = f"{desk.out}/parquet/modules/**/*.parquet"
    query = f"SELECT path, package FROM read_parquet('{pattern}', hive_partitioning = true) ORDER BY path"
    expected = {
        "broken.py": ".",
        "lone.py": ".",
        "src/one/__init__.py": "one",
        "src/one/a.py": "one",
        "src/two/__init__.py": "two",
        "src/two/deep/__init__.py": "two.deep",
        "src/two/deep/b.py": "two.deep",
    }
    with duckdb.connect() as connection:
        assert dict(connection.execute(query).fetchall()) == expected
    rows = ds.dataset(desk.out / "parquet/modules", partitioning="hive").to_table(["path", "package"]).to_pylist()
    assert {row["path"]: row["package"] for row in rows} == expected


def test_columns_are_compressed_with_zstd_and_dictionaries(desk: Desk, tmp_path: Path) -> None:
    desk.publish(flask(tmp_path))
    file = pq.ParquetFile(desk.out / "parquet/refs/package=flask/part-0.parquet")
    columns = [file.metadata.row_group(0).column(index) for index in range(len(REFS.columns))]
    assert {column.compression for column in columns} == {"ZSTD"}
    name = next(column for column in columns if column.path_in_schema == "name")
    assert "RLE_DICTIONARY" in name.encodings


def test_a_body_edit_rewrites_only_files_of_its_package_whose_rows_changed(desk: Desk, tmp_path: Path) -> None:
    desk.publish(SOURCES)
    before = desk.places("parquet")
    after = SOURCES | {"src/one/a.py": SOURCES["src/one/a.py"].replace("...", "return x")}
    report = desk.publish(after)
    rewritten = {name for name, place in desk.places("parquet").items() if place != before[name]}
    assert rewritten == {f"parquet/{table}/package=one/part-0.parquet" for table in ("modules", "nodes", "refs")}
    assert {name for name in report.written if name.startswith("parquet")} == rewritten
    clean = Desk(tmp_path / "clean", PARQUET)
    clean.publish(after)
    assert desk.files() == clean.files()


def test_a_vanished_package_leaves_no_partition(desk: Desk) -> None:
    desk.publish(SOURCES)
    desk.publish({path: text for path, text in SOURCES.items() if "deep" not in path})
    assert not [name for name in desk.files("parquet") if "two.deep" in name]
    assert not (desk.out / "parquet/nodes/package=two.deep").exists()
    assert (desk.out / "parquet/nodes/package=two").exists()


def test_a_large_package_is_spread_over_buckets_and_an_edit_rewrites_one(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BUCKET_FILES", 4)
    sources = {"big/__init__.py": "", **{f"big/m{number}.py": f"x = {number}\n" for number in range(30)}}
    desk.publish(sources)
    buckets = sorted(path.name for path in (desk.out / "parquet/nodes/package=big").iterdir())
    assert len(buckets) == 8
    before = desk.places("parquet/nodes")
    after = sources | {"big/m7.py": "x = 7\ny = 8\n"}
    desk.publish(after)
    assert sum(place != before[name] for name, place in desk.places("parquet/nodes").items()) == 1
    clean = Desk(tmp_path / "clean", PARQUET)
    clean.publish(after)
    assert desk.files() == clean.files()


def test_growing_over_a_border_gives_the_buckets_of_a_clean_run(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BUCKET_FILES", 4)
    few = {"big/__init__.py": "", **{f"big/m{number}.py": "x = 1\n" for number in range(3)}}
    many = few | {f"big/n{number}.py": "x = 2\n" for number in range(3)}
    for sources in (few, many, few):
        desk.publish(sources)
        clean = Desk(tmp_path / f"clean-{len(sources)}-{len(list(tmp_path.iterdir()))}", PARQUET)
        clean.publish(sources)
        assert desk.files() == clean.files()


def test_a_package_with_a_strange_or_long_name_has_a_folder_of_its_own(desk: Desk) -> None:
    long = ".".join(["part" * 10] * 8)
    desk.publish({f"{long.replace('.', '/')}/__init__.py": "x = 1\n", "plain.py": "x = 1\n"})
    folders = {path.name for path in (desk.out / "parquet/nodes").iterdir()}
    assert parquet.NO_PACKAGE in {name.removeprefix("package=") for name in folders}
    assert len(folders) == 2
