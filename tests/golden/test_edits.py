"""Every case as edits: a file of it appears, is emptied or vanishes, and linking again gives what a clean run gives."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from codeintel_enrich.model.config import LinkConfig
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.module_table import module_table
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.stages.link import LinkResult, LinkState, link
from codeintel_enrich.stages.parse import parse
from tests.golden.analysis import PARSE_CONFIG
from tests.golden.cases import Case, all_cases

_CONFIG = LinkConfig(python_version=sys.version_info[:2])


def vanishes(files: dict[str, str], path: str) -> dict[str, str]:
    return {other: text for other, text in files.items() if other != path}


def is_emptied(files: dict[str, str], path: str) -> dict[str, str]:
    return {**files, path: ""}


@pytest.mark.parametrize("edit", [vanishes, is_emptied])
@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_an_edit_and_its_revert_give_what_a_clean_run_gives(
    case: Case, edit: Callable[[dict[str, str], str], dict[str, str]]
) -> None:
    interfaces: dict[str, Interface] = {}

    def run(state: LinkState | None, files: dict[str, str]) -> LinkResult:
        texts = {path: digest(text.encode()) for path, text in files.items()}
        for path, key in texts.items():
            if key not in interfaces:
                interfaces[key] = parse(files[path].encode(), PARSE_CONFIG).interface
        kept = LinkState.decode(state.encode()) if state is not None else None
        names = module_table(files, case.roots, lambda path: interfaces[texts[path]].extends_path == "roots")
        return link(kept, names, texts, lambda path: interfaces[texts[path]], _CONFIG)

    whole = run(None, case.files)
    for path in case.files:
        edited = edit(case.files, path)
        clean = run(None, edited)
        there = run(whole.state, edited)
        back = run(there.state, case.files)
        for start, step, end in ((whole, there, clean), (clean, back, whole)):
            before, after = dict(start.linked_modules), dict(end.linked_modules)
            assert step.removed == before.keys() - after.keys()
            # Exactly what differs, and nothing else, is handed on.
            differing = {name: made for name, made in after.items() if before.get(name) != made}
            assert dict(step.linked_modules) == differing
            assert set(differing) <= step.recomputed
