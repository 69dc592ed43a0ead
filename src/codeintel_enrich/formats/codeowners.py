"""CODEOWNERS files: whom one names for a path. The rules are those of the library `codeowners`."""

from collections.abc import Callable

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.patterns import too_costly

PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
"""Where such a file stands, relative to the repository; the first that is there counts."""

_LARGEST_BYTES = 3_000_000
"""GitHub reads none that is larger."""


def read_codeowners(data: bytes, name: str) -> Callable[[str], tuple[str, ...]]:
    """A function from a path (with forward slashes) to its owners: those of the last line whose pattern matches.

    Users, teams and addresses are given as written; a line without any makes a path nobody's. Raises UsageError for a
    file that is no UTF-8 or has a pattern that cannot be read; `name` is what the message calls it.
    """
    from codeowners import CodeOwners

    if len(data) > _LARGEST_BYTES:
        raise UsageError(f"{name}: {len(data)} bytes; a CODEOWNERS file takes no more than {_LARGEST_BYTES}")
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        pattern = line.partition(" ")[0]
        if not pattern.startswith("#") and (fault := too_costly(pattern)) is not None:
            raise UsageError(f"{name}:{number}: the pattern {pattern!r} is not matched: {fault}")
    try:
        rules = CodeOwners(data.decode("utf-8-sig"))
    except (ValueError, IndexError) as error:
        raise UsageError(f"{name}: not a CODEOWNERS file that can be read: {error}") from error
    return lambda path: tuple(owner for _, owner in rules.of(path))
