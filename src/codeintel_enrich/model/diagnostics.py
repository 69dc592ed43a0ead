"""`Diagnostic`: something wrong or noteworthy in analysed code, as data."""

from typing import Literal

import msgspec

Severity = Literal["error", "warning", "info"]


class Diagnostic(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One finding at one place of a file.

    Lines count from 1, columns from 0 in code points, ends are exclusive: LibCST's convention.
    A finding without a place sits at line 1, column 0.
    """

    tool: str
    """The stage that found it, or the checker by its name: an open list, since a checker is added in one place."""
    severity: Severity
    rule: str
    message: str
    line: int = 1
    col: int = 0
    end_line: int = 1
    end_col: int = 0
