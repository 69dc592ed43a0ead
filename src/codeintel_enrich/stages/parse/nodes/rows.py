"""The rows of layer P: nodes, what definitions define, import statements.

They are made before names are bound, from the order and nesting of the recorded nodes alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import libcst as cst

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.syntax import Definition, ImportedName, ImportPhase, ImportStatement, Node, Phase, Signature
from codeintel_enrich.stages.parse.cst_helpers import (
    AnyImport,
    ImportClause,
    has_decorator,
    import_clauses,
    import_source,
    imports_from,
    is_import,
    is_lazy,
    is_type_checking,
    targets,
)
from codeintel_enrich.stages.parse.nodes.docstrings import docstring
from codeintel_enrich.stages.parse.nodes.scope_kinds import scope_kinds
from codeintel_enrich.stages.parse.nodes.signatures import signature, typedness
from codeintel_enrich.stages.parse.python_names import normalised
from codeintel_enrich.stages.parse.tree.places import DEFINITION_TYPES, ParsedTree, is_all_assignment

_ENCLOSING = (cst.Module, cst.ClassDef, cst.FunctionDef)
_ENCLOSING_TYPES = frozenset(_ENCLOSING)  # `isinstance` asks an abstract class's registry, which is slow on every node


class NodeRows(NamedTuple):
    """The rows of one file; `definitions` and `imports` are what nodes refer to by index."""

    nodes: tuple[Node, ...]
    definitions: tuple[Definition, ...]
    imports: tuple[ImportStatement, ...]


def describe(tree: ParsedTree) -> NodeRows:
    """Describe every recorded node."""
    describer = _Definitions(tree)
    spans, parents = tree.spans, tree.parents
    nodes: list[Node] = []
    places = _Places(tree.position)
    for index, (node, scope) in enumerate(zip(tree.recorded, scope_kinds(tree), strict=True)):
        kind = type(node)
        start, end = spans[node]
        line, column, byte = places[start]
        end_line, end_column, end_byte = places[end]
        definition = -1
        name: str | None = None
        if kind is cst.Name:
            name = normalised(node.value)  # type: ignore[attr-defined]
        elif kind in DEFINITION_TYPES and (not isinstance(node, cst.AugAssign) or is_all_assignment(node)):
            definition = len(describer.definitions)
            name = describer.define(index, node, byte, end_byte)
        nodes.append(
            Node(
                kind.__name__,
                name,
                line,
                column,
                end_line,
                end_column,
                byte,
                end_byte,
                parents[index],
                scope,
                definition,
            )
        )
    return NodeRows(tuple(nodes), tuple(describer.definitions), tuple(describer.imports))


class _Places(dict[int, tuple[int, int, int]]):
    """Positions by offset, each computed once: a node and its first or last part share an end."""

    def __init__(self, position: Callable[[int], tuple[int, int, int]]) -> None:
        super().__init__()
        self._position = position

    def __missing__(self, offset: int) -> tuple[int, int, int]:
        place = self[offset] = self._position(offset)
        return place


class _Definitions:
    """Makes definitions one by one, in the order of the nodes."""

    def __init__(self, tree: ParsedTree) -> None:
        self.definitions: list[Definition] = []
        self.imports: list[ImportStatement] = []
        self._tree = tree
        self._enclosing = _enclosing(tree)
        self._local_names: dict[int, str] = {0: ""}  # by index of a Module, ClassDef or FunctionDef
        self._ordinals: Counter[tuple[type[cst.CSTNode], str]] = Counter()
        # A name is global in the whole body of the definition, also above the statement that says so.
        self._global_names = {
            (self._enclosing[index], normalised(item.name.value))
            for statement, index in tree.global_statements
            for item in statement.names
        }
        self._typing_parts = [
            tree.spans[conditional.body] for conditional in tree.conditionals if is_type_checking(conditional.test)
        ]
        self._signatures, self._typedness = self._measure()

    def define(self, index: int, node: cst.CSTNode, start_byte: int, end_byte: int) -> str | None:
        """Add the definition of a recorded node, and return its name."""
        tree = self._tree
        token = _name_token(node)
        name = None if token is None else normalised(token.value)
        local_name = "" if name is None else self._qualify(index, name)
        name_line = name_col = 0
        name_start_byte = name_end_byte = -1
        if token is not None:
            start, end = tree.spans[token]
            name_line, name_col, name_start_byte = tree.position(start)
            name_end_byte = tree.position(end)[2]
        decorators: tuple[str, ...] = ()
        bases: tuple[str, ...] = ()
        documentation: str | None = None
        imports = -1
        n_typable = n_typed = decorated_line = 0
        if isinstance(node, _ENCLOSING):
            self._local_names[index] = local_name
            documentation = docstring(node)
            n_typable, n_typed = self._typedness[index]
            if not isinstance(node, cst.Module):
                decorators = tuple(tree.code(decorator.decorator) for decorator in node.decorators)
                if decorators:
                    decorated_line = tree.position(tree.spans[node.decorators[0]][0])[0]
            if isinstance(node, cst.ClassDef):
                # LibCST keeps `metaclass=M` apart from bases, also where a base follows it (`*more`).
                arguments = sorted((*node.bases, *node.keywords), key=tree.spans.__getitem__)
                bases = tuple(tree.code(argument) for argument in arguments)
        elif is_import(node):
            imports = len(self.imports)
            self.imports.append(self._import_statement(index, node))
        # Counted for each type and name apart, so that few other definitions can shift the number.
        kind = type(node)
        ordinal = self._ordinals[kind, local_name]
        self._ordinals[kind, local_name] = ordinal + 1
        self.definitions.append(
            Definition(
                local_name=local_name,
                ordinal=ordinal,
                name_line=name_line,
                name_col=name_col,
                name_start_byte=name_start_byte,
                name_end_byte=name_end_byte,
                signature=self._signatures.get(index),
                decorators=decorators,
                bases=bases,
                docstring=documentation,
                assign_targets=tuple(tree.code(target) for target in targets(node)),
                imports=imports,
                code_hash=digest(tree.source.data[start_byte:end_byte]),
                n_typable=n_typable,
                n_typed=n_typed,
                decorated_line=decorated_line,
            )
        )
        return name

    def _qualify(self, index: int, name: str) -> str:
        """Return the `__qualname__` (PEP 3155) of what a recorded node calls `name`."""
        enclosing = self._enclosing[self._tree.parents[index]]
        if enclosing == 0 or (enclosing, name) in self._global_names:
            return name
        inside = ".<locals>" if isinstance(self._tree.recorded[enclosing], cst.FunctionDef) else ""
        return f"{self._local_names[enclosing]}{inside}.{name}"

    def _measure(self) -> tuple[dict[int, Signature], dict[int, tuple[int, int]]]:
        """Return signatures of functions, and (typable, typed) of everything that holds code, by node index."""
        tree = self._tree
        signatures: dict[int, Signature] = {}
        typedness_of = {index: (0, 0) for index, node in enumerate(tree.recorded) if type(node) in _ENCLOSING_TYPES}
        for index in typedness_of:
            node = tree.recorded[index]
            if not isinstance(node, cst.FunctionDef):
                continue
            signatures[index] = described = signature(node, tree.code)
            enclosing = self._enclosing[tree.parents[index]]
            is_method = isinstance(tree.recorded[enclosing], cst.ClassDef)
            typable, typed = typedness(described, drops_first=is_method and not has_decorator(node, "staticmethod"))
            typedness_of[index] = (typable, typed)
            # A function counts for itself alone, so that its row says how far its own signature is typed.
            while enclosing >= 0:
                if not isinstance(tree.recorded[enclosing], cst.FunctionDef):
                    total, total_typed = typedness_of[enclosing]
                    typedness_of[enclosing] = (total + typable, total_typed + typed)
                enclosing = self._enclosing[tree.parents[enclosing]] if enclosing else -1
        return signatures, typedness_of

    def _import_statement(self, index: int, node: AnyImport) -> ImportStatement:
        level, module = import_source(node)
        phase: ImportPhase = self._phase(index, self._tree.spans[node][0])
        return ImportStatement(
            module=module,
            level=level,
            names=tuple(self._imported_name(clause) for clause in import_clauses(node)),
            phase="lazy" if phase == "runtime" and is_lazy(node) else phase,
            node=index,
            is_from=imports_from(node),
        )

    def _imported_name(self, clause: ImportClause) -> ImportedName:
        start, end = self._tree.spans[clause.node]
        line, column, byte = self._tree.position(start)
        end_line, end_column, end_byte = self._tree.position(end)
        return ImportedName(clause.name, clause.alias, line, column, end_line, end_column, byte, end_byte)

    def _phase(self, index: int, offset: int) -> Phase:
        enclosing = self._enclosing[index]
        while enclosing > 0:
            if isinstance(self._tree.recorded[enclosing], cst.FunctionDef):
                return "local"
            enclosing = self._enclosing[self._tree.parents[enclosing]]
        return "typing" if any(start <= offset < end for start, end in self._typing_parts) else "runtime"


def _enclosing(tree: ParsedTree) -> list[int]:
    """Return for each recorded node the index of the innermost Module, ClassDef or FunctionDef, itself included."""
    enclosing: list[int] = []
    for index, (node, parent) in enumerate(zip(tree.recorded, tree.parents, strict=True)):
        enclosing.append(index if type(node) in _ENCLOSING_TYPES else enclosing[parent])
    return enclosing


def _name_token(node: cst.CSTNode) -> cst.Name | None:
    """Return the token that a definition names itself by; None for several targets, attributes, imports, modules."""
    if isinstance(node, (cst.ClassDef, cst.FunctionDef, cst.TypeAlias)):
        return node.name
    assigned = targets(node)
    return assigned[0] if len(assigned) == 1 and isinstance(assigned[0], cst.Name) else None
