"""The rules of the house, checked on the code itself: layers, purity of stages, documentation."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import codeintel_enrich

PACKAGE = Path(codeintel_enrich.__file__).parent
CHECKOUT = Path(__file__).parents[2]
TREES = {path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_bytes()) for path in sorted(PACKAGE.rglob("*.py"))}
"""Every module of ours by its path in the package."""

IMPURE = frozenset(
    (
        *("datetime", "glob", "io", "logging", "os", "pathlib", "random", "secrets", "shutil", "socket", "sqlite3"),
        *("subprocess", "tempfile", "threading", "time", "uuid", "multiprocessing", "asyncio", "inspect", "importlib"),
    )
)
"""Libraries that see more of the world than their arguments."""
LOADS_ITSELF = {"stages/outline/grammars.py": {"importlib"}}
"""Grammars and queries are parts of their stage, found by name so that a language is one file."""


def imported(module: ast.Module) -> set[str]:
    """Top-level names of absolutely imported modules; of pathlib, pure paths are nothing but text."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            is_pure = node.module == "pathlib" and all(alias.name.startswith("Pure") for alias in node.names)
            names.update(() if is_pure else (node.module.split(".")[0],))
    return names


def test_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    kept = re.search(r"Contracts: (\d+) kept, 0 broken", done.stdout)
    assert kept is not None
    assert int(kept[1]) >= 5


def test_every_module_opens_with_what_it_is_about() -> None:
    for name, module in TREES.items():
        text = ast.get_docstring(module)
        assert text, name
        assert text.splitlines()[0].endswith((".", ":")), name


def public(
    node: ast.AST, prefix: str = ""
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    """Public functions, classes and their public methods."""
    for item in ast.iter_child_nodes(node):
        if not isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or item.name.startswith("_"):
            continue
        yield prefix + item.name, item
        if isinstance(item, ast.ClassDef):
            yield from public(item, f"{prefix}{item.name}.")


def test_what_is_public_is_documented() -> None:
    mute = [
        f"{path}: {name}"
        for path, module in TREES.items()
        for name, node in public(module)
        if not ast.get_docstring(node)
    ]
    assert mute == []


def test_stages_see_nothing_but_their_arguments() -> None:
    stages = {name: module for name, module in TREES.items() if name.startswith("stages/")}
    assert len(stages) > 20
    for name, module in stages.items():
        assert imported(module) & IMPURE == LOADS_ITSELF.get(name, set()), name
        nodes = list(ast.walk(module))
        called = {node.func.id for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
        assert called & {"open", "print", "input", "exec", "eval", "__import__"} == set(), name
        assert not [node for node in nodes if isinstance(node, ast.Global)], name


def test_nouns_import_nothing_that_acts() -> None:
    for name, module in TREES.items():
        if name.startswith("model/"):
            assert imported(module) & IMPURE == set(), name


def test_no_machines_path_is_in_the_code() -> None:
    machine = re.compile(r"(?<![\w.])/(tmp|home|root|work|Users|usr/local)/")
    for name, module in TREES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not machine.search(node.value), name


def test_the_architecture_page_is_short_and_names_every_part() -> None:
    text = (PACKAGE / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    folders = [path for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()]
    assert len(folders) >= 7
    rooms = [folder for folder in PACKAGE.glob("engine/*") if (folder / "__init__.py").exists()]
    for folder in [folder for folder in folders if folder.name != "engine"] + rooms:
        assert f"`{folder.relative_to(PACKAGE).as_posix()}/`" in text
    for stage in (PACKAGE / "stages").iterdir():
        if not stage.name.startswith("__"):
            assert f"`{stage.stem}`" in text


def test_the_package_says_how_the_pipeline_runs() -> None:
    assert codeintel_enrich.__doc__
    order = [
        codeintel_enrich.__doc__.find(f"\n    {stage} ")
        for stage in ("parse", "link", "qualify", "stitch", "types", "emit", "merge")
    ]
    assert order == sorted(order)
    assert -1 not in order


def test_types_are_shipped() -> None:
    assert (PACKAGE / "py.typed").is_file()


def test_a_run_with_nothing_to_do_loads_neither_parser_nor_store_nor_scheduler() -> None:
    """What starts slowly is loaded only when there is something to do."""
    said = (
        "import sys; from codeintel_enrich.cli import main; import codeintel_enrich.engine.plan.build;"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert (
        loaded & {"libcst", "tree_sitter", "duckdb", "pyarrow", "doit", "google.protobuf", "rich.console", "hypothesis"}
        == set()
    )
