"""Real packages with what the pipeline makes of them: each is built once a session, for all tests that only read."""

from pathlib import Path
from typing import Any

import msgspec

from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.model.digest import digest
from tests.support.packages import copy_package, source_files
from tests.support.shared import made_once
from tests.support.workspace import Workspace


class BuiltPackage(msgspec.Struct, frozen=True):
    """A copy of an installed package and its cache, which other processes read, too: who edits takes a copy."""

    root: Path
    paths: list[str]
    """Its sources."""
    summary: Summary
    """Of the first build."""
    ran_again: tuple[str, ...]
    """The tasks that a second build ran."""

    @property
    def store(self) -> Path:
        """The store that the first build left."""
        return self.root / "cache" / "codeintel.duckdb"


def built_package(name: str, **options: Any) -> BuiltPackage:
    """An installed package, built under some options and then once more."""

    def make(folder: Path) -> None:
        workspace = Workspace(folder, jobs=2, **options)
        copy_package(name, workspace.root)
        # Later there are overlays in the cache, too.
        paths = source_files(workspace.root)
        built = BuiltPackage(workspace.root, paths, workspace.build(), tuple(sorted(workspace.ran())))
        (folder / "built.msgpack").write_bytes(msgspec.msgpack.encode(built, enc_hook=str))

    asked = digest(msgspec.msgpack.encode(sorted(options.items())))
    folder = made_once(f"packages/{name}-{asked}", make)
    return msgspec.msgpack.decode(
        (folder / "built.msgpack").read_bytes(), type=BuiltPackage, dec_hook=lambda kind, value: kind(value)
    )


def checked_package(name: str) -> BuiltPackage:
    """An installed package, built with the index that ty-scip makes of it and what pyrefly says of it."""
    return built_package(name, index=True, types=True)
