"""How tasks are called, on the command line and by the scheduler."""

import re

import msgspec


class TaskName(msgspec.Struct, frozen=True):
    """A task's stage and, where it has several tasks, which one: a file's path, or the name of an external input."""

    stage: str
    path: str | None = None

    def __str__(self) -> str:
        # As doit names one task of a group, so that it can be asked for: `doit parse:src/x.py`.
        return self.stage if self.path is None else f"{self.stage}:{label(self.path)}"


def label(path: str) -> str:
    """A path as part of a task name: what the command line or the scheduler cannot take is %-escaped."""
    # doit takes `=` for a variable, `*` for a pattern, and a line end for the end of a name.
    return re.sub(r"[%=*\x00-\x1f\x7f]", lambda m: f"%{ord(m[0]):02X}", path)


def path_of(text: str) -> str:
    """The inverse of `label`."""
    return re.sub(r"%([0-9A-F]{2})", lambda m: chr(int(m[1], 16)), text)
