"""Reading an index file, binary or JSON: what it gives, and that what is unusable is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats.scip import SCIPIndex, open_index
from codeintel_enrich.formats.scip_wire import decode_slice
from tests.unit.formats.test_scip_wire import index_of

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"relative_path": "b.py", "occurrences": [{"range": [0, 0, 1], "symbol": "p x"}, {"symbol": "local 1"}]},
    {"relative_path": "a.py", "occurrences": [{"range": [0, 0, 1], "symbol": "p x"}, {"symbol": "p y"}]},
)


@pytest.fixture(params=["binary", "json"])
def index_path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "index.scip"
    if request.param == "binary":
        path.write_bytes(index_of(*DOCUMENTS))
    else:
        path.write_text(json.dumps({"metadata": {"tool_info": {"name": "ty-scip"}}, "documents": DOCUMENTS}))
    return path


def test_load_gives_documents_by_file_and_files_by_symbol(index_path: Path) -> None:
    index = SCIPIndex.load(index_path)
    assert [document.relative_path for document in index.documents] == ["a.py", "b.py"]
    assert index.by_file()["b.py"] == index.documents[1]
    assert index.symbol_to_files() == {"p x": ("a.py", "b.py"), "p y": ("a.py",)}


def test_slices_of_both_forms_decode_to_the_same_documents(index_path: Path) -> None:
    with open_index(index_path) as reader:
        assert reader.metadata.tool == "ty-scip"
        assert reader.paths == ("a.py", "b.py")
        decoded = {path: decode_slice(blob) for path, blob in reader.documents()}
    assert {path: document.occurrences for path, document in decoded.items()} == {
        path: document.occurrences for path, document in SCIPIndex.load(index_path).by_file().items()
    }


def test_one_bad_document_costs_no_other(tmp_path: Path) -> None:
    bad = b"\x12\x08\x0a\x04c.py\x12\x7f"
    path = tmp_path / "index.scip"
    path.write_bytes(index_of(*DOCUMENTS) + bad)
    index = SCIPIndex.load(path)
    assert [document.relative_path for document in index.documents] == ["a.py", "b.py"]
    assert [left for left, _ in index.left_out] == ["c.py"]


@pytest.mark.parametrize("data", [b"", b"garbage", b"{", index_of(*DOCUMENTS)[:-3]])
def test_an_unusable_file_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "some.scip"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"some\.scip"):
        SCIPIndex.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.scip can not be read"):
        SCIPIndex.load(tmp_path / "none.scip")
