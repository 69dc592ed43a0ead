"""Complexity is radon's, function by function; the other figures are counted another way here."""

import ast
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
from radon.visitors import Class, ComplexityVisitor, Function

from codeintel_enrich.model.metrics import FunctionMetrics
from codeintel_enrich.stages.measure import encode_metrics, measure
from tests.support.packages import copy_package, source_files


def of_radon(source: bytes) -> tuple[int, dict[int, int]]:
    """Complexity of the module, and of every function radon lists by line."""
    visitor = ComplexityVisitor.from_code(source)
    functions = [*visitor.functions, *(function for item in visitor.classes for function in of_class(item))]
    return visitor.complexity, {
        item.lineno: item.complexity for function in functions for item in with_closures(function)
    }


def of_class(item: Class) -> Iterator[Function]:
    yield from item.methods
    for inner in item.inner_classes:
        yield from of_class(inner)


def with_closures(function: Function) -> Iterator[Function]:
    yield function
    for inner in function.closures:
        yield from with_closures(inner)


@pytest.mark.parametrize(("package", "least"), [("rich", 900), ("requests", 250), ("flask", 350)])
def test_complexity_of_every_function_of_real_packages_is_that_of_radon(
    tmp_path: Path, package: str, least: int
) -> None:
    root = copy_package(package, tmp_path)
    compared = 0
    for path in source_files(root):
        source = (root / path).read_bytes()
        metrics = measure(source)
        assert metrics is not None
        module, functions = of_radon(source)
        assert metrics.complexity == module, path
        ours = {item.line: item.complexity for item in metrics.functions}
        assert {line: ours[line] for line in functions} == functions, path
        compared += len(functions)
    assert compared >= least


@pytest.mark.parametrize(
    "body",
    [
        "if a and b or c:\n  pass\nelif d:\n  pass\nelse:\n  pass",
        "for x in y:\n  pass\nelse:\n  pass",
        "while a:\n  pass\nelse:\n  pass",
        "try:\n  pass\nexcept A:\n  pass\nexcept B:\n  pass\nelse:\n  pass\nfinally:\n  pass",
        "try:\n  pass\nexcept* A:\n  pass",
        "assert a and b or c, d if e else g",
        "return [x for y in z if a if b for c in d]",
        "match a:\n  case 1:\n    pass\n  case [b, *_] if b and c:\n    pass\n  case _:\n    pass",
        "match a:\n  case 1:\n    pass\n  case 2:\n    pass",
        "match a:\n  case x:\n    pass",
        "with a as b, c:\n  pass",
        "return lambda x: x and y if z else w",
        "def inner(a=b and c):\n  if a:\n    pass",
        "class C(a and b):\n  x = 1 if a else 2\n  def m(self):\n    return a or b",
        "async def g():\n  async for a in b:\n    pass\n  async with c:\n    return [d async for d in e]",
    ],
)
def test_every_construct_counts_as_in_radon(body: str) -> None:
    inside = "".join(f"    {line}\n" for line in body.split("\n"))
    source = f"{body}\n\ndef f():\n{inside}".replace("return ", "x = ", 1).encode()
    try:
        ast.parse(source)
    except SyntaxError:
        source = f"def f():\n{inside}".encode()
    metrics = measure(source)
    assert metrics is not None
    module, functions = of_radon(source)
    assert metrics.complexity == module
    ours = {item.line: item.complexity for item in metrics.functions}
    assert {line: ours[line] for line in functions} == functions


SOURCE = b"""
def f(a, /, b, *c, d=1, **e):
    x = 1
    if a:
        for b in c:
            with d:
                return x
    elif b:
        pass
    else:
        try:
            y = 2
        except E:
            while a:
                z = 3
    return y

class K:
    class L:
        def m(self):
            def n(): return 1
            class O:
                async def p(self): pass
            return n
"""


def functions() -> dict[str, FunctionMetrics]:
    metrics = measure(SOURCE)
    assert metrics is not None
    return {item.name: item for item in metrics.functions}


def test_names_are_those_that_python_gives() -> None:
    expected = ["f", "K.L.m", "K.L.m.<locals>.n", "K.L.m.<locals>.O.p"]
    assert list(functions()) == expected
    space: dict[str, type] = {}
    exec(SOURCE, space)
    assert space["K"].L.m.__qualname__ == expected[1]  # type: ignore[attr-defined]
    assert space["K"].L().m().__qualname__ == expected[2]  # type: ignore[attr-defined]


def test_nesting_statements_parameters_and_returns() -> None:
    f = functions()["f"]
    assert (f.nesting, f.statements, f.parameters, f.returns) == (3, 12, 5, 2)
    m = functions()["K.L.m"]
    assert (m.nesting, m.statements, m.parameters, m.returns) == (0, 3, 1, 1)


def test_nodes_are_counted_by_kind() -> None:
    metrics = measure(SOURCE)
    assert metrics is not None
    counted: dict[str, int] = {}
    for node in ast.walk(ast.parse(SOURCE)):
        counted[type(node).__name__] = counted.get(type(node).__name__, 0) + 1
    assert metrics.nodes == counted
    assert list(metrics.nodes) == sorted(counted)


def test_what_python_cannot_parse_has_no_metrics() -> None:
    assert measure(b"def (") is None
    assert measure(b"x = '\0'") is None
    assert measure(b"(" * 5_000) is None


def test_a_line_of_json_says_of_which_file() -> None:
    metrics = measure(b"x = 1\n")
    assert metrics is not None
    line = encode_metrics("a/b.py", "a.b", metrics)
    assert line.endswith(b"}\n")
    record = orjson.loads(line)
    assert record["path"] == "a/b.py"
    assert record["module"] == "a.b"
    assert list(record) == sorted(record)
