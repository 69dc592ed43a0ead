"""Owns what `export` prints; the work is the engine's."""

import sys
from pathlib import Path

import msgspec

from codeintel_enrich.engine.export import export_scip
from codeintel_enrich.engine.options import Options


def export_to(target: Path, root: Path, cache_dir: Path | None, as_json: bool) -> None:
    """Write the SCIP index and say how much of it was new."""
    report = export_scip(
        Options(root=root, cache_dir=cache_dir), target, tell=lambda message: print(message, file=sys.stderr)
    )
    if as_json:
        sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
        return
    sys.stdout.write(
        f"{target}: {report.documents} documents ({len(report.encoded)} encoded anew), "
        f"{report.externals} external symbols, {report.size} bytes\n"
    )
