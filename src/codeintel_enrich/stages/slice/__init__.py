"""Slices: one file cut into chunks that are ready to embed, module -> class -> function.

A function's chunk is all of it; that of a class or module has, in place of each definition that has a chunk of its own,
that definition's head: no line is embedded twice, and a class still shows what it has. It knows neither where chunks
are put nor how tokens are counted.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import PackedRows, unpack_records
from codeintel_enrich.model.signatures import class_head, function_head, one_line, read_signature
from codeintel_enrich.model.tables import IMPORTS, MODULES, NODES, REFS
from codeintel_enrich.stages.slice.docs import doc_sections
from codeintel_enrich.stages.slice.windows import windows

__all__ = ["slices"]

Record = Mapping[str, Any]

_KINDS = {"Module": "module", "ClassDef": "class", "FunctionDef": "function"}
_LINE_REST = re.compile(rb"[ \t]*#[^\r\n]*")
_USED_KINDS = frozenset({"class", "function", "variable", "type-alias"})


def slices(
    rows: PackedRows,
    source: bytes,
    callers: Mapping[str, Sequence[str]],
    count_tokens: Callable[[str], int],
    max_tokens: int,
) -> bytes:
    """The chunks of one file as lines of JSON, in source order, a chunk's windows one after the other.

    `source` is the bytes that the rows were made of. `callers` maps qualified names of this file's definitions to those
    of the definitions that use them. A chunk's text is its header and a window of its body; `text_hash` is its digest,
    and nothing else decides whether it must be embedded again. A body of more than `max_tokens` tokens is split.
    A file without text has no chunk.
    """
    (module,), nodes, imports, references = unpack_records(rows, MODULES, NODES, IMPORTS, REFS)
    if not module["parse_ok"]:
        return b""
    chunks = _chunks(nodes)
    _attach(chunks, nodes, imports, references)
    lines: list[bytes] = []
    for chunk in chunks:
        body = _body(chunk, source, module["encoding"])
        if body.strip():
            lines.extend(_lines(chunk, module, body, callers, count_tokens, max_tokens))
    return b"".join(lines)


class _Chunk:
    """One definition that has a chunk of its own."""

    def __init__(self, node: Record, parent: "_Chunk | None") -> None:
        self.node = node
        self.parent = parent
        self.children: list[_Chunk] = []
        self.imports: set[str] = set()
        self.uses: set[str] = set()

    @property
    def name(self) -> str | None:
        names = self.node["qualified_names"]
        return names[0] if names else None

    @property
    def head(self) -> str:
        """The definition's first line, without decorators, in one line; empty for a module."""
        node = self.node
        if node["node_type"] == "Module":
            return ""
        if node["node_type"] == "ClassDef":
            return class_head(node["name"], node["bases"])
        return one_line(function_head(node["name"], read_signature(node["signature"])))


def _chunks(nodes: Sequence[Record]) -> list[_Chunk]:
    """The module, and every class and function that stands in no function; parents before children."""
    chunks: list[_Chunk] = []
    open_chunks: list[_Chunk] = []
    for node in nodes:
        if node["node_type"] not in _KINDS:
            continue
        # Nodes come in source order, an enclosing one before what it holds: a stack finds each one's parent. The module
        # stays at the bottom, also of what stands behind its last statement.
        while open_chunks and open_chunks[-1].node["end_byte"] <= node["start_byte"] and len(open_chunks) > 1:
            open_chunks.pop()
        enclosing = open_chunks[-1] if open_chunks else None
        if enclosing is not None and enclosing.node["node_type"] == "FunctionDef":
            continue
        chunk = _Chunk(node, enclosing)
        if enclosing is not None:
            enclosing.children.append(chunk)
        chunks.append(chunk)
        open_chunks.append(chunk)
    return chunks


