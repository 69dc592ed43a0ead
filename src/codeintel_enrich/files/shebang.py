"""Whether a file without a suffix is a Python script, by its first line; opens nothing."""

import re

HEAD_BYTES = 512
"""Of a file are enough: Linux reads 256 of a first line."""

_PYTHON = re.compile(r"pythonw?(?:3(?:\.\d+)?t?)?(?:\.exe)?\Z")
_SUFFIX = re.compile(r"\.(?:cgi|fcgi|wsgi|command|\d+)\Z")
_BOM = b"\xef\xbb\xbf"
_STARTERS = frozenset(
    ("uv", "pipx", "poetry", "pdm", "hatch", "rye", "pixi", "pipenv", "conda", "mamba", "nix-shell", "sudo", "nice")
)
"""Programs that start another, which is among their arguments."""
_RUN_A_SCRIPT = frozenset(("uv", "pipx"))
"""Those of them that with `run` take a script to be Python's."""


def may_be_script(name: str) -> bool:
    """Whether a file of that name is worth a look inside: it has no suffix, or one that scripts have."""
    return "." not in name.lstrip(".") or _SUFFIX.search(name) is not None


def is_python_script(head: bytes) -> tuple[bool, str | None]:
    """(whether a file that begins so is run by Python, why it is none although its first line sounds like one)."""
    # The kernel knows no BOM and CR; interpreters that are given the file as an argument do not mind.
    lines = head.removeprefix(_BOM).replace(b"\r\n", b"\n").split(b"\n", 2)
    if not lines[0].startswith(b"#!"):
        return False, None
    words = lines[0][2:].decode("utf-8", "replace").split()
    program, arguments = _program(words)
    if _PYTHON.match(program):
        return True, None
    if program == "nix-shell" and len(lines) > 1:
        # Its own arguments stand in the second line (the manual of nix-shell, "Use as a #!-interpreter").
        arguments += lines[1].decode("utf-8", "replace").split()
    if program in _STARTERS:
        plain = [word for word in arguments if not word.startswith("-")]
        if any(_PYTHON.match(_base(word)) for word in plain) or (program in _RUN_A_SCRIPT and plain[:1] == ["run"]):
            return True, None
    # What pip writes where the path of an interpreter is longer than a first line may be.
    if program == "sh" and len(lines) > 1 and lines[1].startswith(b"'''exec' ") and b"python" in lines[1]:
        return True, None
    # Other implementations and dialects; of Python 2 the grammar is another.
    return False, f"a script for {program}" if "py" in program else None


def _program(words: list[str]) -> tuple[str, list[str]]:
    """The program that a first line names, behind `env` and its options, and what follows."""
    program = _base(words[0]) if words else ""
    if program != "env":
        return program, words[1:]
    rest = words[1:]
    while rest:
        word = rest.pop(0)
        # Split strings are the one way to give arguments; GNU's and BSD's `env` take them with and without a space.
        word = re.sub(r"\A(?:-[iv]*S|--split-string=?)", "", word).strip("'\"")
        if word in ("-u", "-C", "-P", "--unset", "--chdir"):
            del rest[:1]
        elif word and not word.startswith("-") and "=" not in word:
            return _base(word), rest
    return "", []


def _base(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2].strip("'\"")
