"""What one file's rows say as a document of a SCIP index; knows neither bytes nor other files' rows.

Columns count code points, as in the rows; a BOM counts as one, since it is part of the text that a reader decodes.
"""

from __future__ import annotations

from collections.abc import Container
from inspect import cleandoc

import msgspec

from codeintel_enrich.model.dotted import path_name
from codeintel_enrich.model.rows import PackedRows, Unpacker
from codeintel_enrich.model.scip import (
    KIND_NUMBERS,
    LOCAL,
    ROLE_DEFINITION,
    ROLE_IMPORT,
    ROLE_READ,
    ROLE_WRITE,
    Document,
    Occurrence,
    Relationship,
    SymbolInformation,
)
from codeintel_enrich.model.signatures import class_head, function_head, read_signature
from codeintel_enrich.model.tables import BASES, MODULES, NODES, OVERRIDES, REFS
from codeintel_enrich.publish.scip.symbols import Namer, Package

_Range = tuple[int, int, int, int]
_BOM_BYTES = 3
_ROLES = {"definition": ROLE_DEFINITION, "read": ROLE_READ, "write": ROLE_WRITE, "import": ROLE_IMPORT, "delete": 0}
_NODE_COLUMNS = (
    *("node_type", "name", "local_name", "start_line", "start_col", "end_line", "end_col", "start_byte"),
    *("name_line", "name_col", "signature", "decorators", "bases", "docstring"),
)
_REF_COLUMNS = (
    *("name", "role", "start_line", "start_col", "end_col"),
    *("qualified_names", "target_kind", "target_path"),
)


class Described(msgspec.Struct, frozen=True):
    """One file as a document, and what its index must know of it besides."""

    document: Document
    foreign: tuple[str, ...]
    """Global symbols that it mentions and says nothing about, sorted."""


def describe(packed: PackedRows, package: Package, namesakes: Container[str] = ()) -> Described:
    """The document of one file. Equal rows give equal documents; occurrences and symbols are sorted.

    `namesakes`: files whose module name other files have, too.
    """
    return _Describer(packed, package, namesakes).describe()


class _Node(msgspec.Struct, frozen=True):
    """A row of `nodes`, cut to `_NODE_COLUMNS`."""

    node_type: str
    name: str | None
    local_name: str | None
    start_line: int
    start_col: int
    end_line: int
    end_col: int
    start_byte: int
    name_line: int | None
    name_col: int | None
    signature: str | None
    decorators: list[str]
    bases: list[str]
    docstring: str | None


