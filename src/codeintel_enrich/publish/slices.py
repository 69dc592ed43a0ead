"""`slices/slices.jsonl`: the chunks of each file that the filter lets through, and the log of what became of them."""

from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

import msgspec

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.notebook import is_notebook
from codeintel_enrich.model.patterns import too_costly
from codeintel_enrich.model.rows import FileSummary, decode_packed
from codeintel_enrich.publish.rules import BuildRule, Chunker, Materials, Rules
from codeintel_enrich.publish.slice_log import log_slices


def slice_rules(materials: Materials) -> Rules:
    """How the chunks of each file are made. Chunks name their callers, so this waits for the store."""
    from pathspec import GitIgnoreSpec

    for pattern in materials.config.slices.filter:
        if (fault := too_costly(pattern)) is not None:
            raise UsageError(f"slices.filter: {pattern!r} is no pattern that is matched: {fault}")
    chosen = GitIgnoreSpec.from_lines(materials.config.slices.filter or ("*",))
    chunker = materials.tools.chunker()
    version = f"{materials.version}\0{chunker.version}"
    callers = materials.tools.callers()
    rules: dict[str, BuildRule] = {}
    for path, summary in materials.summaries.items():
        # Places in a notebook's file are none in the text of its code.
        if summary.parse_ok and not is_notebook(path) and chosen.match_file(path):
            # Part of the inputs: a new caller elsewhere changes the chunk though no row of this file changes.
            using = callers.get(path, {})
            inputs = digest(f"{version}\0{materials.wanted[path]}\0".encode() + msgspec.json.encode(using))
            rules[path] = BuildRule(inputs, partial(_make, materials, chunker, path, summary, using))
    return rules


def _make(
    materials: Materials, chunker: Chunker, path: str, summary: FileSummary, using: Mapping[str, list[str]]
) -> bytes:
    source = materials.tools.source(path, summary)
    return chunker.cut(decode_packed(materials.load(path)), source, using)


def log_made(
    materials: Materials,
    made: Mapping[str, bytes] | None,
    files: Collection[str],
    every: Callable[[], Mapping[str, bytes]],
) -> None:
    """Note which chunks came, changed and went: `made` are those of the files that were cut again, of all `files`."""
    log_slices(Path(materials.slice_log), materials.tools.generation(), made, files, every)
