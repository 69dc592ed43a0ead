"""Which patterns of file names are matched at all: those that take no more than a moment, whatever the name."""

MOST_STARS = 3
"""In one part of a path: each more multiplies the time that a name may take by its length."""
MOST_DEEP = 2
"""Parts that are `**`, the last one apart; the same holds for these."""


def too_costly(pattern: str) -> str | None:
    """Why a gitignore pattern is not matched; None for nearly all that people write."""
    parts = pattern.rstrip().split("/")
    if sum(part == "**" for part in parts[:-1]) > MOST_DEEP:
        return f"`**/` stands in it more than {MOST_DEEP} times"
    if any(part.count("*") > MOST_STARS for part in parts):
        return f"a part of it has more than {MOST_STARS} stars"
    return None