class _Describer:
    def __init__(self, packed: PackedRows, package: Package, namesakes: Container[str]) -> None:
        self.path = packed.path
        rows = Unpacker(packed)
        [(self.module, docstring)] = rows.rows(MODULES, ("module", "docstring"))
        nodes = (_Node(*row) for row in rows.rows(NODES, _NODE_COLUMNS))
        self.nodes = [node for node in nodes if node.node_type in ("Module", "ClassDef", "FunctionDef")]
        self.refs = list(rows.rows(REFS, _REF_COLUMNS))
        self.bases = list(rows.rows(BASES, ("subclass", "base", "base_path")))
        self.overrides = list(rows.rows(OVERRIDES, ("member", "overridden", "overridden_kind", "overridden_path")))
        self.ends = {(row[2], row[3]): row[4] for row in self.refs}
        # The first node is the module's, which begins behind a BOM.
        self.bom = int(any(node.start_byte == _BOM_BYTES for node in self.nodes[:1]))
        self.owner = self.module or path_name(self.path)
        self.kinds = {
            f"{self.owner}.{node.local_name}": "class" if node.node_type == "ClassDef" else "function"
            for node in self.nodes[1:]
        }
        self.functions = {f"{self.owner}.{node.local_name}": node for node in self.nodes if node.signature is not None}
        self.parameters = {
            f"{function}.<locals>.{parameter.name}": (function, index)
            for function, node in self.functions.items()
            for index, parameter in enumerate(read_signature(node.signature).parameters)
        }
        self.namer = Namer(package, self.path, self.owner, self.parameters, namesakes)
        self.docstring: str | None = docstring
        self.occurrences: dict[tuple[int, int, int, int, str], Occurrence] = {}
        self.symbols: dict[str, SymbolInformation] = {}
        self.written: set[str] = set()
        """Variables whose first binding was met: it counts as their definition."""
        self.mentioned: set[str] = set()
        self.related = self._relationships()

    def describe(self) -> Described:
        for node in self.nodes:
            self._define(node)
        for row in self.refs:
            self._mention(*row)
        document = Document(
            relative_path=self.path,
            unit="code-point",
            occurrences=tuple(self.occurrences[key] for key in sorted(self.occurrences)),
            symbols=tuple(self.symbols[symbol] for symbol in sorted(self.symbols)),
        )
        return Described(document, tuple(sorted(self.mentioned - self.symbols.keys())))

    # --- definitions ----------------------------------------------------------------------------------------------

    def _define(self, node: _Node) -> None:
        """A module, class or function: its symbol, and the occurrence at its name."""
        local_name = node.local_name or ""
        symbol = self.namer.own(local_name, "class" if node.node_type == "ClassDef" else "function")
        start, end = (node.start_line, node.start_col), (node.end_line, node.end_col)
        enclosing = (start[0] - 1, self._column(*start), end[0] - 1, self._column(*end))
        if node.node_type == "Module":
            # Without a width, at the beginning of the file: where scip-python has modules, too.
            place = (0, 0, 0, 0)
        else:
            assert node.name is not None
            assert node.name_line is not None
            assert node.name_col is not None
            # Taken from the reference at the same place where there is one: the name of a node is in the form that
            # Python compares (NFKC), which may be longer or shorter than what is written.
            end_col = self.ends.get((node.name_line, node.name_col), node.name_col + len(node.name))
            place = self._place(node.name_line, node.name_col, end_col)
        known = self.symbols.get(symbol)
        # Overloads and re-definitions share a symbol; the one that is documented speaks for all.
        if known is None or (node.docstring and not known.documentation):
            self.symbols[symbol] = self._information(node, symbol)
        self._occur(place, symbol, ROLE_DEFINITION, enclosing)

    def _information(self, node: _Node, symbol: str) -> SymbolInformation:
        if node.node_type == "Module":
            shown = (self.module or self.path).rpartition(".")[2] if self.module else self.path
            return SymbolInformation(symbol, _documentation(self.docstring), KIND_NUMBERS["module"], shown)
        is_class = node.node_type == "ClassDef"
        kind = "class" if is_class else _function_kind(node, self._is_method(node))
        return SymbolInformation(
            symbol,
            _documentation(node.docstring),
            KIND_NUMBERS[kind],
            node.name or "",
            class_head(node.name or "", node.bases)
            if is_class
            else function_head(node.name or "", read_signature(node.signature)),
            relationships=self.related.get(symbol, ()),
        )

    def _is_method(self, node: _Node) -> bool:
        owner = (node.local_name or "").rpartition(".")[0]
        return bool(owner) and not owner.endswith("<locals>")

    def _relationships(self) -> dict[str, tuple[Relationship, ...]]:
        """Symbol of a class or member -> the bases it implements, the members it overrides."""
        found: dict[str, dict[str, Relationship]] = {}
        for subclass, base, base_path in self.bases:
            of, to = subclass and self._target(subclass, "class", self.path), base and self._base(base, base_path)
            if of and to:
                found.setdefault(of, {})[to] = Relationship(to, is_implementation=True)
        for member, overridden, kind, overridden_path in self.overrides:
            is_data = kind == "variable"
            of = self._target(member, self.kinds.get(member, "variable"), self.path)
            to = self._target(overridden, kind, overridden_path)
            if of and to and of != to:
                found.setdefault(of, {})[to] = Relationship(
                    to, is_reference=True, is_implementation=not is_data, is_definition=is_data
                )
        for relationships in found.values():
            self.mentioned.update(relationships)
        return {symbol: tuple(known[to] for to in sorted(known)) for symbol, known in found.items()}

    def _base(self, name: str, path: str | None) -> str | None:
        return self._target(name, "class" if path is not None else "external", path)

    def _target(self, name: str, kind: str, path: str | None) -> str | None:
        return self.namer.symbol(name, kind, path)

    # --- mentions -------------------------------------------------------------------------------------------------

    def _mention(
        self,
        name: str,
        role: str,
        line: int,
        col: int,
        end_col: int,
        qualified_names: list[str],
        kind: str | None,
        path: str | None,
    ) -> None:
        """A reference: one occurrence for each of its meanings."""
        place = self._place(line, col, end_col)
        for qualified in qualified_names:
            symbol = self._target(qualified, kind or "", path)
            if symbol is None:
                continue
            roles = _ROLES[role]
            if kind == "variable" and path == self.path:
                if symbol not in self.symbols:
                    self.symbols[symbol] = self._variable(symbol, qualified, name)
                if role == "write" and symbol not in self.written:
                    self.written.add(symbol)
                    roles |= ROLE_DEFINITION
            elif not symbol.startswith(LOCAL):
                self.mentioned.add(symbol)
            self._occur(place, symbol, roles, None)

    def _variable(self, symbol: str, qualified: str, name: str) -> SymbolInformation:
        owner = qualified.rpartition(".")[0]
        enclosing = ""
        if qualified in self.parameters:
            function, index = self.parameters[qualified]
            is_own = index == 0 and self._is_method(self.functions[function]) and name in ("self", "cls")
            kind = "self-parameter" if is_own else "parameter"
        elif symbol.startswith(LOCAL):
            kind = "variable"
            function = owner.rpartition(".")[0]
            enclosing = (self._target(function, "function", self.path) or "") if function in self.functions else ""
        else:
            kind = "variable" if owner == self.owner else "field"
        related = self.related.get(symbol, ())
        return SymbolInformation(symbol, (), KIND_NUMBERS[kind], name, "", enclosing, related)

    def _occur(
        self,
        place: _Range,
        symbol: str,
        roles: int,
        enclosing: _Range | None,
    ) -> None:
        """Add an occurrence; several of one symbol at one place are one, with all of their roles."""
        key = (*place, symbol)
        known = self.occurrences.get(key)
        if known is not None:
            roles |= known.roles
            enclosing = known.enclosing or enclosing
        self.occurrences[key] = Occurrence(*place, symbol, roles, enclosing)

    def _place(self, line: int, col: int, end_col: int) -> _Range:
        return line - 1, self._column(line, col), line - 1, self._column(line, end_col)

    def _column(self, line: int, col: int) -> int:
        return col + self.bom if line == 1 else col


def _documentation(docstring: str | None) -> tuple[str, ...]:
    return (cleandoc(docstring),) if docstring else ()


def _function_kind(node: _Node, is_method: bool) -> str:
    decorators = {decorator.rpartition(".")[2] for decorator in node.decorators}
    if decorators & {"property", "cached_property", "setter", "deleter"}:
        return "property"
    if not is_method:
        return "function"
    if "abstractmethod" in decorators:
        return "abstract-method"
    if "staticmethod" in decorators:
        return "static-method"
    return "constructor" if node.name == "__init__" else "method"
