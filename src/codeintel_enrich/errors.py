"""Owns the failures a user can meet; knows nothing of how they are shown.

Every error carries one message that names the place and the remedy. All are picklable, so they
cross process borders unchanged.
"""


class EnrichError(Exception):
    """Base of all our failures; `exit_code` is what the command line ends with (SPEC section 5)."""

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

    def __reduce__(self) -> tuple[type["CorruptArtifactError"], tuple[str, str]]:
        return type(self), (self.wanted, self.what)


class ToolError(EnrichError):
    """An external tool (indexer, checker) failed; never recorded as up to date."""
