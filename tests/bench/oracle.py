"""Names and scopes inside a file against LibCST's own: `python -m tests.bench.oracle [PACKAGE ...] [--show N]`.

Its QualifiedNameProvider says what a name, or a chain of attributes that starts at an import, is; its ScopeProvider in
which scope a name that is read was bound. Prints a row for each package and provider, and one for each cause of
disagreement. Spelling is no disagreement: it calls every comprehension `<comprehension>` and gives lambdas no name. A
chain that starts at a local name it spells out whether it knows its parts or not, and an attribute of what a call
returns it takes for one of what is called: neither is compared.

The causes are LibCST's, each told by a rule:

a module's own name      `__file__`, `__name__`, ... are builtins to it
every binding            a definition or write is given every meaning that its scope has for the name
several bindings         a name that a function imports, and imports or assigns in another branch: it lists all, we the
                         import, and what was assigned only above it
inner clauses            what a comprehension's second `for`, and those after it, iterate over and filter by: it looks
                         for that around the comprehension
walrus                   an assignment expression in a comprehension binds around it (PEP 572): it says inside
bound further down       an annotation whose evaluation is deferred: it sees only what is bound above
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

import libcst as cst
from libcst.metadata import (
    BuiltinScope,
    ClassScope,
    ComprehensionScope,
    GlobalScope,
    MetadataWrapper,
    QualifiedNameProvider,
    QualifiedNameSource,
    ScopeProvider,
)
from libcst.metadata.scope_provider import LocalScope
from libcst.metadata.scope_provider import Scope as LibCSTScope

from codeintel_enrich.model.config import ParseConfig
from codeintel_enrich.model.syntax import ImportStatement, Reference
from codeintel_enrich.stages.parse.bind import Bound, bind
from codeintel_enrich.stages.parse.nodes import describe
from codeintel_enrich.stages.parse.text import decode
from codeintel_enrich.stages.parse.tree import ParsedTree, build_tree
from tests.bench.names import row
from tests.support.packages import package_folder

PACKAGES = ("rich", "requests", "flask", "networkx")
Provider = Literal["names", "scopes"]
UNEXPLAINED = "unexplained"
OUTSIDE = "outside of the module"


class Compared(NamedTuple):
    """One reference on which both have a say."""

    provider: Provider
    line: int
    name: str
    ours: frozenset[str]
    theirs: frozenset[str]
    cause: str | None
    """Why they differ; None where they do not."""


def main() -> None:
    """Run the command line."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("packages", nargs="*", default=PACKAGES)
    arguments.add_argument("--show", type=int, default=0, metavar="N", help="print N disagreements of each cause")
    chosen = arguments.parse_args()
    row("package", "provider", "compared", "agree", "cause of disagreement", "references")
    row(*["---"] * 6)
    for package in chosen.packages:
        totals: Counter[Provider] = Counter()
        causes: Counter[tuple[Provider, str]] = Counter()
        for path in sorted(package_folder(package).rglob("*.py")):
            for found in compare(path.read_bytes()):
                totals[found.provider] += 1
                if found.cause is not None:
                    causes[found.provider, found.cause] += 1
                    if causes[found.provider, found.cause] <= chosen.show:
                        print(f"    {found.cause}: {path}:{found.line}", found.name, *map(sorted, found[3:5]))
        for provider, total in sorted(totals.items()):
            differing = {cause: count for (where, cause), count in sorted(causes.items()) if where == provider}
            row(package, provider, total, 1 - sum(differing.values()) / total, "", "")
            for cause, count in differing.items():
                row("", "", "", "", cause, count)


def compare(source: bytes) -> Iterator[Compared]:
    """Every reference of a file on which LibCST has a say, by provider."""
    tree = build_tree(decode(source), ParseConfig())
    bound = bind(tree)
    offsets = {tree.position(start)[:2]: start for start, _ in tree.spans.values()}
    wrapper = MetadataWrapper(tree.module, unsafe_skip_copy=True)
    yield from _compare_names(tree, bound, offsets, wrapper)
    yield from _compare_scopes(tree, bound, offsets, wrapper)


# -- qualified names ---------------------------------------------------------------------------------------------------


def _compare_names(
    tree: ParsedTree, bound: Bound, offsets: dict[tuple[int, int], int], wrapper: MetadataWrapper
) -> Iterator[Compared]:
    said = _names_by_libcst(tree, wrapper)
    imports = {statement.node: statement for statement in describe(tree).imports}
    for reference in bound.references:
        # Names inside strings are no nodes of its tree.
        theirs = frozenset(said.get(offsets.get((reference.line, reference.col), -1), ()))
        root = reference
        while root.base >= 0:
            root = bound.references[root.base]
        if reference.kind not in ("name", "attribute") or root.kind != "name" or not theirs:
            continue
        if reference.unresolved >= 0:
            ours = frozenset(_through_imports(bound, imports, bound.unresolved[reference.unresolved]))
        else:
            ours = frozenset({_in_libcst_words(reference.local)} if reference.local else ())
        cause = None
        if ours != theirs:
            around = {name.replace("<comprehension>.", "") for name in theirs}
            is_walrus = ours == around and _has_walrus(tree, reference.name)
            cause = "walrus" if is_walrus else _cause_of_names(bound, reference, root, ours, theirs)
        yield Compared("names", reference.line, reference.name, ours, theirs, cause)


def _names_by_libcst(tree: ParsedTree, wrapper: MetadataWrapper) -> dict[int, set[str]]:
    """By the offset of the (last) identifier; of chains only those that start at an import."""
    found: dict[int, set[str]] = {}
    for node, lazy in wrapper.resolve(QualifiedNameProvider).items():
        token = node.attr if isinstance(node, cst.Attribute) else node
        if isinstance(token, cst.Name):
            names = lazy() if callable(lazy) else lazy
            found.setdefault(tree.spans[token][0], set()).update(
                name.name for name in names if node is token or name.source is QualifiedNameSource.IMPORT
            )
    return found


