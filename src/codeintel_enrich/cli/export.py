"""What `export` prints."""

from pathlib import Path

from codeintel_enrich.cli.options import notify
from codeintel_enrich.cli.show import listed, print_json, say
from codeintel_enrich.commands.export import export_scip, forecast_export
from codeintel_enrich.engine.state.places import Options


def export_to(target: Path, root: Path, cache_dir: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Write the SCIP index and say how much of it was new, or only say how much would be."""
    # The forecast reads the last export and the store, and writes neither.
    options = Options(root=root, cache_dir=cache_dir)
    if dry_run:
        documents, due = forecast_export(options)
        if as_json:
            return print_json({"documents": documents, "due": due})
        say(f"{target}: would be written; {documents} documents, {len(due)} of them encoded anew\n")
        say(f"their rows changed since the last export: {listed(due)}\n" if due else "")
        return None
    report = export_scip(options, target, notify=notify)
    if as_json:
        return print_json(report)
    say(
        f"{target}: {report.documents} documents ({len(report.encoded)} encoded anew), "
        f"{report.externals} external symbols, {report.size} bytes\n"
    )
    return None
