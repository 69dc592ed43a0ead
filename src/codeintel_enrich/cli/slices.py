"""How chunks are shown: lines of JSON, all of them or those that changed since a generation."""

import sys
from pathlib import Path
from typing import Any

import orjson

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.publish.index import read_index
from codeintel_enrich.publish.outputs import SLICES_FILE
from codeintel_enrich.publish.slice_log import changes_since
from codeintel_enrich.publish.spliced import read_parts


def show_slices(file: Path, index: Path, log: Path, since: int | None) -> None:
    """Print chunks. Raises EnrichError where there are none.

    With `since`, the first line says up to which generation the log reaches, and whether what follows is `complete`:
    all chunks there are, since the log does not go back far enough. Each further line is one change: its `operation`
    (`added`, `changed`, `removed`), `path` and `id`, and the chunk unless it is gone.
    """
    known = read_index(index)
    parts = known.spliced.get(SLICES_FILE) if known is not None else None
    if parts is None or not file.is_file():
        raise EnrichError(f"{file}: there are no slices; run `codeintel-enrich build --emit-slices` first")
    write = sys.stdout.buffer.write
    if since is None:
        write(file.read_bytes())
        return
    found = changes_since(log, since)
    write(_line({"generation": found.generation, "since": since, "complete": found.complete}))
    needed = {change.path for change in found.changes if change.operation != "removed"}
    chunks = {
        (path, str(chunk["id"])): chunk
        for path, lines in read_parts(file, parts, needed)
        for chunk in map(orjson.loads, lines.splitlines())
    }
    for change in found.changes:
        record: dict[str, Any] = {"operation": change.operation, "path": change.path, "id": change.id}
        if change.operation != "removed":
            record["chunk"] = chunks[change.path, change.id]
        write(_line(record))


def _line(record: dict[str, Any]) -> bytes:
    # Keys sorted and no spaces, as in the published file whose lines are printed beside these.
    return orjson.dumps(record, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
