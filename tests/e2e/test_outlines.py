"""Files that are not Python: `outline:PATH` runs for what changed alone, and the rows are a clean build's."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest

from codeintel_enrich.engine.rules.keys import library_version
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.engine.state import outlining
from codeintel_enrich.engine.state.manifest import load_manifest
from codeintel_enrich.stages.outline import grammars
from tests.support.workspace import Workspace, build_at

PYTHON = {"shop/__init__.py": "from .core import LIMIT\n", "shop/core.py": "LIMIT = 3\n"}
TEXTS = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "README.md": "# Shop\n\nAll about it.\n\n## Install\n\n## Use\n",
    "docs/guide.rst": "Guide\n=====\n\nFirst\n-----\n",
    "settings/app.toml": '[server]\nport = 80\n\n[server.tls]\ncert = "x"\n',
    "settings/ci.yaml": "jobs:\n  test:\n    steps: [a, b]\n",
    "data/shop.json": '{"shops": {"berlin": 1, "paris": 2}}\n',
    "db/schema.sql": "CREATE TABLE orders (id int, total int);\n",
    "run.sh": "start() {\n  echo\n}\n",
    "Dockerfile": "FROM python:3.12 AS base\n",
    "web/cart.ts": "export class Cart { add(): void {} }\n",
    "web/cart.js": "function pay() {}\n",
}
LANGUAGES = ("bash", "dockerfile", "javascript", "json", "markdown", "rst", "sql", "toml", "typescript", "yaml")
BY_LANGUAGE = {**dict.fromkeys(LANGUAGES, 1), "toml": 2}
GUIDE, TOML = "README.md", "settings/app.toml"


@pytest.fixture
def shop(tmp_path: Path) -> Workspace:
    return Workspace.built(tmp_path, {**PYTHON, **TEXTS})


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, Summary]:
    """Tests must leave it as it is."""
    workspace = Workspace(tmp_path_factory.mktemp("built"), {**PYTHON, **TEXTS})
    return workspace, workspace.build()


def names(workspace: Workspace, path: str) -> list[str]:
    rows = workspace.query(f"SELECT name FROM outlines WHERE path = '{path}' ORDER BY ordinal")
    return [name for (name,) in rows]


def test_every_language_has_its_files_outlined_and_counted(built: tuple[Workspace, Summary]) -> None:
    shop, summary = built
    assert {task for task in summary.ran if task.startswith("outline:")} == {f"outline:{path}" for path in TEXTS}
    assert summary.outlined == BY_LANGUAGE
    assert "outlines: bash 1, dockerfile 1, javascript 1, json 1, markdown 1, rst 1, sql 1, toml 2" in summary.text()
    assert dict(shop.query("SELECT language, count(*) FROM files GROUP BY ALL")) == BY_LANGUAGE
    assert {path: names(shop, path) for path in TEXTS} == {
        "pyproject.toml": ["project", "name", "version"],
        "README.md": ["Shop", "Install", "Use"],
        "docs/guide.rst": ["Guide", "First"],
        "settings/app.toml": ["server", "port", "server.tls", "cert"],
        "settings/ci.yaml": ["jobs", "test", "steps"],
        "data/shop.json": ["shops", "berlin", "paris"],
        "db/schema.sql": ["orders", "id", "total"],
        "run.sh": ["start"],
        "Dockerfile": ["base"],
        "web/cart.ts": ["Cart", "add"],
        "web/cart.js": ["pay"],
    }


def test_nothing_runs_when_nothing_changed_and_the_grammars_are_not_loaded(
    built: tuple[Workspace, Summary],
) -> None:
    shop, _ = built
    assert shop.ran() == set()
    said = (
        "import sys; from codeintel_enrich.cli import main\n"
        "sys.argv[1:] = ['build', '--no-index', '--no-types', '--json']\n"
        "try: main()\n"
        "finally: print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", said], cwd=shop.root, capture_output=True, text=True, check=True)
    *summary, modules = done.stdout.splitlines()
    assert json.loads("\n".join(summary))["ran"] == []
    assert set(modules.split()) & {"tree_sitter", "tree_sitter_toml", "libcst", "duckdb", "doit"} == set()


def test_an_edit_runs_the_files_own_task_and_its_revert_the_merge_only(shop: Workspace) -> None:
    before = shop.read(TOML)
    shop.append(GUIDE, "\n## More\n")
    shop.replace(TOML, "port", "address")
    assert shop.ran() == {f"outline:{GUIDE}", f"outline:{TOML}", "merge"}
    assert names(shop, GUIDE)[-1] == "More"
    shop.assert_equals_clean()
    shop.write(TOML, before)
    assert shop.ran() == {"merge"}
    shop.write(TOML, before)
    assert shop.ran() == set()
    shop.assert_equals_clean()


def test_a_file_comes_moves_and_goes(shop: Workspace) -> None:
    shop.write("new.toml", "[a]\n")
    assert shop.ran() == {"outline:new.toml", "merge"}
    shop.move("new.toml", "deep/er.toml")
    assert shop.ran() == {"outline:deep/er.toml", "merge"}
    assert (names(shop, "new.toml"), names(shop, "deep/er.toml")) == ([], ["a"])
    shop.assert_equals_clean()
    shop.delete("deep/er.toml")
    assert shop.ran() == {"merge"}
    assert shop.query("SELECT * FROM files WHERE path = 'deep/er.toml'") == []
    shop.assert_equals_clean()


def test_a_file_of_another_language_after_a_rename_is_read_as_that(shop: Workspace) -> None:
    shop.move("data/shop.json", "data/shop.yaml")
    assert shop.ran() == {"outline:data/shop.yaml", "merge"}
    assert shop.query("SELECT language FROM files WHERE path LIKE 'data/%'") == [("yaml",)]
    shop.move("data/shop.yaml", "data/shop.txt")
    assert shop.ran() == {"merge"}
    shop.assert_equals_clean()


def test_text_that_becomes_python_and_back_changes_sides(shop: Workspace) -> None:
    shop.move(GUIDE, "readme.py")
    assert {"parse:readme.py", "emit:readme.py", "link", "merge"} <= shop.ran()
    shop.assert_equals_clean()
    shop.move("readme.py", GUIDE)
    shop.build()
    shop.assert_equals_clean()


def test_an_edit_of_python_runs_no_outline_and_the_other_way_round(shop: Workspace) -> None:
    shop.append("shop/core.py", "# more\n")
    shop.append(GUIDE, "# more\n")
    ran = shop.ran()
    assert {name for name in ran if name.startswith("outline")} == {f"outline:{GUIDE}"}
    assert {name for name in ran if GUIDE in name} == {f"outline:{GUIDE}"}


def test_what_is_made_of_modules_knows_nothing_of_other_files(built: tuple[Workspace, Summary]) -> None:
    shop, summary = built
    published = shop.outputs()
    lists = ("modules/modules.jsonl", "repo_map.json", "tags/tags_index.yaml", "cst/cst.jsonl")
    for path in TEXTS:
        assert not any(path.encode() in published[name] for name in lists), path
        assert f"modules/{path}.md" not in published
        assert shop.query(f"SELECT * FROM modules WHERE path = '{path}'") == []
    assert summary.files == len(PYTHON)


def test_parquet_has_the_rows_of_the_store(built: tuple[Workspace, Summary]) -> None:
    shop, _ = built
    for table in ("files", "outlines"):
        where = shop.root / "cache" / "enriched" / "parquet" / table / "*" / "*.parquet"
        columns = [column for column, *_ in shop.query(f"DESCRIBE {table}")]
        listed = ", ".join(columns)
        in_files = duckdb.sql(f"SELECT {listed} FROM read_parquet('{where}') ORDER BY ALL")
        assert in_files is not None
        assert in_files.fetchall() == shop.query(f"SELECT {listed} FROM {table} ORDER BY ALL")


def test_an_edit_rewrites_the_parquet_of_its_kind_only(shop: Workspace) -> None:
    before = shop.outputs()
    shop.append(GUIDE, "# more\n")
    shop.build()
    after = shop.outputs()
    assert {name for name in after if before.get(name) != after[name]} == {
        f"parquet/{table}/package=./other-0.parquet" for table in ("files", "outlines")
    }


def test_ignored_and_excluded_files_are_not_outlined(shop: Workspace) -> None:
    shop.write(".gitignore", "docs/\n")
    shop.append("pyproject.toml", '[tool.codeintel-enrich]\nexclude = ["*.json"]\n')
    # What is ignored may be made by a build: `link` has to know.
    assert shop.ran() == {"outline:pyproject.toml", "link", "merge"}
    assert shop.query("SELECT path FROM files WHERE path LIKE 'd%/%' ORDER BY path") == [("db/schema.sql",)]
    shop.assert_equals_clean()


BROKEN: dict[str, tuple[bytes, Any]] = {
    "cut.json": (b'{"one": 1, "two": {"three": 3}, "four": [1, 2', True),
    "bad.toml": (b"[server\nport = \n[ok]\n", True),
    "bytes.yaml": (b"a: \xff\xfe\nb: 2\n", None),
    "null.md": (b"# A\x00B\n\n## C\n", None),
    "empty.json": (b"", False),
    "deep.yaml": (b"".join(b" " * i + b"k:\n" for i in range(900)), None),
    "flow.yaml": (b"[" * 5_000, True),
    "deep.json": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, None),
    "open.sql": (b"CREATE TABLE a (id int, ((((((((", True),
    "quote.sh": (b"f() {\n echo 'open\n", True),
}


def test_broken_and_hostile_files_have_a_row_and_stop_nothing(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, {**PYTHON, **{path: text for path, (text, _) in BROKEN.items()}})
    summary = workspace.build()
    assert summary.exit_code == 0
    rows = dict(workspace.query("SELECT path, has_errors FROM files"))
    assert rows.keys() == BROKEN.keys()
    told = {path: errors for path, (_, errors) in BROKEN.items() if errors is not None}
    assert {path: rows[path] for path in told} == told
    ((path, error),) = workspace.query("SELECT path, error FROM files WHERE error IS NOT NULL")
    assert (path, error.partition(" (")[0]) == ("deep.yaml", "crashes the parser")
    assert names(workspace, "cut.json") == ["one", "two", "three", "four"]
    assert workspace.ran() == set()
    workspace.assert_equals_clean()


def test_a_grammar_that_kills_every_worker_says_nothing_about_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = tmp_path / "listener"
    listener.mkdir()
    (listener / "sitecustomize.py").write_text(
        "import os, sys\n"
        "def dies(event, arguments):\n"
        "    if event == 'import' and arguments[0].startswith('tree_sitter_sql'): os._exit(11)\n"
        "if any(word.endswith('worker') for word in sys.orig_argv): sys.addaudithook(dies)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(listener), prepend=":")
    workspace = Workspace(tmp_path, {**PYTHON, **TEXTS})
    summary = build_at(workspace.root, workspace.options)
    assert summary.exit_code == 3
    assert [error.partition(": ")[0] for error in summary.errors] == ["outline:db/schema.sql"]
    monkeypatch.delenv("PYTHONPATH")
    workspace.build()
    assert workspace.query("SELECT count(*) FROM files WHERE error IS NULL") == [(len(TEXTS),)]
    assert workspace.ran() == set()


def test_without_its_grammar_a_file_is_left_out_with_the_remedy_until_it_is_installed(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as without:
        without.setattr(
            f"{grammars.__name__}.find_spec", lambda name: None if name == "tree_sitter_toml" else find_spec(name)
        )
        summary = shop.build()
        assert set(summary.ran) == {"merge"}
        assert summary.exit_code == 0
        remedy = "the grammar is not installed: pip install 'codeintel-enrich[outlines]'"
        assert {path: why for path, why in summary.left_out.items() if path.endswith(".toml")} == {
            TOML: remedy,
            "pyproject.toml": remedy,
        }
        assert f"left out: pyproject.toml, {TOML}: {remedy}" in summary.text()
        assert shop.query("SELECT * FROM files WHERE language = 'toml'") == []
        assert shop.ran() == set()
        shop.assert_equals_clean()
    assert shop.ran() == {"merge"}
    assert names(shop, TOML) == ["server", "port", "server.tls", "cert"]
    shop.assert_equals_clean()


def test_another_version_of_a_grammar_redoes_its_language_and_no_other(
    shop: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        f"{outlining.__name__}.library_version", lambda name: library_version(name) + "!" * name.endswith("toml")
    )
    assert shop.ran() == {f"outline:{TOML}", "outline:pyproject.toml"}
    assert shop.ran() == set()


def test_a_file_larger_than_the_limit_is_not_even_opened(shop: Workspace) -> None:
    large = b"[%s1]\n" % (b"1, " * (outlining.MOST_BYTES // 3))
    shop.write("data/large.json", large)
    summary = shop.build()
    assert summary.left_out["data/large.json"] == f"larger than {outlining.MOST_BYTES} bytes: no outline"
    assert summary.ran == ()
    assert "large" not in str(load_manifest(shop.root / "cache" / "manifest.msgpack")[0].outlined)
    shop.write("data/large.json", "{}")
    assert shop.ran() == {"outline:data/large.json", "merge"}
    summary = shop.build(overrides={"max-file-bytes": 3})
    assert summary.outlined == {"json": 1}


def test_lost_or_damaged_rows_are_made_again(shop: Workspace) -> None:
    before = shop.dump()
    (shop.root / "cache" / "codeintel.duckdb").unlink()
    (shop.root / "cache" / "artifacts.sqlite").unlink()
    summary = shop.build()
    assert {f"outline:{path}" for path in TEXTS} <= set(summary.ran)
    assert shop.dump() == before


def test_python_that_does_not_parse_has_its_definitions_in_outlines(shop: Workspace) -> None:
    shop.write("shop/broken.py", "class A:\n    def f(self):\n        return (1\n\n\ndef g():\n    pass\n")
    summary = shop.build()
    assert list(summary.broken) == ["shop/broken.py"]
    assert names(shop, "shop/broken.py") == ["A", "f", "g"]
    assert shop.query("SELECT * FROM files WHERE path LIKE '%.py'") == []
    shop.assert_equals_clean()
    shop.write("shop/broken.py", "class A:\n    pass\n")
    shop.build()
    assert names(shop, "shop/broken.py") == []
