"""Owns the judgement of what is staged: the index, not the work tree, is built and asked for findings."""

from collections.abc import Callable

import msgspec

from codeintel_enrich.engine.build import Build
from codeintel_enrich.engine.config import FindingKind
from codeintel_enrich.engine.findings import Finding, findings
from codeintel_enrich.engine.gittree import TreeCache
from codeintel_enrich.engine.options import Options
from codeintel_enrich.engine.summary import Summary


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with what is staged."""

    files: int
    fail_on: tuple[FindingKind, ...]
    findings: tuple[Finding, ...]


def judge_staged(
    options: Options,
    fail_on: tuple[FindingKind, ...],
    run: Callable[[Build], Summary],
    tell: Callable[[str], None] = lambda message: None,
) -> Judgement:
    """Build what is staged, incrementally, in a corner of the cache, and look for what is asked to fail on.

    `fail_on` wins over what the staged settings say. Raises UsageError outside of a git repository and while a merge
    is not settled.
    """
    with TreeCache(options, run, tell) as trees:
        build, summary = trees.build(trees.repository.staged())
        asked = fail_on or build.project.config.fail_on
        found = findings(build.places.store, asked) if asked else []
    return Judgement(files=summary.files, fail_on=asked, findings=tuple(found))
