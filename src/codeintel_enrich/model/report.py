"""The nouns of the report: what the page shows of the last build and of every file."""

from typing import Any

import msgspec


class ReportedRun(msgspec.Struct, frozen=True, kw_only=True):
    """The last build that had something to do."""

    ended: str
    """UTC, `YYYY-MM-DDTHH:MM:SSZ`."""
    elapsed: float
    """Wall seconds from the first look at the tree to the end."""
    tasks: dict[str, int]
    """Stage -> tasks of it that ran."""
    seconds: dict[str, float]
    """Stage -> wall seconds, summed over its tasks."""
    up_to_date: int
    """Tasks that did not have to run."""
    warnings: tuple[str, ...]
    errors: tuple[str, ...]


class Churn(msgspec.Struct, frozen=True, kw_only=True):
    """How often files were changed, as version control tells."""

    days: int
    """Length of the window that ends with the newest commit."""
    commits: dict[str, int]
    """Path -> commits that changed it in the window; a path that is not there has none."""
    missing: str = ""
    """Why nothing is known of it; then there are no commits."""


class Complexity(msgspec.Struct, frozen=True, array_like=True):
    """Cyclomatic complexity of one file."""

    total: int
    """Of all functions, and of what stands outside of any."""
    hardest: str
    """`__qualname__` of the most complex function; empty where there is none."""
    highest: int
    """Its complexity."""
    line: int
    """Its line, from 1."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows; each list holds rows as the store's queries name their columns."""

    name: str
    """Of the repository's folder."""
    version: str
    generation: int
    """Merges of the store so far."""
    modules: list[dict[str, Any]]
    """By path; with `complexity` (None where it is not known) and `commits`."""
    imports: list[tuple[int, int, str, int]]
    """Importing module, imported module (places in `modules`), kind, number of names."""
    chains: list[dict[str, Any]]
    """Names that come from elsewhere: `module` (place in `modules`), `name`, `hops`."""
    references: list[dict[str, Any]]
    """How many references there are of each kind of `reason` (None: resolved)."""
    undefined: list[dict[str, Any]]
    """Names that nothing in the tree defines, the most frequent first."""
    outside: list[dict[str, Any]]
    """Packages that are imported and are neither in the tree nor in the standard library."""
    broken: list[dict[str, Any]]
    """Files that do not parse."""
    churn: Churn
    unmeasured: int
    """Files whose complexity is not known, because they were edited since the build."""
    run: ReportedRun | None
