"""`repo_map.json`: the repository at a glance, from the summaries of its files."""

from collections import Counter
from collections.abc import Mapping

import orjson

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules


def repo_map_rules(materials: Materials) -> Rules:
    """How the file is made. It is small, and everything in it depends on every file: it is made to know its inputs."""
    content = repo_map(materials.summaries, materials.project, materials.entry_points)
    return {"repo_map.json": BuildRule(digest(content), lambda: content)}


def repo_map(summaries: Mapping[str, FileSummary], project: str, entry_points: Mapping[str, str]) -> bytes:
    """The file's bytes. A module without a dotted name is listed by its path; lists are sorted.

    The root is named after the project, or `.`: the folder's own name is another in another checkout.
    """
    tags: dict[str, list[str]] = {}
    packages: Counter[str] = Counter()
    for path, summary in summaries.items():
        for tag in summary.tags:
            tags.setdefault(tag, []).append(summary.module or path)
        if summary.package:
            packages[summary.package] += 1
    content = {
        "root": project or ".",
        "modules": len(summaries),
        "counts": {
            "files": len(summaries),
            "packages": len(packages),
            "stubs": sum(summary.is_stub for summary in summaries.values()),
            "parse_errors": sum(not summary.parse_ok for summary in summaries.values()),
            "lines": sum(summary.n_lines for summary in summaries.values()),
            "nodes": sum(summary.n_nodes for summary in summaries.values()),
            "definitions": sum(summary.n_defs for summary in summaries.values()),
        },
        "tags": {tag: sorted(modules) for tag, modules in tags.items()},
        "packages": [{"name": name, "modules": packages[name]} for name in sorted(packages)],
        "entry_points": dict(entry_points),
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
