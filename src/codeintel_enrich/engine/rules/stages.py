"""Owns the graph as data: which tasks there are, how they are called and what they wait for; knows no scheduler."""

import re
from typing import Literal

import msgspec

FileStage = Literal["parse", "outline", "qualify", "stitch", "types", "emit"]
BytesStage = Literal["parse", "outline"]
"""The first stages of a file, which read nothing but its bytes: of a Python file, and of any other."""
AnalysisStage = Literal["qualify", "stitch", "types", "emit"]

ANALYSIS: tuple[AnalysisStage, ...] = ("qualify", "stitch", "types", "emit")
"""The stages of one file that follow `link`, in their order."""

UPSTREAM: dict[AnalysisStage, tuple[AnalysisStage, ...]] = {
    "qualify": (),
    "stitch": ("qualify",),
    "types": (),
    "emit": ("qualify", "stitch", "types"),
}
"""Stage -> the stages of the same file whose output it reads, beside `parse` and `link`."""

DOCS: dict[str, str] = {
    "parse": "bytes of one file -> syntax and interface",
    "index": "bring the SCIP index up to date as its refresh policy says, and split it per file",
    "check": "run the type checkers, and split what they say per file",
    "context": "read coverage, history and owners, and split them per file",
    "link": "every interface -> each module's linked",
    "qualify": "qualified names for definitions and references",
    "stitch": "SCIP symbols on definitions and references",
    "types": "diagnostics and annotation ratios on definitions",
    "emit": "the final rows of one file",
    "outline": "the rows of one file that is not Python",
    "merge": "rows of changed and vanished files -> the store and the published files",
}


class TaskName(msgspec.Struct, frozen=True):
    """A task's stage and, for the tasks of one file, its path (for `check` and `context`, what it asks)."""

    stage: str
    path: str | None = None

    def __str__(self) -> str:
        return self.stage if self.path is None else f"{self.stage}:{label(self.path)}"


def label(path: str) -> str:
    """A path as part of a task name: what the command line or the scheduler cannot take is %-escaped."""
    return re.sub(r"[%=*\x00-\x1f\x7f]", lambda m: f"%{ord(m[0]):02X}", path)


def path_of(text: str) -> str:
    """The inverse of `label`."""
    return re.sub(r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text)
