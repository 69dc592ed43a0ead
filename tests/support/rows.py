"""Source files through every analysis to their encoded rows, in this process: what stores and publishers are fed."""

from collections.abc import Mapping
from typing import Any

import msgspec

from codeintel_enrich.engine.run.jobs import ENCODER
from codeintel_enrich.model.config import EmitConfig, LinkConfig, ParseConfig
from codeintel_enrich.model.context import FileContext
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.rows import FileRows, PackedRows, unpack_records
from codeintel_enrich.model.scip import ROLE_DEFINITION, Document
from codeintel_enrich.model.tables import TABLES
from codeintel_enrich.model.types import FileFacts
from codeintel_enrich.stages.emit import emit
from codeintel_enrich.stages.link import link
from codeintel_enrich.stages.outline import PYTHON, outline
from codeintel_enrich.stages.qualify import qualify
from codeintel_enrich.stages.stitch import stitch
from codeintel_enrich.stages.types import attach_types
from tests.support.parsed import parsed_once

ROOTS = ("src", ".")
PARSE = ParseConfig()
EMIT = EmitConfig()

_made: dict[str, dict[str, FileRows]] = {}


def emitted(
    sources: Mapping[str, str | bytes],
    *,
    documents: Mapping[str, Document] | None = None,
    facts: Mapping[str, FileFacts] | None = None,
    contexts: Mapping[str, FileContext] | None = None,
    parse_config: ParseConfig = PARSE,
    emit_config: EmitConfig = EMIT,
) -> dict[str, FileRows]:
    """Path -> final rows; the same sources under the same settings are analysed once in a process."""
    fed = msgspec.msgpack.encode([sources, documents, facts, contexts, parse_config, emit_config])
    if (known := _made.get(digest(fed))) is not None:
        return dict(known)
    parsed = {
        path: parsed_once(text.encode() if isinstance(text, str) else text, parse_config)
        for path, text in sources.items()
    }
    linked = link(
        None,
        module_table(sources, ROOTS),
        {path: digest(repr(item.interface).encode()) for path, item in parsed.items()},
        lambda path: parsed[path].interface,
        LinkConfig(),
    )
    homes = {
        occurrence.symbol: path
        for path, document in (documents or {}).items()
        for occurrence in document.occurrences
        if occurrence.roles & ROLE_DEFINITION
    }
    owners = {path: module.owner for path, module in linked.linked_modules.items()}
    rows: dict[str, FileRows] = {}
    for path, item in parsed.items():
        syntax, linked_module = item.syntax, linked.linked_modules[path]
        if not syntax.parse_ok:
            text = sources[path]
            broken = text.encode() if isinstance(text, str) else text
            syntax = msgspec.structs.replace(syntax, outline=outline(PYTHON, broken))
        qualified = qualify(syntax, item.interface, linked_module)
        document = (documents or {}).get(path)
        if document is not None:
            document = msgspec.structs.replace(document, homes={**homes, **document.homes})
        stitched = stitch(syntax, item.interface, qualified, linked_module, document, owners)
        own_facts = (facts or {}).get(path)
        types = attach_types(syntax, [own_facts] if own_facts else [])
        context = (contexts or {}).get(path, FileContext())
        rows[path] = emit(path, syntax, item.interface, linked_module, qualified, stitched, types, context, emit_config)
    _made[digest(fed)] = rows
    return dict(rows)


def as_dicts(rows: FileRows, table: str) -> list[dict[str, Any]]:
    """One file's rows of a table, by column name."""
    return by_table(rows.packed)[table]


def by_table(packed: PackedRows) -> dict[str, list[dict[str, Any]]]:
    """Table -> one file's rows by column name; tables that were not packed have none."""
    return dict(zip([table.name for table in TABLES], unpack_records(packed, *TABLES), strict=True))


class Shelf:
    """Encoded rows by path, as the engine offers them: a listing with digests, and a way to load one."""

    def __init__(self, rows: Mapping[str, FileRows]) -> None:
        self.data = {path: ENCODER.encode(item) for path, item in rows.items()}
        self.loaded: list[str] = []

    @property
    def wanted(self) -> dict[str, str]:
        return {path: digest(data) for path, data in self.data.items()}

    def differs_from(self, other: "Shelf") -> list[str]:
        """Files that are new here or have other rows than there."""
        return [path for path in sorted(self.data) if self.data[path] != other.data.get(path)]

    def load(self, path: str) -> bytes:
        self.loaded.append(path)
        return self.data[path]
