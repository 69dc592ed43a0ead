"""Typed overlays: a module's source and its linked exports become a stub in which every star is spelled out.

Type checkers do not follow what `link` follows (tables of lazy names, computed `__all__`, stars over several hops); a
stub says it in their own language (PEP 484). It knows neither where overlays are put nor for which modules they are
wanted.
"""

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from codeintel_enrich.model.python_source import parse_python
from codeintel_enrich.model.rows import PackedRows, unpack_records
from codeintel_enrich.model.tables import EXPORTS, IMPORTS, MODULES
from codeintel_enrich.stages.overlay.declare import MARK, Declarer, bound_names

__all__ = ["MARK", "overlay"]

Record = Mapping[str, Any]


def overlay(rows: PackedRows, source: bytes) -> bytes | None:
    """The stub of one file, from its rows and the bytes they were made of; None where Python's own parser refuses.

    Imports are spelled `name as name`, so that the stub exports what the module does; signatures and annotations are
    kept; a function's body, and a value that is neither short nor literal, becomes `...`. A star import from outside
    the tree stays, since its names are not known.
    """
    # The `ast` module and not LibCST's tree: `ast.unparse` writes a stub without the source's layout, and what Python
    # itself cannot parse no checker could use.
    try:
        tree = parse_python(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    (module,), imports, exports = unpack_records(rows, MODULES, IMPORTS, EXPORTS)
    # Where a star may bring more than is seen, it stays; the names that are known stand beside it.
    declarer = Declarer(_Stars([] if module["dynamic_getattr"] else imports, exports).names_of)
    body = declarer.statements(tree.body)
    if module["has_all"] and module["all_dynamic"] is None:
        body.append(_all_statement([str(item["name"]) for item in exports if item["in_star"]]))
    body += _missing(exports, bound_names(body), declarer, is_package=bool(module["is_package"]))
    body[:0] = declarer.helpers()
    stub = ast.fix_missing_locations(ast.Module(body or [ast.Pass()], []))
    try:
        return f"{MARK}\n{ast.unparse(stub)}\n".encode()
    except RecursionError:
        return None


class _Stars:
    """Which names each star import of the module brings."""

    def __init__(self, imports: Sequence[Record], exports: Sequence[Record]) -> None:
        # Rows know a star by its place; one from outside the tree has no target, and stays in the stub as it is.
        self._targets = {
            (item["start_line"], item["start_col"]): str(item["target_module"])
            for item in imports
            if item["is_star"] and item["target_path"] is not None
        }
        self._names: dict[str, list[str]] = {}
        for item in exports:
            chain = item["chain"]
            # The first hop of a name's chain is what the star in this very file names.
            if item["kind"] == "star" and isinstance(chain, Sequence) and chain:
                self._names.setdefault(str(chain[0]).rpartition(".")[0], []).append(str(item["name"]))

    def names_of(self, statement: ast.ImportFrom) -> list[str] | None:
        """The names, sorted; None where they are not known. A name that several stars bring stands at one of them."""
        star = statement.names[0]
        target = self._targets.get((star.lineno, star.col_offset))
        return None if target is None else sorted(self._names.get(target, ()))


def _all_statement(names: Sequence[str]) -> ast.stmt:
    listed = ast.List([ast.Constant(name) for name in sorted(names)], ast.Load())
    return ast.Assign([ast.Name("__all__", ast.Store())], listed)


def _missing(exports: Sequence[Record], bound: set[str], declarer: Declarer, *, is_package: bool) -> list[ast.stmt]:
    """Statements for exports that no statement of the stub binds: names from tables, decorators and `globals()`."""
    statements: list[ast.stmt] = []
    for item in exports:
        name, kind, chain = str(item["name"]), item["kind"], item["chain"]
        # `globals()["a b"] = ...` makes names that no statement can spell.
        if name in bound or not name.isidentifier():
            continue
        if kind == "submodule":
            # Checkers find any submodule by its file; one in `__all__` has to be a name of the stub as well.
            if item["in_star"] and is_package:
                statements.append(ast.ImportFrom(None, [ast.alias(name, name)], 1))
        elif kind in ("reexport", "star", "dynamic") and isinstance(chain, Sequence) and chain:
            home, _, attribute = str(chain[0]).rpartition(".")
            # By the first hop, as the module itself has it: that is what readers of the stub may follow.
            if home not in ("", "__future__") and attribute.isidentifier():
                statements.append(ast.ImportFrom(home, [ast.alias(attribute, name)], 0))
        elif kind == "definition":
            statements.append(declarer.unknown(name))
    return statements
