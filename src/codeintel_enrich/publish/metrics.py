"""`ast/metrics.jsonl`: a line for each file that parses, with what is counted in it."""

from functools import partial

from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.notebook import is_notebook
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.publish.rules import BuildRule, Materials, Rules


def metric_rules(materials: Materials) -> Rules:
    """How the line of each file is made."""
    return {
        path: BuildRule(
            # Of the bytes, not of the rows: what changes in other files changes no metric.
            digest(f"{materials.version}\0{summary.content_hash}\0{summary.module}".encode()),
            partial(_make, materials, path, summary),
        )
        for path, summary in materials.summaries.items()
        # Places in a notebook's file are none in the text of its code.
        if summary.parse_ok and not is_notebook(path)
    }


def _make(materials: Materials, path: str, summary: FileSummary) -> bytes | None:
    return materials.tools.metrics(path, summary.module, materials.tools.source(path, summary))
