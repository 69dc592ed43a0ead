"""What keeps the code readable, checked on the code: short functions, few branches, one name for one class."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from radon.visitors import Class, ComplexityVisitor, Function

import codeintel_enrich

PACKAGE = Path(codeintel_enrich.__file__).parent
CHECKOUT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(PACKAGE).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
    # Written by protoc.
    if path.name != "scip_pb2.py"
}
TREES = {name: ast.parse(text) for name, text in SOURCES.items()}

LONGEST = 60
"""Lines of a function, its signature and docstring included."""
MOST_BRANCHES = 20
"""Cyclomatic complexity as radon counts it; above 20 it calls a function too complex."""

TABLES_OF_CASES = {"cli/build.py: build": "the options of one command, one a line"}
"""`file: function` -> why it is better read as one table than in parts."""


def functions(blocks: list[Function | Class]) -> Iterator[Function]:
    """Every function, method and closure with its complexity."""
    for block in blocks:
        if isinstance(block, Class):
            yield from functions([*block.methods, *block.inner_classes])
        else:
            yield block
            yield from functions(block.closures)


def test_no_function_is_too_long_to_be_seen_at_once() -> None:
    lengths = {
        f"{name}: {node.name}": node.end_lineno - node.lineno + 1
        for name, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
    }
    assert len(lengths) > 1000
    long = {name: length for name, length in lengths.items() if length > LONGEST and name not in TABLES_OF_CASES}
    assert long == {}, f"longer than {LONGEST} lines"


def test_no_function_has_too_many_branches() -> None:
    complexities = {
        f"{name}: {function.name}": function.complexity
        for name, text in SOURCES.items()
        for function in functions(ComplexityVisitor.from_code(text).blocks)
    }
    assert len(complexities) > 1000
    above = {
        name: found for name, found in complexities.items() if found > MOST_BRANCHES and name not in TABLES_OF_CASES
    }
    assert above == {}, f"more complex than {MOST_BRANCHES}"


def test_a_class_name_means_one_class() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert len(places) > 200
    shared = {name: where for name, where in places.items() if len(where) > 1}
    assert shared == {}


def test_a_docstring_says_what_a_module_is_rather_than_what_it_owns() -> None:
    owning = [name for name, tree in TREES.items() if (ast.get_docstring(tree) or "").startswith("Owns")]
    assert owning == []


def test_nothing_points_at_texts_that_are_not_here() -> None:
    """A reader who has this checkout alone can follow every pointer."""
    elsewhere = re.compile(r"\b(SPEC|FAULTS|DESIGN)\b|\binvariants? I\d|^\"\"\"O\d", re.MULTILINE)
    texts = [CHECKOUT / name for name in ("README.md", "dodo.py", "pyproject.toml")]
    for folder, suffixes in ((PACKAGE, ("*.py", "*.md", "*.scm")), (CHECKOUT / "tests", ("*.py",))):
        texts += [path for suffix in suffixes for path in sorted(folder.rglob(suffix))]
    texts += sorted((CHECKOUT / ".github").rglob("*.md"))
    pointers = [
        f"{path.relative_to(CHECKOUT).as_posix()}: {match[0]}"
        for path in texts
        if path != Path(__file__)
        for match in elsewhere.finditer(path.read_text(encoding="utf-8"))
    ]
    assert pointers == []
