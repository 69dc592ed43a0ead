"""Owns the format of golden cases: Markdown files, each case a small tree of files with what is expected of it.

    ## topic                one bullet of what must hold
    ### claim               one case
    Entry: user, pkg.sub    modules that are imported first, in this order
    Roots: a, b             import roots; `.` unless told
    Python: 3.12            the syntax needs that version; an older interpreter does not run the case
    Not run: why            no interpreter can judge it: all that is expected is written here
    Typed: why              something is written here beside what the interpreter says

Blocks: ` ```python PATH ` is a file, ` ```exports PATH ` and ` ```diagnostics PATH ` are what `link` must say of a
file, a row a line. In a file, a comment `#? expression; expression` marks expressions of its line: what they are is
asked of the interpreter; `expression -> name, name` says it here, `-> unknown` that there is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
_BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^(Entry|Roots|Python|Not run|Typed): (.+)$", re.MULTILINE)
_MARK = re.compile(r"#\? (.+)$")


@dataclass(frozen=True)
class Mark:
    """One marked expression."""

    path: str
    line: int
    """Counts from 1, in the marked file."""
    text: str
    column: int
    """Where its last identifier ends, in code points."""
    names: tuple[str, ...] | None
    """What is expected; none where no answer is, None where the interpreter says it."""


@dataclass
class Case:
    """One case."""

    source: Path
    topic: str
    title: str
    files: dict[str, str] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    """Path -> rows as text."""
    diagnostics: dict[str, str] = field(default_factory=dict)
    entry: tuple[str, ...] = ()
    roots: tuple[str, ...] = (".",)
    python: tuple[int, int] | None = None
    not_run: str | None = None
    typed: str | None = None

    @property
    def name(self) -> str:
        """Of the case, in all cases."""
        return f"{self.source.stem}: {self.topic}: {self.title}"

    def marks(self) -> Iterator[Mark]:
        """The marked expressions, file by file."""
        for path, text in self.files.items():
            for number, line in enumerate(text.splitlines(), 1):
                found = _MARK.search(line)
                if found is None:
                    continue
                for part in found[1].split(";"):
                    expression, _, expected = (piece.strip() for piece in part.partition("->"))
                    place = re.search(rf"(?<![\w.]){re.escape(expression)}(?!\w)", line[: found.start()])
                    assert place, f"{self.name}: {expression!r} is not in {line!r}"
                    names = None if not expected else () if expected == "unknown" else tuple(expected.split(", "))
                    yield Mark(path, number, expression, place.end(), names)


@cache
def all_cases() -> tuple[Case, ...]:
    """Every case, by file and place."""
    return tuple(case for source in sorted(FOLDER.glob("*.md")) for case in read_cases(source))


def read_cases(source: Path) -> Iterator[Case]:
    """The cases of one file."""
    for topic, text in _sections(source.read_text(encoding="utf-8"), "## "):
        for title, body in _sections(text, "### "):
            yield _case(Case(source, topic, title), body)


def _sections(text: str, marker: str) -> Iterator[tuple[str, str]]:
    for part in re.split(rf"^{marker}", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        yield heading.strip(), body


def _case(case: Case, body: str) -> Case:
    for kind, path, text in _BLOCK.findall(body):
        kinds = {"python": case.files, "exports": case.exports, "diagnostics": case.diagnostics}
        assert path not in kinds[kind], f"{case.name}: {path} twice"
        kinds[kind][path] = text
    for key, value in _LINE.findall(_BLOCK.sub("", body)):
        parts = tuple(part.strip() for part in value.split(","))
        if key == "Entry":
            case.entry = parts
        elif key == "Roots":
            case.roots = parts
        elif key == "Python":
            major, minor = value.split(".")
            case.python = int(major), int(minor)
        elif key == "Not run":
            case.not_run = value
        else:
            case.typed = value
    assert case.files, f"{case.name}: no files"
    return case


def rewrite_block(case: Case, kind: str, path: str, old: str, new: str) -> None:
    """Replace what a case says of a file."""
    _rewrite(case, f"```{kind} {path}\n{old}```", f"```{kind} {path}\n{new}```")


def rewrite_marks(case: Case, names: dict[Mark, tuple[str, ...]]) -> None:
    """Replace what a case says of marked expressions."""
    lines: dict[tuple[str, int], str] = {}
    for mark, found in names.items():
        place = mark.path, mark.line
        line = lines.get(place) or case.files[mark.path].splitlines()[mark.line - 1]
        pattern = rf"(#\? (?:.*; )?{re.escape(mark.text)} -> )[^;]*"
        lines[place] = re.sub(pattern, rf"\g<1>{', '.join(found) or 'unknown'}", line)
    for (path, number), line in lines.items():
        _rewrite(case, case.files[path].splitlines()[number - 1], line)


def _rewrite(case: Case, old: str, new: str) -> None:
    text = case.source.read_text(encoding="utf-8")
    start = text.index(f"### {case.title}\n", text.index(f"## {case.topic}\n"))
    case.source.write_text(text[:start] + text[start:].replace(old, new, 1), encoding="utf-8")
