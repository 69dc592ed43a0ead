"""The failures that a user can meet. How they are shown is the command line's.

Every error carries one message that names the place and the remedy. All are picklable, so they
cross process borders unchanged.
"""


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


class ToolError(EnrichError):
    """An external tool (indexer, checker) failed; never recorded as up to date."""
