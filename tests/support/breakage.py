"""Real Python files, broken in a random place, and which definitions they must still be seen to have."""

import ast
import importlib.util
import io
import random
import re
import tokenize
from pathlib import Path

import msgspec

_BRACKETS = frozenset("()[]{}")
_NAME = re.compile(rb"(?:def|class)\s+(\w+)")

Definition = tuple[str, str, int]
"""`class` or `function`, name, first byte of the name."""


class Broken(msgspec.Struct, frozen=True):
    """One file after the accident."""

    path: str
    source: bytes
    accident: str
    expected: frozenset[Definition]
    """What the intact file defines and the broken one still names, at its place there."""


def broken_files(package: str, count: int, seed: int) -> list[Broken]:
    """Files of an installed package that define something, each with a bracket dropped or its end cut off.

    Each is one that Python itself does not compile any more.
    """
    spec = importlib.util.find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    chosen = random.Random(seed)
    paths = [path for path in sorted(root.rglob("*.py")) if definitions(path.read_bytes())]
    chosen.shuffle(paths)
    found: list[Broken] = []
    for path in paths:
        source = path.read_bytes()
        for _ in range(20):
            broken = _broken(path.relative_to(root).as_posix(), source, chosen)
            if broken.expected and not _compiles(broken.source):
                found.append(broken)
                break
        if len(found) == count:
            break
    return found


def definitions(source: bytes) -> frozenset[Definition]:
    """Every class and function of a file, as `ast` has it."""
    starts = _line_starts(source)
    found: set[Definition] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            name = _NAME.search(source, starts[node.lineno - 1] + node.col_offset)
            assert name is not None
            assert name[1].decode() == node.name
            found.add(("class" if isinstance(node, ast.ClassDef) else "function", node.name, name.start(1)))
    return frozenset(found)


def _broken(path: str, source: bytes, chosen: random.Random) -> Broken:
    if chosen.random() < 0.5:
        at = chosen.randrange(len(source))
        left = frozenset(each for each in definitions(source) if each[2] + len(each[1]) < at)
        return Broken(path, source[:at], f"cut at {at}", left)
    starts = _line_starts(source)
    tokens = tokenize.tokenize(io.BytesIO(source).readline)
    brackets = [token for token in tokens if token.type == tokenize.OP and token.string in _BRACKETS]
    token = chosen.choice(brackets)
    line, column = token.start
    at = starts[line - 1] + len(token.line[:column].encode())
    broken = source[:at] + source[at + 1 :]
    moved = {(kind, name, start - (start > at)) for kind, name, start in definitions(source)}
    # `class A(B)` without its first bracket defines `AB`.
    left = frozenset(each for each in moved if re.compile(rb"%b\b" % each[1].encode()).match(broken, each[2]))
    return Broken(path, broken, f"{token.string} dropped at {at}", left)


def _line_starts(source: bytes) -> list[int]:
    return [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", source))]


def _compiles(source: bytes) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError):
        return False
    return True
