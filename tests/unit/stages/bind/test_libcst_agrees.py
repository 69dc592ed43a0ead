"""LibCST's QualifiedNameProvider and ScopeProvider are the oracle for names and scopes inside a file."""

import pytest

from tests.bench.oracle import UNEXPLAINED, Compared, Provider, compare
from tests.support.packages import package_folder

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("package", "step"), [("requests", 1), ("flask", 3), ("rich", 10), ("networkx", 30)])
def test_every_disagreement_with_libcst_is_explained(package: str, step: int) -> None:
    # Not every file: the oracle is slow.
    files = sorted(package_folder(package).rglob("*.py"))[::step]
    found = {path.name: list(compare(path.read_bytes())) for path in files}
    assert {name: each for name, some in found.items() if (each := [c for c in some if c.cause == UNEXPLAINED])} == {}
    for provider in ("names", "scopes"):
        causes = [each.cause for some in found.values() for each in some if each.provider == provider]
        assert len(causes) > 1_000
        assert causes.count(None) >= 0.995 * len(causes)


@pytest.mark.parametrize(
    ("source", "name", "provider", "cause"),
    [
        ("print(__name__)\n", "__name__", "names", "a module's own name"),
        ("try:\n    from a import f\nexcept ImportError:\n    def f(): ...\n", "f", "names", "every binding"),
        ("def f(x):\n    if x:\n        from a import b as x\n    return x\n", "x", "names", "several bindings"),
        ("def f(a):\n    return [d for c in a if (d := c)]\n", "d", "names", "walrus"),
        ("def f(a):\n    return [d for c in a if (d := c)]\n", "d", "scopes", "walrus"),
        ("def f(a):\n    return [d for c in a for d in c for e in d]\n", "d", "scopes", "inner clauses"),
        ("from __future__ import annotations\ndef f(x: C): ...\nclass C: ...\n", "C", "scopes", "bound further down"),
    ],
)
def test_causes_are_told_apart(source: str, name: str, provider: Provider, cause: str) -> None:
    found = [each for each in compare(source.encode()) if (each.name, each.provider) == (name, provider)]
    assert cause in {each.cause for each in found}
    assert UNEXPLAINED not in {each.cause for each in found}


def test_what_both_say_is_compared() -> None:
    found = set(compare(b"import os\ndef f(x):\n    return [os.sep for x in x]\n"))
    assert Compared("names", 3, "sep", frozenset({"os.sep"}), frozenset({"os.sep"}), None) in found
    comprehension = frozenset({"module/function f"})
    assert Compared("scopes", 3, "x", comprehension, comprehension, None) in found
