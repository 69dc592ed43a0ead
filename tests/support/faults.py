"""Faults of the machine at the k-th thing that a process writes below a folder.

What counts is what Python code asks for: opening for writing, writing, renaming, removing, making folders, the commits
of SQLite and of DuckDB. A write that strikes a fault has written half of its bytes.
"""

import builtins
import errno
import io
import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

KINDS = ("kill", "SIGINT", "SIGTERM", "ENOSPC", "EIO", "EACCES")
EDIT = "edit"
"""The kind that does no harm: somebody works on the tree just then."""

_GROWS = frozenset(("open", "write", "mkdir", "copy", "commit", "connect"))
"""What a full disk refuses; names are changed and files are removed without room."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_SQLITE = {
    "ENOSPC": (sqlite3.SQLITE_FULL, "database or disk is full"),
    "EIO": (sqlite3.SQLITE_IOERR_WRITE, "disk I/O error"),
    "EACCES": (sqlite3.SQLITE_CANTOPEN, "unable to open database file"),
}


class Fault(NamedTuple):
    """What happens, and at which point, counted from 1; a full disk stays full, all else happens once."""

    kind: str
    at: int


class Points:
    """Numbers what this process writes below a folder, and lets a fault strike; there can be one in a process."""

    def __init__(
        self, folder: str, log: str, fault: Fault | None = None, edit: Callable[[], None] | None = None
    ) -> None:
        """`log`: a file outside of the folder that gets a line for each point, before it is passed."""
        self._edit = edit
        self._folder = os.path.join(os.path.realpath(folder), "")
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._fault = fault
        self._count = 0
        self._paths: dict[int, str] = {}
        self._lock = threading.Lock()
        self._write = os.write

    def reach(self, what: str, path: Any) -> str | None:
        """Pass a point; the kind of the error to raise there, if any. A signal that ends the process does so here."""
        name = os.path.abspath(os.fsdecode(path))
        if not name.startswith(self._folder):
            return None
        with self._lock:
            self._count += 1
            self._write(self._log, f"{what} {name[len(self._folder) :]}\n".encode("utf-8", "surrogateescape"))
            if self._fault is None:
                return None
            kind, at = self._fault
            if self._count == at:
                return kind
            return kind if kind == "ENOSPC" and self._count > at and what in _GROWS else None

    def strike(self, kind: str | None, path: Any = None) -> None:
        """Let a fault happen: die, interrupt, or raise OSError."""
        if kind == EDIT:
            assert self._edit is not None
            self._edit()
            return
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif kind in ("SIGINT", "SIGTERM"):
            os.kill(os.getpid(), signal.Signals[kind])
        elif kind is not None:
            number = getattr(errno, kind)
            raise OSError(number, os.strerror(number), path)

    def install(self) -> None:
        """From now on, for the rest of the process."""
        self._patch_calls()
        self._patch_open()
        self._patch_sqlite()
        self._patch_duckdb()

    def _patch_calls(self) -> None:
        def patch(name: str, what: str, place: int = 0) -> None:
            original: Callable[..., Any] = getattr(os, name)

            def call(*arguments: Any, **more: Any) -> Any:
                path = arguments[place]
                self.strike(self.reach(what, path), path)
                return original(*arguments, **more)

            setattr(os, name, call)

        for name in ("unlink", "remove", "rmdir", "mkdir", "symlink", "link", "truncate"):
            patch(name, name)
        # What is struck is the file that would be replaced.
        patch("replace", "rename", 1)
        patch("rename", "rename", 1)
        opens, writes, copies = os.open, os.write, getattr(os, "copy_file_range", None)

        def open_(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
            if flags & _WRITING:
                self.strike(self.reach("open", path), path)
            descriptor = opens(path, flags, *arguments, **more)
            self._paths[descriptor] = os.fsdecode(path) if flags & _WRITING else ""
            return descriptor

        def write(descriptor: int, data: Any) -> int:
            kind = self.reach("write", self._paths[descriptor]) if self._paths.get(descriptor) else None
            if kind is not None:
                writes(descriptor, memoryview(data)[: len(data) // 2])
                self.strike(kind, self._paths[descriptor])
                return len(data) // 2
            return writes(descriptor, data)

        def copy(source: int, target: int, *arguments: Any) -> int:
            self.strike(self.reach("copy", self._paths[target]), self._paths[target])
            assert copies is not None
            return int(copies(source, target, *arguments))

        os.open, os.write = open_, write
        if copies is not None:
            os.copy_file_range = copy  # type: ignore[assignment]

    def _patch_open(self) -> None:
        opens = io.open

        def open_(file: Any, mode: str = "r", *arguments: Any, **more: Any) -> Any:
            if isinstance(file, int) or not set(mode) & set("wxa+"):
                return opens(file, mode, *arguments, **more)
            self.strike(self.reach("open", file), file)
            opened = opens(file, mode, *arguments, **more)
            # It is empty now, and what is written into it shows when it is closed.
            self.strike(self.reach("write", file), file)
            return opened

        io.open = builtins.open = open_

    def _patch_sqlite(self) -> None:
        points, connects = self, sqlite3.connect

        def strike(what: str, path: str) -> None:
            kind = points.reach(what, path)
            if kind in _SQLITE:
                code, message = _SQLITE[kind]
                error = sqlite3.OperationalError(message)
                error.sqlite_errorcode = code
                raise error
            points.strike(kind)

        class Connection(sqlite3.Connection):
            path = ""

            def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
                word = sql.split(None, 1)[0].lower()
                if self.path and word in ("commit", "delete"):
                    strike(word, self.path)
                elif self.path and "checkpoint" in sql:
                    strike("checkpoint", self.path)
                return super().execute(sql, *arguments)

            def commit(self) -> None:
                strike("commit", self.path)
                super().commit()

        def connect(path: Any, *arguments: Any, **more: Any) -> sqlite3.Connection:
            if isinstance(path, str) and ("mode=ro" in path or path == ":memory:"):
                reader: sqlite3.Connection = connects(path, *arguments, **more)
                return reader
            strike("connect", os.fsdecode(path))
            connection: Connection = connects(path, *arguments, factory=Connection, **more)
            connection.path = os.fsdecode(path)
            return connection

        vars(sqlite3)["connect"] = connect

    def _patch_duckdb(self) -> None:
        import duckdb

        points, connects = self, duckdb.connect

        def strike(what: str, path: str) -> None:
            kind = points.reach(what, path)
            if kind in ("ENOSPC", "EIO", "EACCES"):
                said = os.strerror(getattr(errno, kind))
                raise duckdb.IOException(f'IO Error: Could not write file "{path}": {said}')
            points.strike(kind)

        class Connection:
            def __init__(self, path: str, connection: Any) -> None:
                self._path, self._connection = path, connection

            def execute(self, sql: str, *arguments: Any) -> Any:
                word = sql.split(None, 1)[0].rstrip(";").lower()
                if word in ("commit", "checkpoint") or "COMMIT" in sql:
                    strike("commit", self._path)
                return self._connection.execute(sql, *arguments)

            def __getattr__(self, name: str) -> Any:
                return getattr(self._connection, name)

            def __enter__(self) -> "Connection":
                return self

            def __exit__(self, *error: object) -> None:
                self._connection.close()

        def connect(path: Any = ":memory:", *arguments: Any, **more: Any) -> Any:
            if str(path) == ":memory:" or more.get("read_only"):
                return connects(path, *arguments, **more)
            strike("connect", str(path))
            return Connection(str(path), connects(path, *arguments, **more))

        vars(duckdb)["connect"] = connect
