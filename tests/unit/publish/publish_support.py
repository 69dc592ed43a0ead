"""A folder with published files, and the plan they are made by."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from codeintel_enrich.files.stamps import PublishReport
from codeintel_enrich.publish import Plan, publish_files
from codeintel_enrich.store.arrow import arrow_tables
from tests.support.rows import Shelf, emitted

PAGES = Plan(emit_pages=True)
PARQUET = Plan(arrow_tables=arrow_tables)


class Desk:
    """An output folder with its sidecar, brought to what sources say."""

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.out = folder / "enriched"
        self.index = folder / "publish.index"
        self.plan = plan

    def publish(self, sources: Mapping[str, str | bytes], **more: Any) -> PublishReport:
        shelf = Shelf(emitted(sources, **more))
        report = publish_files(
            self.out, self.index, shelf.wanted, shelf.load, project="shop", entry_points={}, plan=self.plan
        )
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