def _through_imports(bound: Bound, imports: dict[int, ImportStatement], reference: str) -> set[str]:
    """Follow a reference through the imports of the module itself, and no further."""
    module, colon, path = reference.partition(":")
    if colon:
        return {f"{module}.{path}".rstrip(".") if module.strip(".") else module + path}
    root, dot, rest = reference.partition(".")
    found: set[str] = set()
    for binding in bound.bindings:
        if binding.scope == 0 and binding.name == root:
            names = _imported_as(root, imports[binding.node]) if binding.kind == "import" else [root]
            found.update(name + dot + rest for name in names)
    return found or {f"builtins.{reference}"}


def _imported_as(name: str, statement: ImportStatement) -> Iterator[str]:
    """The absolute or dotted names of what an import statement binds to a name."""
    for imported in statement.names:
        top = imported.name.partition(".")[0]
        if statement.is_from and (imported.alias or imported.name) == name:
            module = "." * statement.level + (statement.module or "")
            yield module + ("." if statement.module else "") + imported.name
        elif not statement.is_from and (imported.alias or top) == name:
            yield name if top == name else imported.name


def _has_walrus(tree: ParsedTree, name: str) -> bool:
    return re.search(rf"\b{name}\s*:=", tree.text) is not None


def _in_libcst_words(name: str) -> str:
    for kind in ("listcomp", "setcomp", "dictcomp", "genexpr"):
        name = name.replace(f"<{kind}>.<locals>", "<comprehension>")
    return name.replace("<lambda>.", "")


def _cause_of_names(
    bound: Bound, reference: Reference, root: Reference, ours: frozenset[str], theirs: frozenset[str]
) -> str:
    if ours == {f"__{reference.name.strip('_')}__"} and theirs == {f"builtins.{reference.name}"}:
        return "a module's own name"
    if reference.role != "read" and ours < theirs:
        return "every binding"
    if reference.scope > 0 and bound.scopes[reference.scope].kind == "comprehension":
        return "inner clauses"
    kinds = [b.kind for b in bound.bindings if (b.scope, b.name) == (root.scope, root.name)]
    if root.scope > 0 and len(kinds) > 1 and "import" in kinds:
        return "several bindings"
    return UNEXPLAINED


# -- scopes ------------------------------------------------------------------------------------------------------------


def _compare_scopes(
    tree: ParsedTree, bound: Bound, offsets: dict[tuple[int, int], int], wrapper: MetadataWrapper
) -> Iterator[Compared]:
    said = _scopes_by_libcst(tree, wrapper)
    bound_in = {(binding.scope, binding.name) for binding in bound.bindings}
    first_bound: dict[tuple[int, str], int] = {}
    for reference in bound.references:
        if reference.role not in ("read", "delete"):
            first_bound.setdefault((reference.scope, reference.name), reference.line)
    for reference in bound.references:
        start = offsets.get((reference.line, reference.col), -1)
        if reference.kind != "name" or reference.role != "read" or start not in said:
            continue
        theirs = frozenset(said[start])
        is_bound = (reference.scope, reference.name) in bound_in and reference.local != f"builtins.{reference.name}"
        ours = frozenset({_our_scope(bound, reference.scope) if reference.scope or is_bound else OUTSIDE})
        cause = None
        if ours == {scope.replace("/comprehension", "") for scope in theirs} != theirs:
            cause = "walrus" if _has_walrus(tree, reference.name) else UNEXPLAINED
        elif ours != theirs:
            in_comprehension = bound.scopes[reference.scope].kind == "comprehension"
            is_early = theirs == {OUTSIDE} and reference.line < first_bound.get((reference.scope, reference.name), 0)
            cause = "inner clauses" if in_comprehension else "bound further down" if is_early else UNEXPLAINED
        yield Compared("scopes", reference.line, reference.name, ours, theirs, cause)


def _scopes_by_libcst(tree: ParsedTree, wrapper: MetadataWrapper) -> dict[int, set[str]]:
    """By the offset of a name that is read: the scopes of what it refers to."""
    found: dict[int, set[str]] = {}
    for scope in {scope for scope in wrapper.resolve(ScopeProvider).values() if scope is not None}:
        for access in scope.accesses:
            node = access.node
            if isinstance(node, cst.Name):
                scopes = {_their_scope(referent.scope) for referent in access.referents}
                found.setdefault(tree.spans[node][0], set()).update(scopes or {OUTSIDE})
    return found


def _their_scope(scope: LibCSTScope) -> str:
    names: list[str] = []
    while isinstance(scope, LocalScope):
        if isinstance(scope, ClassScope):
            names.append(f"class {scope.name}")
        elif isinstance(scope, ComprehensionScope):
            names.append("comprehension")
        else:
            names.append(f"function {scope.name or '<lambda>'}")
        scope = scope.parent
    if isinstance(scope, BuiltinScope):
        return OUTSIDE
    assert isinstance(scope, GlobalScope)
    return "/".join(["module", *reversed(names)])


def _our_scope(bound: Bound, index: int) -> str:
    names: list[str] = []
    while index > 0:
        scope = bound.scopes[index]
        name = scope.local_name.removesuffix(".<locals>").rpartition(".")[2]
        kind = "function" if scope.kind == "lambda" else scope.kind
        names.append(kind if kind == "comprehension" else f"{kind} {name}")
        index = scope.parent
    return "/".join(["module", *reversed(names)])


if __name__ == "__main__":
    main()
