"""`codeintel-enrich export --scip`: our own index from the cache, and read back by our own pipeline."""

import sys
from pathlib import Path

import pytest

from codeintel_enrich.cli import main
from codeintel_enrich.commands.export import export_scip
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import EnrichError
from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.store import open_store, scip_outcomes
from tests.support.packages import copy_package
from tests.support.projects import SHOP
from tests.support.scip_lint import faults
from tests.support.workspace import Workspace


def exported(work: Workspace, name: str = "index.scip") -> tuple[bytes, tuple[str, ...]]:
    """The bytes of an export, and the files that were encoded for it."""
    report = export_scip(Options(root=work.root), work.folder / name)
    return (work.folder / name).read_bytes(), report.encoded


def test_one_edit_encodes_one_document_and_the_bytes_are_those_of_a_clean_build_elsewhere(tmp_path: Path) -> None:
    work = Workspace(tmp_path, SHOP)
    work.build()
    _, first = exported(work)
    assert len(first) == sum(path.endswith(".py") for path in SHOP)
    edited = next(path for path in first if path.endswith("core.py"))
    work.append(edited, "\n\ndef one_more() -> int:\n    return 1\n")
    work.build()
    data, encoded = exported(work, "again.scip")
    assert edited in encoded
    assert len(encoded) < len(first)
    assert exported(work.clean()) == (data, first)


def test_modules_of_one_name_share_no_symbol(tmp_path: Path) -> None:
    settings = '[tool.codeintel-enrich]\nroots = ["billing", "orders"]\n'
    sources = {f"{root}/app/models.py": "class X: ...\nX()\n" for root in ("billing", "orders")}
    work = Workspace(tmp_path, {**sources, "pyproject.toml": settings})
    work.build()
    data, _ = exported(work)
    index = SCIPIndex.load(work.folder / "index.scip")
    defined = [each.symbol for document in index.documents for each in document.symbols]
    assert len(defined) == len(set(defined)) == 4
    assert list(faults(index)) == []
    assert exported(work)[1] == ()
    work.delete("orders/app/models.py")
    work.build()
    work.write("orders/app/models.py", sources["orders/app/models.py"])
    work.build()
    assert exported(work)[0] == data


def test_what_was_written_over_is_written_again(tmp_path: Path) -> None:
    work = Workspace(tmp_path, SHOP)
    work.build()
    data, _ = exported(work)
    (work.folder / "index.scip").write_bytes(b"other")
    assert exported(work) == (data, ())


def test_without_a_build_there_is_nothing_to_export(tmp_path: Path) -> None:
    work = Workspace(tmp_path, SHOP)
    with pytest.raises(EnrichError, match="run `codeintel-enrich build` first"):
        exported(work)
    assert not (work.folder / "index.scip").exists()


def test_the_command_says_what_it_wrote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    work = Workspace(tmp_path, {**SHOP, "pyproject.toml": '[project]\nname = "a shop"\nversion = "2.1"\n'})
    work.build()
    target = tmp_path / "made" / "index.scip"
    monkeypatch.setattr(sys, "argv", ["x", "export", "--root", str(work.root), "--scip", str(target)])
    with pytest.raises(SystemExit) as end:
        main()
    assert not end.value.code
    index = SCIPIndex.load(target)
    assert f"{len(index.documents)} documents ({len(index.documents)} encoded anew)" in capsys.readouterr().out
    assert index.metadata.tool == "codeintel-enrich"
    assert index.documents[0].symbols[0].symbol.startswith("codeintel-enrich python a  shop 2.1 ")
    assert list(faults(index)) == []


def test_our_own_index_handed_in_agrees_with_us_everywhere(tmp_path: Path) -> None:
    work = Workspace(tmp_path)
    copy_package("requests", work.root)
    work.build()
    exported(work)
    work.build(index=True, scip=tmp_path / "index.scip")
    [(stale, occurrences, attached)] = work.query(
        "select sum(scip_stale::int), sum(scip_occurrences), sum(scip_attached) from modules"
    )
    assert (stale, attached) == (0, occurrences)
    agreements = dict(work.query("select agreement, count(*) from refs where agreement is not null group by all"))
    assert agreements.keys() <= {"both", "cst-only"}
    assert agreements["both"] > 4_000
    with open_store(work.root / "cache" / "codeintel.duckdb") as store:
        outcomes = scip_outcomes(store)
    assert outcomes.keys() == {"attached", "aliased"}
    assert outcomes["attached"] == attached
    unnamed = "select count(*) from nodes where node_type in ('ClassDef', 'FunctionDef') and scip_symbol is null"
    assert work.query(unnamed) == [(0,)]
