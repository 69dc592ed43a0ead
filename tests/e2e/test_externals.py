"""External facts are inputs: which tasks run when they change, and what becomes of a tool that fails or is missing."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from codeintel_enrich.errors import UsageError
from codeintel_enrich.formats import scip_pb2
from tests.support.packages import make_scip, pyrefly_report
from tests.support.projects import SHOP
from tests.support.tools import Toolbox
from tests.support.workspace import Workspace, build_at

SOURCES = tuple(path for path in SHOP if path.endswith(".py"))


@pytest.fixture(scope="module")
def shop_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real index of the shop."""
    workspace = Workspace(tmp_path_factory.mktemp("index"), SHOP)
    return make_scip(workspace.root, workspace.folder / "index.scip")


def edited(index: Path, to: Path, edit: Callable[[Any], None]) -> Path:
    """The index with a change made to its protobuf message."""
    message = scip_pb2.Index()
    message.ParseFromString(index.read_bytes())
    edit(message)
    to.write_bytes(message.SerializeToString(deterministic=True))
    return to


def document(message: Any, path: str) -> Any:
    (found,) = [item for item in message.documents if item.relative_path == path]
    return found


def symbols_of(workspace: Workspace, path: str) -> set[str]:
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select scip_symbol from nodes where path = ? and scip_symbol is not null", [path])
        return {row[0] for row in rows.fetchall()}


# --- facts that change ------------------------------------------------------------------------------------------------


def test_an_index_with_one_other_document_redoes_that_file_and_those_that_name_what_it_defined(
    tmp_path: Path, shop_index: Path
) -> None:
    given = edited(shop_index, tmp_path / "given.scip", lambda message: None)
    workspace = Workspace(tmp_path, SHOP, scip=given)
    workspace.build()
    before = symbols_of(workspace, "shop/core.py")

    def forget_helper(message: Any) -> None:
        kept = [item for item in document(message, "shop/core.py").occurrences if "helper" not in item.symbol]
        del document(message, "shop/core.py").occurrences[:]
        document(message, "shop/core.py").occurrences.extend(kept)

    edited(shop_index, given, forget_helper)
    # Of two more it names what is defined nowhere now; what one of them means by it follows from its imports anyway.
    stitched = {f"stitch:shop/{name}.py" for name in ("core", "api", "chained")}
    assert workspace.ran() == {"index", *stitched, "emit:shop/core.py", "emit:shop/api.py", "merge"}
    assert (
        {symbol for symbol in before if "helper" in symbol} == before - symbols_of(workspace, "shop/core.py") != set()
    )
    workspace.assert_equals_clean()
    assert workspace.ran() == set()

    edited(shop_index, given, lambda message: None)
    assert workspace.ran() == {"merge"}
    assert symbols_of(workspace, "shop/core.py") == before


def test_an_index_in_another_order_from_another_machine_redoes_nothing(tmp_path: Path, shop_index: Path) -> None:
    given = edited(shop_index, tmp_path / "given.scip", lambda message: None)
    workspace = Workspace(tmp_path, SHOP, scip=given)
    workspace.build()
    dump = workspace.dump()

    def turn(message: Any) -> None:
        documents = list(message.documents)[::-1]
        del message.documents[:]
        message.documents.extend(documents)
        message.metadata.project_root = "file:///somewhere/else"

    edited(shop_index, given, turn)
    assert workspace.ran() == {"index"}
    assert workspace.dump() == dump


def test_a_report_with_one_files_facts_changed_redoes_one_types(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {**SHOP, "shop/wrong.py": "a: int = 'no'\n", "shop/bad.py": "b: str = 1\n"})
    report = tmp_path / "pyrefly.json"
    report.write_bytes(pyrefly_report(workspace.root))
    workspace.options["reports"] = {"pyrefly": report}
    workspace.build()

    facts = json.loads(report.read_bytes())
    (wrong,) = [error for error in facts["errors"] if error["path"] == "shop/wrong.py"]
    wrong["concise_description"] = "something else is wrong"
    report.write_text(json.dumps(facts))
    assert workspace.ran() == {"check:pyrefly", "types:shop/wrong.py", "emit:shop/wrong.py", "merge"}
    workspace.assert_equals_clean()

    # Its findings in another order, made by another version at another time: the same facts.
    facts["errors"].reverse()
    facts["made"] = "just now"
    report.write_text(json.dumps(facts))
    assert workspace.ran() == {"check:pyrefly"}


def test_a_checker_runs_when_a_file_changed_and_redoes_types_where_facts_did(tmp_path: Path, tools: Toolbox) -> None:
    tools.put_real("pyrefly")
    workspace = Workspace(tmp_path, SHOP, types=True)
    workspace.build()
    # Once for findings, once for how much is typed.
    assert tools.calls() == 2
    assert workspace.ran() == set()
    assert tools.calls() == 2
    workspace.replace("shop/core.py", "return value + LIMIT", "return str(value + LIMIT)")
    five = {f"{stage}:shop/core.py" for stage in ("parse", "qualify", "stitch", "types", "emit")}
    # `str` is a new reference, so link runs; it tells nobody anything new.
    assert workspace.ran() - {"link"} == five | {"check:pyrefly", "merge"}
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        rows = store.execute("select path, rule from diagnostics where tool = 'pyrefly'").fetchall()
    assert ("shop/core.py", "bad-return") in rows
    workspace.assert_equals_clean()


