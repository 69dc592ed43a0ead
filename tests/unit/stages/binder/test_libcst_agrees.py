"""LibCST's QualifiedNameProvider is the oracle for what a name or a chain of attributes means inside its file.

The differences that are left are LibCST's, and are undone before the comparison:

- it calls every comprehension `<comprehension>`, without Python's `<locals>`, and gives lambdas no name;
- it takes a module's own `__name__`, `__file__`, ... for builtins;
- it gives a definition or write every meaning that the name has anywhere in its scope;
- it spells out every chain that starts at a local name, known or not: only chains that start at an import are compared;
- it takes an attribute of what a call returns for one of the called thing: they are left out;
- it gives a function's name all its meanings where branches import or assign it; one import stands for all with us;
- it has no flow: a class body that reads a name before binding it gets the class's own name.
"""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import libcst as cst
import pytest
from libcst.metadata import MetadataWrapper, QualifiedNameProvider, QualifiedNameSource

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.stages.parse.binder import Bound, bind
from codeintel_enrich.stages.parse.decode import decode
from codeintel_enrich.stages.parse.tree import Tree, build_tree


def names_by_libcst(tree: Tree) -> dict[int, set[str]]:
    """By the offset of the (last) identifier; of chains only those that start at an import."""
    found: dict[int, set[str]] = {}
    for node, lazy in MetadataWrapper(tree.module, unsafe_skip_copy=True).resolve(QualifiedNameProvider).items():
        token = node.attr if isinstance(node, cst.Attribute) else node
        if isinstance(token, cst.Name):
            names = lazy() if callable(lazy) else lazy
            found.setdefault(tree.spans[token][0], set()).update(
                name.name for name in names if node is token or name.source is QualifiedNameSource.IMPORT
            )
    return found


def through_imports(bound: Bound, demand: str) -> set[str]:
    """Follow a demand through the imports of the module itself, and no further."""
    module, colon, path = demand.partition(":")
    if colon:
        return {f"{module}.{path}".rstrip(".") if module.strip(".") else module + path}
    root, dot, rest = demand.partition(".")
    found = set()
    for binding in bound.bindings:
        if binding.scope == 0 and binding.name == root:
            name = root
            if binding.kind == "import":
                name = "." * binding.import_level + (binding.import_module or "")
                if binding.import_name is not None:
                    name += ("." if binding.import_module else "") + binding.import_name
                elif name.split(".")[0] == root:
                    name = root
            found.add(name + dot + rest)
    return found or {f"builtins.{demand}"}


def in_libcst_words(name: str) -> str:
    name = re.sub(r"<(?:(?:list|set|dict)comp|genexpr)>\.<locals>", "<comprehension>", name)
    return name.replace("<lambda>.", "")


def disagreements(path: Path) -> Iterator[tuple[str, int, str, set[str], set[str]]]:
    tree = build_tree(decode(path.read_bytes()), ParseConfig())
    bound = bind(tree)
    offsets = {tree.position(start)[:2]: start for start, _ in tree.spans.values()}
    theirs = names_by_libcst(tree)
    for reference in bound.references:
        # Names inside strings are no nodes of its tree.
        expected = theirs.get(offsets.get((reference.line, reference.col), -1), set())
        root = reference
        while root.base >= 0:
            root = bound.references[root.base]
        if reference.kind not in ("name", "attribute") or root.kind != "name" or not expected:
            continue
        bindings = [b for b in bound.bindings if (b.scope, b.name) == (root.scope, root.name)]
        if root.scope > 0 and len(bindings) > 1 and any(b.kind == "import" for b in bindings):
            continue
        if reference.demand >= 0:
            ours = through_imports(bound, bound.demands[reference.demand])
        else:
            ours = {in_libcst_words(reference.local)} if reference.local else set()
        if ours == {f"__{reference.name.strip('_')}__"} and expected == {f"builtins.{reference.name}"}:
            continue
        if ours != expected and not (reference.role != "read" and ours < expected):
            yield (path.name, reference.line, reference.name, ours, expected)


@pytest.mark.parametrize("package", ["requests", "flask"])
def test_names_and_chains_mean_what_libcst_says(package: str) -> None:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    files = sorted(Path(spec.submodule_search_locations[0]).rglob("*.py"))
    assert files
    # A third of them: the oracle is slow.
    assert [found for path in files[::3] for found in disagreements(path)] == []
