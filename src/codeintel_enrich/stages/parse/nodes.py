"""Owns the rows of layer P: nodes, what definitions define, import statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import libcst as cst

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.syntax import Definition, ImportedName, ImportStatement, Node, Phase, Signature
from codeintel_enrich.stages.parse.literals import docstring
from codeintel_enrich.stages.parse.names import normalised
from codeintel_enrich.stages.parse.signatures import is_static, signature, typedness
from codeintel_enrich.stages.parse.standing import scope_kinds
from codeintel_enrich.stages.parse.tree import DEFINITION_TYPES, Tree, adds_to_all

_HOLDERS = (cst.Module, cst.ClassDef, cst.FunctionDef)
_HOLDER_TYPES = frozenset(_HOLDERS)  # `isinstance` asks an abstract class's registry, which is slow on every node


class Described(NamedTuple):
    """The rows of one file; `definitions` and `imports` are what nodes refer to by index."""

    nodes: tuple[Node, ...]
    definitions: tuple[Definition, ...]
    imports: tuple[ImportStatement, ...]


def describe(tree: Tree) -> Described:
    """Describe every recorded node, and fill `tree.nodes`."""
    describer = _Describer(tree)
    spans, parents, nodes = tree.spans, tree.parents, tree.nodes
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
        elif kind in DEFINITION_TYPES and (not isinstance(node, cst.AugAssign) or adds_to_all(node)):
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
    return Described(tuple(nodes), tuple(describer.definitions), tuple(describer.imports))


class _Places(dict[int, tuple[int, int, int]]):
    """Positions by offset, each computed once: a node and its first or last part share an end."""

    def __init__(self, position: Callable[[int], tuple[int, int, int]]) -> None:
        super().__init__()
        self._position = position

    def __missing__(self, offset: int) -> tuple[int, int, int]:
        place = self[offset] = self._position(offset)
        return place


class _Describer:
    """Makes definitions one by one, in the order of the nodes."""

    def __init__(self, tree: Tree) -> None:
        self.definitions: list[Definition] = []
        self.imports: list[ImportStatement] = []
        self._tree = tree
        self._holders = _holders(tree)
        self._local_names: dict[int, str] = {0: ""}  # by index of a Module, ClassDef or FunctionDef
        self._ordinals: Counter[tuple[type[cst.CSTNode], str]] = Counter()
        self._global_names = {
            (self._holders[index], normalised(item.name.value))
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
        if isinstance(node, _HOLDERS):
            self._local_names[index] = local_name
            documentation = docstring(node)
            n_typable, n_typed = self._typedness[index]
            if not isinstance(node, cst.Module):
                decorators = tuple(tree.code(decorator.decorator) for decorator in node.decorators)
                if decorators:
                    decorated_line = tree.position(tree.spans[node.decorators[0]][0])[0]
            if isinstance(node, cst.ClassDef):
                arguments = sorted((*node.bases, *node.keywords), key=tree.spans.__getitem__)
                bases = tuple(tree.code(argument) for argument in arguments)
        elif isinstance(node, (cst.Import, cst.ImportFrom)):
            imports = len(self.imports)
            self.imports.append(self._import_statement(index, node))
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
                assign_targets=tuple(tree.code(target) for target in _targets(node)),
                imports=imports,
                code_hash=digest(tree.source.data[start_byte:end_byte]),
                n_typable=n_typable,
                n_typed=n_typed,
                decorated_line=decorated_line,
            )
        )
        return name

    def _qualify(self, index: int, name: str) -> str:
        """Return the `__qualname__` of what a recorded node calls `name`."""
        holder = self._holders[self._tree.parents[index]]
        if holder == 0 or (holder, name) in self._global_names:
            return name
        inside = ".<locals>" if isinstance(self._tree.recorded[holder], cst.FunctionDef) else ""
        return f"{self._local_names[holder]}{inside}.{name}"

    def _measure(self) -> tuple[dict[int, Signature], dict[int, tuple[int, int]]]:
        """Return signatures of functions, and (typable, typed) of everything that holds code, by node index."""
        tree = self._tree
        signatures: dict[int, Signature] = {}
        typedness_of = {index: (0, 0) for index, node in enumerate(tree.recorded) if type(node) in _HOLDER_TYPES}
        for index in typedness_of:
            node = tree.recorded[index]
            if not isinstance(node, cst.FunctionDef):
                continue
            signatures[index] = described = signature(node, tree.code)
            holder = self._holders[tree.parents[index]]
            is_method = isinstance(tree.recorded[holder], cst.ClassDef)
            typable, typed = typedness(described, drops_first=is_method and not is_static(node))
            typedness_of[index] = (typable, typed)
            while holder >= 0:
                if not isinstance(tree.recorded[holder], cst.FunctionDef):
                    total, total_typed = typedness_of[holder]
                    typedness_of[holder] = (total + typable, total_typed + typed)
                holder = self._holders[tree.parents[holder]] if holder else -1
        return signatures, typedness_of

    def _import_statement(self, index: int, node: cst.Import | cst.ImportFrom) -> ImportStatement:
        tree = self._tree
        is_from = isinstance(node, cst.ImportFrom)
        if isinstance(node.names, cst.ImportStar):
            names = [self._imported_name(node.names, "*", None)]
        else:
            names = [self._imported_name(alias, _dotted(alias.name), _alias(alias)) for alias in node.names]
        return ImportStatement(
            module=_dotted(node.module) if isinstance(node, cst.ImportFrom) and node.module is not None else None,
            level=len(node.relative) if isinstance(node, cst.ImportFrom) else 0,
            names=tuple(names),
            phase=self._phase(index, tree.spans[node][0]),
            node=index,
            is_from=is_from,
        )

    def _imported_name(self, clause: cst.CSTNode, name: str, alias: str | None) -> ImportedName:
        start, end = self._tree.spans[clause]
        line, column, byte = self._tree.position(start)
        end_line, end_column, end_byte = self._tree.position(end)
        return ImportedName(name, alias, line, column, end_line, end_column, byte, end_byte)

    def _phase(self, index: int, offset: int) -> Phase:
        holder = self._holders[index]
        while holder > 0:
            if isinstance(self._tree.recorded[holder], cst.FunctionDef):
                return "local"
            holder = self._holders[self._tree.parents[holder]]
        return "typing" if any(start <= offset < end for start, end in self._typing_parts) else "runtime"


def is_type_checking(test: cst.CSTNode) -> bool:
    """Whether an `if` tests `TYPE_CHECKING`, by its plain name or as an attribute of any object."""
    name = test.attr if isinstance(test, cst.Attribute) else test
    return isinstance(name, cst.Name) and name.value == "TYPE_CHECKING"


def _holders(tree: Tree) -> list[int]:
    """Return for each recorded node the index of the innermost Module, ClassDef or FunctionDef, itself included."""
    holders: list[int] = []
    for index, (node, parent) in enumerate(zip(tree.recorded, tree.parents, strict=True)):
        holders.append(index if type(node) in _HOLDER_TYPES else holders[parent])
    return holders


def _name_token(node: cst.CSTNode) -> cst.Name | None:
    """Return the token that a definition names itself by; None for several targets, attributes, imports, modules."""
    if isinstance(node, (cst.ClassDef, cst.FunctionDef, cst.TypeAlias)):
        return node.name
    targets = _targets(node)
    return targets[0] if len(targets) == 1 and isinstance(targets[0], cst.Name) else None


def _targets(node: cst.CSTNode) -> tuple[cst.BaseExpression, ...]:
    if isinstance(node, cst.Assign):
        return tuple(target.target for target in node.targets)
    if isinstance(node, (cst.AnnAssign, cst.AugAssign)):
        return (node.target,)
    return ()


def _alias(alias: cst.ImportAlias) -> str | None:
    if alias.asname is None or not isinstance(alias.asname.name, cst.Name):
        return None
    return normalised(alias.asname.name.value)


def _dotted(node: cst.Attribute | cst.Name) -> str:
    parts: list[str] = []
    inner: cst.BaseExpression = node
    while isinstance(inner, cst.Attribute):
        parts.append(normalised(inner.attr.value))
        inner = inner.value
    parts.append(normalised(cst.ensure_type(inner, cst.Name).value))
    return ".".join(reversed(parts))
