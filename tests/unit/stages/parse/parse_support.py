"""What the tests of `parse` share: trees, real source files, a way to look rows up."""

import gc
import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from codeintel_enrich.model.config import NodeLevel, ParseConfig
from codeintel_enrich.model.syntax import Definition, Node
from codeintel_enrich.stages.parse.nodes import NodeRows, describe
from codeintel_enrich.stages.parse.text import decode
from codeintel_enrich.stages.parse.tree import ParsedTree, build_tree


def tree_of(source: str | bytes, level: NodeLevel = "defs") -> ParsedTree:
    data = source.encode() if isinstance(source, str) else source
    return build_tree(decode(data), ParseConfig(level=level))


def described(source: str | bytes, level: NodeLevel = "defs") -> NodeRows:
    return describe(tree_of(source, level))


def definitions(source: str | bytes, node_type: str) -> list[Definition]:
    rows = described(source)
    return [rows.definitions[node.definition] for node in rows.nodes if node.node_type == node_type]


def slices(source: bytes, nodes: tuple[Node, ...], node_type: str) -> list[bytes]:
    return [source[node.start_byte : node.end_byte] for node in nodes if node.node_type == node_type]


def files_of(package: str, every: int = 1) -> list[Path]:
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return sorted(Path(spec.origin).parent.rglob("*.py"))[::every]


@contextmanager
def without_collection() -> Iterator[None]:
    """Cyclic collection off, as in the engine's workers."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
