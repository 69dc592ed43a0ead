"""How much is annotated and typed, asked in SQL of a store that a build with the real pyrefly has filled."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.workspace import Workspace

FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\n',
    "shop/__init__.py": "",
    "shop/core.py": (
        "import functools\nfrom typing import Any\n\n\nclass Base:\n    limit: int = 3\n\n"
        "    @functools.cache\n    # why\n    def key(self, a: int, b, c: Any) -> str:\n        return a + 'x'\n\n\n"
        "def bare(x, y): return x\n"
    ),
    "shop/inner/__init__.py": "def full(x: int) -> int: return x\n",
    "script.py": "def loose(x): pass\n",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("typedness"), FILES, types=True)
    workspace.build()
    return workspace


def ask(workspace: Workspace, query: str) -> list[Any]:
    with duckdb.connect(str(workspace.root / "cache" / "codeintel.duckdb"), read_only=True) as store:
        return store.execute(query).fetchall()


def test_functions_classes_and_modules_have_ratios_of_what_they_hold(workspace: Workspace) -> None:
    rows = ask(
        workspace,
        "select local_name, n_typable, n_typed, annotation_ratio from nodes"
        " where path = 'shop/core.py' and n_typable is not null order by start_byte",
    )
    assert rows == [("", 7, 3, 3 / 7), ("Base", 4, 3, 0.75), ("Base.key", 4, 3, 0.75), ("bare", 3, 0, 0)]


def test_packages_have_the_ratio_of_their_modules(workspace: Workspace) -> None:
    rows = ask(workspace, "select package, n_modules, n_typable, n_typed, annotation_ratio from packages order by 1")
    assert rows == [("", 1, 2, 0, 0), ("shop", 2, 7, 3, 3 / 7), ("shop.inner", 1, 2, 2, 1)]


def test_what_the_checker_counts_stands_beside_it_on_the_same_node(workspace: Workspace) -> None:
    rows = ask(
        workspace,
        "select c.name, kind, c.n_typable, c.n_typed, n_any, n_untyped, n.local_name, n.n_typed from type_coverage c"
        " join nodes n using (path, node_id) where path = 'shop/core.py' and kind = 'function' order by c.name",
    )
    assert rows == [("Base.key", "function", 4, 2, 1, 1, "Base.key", 3), ("bare", "function", 3, 0, 0, 3, "bare", 0)]


def test_untyped_hotspots_are_one_query(workspace: Workspace) -> None:
    rows = ask(
        workspace,
        "select n.local_name, n.annotation_ratio, count(*) from diagnostics d join nodes n using (path, node_id)"
        " where d.severity = 'error' group by all order by 3 desc, 2",
    )
    assert rows == [("Base.key", 0.75, 2)]


def test_one_edit_redoes_the_types_of_the_files_whose_facts_changed(workspace: Workspace) -> None:
    workspace.append("script.py", "def more(x: int): pass\n")
    assert {task for task in workspace.ran() if task.startswith("types:")} == {"types:script.py"}
    workspace.assert_equals_clean()


@pytest.mark.slow
def test_with_both_checkers_only_files_whose_facts_changed_redo_their_types(tmp_path: Path) -> None:
    files = {
        "core.py": "def size(x: int) -> int:\n    return x\n",
        "user.py": "from core import size\n\nsize(1)\n",
        "apart.py": "y: int = ''\n",
    }
    both = {"check": {"tools": ["pyrefly", "pyright"]}}
    workspace = Workspace(tmp_path, files, types=True, overrides=both)
    workspace.build()
    assert ask(workspace, "select distinct path, tool from diagnostics order by tool") == [
        ("apart.py", "pyrefly"),
        ("apart.py", "pyright"),
    ]
    workspace.replace("core.py", "x: int) -> int", "x: str) -> str")
    ran = workspace.ran()
    assert {"check:pyrefly", "check:pyright"} <= ran
    assert {task for task in ran if task.startswith("types:")} == {"types:core.py", "types:user.py"}
    assert ask(workspace, "select distinct tool, line from diagnostics where path = 'user.py' order by tool") == [
        ("pyrefly", 3),
        ("pyright", 3),
    ]
    workspace.assert_equals_clean()
