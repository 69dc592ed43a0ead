"""A folder with published files, and the kinds of them that are wanted."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from codeintel_enrich.model.config import PublishConfig
from codeintel_enrich.publish.files import PublishReport, publish_files
from codeintel_enrich.publish.outputs import CST_FILE, OUTPUTS, Output
from codeintel_enrich.publish.rules import Chunker, Materials, Tools
from codeintel_enrich.store.arrow import arrow_tables
from tests.support.rows import Shelf, emitted

BASIC = ("modules/modules.jsonl", "repo_map.json", "tags/tags_index.yaml")
PAGES = (*BASIC, CST_FILE, "modules/**/*.md")
PARQUET = (*BASIC, CST_FILE, "parquet/*/package=*/part-*.parquet", "parquet/*/package=*/other-*.parquet")


def unasked(*arguments: object) -> Any:
    raise AssertionError("nothing that is wanted is made with it")


def chosen(patterns: Collection[str]) -> list[Output]:
    """Entries of the registry."""
    found = [output for output in OUTPUTS if output.pattern in patterns]
    assert len(found) == len(patterns)
    return found


def publish(
    out: Path,
    index: Path,
    patterns: Collection[str],
    wanted: Mapping[str, str],
    shelf: Shelf,
    *,
    version: str = "",
    entry_points: Mapping[str, str] | None = None,
) -> PublishReport:
    """Publish what a shelf holds."""

    def chunker() -> Chunker:
        raise AssertionError("nothing that is wanted is made with it")

    materials = Materials(
        wanted=wanted,
        load=shelf.load,
        config=PublishConfig(),
        version=version,
        project="shop",
        entry_points=entry_points or {},
        cst_file=CST_FILE,
        tools=Tools(
            arrow_tables=arrow_tables,
            graph_table=unasked,
            callers=unasked,
            generation=unasked,
            source=unasked,
            overlay=unasked,
            metrics=unasked,
            chunker=chunker,
        ),
    )
    return publish_files(out, index, chosen(patterns), materials)


class Desk:
    """An output folder with its sidecar, brought to what sources say."""

    def __init__(self, folder: Path, patterns: Collection[str]) -> None:
        self.out = folder / "enriched"
        self.index = folder / "publish.index"
        self.patterns = patterns
        self.version = ""

    def publish(self, sources: Mapping[str, str | bytes], **more: Any) -> PublishReport:
        shelf = Shelf(emitted(sources, **more))
        report = publish(self.out, self.index, self.patterns, shelf.wanted, shelf, version=self.version)
        self.loaded = shelf.loaded
        return report

    def files(self, folder: str = "") -> dict[str, bytes]:
        """Everything below a folder, by name relative to the output folder."""
        found = sorted(path for path in (self.out / folder).rglob("*") if path.is_file())
        return {path.relative_to(self.out).as_posix(): path.read_bytes() for path in found}

    def places(self, folder: str = "") -> dict[str, tuple[int, int]]:
        """(inode, modification time in ns) of every file: what a rewrite changes."""
        return {
            name: (found.st_ino, found.st_mtime_ns)
            for name in self.files(folder)
            if (found := os.stat(self.out / name))
        }
