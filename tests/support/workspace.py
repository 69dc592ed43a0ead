"""A repository in a temporary folder: write, edit, delete, build, and see which tasks ran."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import msgspec

from codeintel_enrich.engine.plan.build import Build
from codeintel_enrich.engine.run.summary import Summary
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.model.digest import digest
from codeintel_enrich.store import canonical_dump, open_store
from codeintel_enrich.tasks import run_build
from tests.support.pool import fresh_workers
from tests.support.shared import made_once, remembered

ANALYSES = ("parse", "qualify", "stitch", "types", "emit")

Digests = dict[str, str]
"""Table or published file -> digest of all that it says."""

_sharing = [True]


@contextmanager
def sharing_clean_builds(allowed: bool) -> Iterator[None]:
    """Whether, in the block, a clean build of a tree may stand in for another clean build of an equal tree."""
    _sharing.append(allowed)
    try:
        yield
    finally:
        _sharing.pop()


class Workspace:
    """One repository and its cache; `clean()` builds a copy of it elsewhere, from nothing."""

    def __init__(self, folder: Path, files: Mapping[str, str | bytes] | None = None, **options: Any) -> None:
        self.folder = folder
        self.root = folder / "repo"
        self.root.mkdir(parents=True, exist_ok=True)
        self.options: dict[str, Any] = {"index": False, "types": False, "jobs": 1, **options}
        self._clean = 0
        for path, text in (files or {}).items():
            self.write(path, text)

    @classmethod
    def built(cls, folder: Path, files: Mapping[str, str | bytes], **options: Any) -> Self:
        """A repository that was built and has nothing due: a copy of one that the session builds once for all who ask.

        The copy looks over its files anew, since their inodes are others: what it trusts afterwards is its own.
        """
        asked = cls(folder, files, **options)
        if not _sharing[-1] or asked.options["index"] or asked.options["types"]:
            asked.build()
            return asked

        def make(base: Path) -> None:
            # Workers that end with the build leave a file of artifacts without a log beside it.
            with fresh_workers():
                Workspace(base, files, **options).build()

        base = made_once(f"built/{asked._identity(asked.options)}", make)
        shutil.copytree(base / "repo" / "cache", asked.root / "cache", symlinks=True)
        assert asked.ran() == set()
        return asked

    def write(self, path: str, text: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())

    def append(self, path: str, text: str) -> None:
        self.write(path, self.read(path) + text.encode())

    def replace(self, path: str, old: str, new: str) -> None:
        before = self.read(path).decode()
        assert old in before, f"{old!r} is not in {path}"
        self.write(path, before.replace(old, new))

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()

    def delete(self, path: str) -> None:
        target = self.root / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()

    def move(self, path: str, to: str) -> None:
        (self.root / to).parent.mkdir(parents=True, exist_ok=True)
        os.replace(self.root / path, self.root / to)

    def build(self, **options: Any) -> Summary:
        """One build; fails the test when the build itself fails."""
        summary = build_at(self.root, {**self.options, **options})
        assert not summary.errors, summary.errors
        return summary

    def ran(self, **options: Any) -> set[str]:
        """The names of the tasks that one build ran."""
        return set(self.build(**options).ran)

    def dump(self) -> dict[str, list[Any]]:
        """Every table of the store, canonically."""
        return canonical_dump(self.root / "cache" / "codeintel.duckdb")

    def query(self, sql: str) -> list[Any]:
        """The rows that a question to the store gives."""
        with open_store(self.root / "cache" / "codeintel.duckdb") as store:
            return store.execute(sql).fetchall()

    def outputs(self) -> dict[str, bytes]:
        """Every published file."""
        out = self.root / "cache" / "enriched"
        return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*")) if p.is_file()}

    def clean(self, **options: Any) -> "Workspace":
        """A copy of the tree at another absolute path, built from an empty cache."""
        self._clean += 1
        copy = Workspace(self.folder / f"clean-{self._clean}")
        copy.options = dict(self.options)
        shutil.rmtree(copy.root)
        shutil.copytree(self.root, copy.root, ignore=shutil.ignore_patterns("cache"), symlinks=True)
        copy.build(**options)
        return copy

    def assert_equals_clean(self, **options: Any) -> None:
        """The store and every published file are those of a clean build.

        Trees of equal bytes have equal clean builds: what one came to is remembered, for every process of the session.
        """
        wanted = {**self.options, **options}
        if not _sharing[-1] or wanted.get("index") or wanted.get("types"):
            # Indexers and checkers look at more of the world than at this tree.
            self._assert_same_as(self.clean(**options))
            return

        def make() -> bytes:
            clean = self.clean(**options)
            result = clean.digests()
            shutil.rmtree(clean.folder)
            return msgspec.msgpack.encode(result)

        if self.digests() != msgspec.msgpack.decode(remembered(f"clean/{self._identity(wanted)}", make), type=Digests):
            self._assert_same_as(self.clean(**options))
            raise AssertionError("two clean builds of one tree differ")

    def digests(self) -> Digests:
        """What stands in the store and in the published files, by digest."""
        tables = {f"table {name}": digest(repr(rows).encode()) for name, rows in self.dump().items()}
        return tables | {name: digest(content) for name, content in self.outputs().items()}

    def _identity(self, options: Mapping[str, Any]) -> str:
        """Digest of all that a clean build of the tree is made of: names, kinds and bytes of files, and options."""
        parts: list[object] = [sorted((name, repr(value)) for name, value in options.items())]
        given = (options.get("scip"), *(options.get("reports") or {}).values())
        parts += [value.read_bytes() for value in given if isinstance(value, Path)]
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name != "cache")
            for name in sorted((*files, *folders)):
                path = os.path.join(folder, name)
                status = os.lstat(path)
                entry = [os.fsencode(os.path.relpath(path, self.root)), status.st_mode]
                if os.path.islink(path):
                    entry.append(os.fsencode(os.readlink(path)))
                elif os.path.isfile(path):
                    entry.append(Path(path).read_bytes())
                parts.append(entry)
        return digest(msgspec.msgpack.encode(parts))

    def _assert_same_as(self, clean: "Workspace") -> None:
        assert_same(self.dump(), clean.dump())
        ours, theirs = self.outputs(), clean.outputs()
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if ours[name] != theirs[name]] == []
        shutil.rmtree(clean.folder)


def build_at(root: Path, options: Mapping[str, Any]) -> Summary:
    return run_build(Build(Options(root=root, **options)))


def assert_same(got: dict[str, list[Any]], expected: dict[str, list[Any]]) -> None:
    """Table by table, with the first differing rows in the message."""
    assert got.keys() == expected.keys()
    for table, rows in expected.items():
        if got[table] != rows:
            here, there = set(map(repr, got[table])), set(map(repr, rows))
            raise AssertionError(f"{table}: extra {sorted(here - there)[:3]} missing {sorted(there - here)[:3]}")


def all_tasks(path: str) -> set[str]:
    """The five tasks of one file."""
    return {f"{stage}:{path}" for stage in ANALYSES}


def later_tasks(path: str) -> set[str]:
    """The tasks of one file that follow where what its imports mean changed."""
    return {f"{stage}:{path}" for stage in ("qualify", "stitch", "emit")}
