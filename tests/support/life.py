"""Long lives of small repositories: edits of every kind, builds after each, some of them disturbed.

A life is a list of steps that a number determines. Each step is concrete and does nothing where it makes no sense, so
that a life with steps taken out is a life still: one that fails is cut down to those that matter.
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.crashing import (
    Left,
    build,
    build_struck,
    build_whole,
    clean,
    differences,
    look,
    tracebacks,
)
from tests.support.faults import EDIT, KINDS, Fault
from tests.support.forked import Nursery
from tests.support.pool import without_workers

Step = list[Any]
"""The name of a function below, or `build`, and its arguments; as a line of JSON in a golden case.

`build` takes options, and maybe a fault: its kind and place; for an edit the step that happens there.
"""

DISTURBED = 10
"""One of so many builds is disturbed."""
COMPARED = 10
"""After so many builds there is a comparison."""
MOST_POINTS = 110

MODULES = ("a", "b", "c", "d")
FOLDERS = ("pkg", "pkg/sub", "pkg/space", "other")
NAMES = ("X", "Y", "Z", "a", "b", "_p")
PATHS = (
    *(f"{folder}/{module}.py" for folder in FOLDERS for module in MODULES),
    *(f"{folder}/__init__.py" for folder in FOLDERS if folder != "pkg/space"),
    *("pkg/a.pyi", "pkg/sub/__init__.pyi", "stubs/pkg/b.pyi", "other-stubs/a.pyi"),
    *("top.py", "pkg.py", "test_top.py", "my-script.py", "pkg/A.py", "conftest.py"),
)
DOTTED = (
    "pkg",
    "pkg.sub",
    "pkg.space",
    "other",
    "top",
    *(f"{p}.{m}" for p in ("pkg", "pkg.sub", "other") for m in "abc"),
)
OTHERS = {
    "notes.md": ("# One\n\n## Two\n", "# One\n", ""),
    "settings.toml": ("[a]\nb = 1\n", "[a]\n[a.c]\n", "not toml [\n"),
    "pkg/data.json": ('{"a": 1}\n', '{"b": [1, {"c": 2}]}\n'),
    ".gitignore": ("other/\n", "*.pyi\n", ""),
}
SETTINGS = (
    "",
    "emit-parquet = false\n",
    'python-version = "3.11"\n',
    'exclude = ["pkg/sub/"]\n',
    'roots = [".", "stubs"]\n',
    "emit-pages = false\n",
    "max-file-bytes = 60\n",
    'level = "full"\n',
)
OPTIONS: tuple[tuple[str, ...], ...] = (
    (),
    ("--no-emit-cst",),
    ("--emit-ast",),
    ("--emit-slices",),
    ("--overlays-set", "enabled=false"),
    ("--only", "pkg/"),
)


# --- making a life ----------------------------------------------------------------------------------------------------


def life(seed: int, builds: int) -> list[Step]:
    """The steps of one life with so many builds."""
    chance = random.Random(seed)
    steps: list[Step] = [["write", path, _module(chance)] for path in chance.sample(PATHS, 6)]
    words: tuple[str, ...] = ()
    steps.append(["build", []])
    for _ in range(builds - 1):
        if chance.random() < 0.08:
            words = chance.choice(OPTIONS)
        steps += [_edit(chance) for _ in range(chance.choice((1, 1, 1, 2, 4)))]
        steps.append(["build", list(words), *(_disturbance(chance) if chance.random() < 1 / DISTURBED else [])])
    return steps


def _disturbance(chance: random.Random) -> list[Any]:
    kind = chance.choice((*KINDS, EDIT))
    at = chance.randint(1, MOST_POINTS)
    return [kind, at, _edit(chance)] if kind == EDIT else [kind, at]


def _edit(chance: random.Random) -> Step:
    path, other = chance.sample(PATHS, 2)
    return chance.choices(
        (
            ["write", path, _module(chance)],
            ["append", path, _statement(chance) + "\n"],
            ["delete", path],
            ["delete", chance.choice(FOLDERS)],
            ["move", path, other],
            ["swap", path, other],
            ["turn", path],
            ["link", path, os.path.relpath(other, os.path.dirname(path))],
            ["link", chance.choice(("linked", "pkg/linked")), chance.choice(("pkg", "../other", "nowhere", "."))],
            ["touch", path],
            ["disguise", path, _statement(chance)],
            ["write", *_other(chance)],
            ["write", "pyproject.toml", f"[tool.codeintel-enrich]\n{chance.choice(SETTINGS)}"],
            ["checkout", chance.choice(("main", "one", "two"))],
        ),
        (30, 20, 8, 1, 6, 3, 6, 3, 1, 2, 4, 4, 2, 5),
    )[0]


def _other(chance: random.Random) -> tuple[str, str]:
    path = chance.choice([*OTHERS])
    return path, chance.choice(OTHERS[path])


def _module(chance: random.Random) -> str:
    return "".join(f"{_statement(chance)}\n" for _ in range(chance.randint(0, 5)))


def _statement(chance: random.Random) -> str:
    name, other = chance.choice(NAMES), chance.choice(NAMES)
    module, second = chance.choice(DOTTED), chance.choice(DOTTED)
    dots = "." * chance.randint(1, 2)
    return chance.choice(
        (
            f"{name} = {other}",
            f"{name}: int = 1",
            f"def {name}({other}=1):\n    '''Says {other}.'''\n    return {other}",
            f"async def {name}(*args: {other}, key=None) -> {other}: ...",
            f"class {name}({other}):\n    def method(self):\n        return self.method, {other}.{name}",
            f"class {name}:\n    {other}: int = 1",
            f"from {module} import {name}",
            f"from {module} import {name} as {other}",
            f"from {module} import {name}, {other}",
            f"from {module} import *",
            f"from {dots} import {name}",
            f"from {dots}{chance.choice(MODULES)} import {name}",
            f"from {dots}{chance.choice(MODULES)} import *",
            f"import {module}",
            f"import {module} as {name}",
            f"import {module}, {second}",
            f"try:\n    from {module} import {name}\nexcept ImportError:\n    {name} = None",
            f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from {module} import {name}",
            f"import sys\nif sys.version_info >= (3, 12):\n    {name} = 1\nelse:\n    from {module} import {name}",
            f"__all__ = ['{name}', '{other}']",
            f"__all__ = ['{name}'] + {module}.__all__",
            f"__all__ += ['{name}']",
            f"__all__.extend({module}.__all__)",
            f"__all__.append('{name}')",
            f"__all__.remove('{name}')",
            f"del {name}",
            f"if unknown:\n    {name} = 2",
            f"def __getattr__(name):\n    return {other}",
            f"print({name}, {module}.{other}, {module})",
            f"for {name} in {other}:\n    print({name})",
            f"global_{name} = lambda {other}: {name}",
            "# a comment",
            "'a text'",
            "x = (",
            "name = '\u00e9\U0001d4b3'",
        )
    )


# --- edits ------------------------------------------------------------------------------------------------------------


def write(root: Path, path: str, text: str) -> None:
    """Make a file say this; what stands in its way makes room."""
    target = root / path
    for folder in reversed(target.relative_to(root).parents):
        if (root / folder).is_symlink() or ((root / folder).exists() and not (root / folder).is_dir()):
            (root / folder).unlink()
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    elif target.is_symlink():
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(text.encode())


def append(root: Path, path: str, text: str) -> None:
    """Add to a file that is there."""
    if (root / path).is_file():
        before = (root / path).read_bytes()
        write(root, path, (before + text.encode()).decode())


def delete(root: Path, path: str) -> None:
    """Remove a file, or a folder with all that is in it."""
    target = root / path
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    else:
        target.unlink(missing_ok=True)


def move(root: Path, path: str, to: str) -> None:
    """Rename a file; its times stay."""
    if (root / path).is_file() and not (root / to).is_dir() and _is_folder(root, to):
        os.replace(root / path, root / to)


def swap(root: Path, path: str, other: str) -> None:
    """Let two files change places."""
    if (root / path).is_file() and (root / other).is_file():
        os.replace(root / path, root / "aside")
        os.replace(root / other, root / path)
        os.replace(root / "aside", root / other)


def turn(root: Path, path: str) -> None:
    """Make a package of a module, or a module of a package."""
    folder, _, name = path.rpartition("/")
    if name.startswith("__init__"):
        source, target = path, f"{folder}{name.removeprefix('__init__')}"
        if (root / source).is_file():
            text = (root / source).read_bytes()
            delete(root, folder)
            write(root, target, text.decode())
    elif (root / path).is_file():
        stem, dot, suffix = path.rpartition(".")
        text = (root / path).read_bytes()
        delete(root, path)
        write(root, f"{stem}/__init__{dot}{suffix}", text.decode())


def link(root: Path, path: str, target: str) -> None:
    """Put a symbolic link where nothing is."""
    if not os.path.lexists(root / path) and _is_folder(root, path):
        (root / path).symlink_to(target)


def touch(root: Path, path: str) -> None:
    """Give a file another time."""
    if (root / path).is_file():
        os.utime(root / path)


def disguise(root: Path, path: str, text: str) -> None:
    """Change bytes, and leave size and time as they were."""
    if (root / path).is_file():
        found = (root / path).stat()
        before = (root / path).read_bytes()
        new = text.encode()[: found.st_size].decode(errors="ignore").encode()
        (root / path).write_bytes(new.ljust(len(before), b"#"))
        os.utime(root / path, ns=(found.st_atime_ns, found.st_mtime_ns))


def checkout(root: Path, branch: str) -> None:
    """Commit everything to the branch that is checked out, and go to another, which begins here if it is new."""
    if not (root / ".git").exists():
        _git(root, "init", "-q", "-b", "main")
        (root / ".git/info/exclude").write_text("/cache/\n")
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "--no-verify", "--allow-empty", "-m", "work")
    if _git(root, "checkout", "-q", branch):
        _git(root, "checkout", "-q", "-b", branch)


def _git(root: Path, *words: str) -> int:
    nobody = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "nobody")
    nobody |= dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "nobody@example.org")
    environment = {**os.environ, **nobody, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    return subprocess.run(["git", *words], cwd=root, env=environment, capture_output=True, check=False).returncode


def _is_folder(root: Path, path: str) -> bool:
    """Whether a file can be put there, its folder made where nothing is."""
    folder = (root / path).parent
    if not os.path.lexists(folder) and _is_folder(root, str(Path(path).parent)):
        folder.mkdir()
    return folder.is_dir()


EDITS: dict[str, Callable[..., None]] = {
    function.__name__: function
    for function in (write, append, delete, move, swap, turn, link, touch, disguise, checkout)
}


def edit(root: Path, step: Step) -> None:
    """Do a step that is no build."""
    EDITS[step[0]](root, *step[1:])


# --- living -----------------------------------------------------------------------------------------------------------


class Life:
    """One repository on which steps are done."""

    def __init__(self, folder: Path, warm: Nursery) -> None:
        self._folder, self._warm = folder, warm
        self._root = folder / "repo"
        self._root.mkdir(parents=True)
        self.struck = 0
        """How many faults and edits really happened during a build."""
        self.done = 0
        """How many steps were done."""

    def run(self, steps: Sequence[Step], every: int = COMPARED) -> str | None:
        """Do the steps, and compare after so many builds and at the end; what was wrong first, if anything was."""
        builds = 0
        for part in _parts(steps, every):
            builds += sum(step[0] == "build" for step in part)
            self.done += len(part)
            wrong = self._struck(part[0]) if _is_disturbed(part[0]) else self._quiet(part)
            if not wrong and part[-1][0] == "build" and (builds % every == 0 or part[-1] is steps[-1]):
                wrong = self._compare(part[-1][1])
            if wrong:
                return "\n".join(wrong)
        return None

    def _quiet(self, steps: Sequence[Step]) -> list[str]:
        done = self._warm.call(live, self._root, steps)
        return done.result if done.code == 0 else [f"{done.code}: {done.output}"]

    def _struck(self, step: Step) -> list[str]:
        _, words, kind, at, *more = step
        log = self._folder / "log"
        log.unlink(missing_ok=True)
        meddle = partial(edit, self._root, more[0]) if more else None
        done = self._warm.call(build_struck, self._root, tuple(words), log, Fault(kind, at), meddle)
        self.struck += log.exists() and len(log.read_bytes().splitlines()) >= at
        wrong = tracebacks(done.output)
        # Whoever edits meanwhile cannot know whether the edit was still seen.
        if not wrong and done.code == 0 and kind != EDIT:
            wrong = self._compare(words, look)
        return wrong

    def _compare(self, words: Sequence[str], how: Callable[..., Left] | None = None) -> list[str]:
        ours = self._warm.call(how, self._root) if how else self._warm.call(build_whole, self._root, tuple(words))
        theirs = self._warm.call(clean, self._root, self._folder / "clean" / "repo", tuple(words))
        if ours.code or theirs.code:
            return [ours.output, theirs.output]
        return differences(ours.result, theirs.result)


def live(root: Path, steps: Sequence[Step]) -> list[str]:
    """Do steps, with builds that nothing disturbs; what is wrong. To be called in a process of its own."""
    without_workers()
    for step in steps:
        if step[0] != "build":
            edit(root, step)
            continue
        done = build(root, tuple(step[1]))
        if done.code:
            return [f"exit code {done.code}: {', '.join(done.errors)}"]
    return []


def _is_disturbed(step: Step) -> bool:
    return step[0] == "build" and len(step) > 2


def _parts(steps: Sequence[Step], every: int) -> Iterator[list[Step]]:
    """The steps in order, cut before and after disturbed builds, and after so many builds."""
    part: list[Step] = []
    builds = 0
    for step in steps:
        if _is_disturbed(step) and part:
            yield part
            part = []
        part.append(step)
        builds += step[0] == "build"
        if _is_disturbed(step) or (step[0] == "build" and builds % every == 0):
            yield part
            part = []
    if part:
        yield part


def shrink(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """The same life with every step taken out without which it still fails."""
    kept = list(steps)
    size = len(kept) // 2
    while size:
        start = 0
        while start < len(kept):
            shorter = kept[:start] + kept[start + size :]
            if shorter and fails(shorter):
                kept = shorter
            else:
                start += size
        size //= 2
    return kept


def spelled(steps: Sequence[Step]) -> str:
    """A life as it stands in a golden case."""
    return "".join(f"{json.dumps(step, ensure_ascii=False)}\n" for step in steps)