# --- refresh policies -------------------------------------------------------------------------------------------------


def refresh(policy: str) -> dict[str, Any]:
    return {"overrides": {"index": {"refresh": policy}}}


def test_a_missing_index_is_made_once_and_the_summary_says_how_far_it_is_behind(tmp_path: Path, tools: Toolbox) -> None:
    tools.put_real("ty-scip")
    workspace = Workspace(tmp_path, SHOP, index=True)
    assert "index" in workspace.ran()
    assert tools.calls() == 1
    workspace.replace("shop/core.py", "return value + LIMIT", "return LIMIT + value")
    summary = workspace.build()
    assert "index" not in summary.ran
    assert summary.index_behind == 1
    assert "1 file" in summary.text()
    assert "--refresh-index" in summary.text()
    workspace.write("shop/added.py", "x = 1\n")
    assert workspace.build().index_behind == 2
    assert tools.calls() == 1

    refreshed = workspace.build(refresh_index=True)
    assert "index" in refreshed.ran
    assert refreshed.index_behind == 0
    assert tools.calls() == 2
    workspace.assert_equals_clean()
    assert workspace.ran() == set()


def test_an_index_that_is_always_refreshed_is_made_when_a_file_changed_and_only_then(
    tmp_path: Path, tools: Toolbox
) -> None:
    tools.put_real("ty-scip")
    workspace = Workspace(tmp_path, SHOP, index=True, **refresh("always"))
    workspace.build()
    assert workspace.ran() == set()
    assert tools.calls() == 1
    workspace.append("shop/lonely.py", "\n\ndef more():\n    return 1\n")
    summary = workspace.build()
    assert {"index", "stitch:shop/lonely.py"} <= set(summary.ran)
    assert not any(name.startswith("stitch:") for name in set(summary.ran) - {"stitch:shop/lonely.py"})
    assert summary.index_behind == 0
    assert any("more" in symbol for symbol in symbols_of(workspace, "shop/lonely.py"))
    workspace.assert_equals_clean()
    assert workspace.ran() == set()


def test_an_index_that_is_never_made_is_done_without(tmp_path: Path, tools: Toolbox) -> None:
    tools.put_real("ty-scip")
    workspace = Workspace(tmp_path, SHOP, index=True, **refresh("never"))
    workspace.build()
    assert tools.calls() == 0
    assert not any(symbols_of(workspace, path) for path in SOURCES)
    assert workspace.ran() == set()


def test_switching_the_index_off_and_on_runs_no_indexer_again(tmp_path: Path, tools: Toolbox) -> None:
    tools.put_real("ty-scip")
    workspace = Workspace(tmp_path, SHOP, index=True)
    workspace.build()
    dump = workspace.dump()
    off = workspace.ran(index=False)
    assert {name.split(":")[0] for name in off} <= {"stitch", "emit", "merge"}
    assert not any(symbols_of(workspace, path) for path in SOURCES)
    assert workspace.ran() == {"merge"}
    assert workspace.dump() == dump
    assert tools.calls() == 1


# --- tools that fail --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    ['echo "it broke" >&2; exit 1', "exit 0", ': > "$output"', 'printf "\\022\\200\\200" > "$output"', "kill -9 $$"],
    ids=["exit code", "no output", "empty index", "truncated index", "killed"],
)
def test_a_failing_indexer_is_a_warning_and_is_due_again(tmp_path: Path, tools: Toolbox, body: str) -> None:
    tools.put("ty-scip", body)
    workspace = Workspace(tmp_path, SHOP, index=True)
    summary = workspace.build()
    assert any("SCIP index" in warning and "ty-scip" in warning for warning in summary.warnings), summary.warnings
    assert summary.rows["modules"] == len(SOURCES)
    called = tools.calls()
    assert workspace.build().warnings
    assert tools.calls() > called
    # Once it works, the store is as if it had never failed.
    tools.put_real("ty-scip")
    assert workspace.build().warnings == ()
    assert symbols_of(workspace, "shop/core.py")
    workspace.assert_equals_clean()
    assert workspace.ran() == set()


def test_a_refresh_that_fails_leaves_the_index_there_was(tmp_path: Path, tools: Toolbox) -> None:
    tools.put_real("ty-scip")
    workspace = Workspace(tmp_path, SHOP, index=True)
    workspace.build()
    symbols = symbols_of(workspace, "shop/core.py")
    tools.put("ty-scip", "exit 1")
    assert workspace.build(refresh_index=True).warnings
    assert symbols_of(workspace, "shop/core.py") == symbols


def test_an_indexer_that_hangs_is_stopped(tmp_path: Path, tools: Toolbox) -> None:
    tools.put("ty-scip", "sleep 60 & wait")
    overrides = {"index": {"timeout-seconds": 1}}
    summary = Workspace(tmp_path, SHOP, index=True, overrides=overrides).build()
    assert any("was stopped after" in warning for warning in summary.warnings), summary.warnings


