"""What a reader of the store finds."""

import importlib.util
from pathlib import Path

import duckdb
import pytest

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.model.rows import decode_packed
from codeintel_enrich.model.scip import ROLE_DEFINITION, Document, Occurrence, SymbolInformation
from codeintel_enrich.model.tables import LEDGER, META, TABLES, VIEWS
from codeintel_enrich.store import canonical_dump, merge_store, open_store
from tests.support.rows import Shelf, emitted

SYMBOL = "ty-scip python p 1 m/f()."


def test_a_symbol_claimed_by_several_files_has_one_row_until_its_last_claim_is_gone(tmp_path: Path) -> None:
    sources = dict.fromkeys(("m.py", "m.pyi", "z/m.py"), "def f(): ...\n")
    documents = {
        path: Document(
            path,
            "utf-8",
            (Occurrence(0, 4, 0, 5, SYMBOL, ROLE_DEFINITION),),
            (SymbolInformation(SYMBOL, (f"From {path}.",), 17),),
        )
        for path in sources
    }
    shelf = Shelf(emitted(sources, documents=documents))
    store = tmp_path / "s.duckdb"
    for first in sorted(sources):
        merge_store(store, shelf.wanted, shelf.load, {})
        (row,) = canonical_dump(store)["symbols"]
        assert row[0] == SYMBOL
        assert row[-1] == first
        assert f"From {first}." in row
        del shelf.data[first]
    merge_store(store, shelf.wanted, shelf.load, {})
    assert canonical_dump(store)["symbols"] == []


def test_the_store_describes_itself(tmp_path: Path) -> None:
    shelf = Shelf(emitted({"a.py": "x = 1\n"}))
    merge_store(tmp_path / "s.duckdb", shelf.wanted, shelf.load, {})
    with open_store(tmp_path / "s.duckdb") as connection:
        columns = connection.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
        described = {(table, name): comment for table, name, comment in columns}
    for table in (*TABLES, LEDGER, META):
        for column in table.columns:
            assert described[table.name, column.name] == column.doc
    for view in VIEWS:
        assert [name for table, name in described if table == view.name] == [column.name for column in view.columns]


def test_a_real_package_can_be_asked_for_its_exports_nodes_and_references(tmp_path: Path) -> None:
    spec = importlib.util.find_spec("requests")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent
    sources = {path.relative_to(folder.parent).as_posix(): path.read_bytes() for path in folder.glob("*.py")}
    shelf = Shelf(emitted(sources))
    merge_store(tmp_path / "s.duckdb", shelf.wanted, shelf.load, {})
    with open_store(tmp_path / "s.duckdb") as connection:
        (origin,) = connection.execute(
            "SELECT origin FROM exports WHERE module = 'requests' AND name = 'Session'"
        ).fetchall()
        assert origin == ("requests.sessions.Session",)
        assert connection.execute("SELECT count(*), count(DISTINCT node_id) FROM nodes").fetchone() == tuple(
            [sum(decode_packed(data).counts["nodes"] for data in shelf.data.values())] * 2
        )
        orphans = "SELECT count(*) FROM refs WHERE node_id NOT IN (SELECT node_id FROM nodes)"
        assert connection.execute(orphans).fetchone() == (0,)
        spans = "SELECT name, start_byte, end_byte FROM refs WHERE path = 'requests/sessions.py'"
        source = sources["requests/sessions.py"]
        references = connection.execute(spans).fetchall()
    assert len(references) > 1000
    assert all(source[start:end].decode() == name for name, start, end in references)


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    shelf = Shelf(emitted({"a.py": "x = 1\n"}))
    merge_store(tmp_path / "s.duckdb", shelf.wanted, shelf.load, {})
    with open_store(tmp_path / "s.duckdb") as connection, pytest.raises(duckdb.Error, match="read-only"):
        connection.execute("DELETE FROM refs")


@pytest.mark.parametrize("content", [None, b"", b"not a database at all" * 1000])
def test_no_store_or_an_unreadable_one_is_an_error_that_names_the_remedy(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "s.duckdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EnrichError, match="codeintel-enrich build"):
        canonical_dump(path)
