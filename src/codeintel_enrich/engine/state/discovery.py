"""Which files there are: one walk over the tree, gitignore rules and our own exclusions.

It opens no file but those of rules, and, once for each signature, files whose name does not tell whether they are
Python's: those without a suffix, and notebooks.
"""

import os
import re
import stat as stat_module
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from codeintel_enrich.engine.state.surroundings import BUILD_FILES, MOST_READ, Surroundings, is_made_of, named_modules
from codeintel_enrich.errors import UsageError, rule_out_machine
from codeintel_enrich.files.inside import leads_outside
from codeintel_enrich.files.kernel import other_kernel
from codeintel_enrich.files.shebang import HEAD_BYTES, is_python_script, may_be_script
from codeintel_enrich.files.stat import Found, is_racy
from codeintel_enrich.model.notebook import SUFFIX as NOTEBOOK
from codeintel_enrich.model.notebook import is_notebook
from codeintel_enrich.model.patterns import too_costly

SUFFIXES = (".py", ".pyi", ".pyw")
CACHE_TAG = "CACHEDIR.TAG"
COMPILED = (".so", ".pyd", "py.typed")
"""What beside sources makes an import succeed, or have types."""
_MARKERS = frozenset((".gitignore", ".gitmodules", "pyvenv.cfg", CACHE_TAG))
"""Files that say something about the folder they lie in."""
CACHE_SIGNATURE = b"Signature: 8a477f597d28d172789f06886806bc55"
"""How a cache tag begins (bford.info/cachedir); the number is the MD5 digest of `.IsCacheDirectory`."""

SKIPPED_FOLDERS = frozenset(
    (
        *(".git", ".hg", ".svn", ".jj", "__pycache__", "__pypackages__", "node_modules", "site-packages"),
        *(
            ".venv",
            ".ipynb_checkpoints",
            ".tox",
            ".nox",
            ".eggs",
            ".mypy_cache",
            ".pytest_cache",
            ".ruff_cache",
            ".hypothesis",
            ".direnv",
        ),
    )
)
"""Folders of version control, installed packages and tools: never somebody's sources, whether ignored or not."""
_SILENT_FOLDERS = frozenset((".git", ".hg", ".svn", ".jj", "__pycache__"))
"""Those of them that nobody would look for sources in: not worth a word."""


_SUBMODULE_PATH = re.compile(r'^\s*path\s*=\s*"?(.*?)"?\s*$', re.MULTILINE)
_IGNORED = "ignore rules leave it out"
_EXCLUDED = "the settings `include` and `exclude` leave it out"


def may_be_python(path: str) -> bool:
    """Whether a file of that name is Python's, as far as names can tell."""
    return path.endswith((*SUFFIXES, NOTEBOOK)) or may_be_script(path.rpartition("/")[2])


def form_of(path: str) -> str:
    """How a Python file has its code: `source`, or `notebook`."""
    return "notebook" if is_notebook(path) else "source"


class Decisions(msgspec.Struct):
    """What was found out about paths, kept between runs because asking rules, git and files is what costs in a walk."""

    rules: str = ""
    """Digest of every rule these decisions were made by."""
    kept: set[str] = set()
    excluded: set[str] = set()
    """By the settings."""
    ignored: set[str] = set()
    """By ignore files."""
    tracked: set[str] = set()
    """Those of the ignored that git tracks all the same."""
    index: Found | None = None
    """Signature of the index that says so; None where it was not asked, or may have changed since in the same tick."""
    heads: dict[str, tuple[Found, bool, str | None]] = {}
    """File whose name does not tell -> its signature, whether it is Python's, why it is not though it looks so."""