@pytest.mark.parametrize(
    "body", ["echo nonsense", "exit 0", "exit 101", "kill -9 $$"], ids=["no JSON", "no output", "panic", "killed"]
)
def test_a_failing_checker_is_a_warning_and_is_due_again(tmp_path: Path, tools: Toolbox, body: str) -> None:
    tools.put("pyrefly", body)
    workspace = Workspace(tmp_path, {**SHOP, "shop/wrong.py": "a: int = 'no'\n"}, types=True)
    summary = workspace.build()
    assert any("pyrefly" in warning for warning in summary.warnings), summary.warnings
    assert summary.rows["modules"] == len(SOURCES) + 1
    called = tools.calls()
    assert workspace.build().warnings
    assert tools.calls() > called
    tools.put_real("pyrefly")
    summary = workspace.build()
    assert {"check:pyrefly", "types:shop/wrong.py"} <= set(summary.ran)
    assert summary.warnings == ()
    assert workspace.ran() == set()


def test_missing_tools_are_left_out_with_a_hint_and_the_build_settles(tmp_path: Path, tools: Toolbox) -> None:
    workspace = Workspace(tmp_path, SHOP, index=True, types=True)
    summary = workspace.build()
    assert "codeintel-enrich[scip]" in summary.left_out["SCIP index"]
    assert "codeintel-enrich[types]" in summary.left_out["pyrefly report"]
    assert "ty-scip is not installed" in summary.text()
    assert workspace.ran() == set()
    # Installing one is noticed.
    tools.put_real("ty-scip")
    assert "index" in workspace.ran()
    assert symbols_of(workspace, "shop/core.py")
    assert workspace.ran() == set()


# --- files handed in --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda data: b"", "empty"),
        (lambda data: data[: len(data) // 2], "cut short|truncated|ends"),
        (lambda data: b"#!/bin/sh\necho not an index\n", "SCIP index"),
    ],
    ids=["empty", "truncated", "no index"],
)
def test_an_index_that_is_none_is_refused_with_a_reason(
    tmp_path: Path, shop_index: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    given = tmp_path / "given.scip"
    given.write_bytes(spoil(shop_index.read_bytes()))
    workspace = Workspace(tmp_path, SHOP)
    summary = build_at(workspace.root, {**workspace.options, "scip": given})
    (message,) = summary.errors
    assert str(given) in message
    assert re.search(says, message)
    assert summary.exit_code == 2


def test_an_index_that_was_refused_is_refused_again_also_when_nothing_else_is_due(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, SHOP)
    workspace.build()
    given = tmp_path / "given.scip"
    given.write_bytes(b"")
    for _ in range(2):
        assert build_at(workspace.root, {**workspace.options, "scip": given}).exit_code == 2
    assert workspace.ran() == set()


def test_an_index_of_another_tree_is_told_apart(tmp_path: Path, shop_index: Path) -> None:
    workspace = Workspace(tmp_path, {"other/mod.py": "x = 1\n"}, scip=shop_index)
    summary = build_at(workspace.root, workspace.options)
    (message,) = summary.errors
    assert str(shop_index) in message
    assert "another tree" in message
    assert summary.exit_code == 2


def test_documents_outside_the_root_are_left_out_with_a_reason(tmp_path: Path, shop_index: Path) -> None:
    def escape(message: Any) -> None:
        document(message, "shop/left.py").relative_path = "../left.py"
        document(message, "shop/right.py").relative_path = "/etc/right.py"

    given = edited(shop_index, tmp_path / "given.scip", escape)
    summary = Workspace(tmp_path, SHOP, scip=given).build()
    assert {"index: ../left.py", "index: /etc/right.py"} <= summary.left_out.keys()


@pytest.mark.parametrize("text", ["", "{", '{"errors": 3}', "[]"])
def test_a_report_that_is_none_is_refused_with_a_reason(tmp_path: Path, text: str) -> None:
    report = tmp_path / "report.json"
    report.write_text(text)
    workspace = Workspace(tmp_path, SHOP)
    summary = build_at(workspace.root, {**workspace.options, "reports": {"pyrefly": report}})
    (message,) = summary.errors
    assert str(report) in message
    assert summary.exit_code == 2


def test_a_report_of_another_tree_is_refused(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    place = {"line": 1, "column": 1, "stop_line": 1, "stop_column": 2, "code": -2, "severity": "error"}
    error = {**place, "path": "elsewhere/x.py", "name": "bad", "description": "d", "concise_description": "d"}
    report.write_text(json.dumps({"errors": [error]}))
    workspace = Workspace(tmp_path, SHOP)
    (message,) = build_at(workspace.root, {**workspace.options, "reports": {"pyrefly": report}}).errors
    assert "another tree" in message


@pytest.mark.parametrize("options", [{"scip": Path("nowhere.scip")}, {"reports": {"pyrefly": Path("nowhere.json")}}])
def test_a_file_that_is_not_there_is_wrong_use(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        Workspace(tmp_path, SHOP).build(**options)
