"""Type checkers: `CHECKERS` is the one list of those that a build can run, with all that is to be known of each.

A checker more is a module here that defines a `Checker`, a name in this list, and an option of the command line for a
report of it.
"""

from codeintel_enrich.formats.checkers.checker import (
    Checker,
    CheckerOutput,
    CheckerReport,
    CheckerRequest,
    CheckerRun,
    CheckerSurroundings,
    joined,
)
from codeintel_enrich.formats.checkers.pyrefly import PYREFLY, read_pyrefly
from codeintel_enrich.formats.checkers.pyright import PYRIGHT, read_pyright

__all__ = [
    "CHECKERS",
    "Checker",
    "CheckerOutput",
    "CheckerReport",
    "CheckerRequest",
    "CheckerRun",
    "CheckerSurroundings",
    "joined",
    "read_pyrefly",
    "read_pyright",
]

CHECKERS: dict[str, Checker] = {checker.name: checker for checker in (PYREFLY, PYRIGHT)}
"""By name, in the order in which they are listed and reported."""
