"""Options that several commands share, each declared once: its type, its flags, its help."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.model.plain import plain

if TYPE_CHECKING:
    from codeintel_enrich.engine.rules.config import FindingKind
    from codeintel_enrich.engine.state.places import Options, Places


class Failing(StrEnum):
    """What `--fail-on` can be. An enum, since that is what Typer makes a list of choices from."""

    parse_error = "parse-error"
    broken_export = "broken-export"
    import_cycle = "import-cycle"


def found_upward(context: typer.Context, parameter: typer.CallbackParam, given: Path) -> Path:
    """The folder given with `--root`; without one, the project that the working directory belongs to."""
    from codeintel_enrich.engine.state.upward import project_root

    # `--root .` says that it is this folder, whatever lies above.
    if context.resilient_parsing or context.get_parameter_source(parameter.name or "").name != "DEFAULT":  # type: ignore[union-attr]
        return given
    here = Path.cwd()
    found = project_root(here)
    return given if found == here else Path(os.path.relpath(found))


Root = Annotated[
    Path,
    typer.Option(
        help="The indexed repository; default: the project that the working directory belongs to, looked for upward.",
        callback=found_upward,
        show_default=False,
    ),
]
CacheDir = Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")]
Out = Annotated[Path | None, typer.Option(help="Where files are written; default: CACHE/enriched.")]
FailOn = Annotated[
    list[Failing] | None, typer.Option(help="End with 1 for findings of this kind; default: `fail-on` of the settings.")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Worker processes; default: one per core.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let tools do whatever the tree's own settings of them say: run programs, too.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be looked at or written; write nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]
Full = Annotated[bool, typer.Option("--full", help="Cut no cell, however wide the terminal is.")]

# What loads the engine is imported where it is needed: a command's start time is that of its imports, and `--help`
# needs none of them.


def chosen(kinds: list[Failing] | None) -> "tuple[FindingKind, ...]":
    """The kinds as settings name them."""
    return tuple(kind.value for kind in kinds or ())


def places_of(root: Path, cache_dir: Path | None, out: Path | None = None) -> "Places":
    """Where a build with these options reads and writes. Raises UsageError when the root is no folder."""
    from codeintel_enrich.engine.state.places import Options, places

    return places(Options(root=root, cache_dir=cache_dir, out=out))


def as_last_time(root: Path, cache_dir: Path | None) -> "Options":
    """The options that repeat the last build, so that what is looked at is what was built."""
    from codeintel_enrich.engine.run.last_run import read_last_run, repeated

    return repeated(read_last_run(places_of(root, cache_dir).last_run), root, cache_dir)


def say_if_stale(root: Path, cache_dir: Path | None) -> None:
    """Say beside the answer that files changed since the build that it comes from."""
    from codeintel_enrich.cli.show import files
    from codeintel_enrich.commands.status import status
    from codeintel_enrich.engine.plan.build import Build

    try:
        found = status(Build(as_last_time(root, cache_dir)))
    except EnrichError:
        # The answer stands; whoever builds next is told what is wrong with settings or cache.
        return
    if count := len(found.added) + len(found.changed) + len(found.removed):
        notify(f"{files(count)} changed since the build that this comes from; `codeintel-enrich build` takes them in")


def notify(message: str) -> None:
    """Print something beside the output, at once."""
    print(plain(message), file=sys.stderr, flush=True)
