"""The failures that a user can meet. How they are shown is the command line's.

Every error carries one message that names the place and the remedy. All are picklable, so they
cross process borders unchanged.
"""

import errno
import os


class EnrichError(Exception):
    """Base of all our failures; `exit_code` is what the command line ends with: 2 for wrong use, else 3."""

    exit_code = 3

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UsageError(EnrichError):
    """Wrong use or bad input: options, config, an index or a report that is not what it says."""

    exit_code = 2


class LockedError(EnrichError):
    """Another run holds the cache and did not let go in time."""


class CorruptArtifactError(EnrichError):
    """Stored bytes do not have the digest they were stored under; the caller rebuilds them."""

    def __init__(self, wanted: str, what: str) -> None:
        super().__init__(f"artifact {wanted} is {what}")
        self.wanted = wanted
        self.what = what

    # Pickle calls the class with `args`, and those of an exception are its message: one argument, where two are needed.
    def __reduce__(self) -> tuple[type["CorruptArtifactError"], tuple[str, str]]:
        return type(self), (self.wanted, self.what)


class MachineError(EnrichError):
    """The machine lacks something: space, memory, processes, open files. Nothing is known of the code by that."""


class ToolError(EnrichError):
    """An external tool (indexer, checker) failed; never recorded as up to date."""


_FOLDER = "or choose another folder with --cache-dir"
_FEWER = "or use fewer workers with --jobs"
_BACK = "run again when its file system is there"
REMEDIES: dict[int, str] = {
    errno.ENOSPC: f"free some space, {_FOLDER}",
    errno.EDQUOT: f"free some space, {_FOLDER}",
    errno.EFBIG: f"allow larger files (`ulimit -f`), {_FOLDER}",
    errno.EROFS: f"make it writable, {_FOLDER}",
    errno.EACCES: f"make it accessible, {_FOLDER}",
    errno.EPERM: f"make it accessible, {_FOLDER}",
    errno.EMFILE: f"allow more open files (`ulimit -n`), {_FEWER}",
    errno.ENFILE: f"close other programs, {_FEWER}",
    errno.EAGAIN: f"allow more processes (`ulimit -u`) or memory (`ulimit -v`), {_FEWER}",
    errno.ENOMEM: f"free memory, raise `ulimit -v`, {_FEWER}",
    errno.EIO: "check the disk, and `ulimit -f`, then run again",
    errno.ESTALE: _BACK,
    errno.ETIMEDOUT: _BACK,
    errno.ENODEV: _BACK,
    errno.ENOTCONN: _BACK,
    errno.EHOSTDOWN: _BACK,
}
"""What a machine can lack or refuse -> what to do about it. Other codes speak of one file, or of a bug."""

_MEANT = frozenset((errno.EACCES, errno.EPERM))
"""Those that somebody may have meant for just one file."""

_TEXTS: dict[str, int] = {
    **{os.strerror(code): code for code in REMEDIES},
    # CPython's, DuckDB's and SQLite's own words.
    "can't start new thread": errno.EAGAIN,
    "failed to map segment": errno.ENOMEM,
    "Out of Memory": errno.ENOMEM,
    "out of memory": errno.ENOMEM,
    "disk is full": errno.ENOSPC,
    "disk I/O error": errno.EIO,
    "unable to open database file": errno.EACCES,
    "readonly database": errno.EROFS,
}


def machine_fault(error: BaseException, what: str = "") -> MachineError | None:
    """What an exception of a library says of the machine, with the remedy; None where it speaks of something else.

    `what`: what could not be done; without, the file that the error names.
    """
    code = errno.ENOMEM if isinstance(error, MemoryError) else error.errno if isinstance(error, OSError) else None
    text = (error.strerror if isinstance(error, OSError) else None) or str(error).strip().partition("\n")[0]
    if code is None:
        # Libraries in other languages have errors of their own, which quote the system's.
        code = _code_in(str(error))
    if code not in REMEDIES:
        return None
    if not what and isinstance(error, OSError) and isinstance(error.filename, str | bytes):
        what = os.fsdecode(error.filename)
    return MachineError(f"{what}{': ' if what else ''}{text or os.strerror(code)}; {REMEDIES[code]}")


def rule_out_machine(error: OSError, path: str) -> None:
    """Raise MachineError where a source could not be read for something that says nothing about it."""
    fault = machine_fault(error, path)
    if fault is not None and error.errno not in _MEANT:
        raise fault from error


def remedy_in(text: str) -> str | None:
    """What to do about what the last words of a process say of the machine; None where they say nothing of it."""
    return REMEDIES.get(_code_in(text) or 0)


def _code_in(text: str) -> int | None:
    return next((code for words, code in _TEXTS.items() if words in text), None)
