"""What `report` prints."""

from pathlib import Path

from codeintel_enrich.cli.show import print_json, say
from codeintel_enrich.commands.report import write_report
from codeintel_enrich.engine.state.places import Options


def report_to(
    target: Path | None, root: Path, cache_dir: Path | None, days: int, *, dry_run: bool, as_json: bool
) -> None:
    """Write the page and say where it is, or would be."""
    made = write_report(Options(root=root, cache_dir=cache_dir), target, days, dry_run=dry_run)
    if as_json:
        return print_json(made)
    then = "would be written" if dry_run else "open it in a browser"
    say(f"{made.file}: {made.modules} files, {made.size / 1e6:.1f} MB; {then}\n")
    # The store holds no text to measure: that is read from the files, which have to be those that were built.
    if made.unmeasured:
        files = "1 file was" if made.unmeasured == 1 else f"{made.unmeasured} files were"
        say(f"{files} edited since the build; `codeintel-enrich build` brings the store up to date\n")
    return None
