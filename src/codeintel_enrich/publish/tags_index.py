"""`tags/tags_index.yaml`: tag -> modules, from the summaries of all files."""

from collections.abc import Mapping

import orjson

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules


def tags_rules(materials: Materials) -> Rules:
    """How the file is made. It is small, and everything in it depends on every file: it is made to know its inputs."""
    content = tags_index(materials.summaries)
    return {"tags/tags_index.yaml": BuildRule(digest(content), lambda: content)}


def tags_index(summaries: Mapping[str, FileSummary]) -> bytes:
    """The file's bytes: tags in order, under each its modules in order; one without a dotted name goes by its path.

    Texts are quoted as JSON quotes them, which YAML reads the same.
    """
    tags: dict[str, list[str]] = {}
    for path, summary in summaries.items():
        for tag in summary.tags:
            tags.setdefault(tag, []).append(summary.module or path)
    lines = [b"# Made by codeintel-enrich: tag -> modules.\n"]
    for tag in sorted(tags):
        lines.append(b"%s:\n" % orjson.dumps(tag))
        lines.extend(b"- %s\n" % orjson.dumps(name) for name in sorted(tags[tag]))
    # An empty file would be null in YAML, not a mapping.
    if not tags:
        lines.append(b"{}\n")
    return b"".join(lines)