class Scan(msgspec.Struct):
    """What one walk saw. Paths are relative to the root, with forward slashes."""

    files: dict[str, Found]
    """Python files."""
    outlined: dict[str, Found]
    """Other files that somebody lays claim to."""
    links: dict[str, str]
    """Symbolic link to a folder -> the folder, where files were found in it."""
    beside: dict[str, Found]
    """What is no input, but may be imported by files that are: Python files that rules leave out, compiled modules."""
    left_out: dict[str, str]
    """Path (printable) -> why it is no input, for what looks like Python, and folders where it might be."""
    decisions: Decisions
    decisions_changed: bool
    """Whether rules were asked anew."""
    around: Surroundings = Surroundings()
    """What speaks for modules that are not among the files."""


def scan(
    root: Path,
    *,
    include: Sequence[str],
    exclude: Sequence[str],
    only: Sequence[str],
    skip: Sequence[str],
    submodules: bool,
    all_tracked: bool = False,
    claims: Callable[[str], object],
    decisions: Decisions,
) -> Scan:
    """Walk `root` and list its Python files, and the files whose name `claims` says something of.

    `include`, `exclude`, `only` are gitignore patterns; `skip` are folders (relative) that are ours. Files that git
    tracks count, whatever ignore files say of them; other work trees inside of this one do not, nor do submodules
    unless `submodules`. `all_tracked`: git tracks every file that is there, and need not be asked. Symbolic links to
    folders are not followed (no loops, no file twice) but listed; links to files are files. Raises UsageError for a bad
    pattern.
    """
    walk = _Walk(root, include, exclude, only, skip, submodules, all_tracked, claims, decisions.heads)
    walk.visit("", ())
    # Asking pathspec costs more than the walk, and what it says of a path depends on the rules alone: its
    # answers are kept until a rule changes.
    rules = walk.rules_digest()
    if rules != decisions.rules:
        decisions = Decisions(rules=rules, kept=set(), excluded=set(), ignored=set(), tracked=set())
    decisions.heads = walk.heads
    around = walk.surroundings()
    kept, changed = walk.decide(decisions)
    beside = walk.compiled
    if len(kept) < len(walk.candidates):
        beside |= {path: found for path, found, _ in walk.candidates if walk.is_python(path) and path not in kept}
    outlined = {path: found for path, found in kept.items() if not walk.is_python(path)}
    files = {path: found for path, found in kept.items() if path not in outlined} if outlined else kept
    links = walk.links(files, decisions)
    return Scan(files, outlined, links, dict(sorted(beside.items())), walk.left_out, decisions, changed, around)


def kept_by(around: Surroundings) -> Callable[[str], bool] | None:
    """Says whether the rules would let a file be an input, be it there or not; None where there are no rules."""
    patterns = (around.include, around.exclude, around.only)
    if not around.rules and not any(patterns):
        return None
    rules = _Rules(dict(around.rules), *patterns)
    folders = sorted((folder for folder, _ in around.rules), key=len)

    def keeps(path: str) -> bool:
        rulers = tuple(folder for folder in folders if not folder or path.startswith(f"{folder}/"))
        return not (rules.excludes(path) or rules.ignores(path, rulers))

    return keeps


