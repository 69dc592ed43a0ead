"""Writes a Python repository of any size: packages of modules that import each other, re-export and use stars."""

from pathlib import Path

PER_PACKAGE = 20
MODULE = '''\
"""Module {number} of package {package}: a bit of everything that real code has."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

from {root}.core import Base, helper
{imports}

LIMIT_{number} = {number} + helper(1)
__all__ = ["Thing{number}", "make_{number}", "LIMIT_{number}"]


@dataclass
class Thing{number}(Base):
    """A thing that counts."""

    name: str = "thing"
    size: int = LIMIT_{number}
    tags: dict[str, Any] = field(default_factory=dict)

    def grow(self, by: int = 1) -> Thing{number}:
        """Return a larger one."""
        total = self.size
        for step in range(by):
            total += helper(step) if step % 2 else step
        return Thing{number}(self.name, total, dict(self.tags))

    def describe(self, *, prefix: str = "", **extra: object) -> str:
        """One line about it."""
        parts = [f"{{key}}={{value!r}}" for key, value in sorted(extra.items())]
        if os.sep in self.name:
            parts.insert(0, self.name.rsplit(os.sep, 1)[-1])
        return prefix + ", ".join(parts)


def make_{number}(name: str, *sizes: int) -> list[Thing{number}]:
    """Make one for each size."""
    made = []
    for size in sizes or (LIMIT_{number},):
        thing = Thing{number}(name, size)
        if thing.size > LIMIT_{number}:
            thing = thing.grow(by=2)
        made.append(thing)
    return made


def _private(things: list[Thing{number}]) -> dict[str, int]:
    return {{thing.name: thing.size for thing in things if not thing.tags}}
{uses}
'''


def generate(folder: Path, files: int, root: str = "shop") -> int:
    """Write about `files` modules below `folder`; returns how many were written."""
    top = folder / root
    top.mkdir(parents=True)
    (top / "__init__.py").write_text("from .core import *\n")
    (top / "core.py").write_text(
        '"""The hub."""\n\n\nclass Base:\n    """Base of all."""\n\n    kind = "base"\n\n    def key(self) -> str:\n'
        "        return self.kind\n\n\n"
        'def helper(value: int) -> int:\n    """Used everywhere."""\n    return value + 1\n'
    )
    written = 2
    package = 0
    while written < files:
        name = f"p{package:04}"
        (top / name).mkdir()
        numbers = list(range(min(PER_PACKAGE - 1, files - written)))
        exports = "".join(
            f"from .m{number} import Thing{number}, make_{number}\n" for number in numbers[: len(numbers) // 2]
        )
        stars = "".join(f"from .m{number} import *\n" for number in numbers[len(numbers) // 2 :])
        (top / name / "__init__.py").write_text(f'"""Package {name}."""\n\n{exports}{stars}')
        for number in numbers:
            imports, uses = "", ""
            if number:
                imports += f"from .m{number - 1} import make_{number - 1}\n"
                uses += f"\n\ndef chain_{number}() -> int:\n    return len(make_{number - 1}('a', {number}))\n"
            if package:
                imports += f"from {root}.p{package - 1:04} import Thing{number} as Other\n"
                uses += "\n\ndef other() -> str:\n    return Other('x').describe(prefix='y').upper()\n"
            (top / name / f"m{number}.py").write_text(
                MODULE.format(number=number, package=name, root=root, imports=imports, uses=uses.rstrip("\n"))
            )
        written += 1 + len(numbers)
        package += 1
    return written