def _attach(
    chunks: Sequence[_Chunk], nodes: Sequence[Record], imports: Sequence[Record], references: Sequence[Record]
) -> None:
    """Give each chunk what it uses: what a nested function uses, the function around it uses."""
    parents = {node["node_id"]: node["parent_id"] for node in nodes}
    by_id = {chunk.node["node_id"]: chunk for chunk in chunks}
    # By the name that an import binds here, since that is what the text of a chunk shows.
    imported = {
        (item["alias"] or item["name"].partition(".")[0]): (
            f"{item['target_module']}.{item['name']}" if item["is_from"] else item["target_module"]
        )
        for item in imports
        if not item["is_star"]
    }
    for reference in references:
        if reference["role"] != "read":
            continue
        chunk = _enclosing(reference["node_id"], by_id, parents)
        if chunk is None:
            continue
        if reference["kind"] == "name" and reference["name"] in imported:
            chunk.imports.add(imported[reference["name"]])
        name = reference["qualified_name"]
        is_ours = reference["target_path"] is not None and reference["target_kind"] in _USED_KINDS
        # A local name is part of the chunk's own text.
        if is_ours and name and "<locals>" not in name and name != chunk.name:
            chunk.uses.add(name)


def _enclosing(node_id: str | None, by_id: Mapping[str, _Chunk], parents: Mapping[str, str | None]) -> _Chunk | None:
    """The innermost chunk around a node, or the node's own."""
    while node_id is not None and node_id not in by_id:
        node_id = parents[node_id]
    return None if node_id is None else by_id[node_id]


def _body(chunk: _Chunk, source: bytes, encoding: str) -> str:
    """The chunk's own text, without the indentation of its place."""
    node = chunk.node
    # By bytes, since an encoding need not have one byte per column.
    pieces: list[str] = []
    start = node["start_byte"]
    for child in chunk.children:
        pieces.append(source[start : child.node["start_byte"]].decode(encoding, "replace"))
        pieces.append(f"{child.head}: ...")
        start = _line_end(source, child.node["end_byte"])
    pieces.append(source[start : _line_end(source, node["end_byte"])].decode(encoding, "replace"))
    # Line ends are unified: the same text is embedded alike from every checkout.
    lines = "".join(pieces).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    margin = node["start_col"]
    return "\n".join([lines[0], *(line[margin:] if line[:margin].isspace() else line for line in lines[1:])])


def _line_end(source: bytes, end: int) -> int:
    """The end of a definition together with a comment that stands on its last line."""
    rest = _LINE_REST.match(source, end)
    return rest.end() if rest is not None else end


def _lines(
    chunk: _Chunk,
    module: Record,
    body: str,
    callers: Mapping[str, Sequence[str]],
    count_tokens: Callable[[str], int],
    max_tokens: int,
) -> Iterator[bytes]:
    node = chunk.node
    documentation = doc_sections(node["docstring"])
    header = "\n".join(
        filter(None, (f"# {module['path']}", f"# {chunk.name or ''}", chunk.head, documentation["summary"]))
    )
    # The header stands in every window. One that takes most of the room still leaves half of it to the text.
    room = max(max_tokens - count_tokens(header), max_tokens // 2)
    parts = windows(body, count_tokens, room)
    for part, text in enumerate(parts):
        # What is embedded, all of it: so its digest alone decides whether it must be embedded again.
        whole = f"{header}\n\n{text}"
        record = {
            "id": f"{node['stable_id']}#{part}",
            "stable_id": node["stable_id"],
            "part": part,
            "n_parts": len(parts),
            "kind": _KINDS[node["node_type"]],
            "path": module["path"],
            "module": module["module"],
            "qualified_name": chunk.name,
            "parent": chunk.parent.node["stable_id"] if chunk.parent is not None else None,
            "children": [child.node["stable_id"] for child in chunk.children],
            "node_id": node["node_id"],
            "start_line": node["start_line"],
            "end_line": node["end_line"],
            "decorators": node["decorators"],
            "signature": chunk.head or None,
            "docstring": node["docstring"],
            "doc": documentation,
            "header": header,
            "body": text,
            "n_tokens": count_tokens(whole),
            "imports": sorted(chunk.imports),
            "uses": sorted(chunk.uses),
            "callers": list(callers.get(chunk.name or "", ())),
            "tags": module["tags"],
            "code_hash": node["code_hash"],
            "text_hash": digest(whole.encode("utf-8", "replace")),
        }
        yield orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
