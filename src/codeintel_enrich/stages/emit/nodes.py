"""The rows of `nodes`, and the lines of `cst/cst.jsonl`, which say the same."""

from typing import Any

import orjson

from codeintel_enrich.model.enclosing import ENCLOSING_TYPES
from codeintel_enrich.model.rows import Cells, RowPacker, Sparse
from codeintel_enrich.model.signatures import signature_value
from codeintel_enrich.model.syntax import Definition, ImportStatement
from codeintel_enrich.model.tables import NODES
from codeintel_enrich.stages.emit.covered import Covered
from codeintel_enrich.stages.emit.layers import Layers

_NO_DEFINITION = Definition()


class Nodes:
    """The syntax nodes of one file, in source order."""

    def __init__(self, layers: Layers) -> None:
        syntax = layers.syntax
        self._layers = layers
        # By number of a definition; what is appended answers -1, the number of a node that defines nothing.
        self._definitions = [*syntax.definitions, _NO_DEFINITION]
        self._signatures = [
            signature_value(item.signature) if item.signature is not None else None for item in self._definitions
        ]
        self._statements = [syntax.imports[item.imports] if item.imports >= 0 else None for item in self._definitions]
        self._imported = [imported_texts(item) if item is not None else () for item in self._statements]

    # Column by column: at level `full` nearly all nodes define nothing, and most columns are about what a node
    # defines.
    def pack(self, packer: RowPacker, covered: Covered) -> None:
        """Add the table."""
        nodes = self._layers.syntax.nodes
        defining = [index for index, node in enumerate(nodes) if node.definition >= 0]
        columns = {
            **self._of_all(),
            **self._of_defining(defining),
            **self._of_names([index for index in defining if self._definition(index).name_start_byte >= 0]),
            **self._of_symbols([index for index in defining if nodes[index].definition in self._layers.stitched.nodes]),
            **self._of_enclosing([index for index in defining if nodes[index].node_type in ENCLOSING_TYPES], covered),
        }
        packer.add_columns(NODES, columns)

    def _of_all(self) -> dict[str, Cells]:
        """What every node has."""
        layers, nodes = self._layers, self._layers.syntax.nodes
        count = len(nodes)
        ids = [*layers.node_ids, None]  # the Module's parent, -1, is the last
        return {
            "path": [layers.path] * count,
            "node_id": layers.node_ids,
            "stable_id": layers.stable_ids,
            "module": [layers.linked.module] * count,
            "node_type": [node.node_type for node in nodes],
            "name": [node.name for node in nodes],
            "start_line": [node.start_line for node in nodes],
            "start_col": [node.start_col for node in nodes],
            "end_line": [node.end_line for node in nodes],
            "end_col": [node.end_col for node in nodes],
            "start_byte": [node.start_byte for node in nodes],
            "end_byte": [node.end_byte for node in nodes],
            "parent_id": [ids[node.parent] for node in nodes],
            "scope": [node.scope for node in nodes],
            "notes": Sparse((), ()),
        }

    def _of_defining(self, places: list[int]) -> dict[str, Cells]:
        """What a node that defines something has."""
        numbers = [self._layers.syntax.nodes[index].definition for index in places]
        definitions = [self._definitions[number] for number in numbers]
        names, ratios = self._layers.qualified.nodes, self._layers.types.definition_ratios
        return {
            "local_name": Sparse(places, [item.local_name for item in definitions]),
            "qualified_names": Sparse(places, [names[number] for number in numbers]),
            "signature": Sparse(places, [_json(self._signatures[number]) for number in numbers]),
            "decorators": Sparse(places, [item.decorators for item in definitions]),
            "bases": Sparse(places, [item.bases for item in definitions]),
            "docstring": Sparse(places, [item.docstring for item in definitions]),
            "imports": Sparse(places, [self._imported[number] for number in numbers]),
            "assign_targets": Sparse(places, [item.assign_targets for item in definitions]),
            "code_hash": Sparse(places, [item.code_hash or None for item in definitions]),
            "annotation_ratio": Sparse(places, [ratios.get(number) for number in numbers]),
        }

    def _of_names(self, places: list[int]) -> dict[str, Cells]:
        """Where the name stands that a node defines; an assignment, say, has none."""
        definitions = [self._definition(index) for index in places]
        return {
            "name_line": Sparse(places, [item.name_line for item in definitions]),
            "name_col": Sparse(places, [item.name_col for item in definitions]),
            "name_start_byte": Sparse(places, [item.name_start_byte for item in definitions]),
            "name_end_byte": Sparse(places, [item.name_end_byte for item in definitions]),
        }

    def _of_symbols(self, places: list[int]) -> dict[str, Cells]:
        """What the SCIP index calls what a node defines."""
        found = [self._layers.stitched.nodes[self._layers.syntax.nodes[index].definition] for index in places]
        return {
            "scip_symbol": Sparse(places, [item.symbol for item in found]),
            "scip_match": Sparse(places, [item.match for item in found]),
            "scip_repair": Sparse(places, [item.repair for item in found]),
        }

    def _of_enclosing(self, places: list[int], covered: Covered) -> dict[str, Cells]:
        """How much of a module, class or function is annotated and covered."""
        definitions = [self._definition(index) for index in places]
        return {
            "n_typable": Sparse(places, [item.n_typable for item in definitions]),
            "n_typed": Sparse(places, [item.n_typed for item in definitions]),
            "coverage_ratio": Sparse(places, [covered.ratio_of(index) for index in places]),
        }

    def _definition(self, index: int) -> Definition:
        return self._definitions[self._layers.syntax.nodes[index].definition]

    def lines(self, json_options: int) -> bytes:
        """One line of JSON a node; `json_options` are orjson's."""
        layers = self._layers
        node_ids, stable_ids = layers.node_ids, layers.stable_ids
        names, symbols = layers.qualified.nodes, layers.stitched.nodes
        path, parse_ok = layers.path, layers.syntax.parse_ok
        definitions, signatures = self._definitions, self._signatures
        lines: list[bytes] = []
        # Not from the rows: JSON nests what rows flatten (`span`, `signature`, `imports`), and has its own field names.
        for index, node in enumerate(layers.syntax.nodes):
            number = node.definition
            definition, statement, symbol = definitions[number], self._statements[number], symbols.get(number)
            record = {
                "path": path,
                "node_id": node_ids[index],
                "stable_id": stable_ids[index],
                "node_type": node.node_type,
                "name": node.name,
                "qualified_names": names[number] if number >= 0 else (),
                "span": {
                    "start": {"line": node.start_line, "col": node.start_col},
                    "end": {"line": node.end_line, "col": node.end_col},
                },
                "start_byte": node.start_byte,
                "end_byte": node.end_byte,
                "parent_id": node_ids[node.parent] if node.parent >= 0 else None,
                "scope": node.scope,
                "signature": signatures[number],
                "decorators": definition.decorators,
                "docstring": definition.docstring,
                "bases": definition.bases,
                "imports": import_value(statement, self._imported[number]) if statement is not None else None,
                "assign_targets": definition.assign_targets or None,
                "scip_symbol": symbol.symbol if symbol is not None else None,
                "scip_match": symbol.match if symbol is not None else None,
                "code_hash": definition.code_hash or None,
                "parse_ok": parse_ok,
                "notes": (),
            }
            lines.append(orjson.dumps(record, option=json_options))
        return b"".join(lines)


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def imported_texts(statement: ImportStatement) -> tuple[str, ...]:
    """`module:name as alias` for each name of a `from` import (leading dots kept), `module as alias` for `import`."""
    prefix = f"{'.' * statement.level}{statement.module or ''}:" if statement.is_from else ""
    return tuple(
        f"{prefix}{item.name} as {item.alias}" if item.alias is not None else f"{prefix}{item.name}"
        for item in statement.names
    )


def import_value(statement: ImportStatement, imported: tuple[str, ...]) -> dict[str, Any]:
    """An import statement as JSON has it.

    `aliases` maps names to aliases; `imported` tells also two aliases of one name apart.
    """
    return {
        "module": statement.module,
        "names": [item.name for item in statement.names],
        "aliases": {item.name: item.alias for item in statement.names if item.alias is not None},
        "imported": imported,
        "is_star": any(item.name == "*" for item in statement.names),
        "level": statement.level,
    }
