"""`hook`, the judgement of what is staged: the index, not the work tree, is built and asked for findings."""

from collections.abc import Callable, Collection, Iterable, Sequence

import msgspec

from codeintel_enrich.commands.findings import Finding, findings
from codeintel_enrich.commands.git_trees import Repository, Step, TreeCache
from codeintel_enrich.engine.rules.config import FindingKind
from codeintel_enrich.engine.state.discovery import SUFFIXES
from codeintel_enrich.engine.state.places import Options
from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.modules import plain


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with what is staged."""

    files: int
    fail_on: tuple[FindingKind, ...]
    findings: tuple[Finding, ...]


def judge_staged(
    options: Options,
    fail_on: tuple[FindingKind, ...],
    notify: Callable[[str], None] = lambda message: None,
) -> Judgement:
    """Build what is staged, incrementally, in a corner of the cache, and look for what is asked to fail on.

    `fail_on` wins over what the staged settings say. Raises UsageError outside of a git repository and while a merge
    is not settled.
    """
    with TreeCache(options, notify) as trees:
        staged = trees.repository.staged()
        build, summary = trees.build(staged)
        config = build.state.project.config
        asked = fail_on or config.fail_on
        gone = _taken_away(trees.repository, staged, config.roots) if "broken-export" in asked else ()
        found = findings(build.state.places.store, asked, gone) if asked else []
    return Judgement(files=summary.files, fail_on=asked, findings=tuple(found))


def forecast_staged(options: Options) -> tuple[Step, ...]:
    """What judging would look at. Writes nothing. Raises UsageError as `judge_staged` does."""
    trees = TreeCache(options)
    return trees.forecast({"staged": trees.repository.staged()})


def _taken_away(repository: Repository, staged: Collection[str], roots: Sequence[str]) -> set[str]:
    """The modules that HEAD has and the index has not."""
    try:
        before = repository.tree(repository.commit("HEAD"))
    except UsageError:
        return set()  # Nothing was committed yet.
    # Making two tables of modules takes longer than all the rest for a small commit.
    if all(path in staged for path in before if path.endswith(SUFFIXES)):
        return set()
    # By module, not by file: a module that became a package of the same name is still there.
    return {plain(key) for key in _keys(before, roots) - _keys(staged, roots)}


def _keys(paths: Iterable[str], roots: Sequence[str]) -> set[str]:
    table = module_table([path for path in paths if path.endswith(SUFFIXES)], roots)
    return {name.key for name in table.values() if name.key is not None}