class _Walk:
    """One pass over the tree; ignore files are read before what they rule over."""

    def __init__(
        self,
        root: Path,
        include: Sequence[str],
        exclude: Sequence[str],
        only: Sequence[str],
        skip: Sequence[str],
        submodules: bool,
        all_tracked: bool,
        claims: Callable[[str], object],
        heads: Mapping[str, tuple[Found, bool, str | None]],
    ) -> None:
        self.root = str(root)
        self.patterns = (tuple(include), tuple(exclude), tuple(only))
        self.skip = frozenset(skip)
        self.submodules = submodules
        self.all_tracked = all_tracked
        self.claims = claims
        self.known_heads = heads
        self.heads: dict[str, tuple[Found, bool, str | None]] = {}
        """Of the files that were met in this walk."""
        self.declared: set[str] = set()
        """Folders that are submodules."""
        self.left_out: dict[str, str] = {}
        self.compiled: dict[str, Found] = {}
        self.candidates: list[tuple[str, Found, tuple[str, ...]]] = []
        self.linked_folders: list[tuple[str, tuple[str, ...]]] = []
        self.ignore_files: dict[str, str] = {}
        """Folder -> text of its .gitignore, in walk order."""
        self.made: list[str] = []
        """Files of which modules are made."""
        self.build_files: list[str] = []

    def visit(self, top: str, rulers: tuple[str, ...]) -> None:
        # A stack, not recursion: how deep somebody's folders nest is not ours to limit.
        pending = [(top, rulers)]
        while pending:
            folder, rulers = pending.pop()
            try:
                with os.scandir(f"{self.root}/{folder}" if folder else self.root) as entries:
                    listing = list(entries)
            except OSError as error:
                rule_out_machine(error, folder or self.root)
                self.left_out[folder or "."] = f"folder cannot be listed: {error.strerror}"
                continue
            # Only regular files are opened: a FIFO of such a name would never answer.
            # As git has it, none that is a link counts: it may lead anywhere.
            names = {e.name for e in listing if e.name in _MARKERS and e.is_file(follow_symlinks=False)}
            if folder and (why := self._not_ours(folder, names, listing)) is not None:
                self.left_out[printable(folder)] = why
                continue
            if ".gitmodules" in names and (not folder or folder in self.declared):
                self._declare_submodules(folder)
            if ".gitignore" in names and (text := self._read(f"{folder}/.gitignore" if folder else ".gitignore")):
                self.ignore_files[folder] = text
                rulers = rulers if self.all_tracked else (*rulers, folder)
            self._sort_out(listing, f"{folder}/" if folder else "", rulers, pending)

    def _not_ours(self, folder: str, markers: set[str], listing: list[os.DirEntry[str]]) -> str | None:
        """Why nothing in a folder below the root is ours, if that is so."""
        # A virtual environment is known by its marker, whatever it is called; a tagged cache by the signature in its
        # tag (bford.info/cachedir), since an empty file of that name means nothing.
        if "pyvenv.cfg" in markers:
            return "a virtual environment"
        if CACHE_TAG in markers and self._begins(f"{folder}/{CACHE_TAG}", CACHE_SIGNATURE):
            return "a cache"
        for entry in listing:
            if entry.name != ".git":
                continue
            # As git has it: an empty folder, or a file that says something else, makes no repository.
            if entry.is_dir() and os.path.exists(f"{self.root}/{folder}/.git/HEAD"):
                is_repository = True
            else:
                is_repository = entry.is_file(follow_symlinks=False) and self._begins(f"{folder}/.git", b"gitdir:")
            if is_repository and folder not in self.declared:
                return "another git work tree"
            if is_repository and not self.submodules:
                return "a git submodule; the setting `submodules` takes it in"
        return None

    def _declare_submodules(self, folder: str) -> None:
        """Note which folders a repository says are its submodules (gitmodules(5))."""
        for written in _SUBMODULE_PATH.findall(self._read(f"{folder}/.gitmodules" if folder else ".gitmodules")):
            self.declared.add(f"{folder}/{written}" if folder else written)

    def _sort_out(
        self,
        listing: list[os.DirEntry[str]],
        prefix: str,
        rulers: tuple[str, ...],
        pending: list[tuple[str, tuple[str, ...]]],
    ) -> None:
        """Take the files of one folder that may be inputs, and put its folders on the list of those to visit."""
        for entry in listing:
            name = entry.name
            # Most entries are source files: their suffix is asked for before the file system is.
            if name.endswith(SUFFIXES):
                self._take(entry, prefix + name, rulers, pending)
            # Answered from the listing itself on most systems; only what may be an input costs a call of its own.
            elif entry.is_dir(follow_symlinks=False):
                path = prefix + name
                if name not in SKIPPED_FOLDERS and path not in self.skip:
                    pending.append((path, rulers))
                elif name in SKIPPED_FOLDERS and name not in _SILENT_FOLDERS:
                    self.left_out[printable(path)] = "installed packages, or a tool's own files"
            elif entry.is_symlink() and entry.is_dir():
                self.linked_folders.append((prefix + name, rulers))
            elif self.claims(name) or (
                (is_notebook(name) or may_be_script(name)) and self._is_python_inside(entry, prefix + name)
            ):
                self._take(entry, prefix + name, rulers, pending)
            elif name.endswith(COMPILED) and entry.is_file(follow_symlinks=False):
                status = entry.stat()
                self.compiled[prefix + name] = Found(
                    status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino
                )
            if name in BUILD_FILES:
                self.build_files.append(prefix + name)
            elif is_made_of(name):
                self.made.append(prefix + name)

    def _is_python_inside(self, entry: os.DirEntry[str], path: str) -> bool:
        """Whether a file whose name does not tell is Python's: a script by its first line, a notebook by its kernel."""
        try:
            if not entry.is_file(follow_symlinks=False):
                return False
            status = entry.stat()
        except OSError:
            return False
        found = Found(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        known = self.known_heads.get(path)
        if known is None or known[0] != found:
            now = time.time_ns()
            if is_notebook(path):
                why_not = other_kernel(self._head(path, -1))
                is_python = why_not is None
            else:
                is_python, why_not = is_python_script(self._head(path))
            # One that may change without another signature is asked again in the next run.
            known = Found(-1, 0, 0, 0) if is_racy(found, now) else found, is_python, why_not
        self.heads[path] = known
        if known[2] is not None:
            self.left_out[printable(path)] = known[2]
        return known[1]

    def is_python(self, path: str) -> bool:
        """Whether a file that was found is Python's."""
        return path.endswith(SUFFIXES) or path in self.heads

    def _take(
        self, entry: os.DirEntry[str], path: str, rulers: tuple[str, ...], pending: list[tuple[str, tuple[str, ...]]]
    ) -> None:
        try:
            status = entry.stat()
        except OSError as error:
            rule_out_machine(error, path)
            kind = "dangling or looping symbolic link" if entry.is_symlink() else f"cannot be seen: {error.strerror}"
            self.left_out[printable(path)] = kind
            return
        if stat_module.S_ISREG(status.st_mode):
            if entry.is_symlink() and leads_outside(Path(self.root), entry.path):
                self.left_out[printable(path)] = "a link that leads out of the tree"
                return
            # Everything downstream is text: rows, JSON, the store. A name that cannot be written there cannot be asked
            # for.
            if not _is_text(path):
                self.left_out[printable(path)] = "its name is not valid UTF-8"
                return
            found = Found(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            self.candidates.append((path, found, rulers))
        # A folder may be called `x.py`.
        elif stat_module.S_ISDIR(status.st_mode):
            if entry.is_symlink():
                self.linked_folders.append((path, rulers))
            elif path not in self.skip:
                pending.append((path, rulers))
        else:
            self.left_out[printable(path)] = "not a regular file"

    def _begins(self, path: str, with_bytes: bytes) -> bool:
        return self._head(path).startswith(with_bytes)

    def _head(self, path: str, count: int = HEAD_BYTES) -> bytes:
        """The first bytes of a file; all where `count` is negative."""
        try:
            with open(f"{self.root}/{path}", "rb", buffering=0) as file:
                return file.read(count)
        except OSError as error:
            rule_out_machine(error, path)
            return b""

    def surroundings(self) -> Surroundings:
        """What was seen that speaks for modules which are no files of the tree: the same on every machine."""
        left_out = (path for path in self.left_out if path.rpartition("/")[2] not in SKIPPED_FOLDERS)
        named = {found for path in self.build_files for found in named_modules(path, self._read(path, MOST_READ))}
        return Surroundings(
            tuple(sorted(self.ignore_files.items())),
            *self.patterns,
            left_out=tuple(sorted(left_out)),
            made=tuple(sorted(self.made)),
            named=tuple(sorted(named, key=lambda item: (item.file, item.module))),
        )

    def _read(self, path: str, most: int = -1) -> str:
        try:
            with open(f"{self.root}/{path}", "rb") as file:
                # As git reads it: a BOM is skipped. Bytes that are no text spoil the pattern they stand in and no
                # other.
                return file.read(most).decode("utf-8-sig", errors="replace")
        except OSError as error:
            # Files that the rules in it would leave out must not come in by that.
            rule_out_machine(error, path)
            return ""

    def rules_digest(self) -> str:
        from codeintel_enrich.engine.rules.config import config_digest

        return config_digest(self.patterns, sorted(self.ignore_files.items()))

    def decide(self, decisions: Decisions) -> tuple[dict[str, Found], bool]:
        """Apply every rule to every candidate, asking the pattern library only about paths not seen before."""
        if not self.ignore_files and not any(self.patterns):
            return {path: found for path, found, _ in sorted(self.candidates)}, False
        changed = self._judge(decisions)
        ignored_because = _IGNORED
        if not decisions.ignored.isdisjoint(self._paths()):
            ignored_because = self._ask_git(decisions, changed)
        files: dict[str, Found] = {}
        # In path order, whatever order the file system lists in: what follows must not depend on the machine.
        for path, found, _ in sorted(self.candidates):
            if path in decisions.kept or path in decisions.tracked:
                files[path] = found
            # What was not asked for with `--only` needs no word.
            elif self.is_python(path) and not (path in decisions.excluded and self.patterns[2]):
                self.left_out[printable(path)] = ignored_because if path in decisions.ignored else _EXCLUDED
        return files, changed

    def _paths(self) -> Iterator[str]:
        yield from (path for path, _, _ in self.candidates)
        yield from (path for path, _ in self.linked_folders)

    def _judge(self, decisions: Decisions) -> bool:
        """Have every path decided on; returns whether any was not."""
        rules: _Rules | None = None
        # Of what a link leads to, include patterns have been asked already.
        asked = [*((path, rulers, False) for path, _, rulers in self.candidates)]
        asked += [(path, rulers, True) for path, rulers in self.linked_folders]
        for path, rulers, is_link in asked:
            if path in decisions.kept or path in decisions.ignored or path in decisions.excluded:
                continue
            rules = rules or _Rules(self.ignore_files, *self.patterns)
            if rules.excludes_folder(f"{path}/") if is_link else rules.excludes(path):
                decisions.excluded.add(path)
            elif rules.ignores(path, rulers):
                decisions.ignored.add(path)
            else:
                decisions.kept.add(path)
        return rules is not None

    def links(self, files: Mapping[str, Found], decisions: Decisions) -> dict[str, str]:
        """The links to folders in which files were found; for the others it is noted why they lead to none."""
        found: dict[str, str] = {}
        root = os.path.realpath(self.root)
        for path, _ in sorted(self.linked_folders):
            target = os.path.realpath(f"{self.root}/{path}")
            inside = target.removeprefix(f"{root}/")
            if target == root or path.startswith(f"{inside}/"):
                self.left_out[printable(path)] = "a link to a folder around it"
            elif inside == target:
                self.left_out[printable(path)] = "a link that leads out of the tree"
            elif path in decisions.excluded or (path in decisions.ignored and path not in decisions.tracked):
                pass
            elif _is_text(path) and any(file.startswith(f"{inside}/") for file in files):
                found[path] = inside
        return found

    def _ask_git(self, decisions: Decisions, changed: bool) -> str:
        """Find out which ignored files git tracks, if its index may say other than the last time; returns why the
        others are left out."""
        # Needed in few trees only.
        from codeintel_enrich.files.git import index_file, tracked_files

        # To start git costs more than the walk, so the index's signature is asked first.
        index = index_file(Path(self.root))
        now = time.time_ns()
        try:
            status = os.stat(index) if index is not None else None
        except OSError:
            status = None
        if status is None:
            decisions.tracked, decisions.index = set(), None
            return _IGNORED
        found = Found(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
        if found != decisions.index or changed:
            tracked = tracked_files(Path(self.root))
            decisions.tracked = decisions.ignored & tracked if tracked is not None else set()
            decisions.index = None if tracked is None or is_racy(found, now) else found
            if tracked is None:
                return f"{_IGNORED}; whether git tracks it, git does not say"
        return f"{_IGNORED}, and git does not track it"


class _Rules:
    """Compiled ignore rules; pathspec implements git's matching."""

    def __init__(
        self,
        ignore_files: dict[str, str],
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        only: tuple[str, ...],
    ) -> None:
        from pathspec import GitIgnoreSpec

        def compiled(lines: Sequence[str], name: str) -> "GitIgnoreSpec | None":
            for line in lines:
                if (fault := _fault(line)) is not None:
                    raise UsageError(f"{name}: {line!r} is no gitignore pattern: {fault}")
            return GitIgnoreSpec.from_lines(lines) if lines else None

        def lines_of(text: str) -> list[str]:
            """The patterns of an ignore file. One that is none matches nothing, as git has it."""
            # Not `splitlines`: git knows no other line ends than these, and a file name may hold a form feed.
            lines = [raw.removesuffix("\r") for raw in text.split("\n")]
            # `x/**` is what lies in x; pathspec takes it to match `x/` itself, too.
            lines = [f"{line}/*" if line.endswith("/**") else line for line in lines]
            return [line for line in lines if _fault(line) is None]

        # Those in the tree only: `.git/info/exclude` and a user's own file are of one machine, and the same tree must
        # have the same files everywhere.
        self.folders = {folder: GitIgnoreSpec.from_lines(lines_of(text)) for folder, text in ignore_files.items()}
        self.include = compiled(include, "include")
        self.exclude = compiled(exclude, "exclude")
        self.only = compiled(only, "--only")
        self._ignored_folders: dict[str, bool] = {"": False}

    def excludes(self, path: str) -> bool:
        """Whether the settings, or what was asked for, leave a file out."""
        if self.include is not None and not self.include.match_file(path):
            return True
        if self.only is not None and not self.only.match_file(path):
            return True
        return self.excludes_folder(path)

    def excludes_folder(self, path: str) -> bool:
        """Whether `exclude` leaves a path out."""
        return self.exclude is not None and self.exclude.match_file(path)

    def ignores(self, path: str, rulers: tuple[str, ...]) -> bool:
        """Whether the ignore files of the tree leave a file out."""
        return self._ignores_folder(path.rpartition("/")[0], rulers) or self._ignores(path, rulers)

    def _ignores_folder(self, path: str, rulers: tuple[str, ...]) -> bool:
        """Whether a folder is ignored, or one around it. Nothing in an ignored folder can be taken back."""
        known = self._ignored_folders.get(path)
        if known is None:
            # gitignore(5): "It is not possible to re-include a file if a parent directory of that file is excluded", so
            # a folder is judged by the rules around it, not by those inside.
            above = tuple(folder for folder in rulers if folder != path)
            known = self._ignores_folder(path.rpartition("/")[0], above) or self._ignores(f"{path}/", above)
            self._ignored_folders[path] = known
        return known

    def _ignores(self, path: str, rulers: tuple[str, ...]) -> bool:
        """What the ignore files themselves say of a path; the deepest that says anything wins."""
        for folder in reversed(rulers):
            # Patterns are relative to the folder whose ignore file they stand in.
            verdict = self.folders[folder].check_file(path[len(folder) + 1 :] if folder else path).include
            if verdict is not None:
                return verdict
        return False


def _fault(line: str) -> str | None:
    """Why a line is no pattern."""
    from pathspec import GitIgnoreSpec

    if (fault := too_costly(line)) is not None:
        return fault
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error) as error:
        return str(error)
    return None


def printable(path: str) -> str:
    """The path as text that any encoder takes: undecodable bytes and control characters escaped."""
    text = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _is_text(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
