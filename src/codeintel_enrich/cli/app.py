"""The command line: the smaller commands, all of them put together, and the entry point."""

import io
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from codeintel_enrich import __version__
from codeintel_enrich.cli.build import build
from codeintel_enrich.cli.options import CacheDir, DryRun, Full, Json, Out, Root, notify, places_of, say_if_stale
from codeintel_enrich.cli.review import review_app
from codeintel_enrich.errors import EnrichError, UsageError, machine_fault

app = typer.Typer(
    name="codeintel-enrich",
    help="Keep a queryable, typed, cross-module picture of every Python file, rebuilt in proportion to what changed.",
    no_args_is_help=True,
    add_completion=True,
    # A traceback of ours is for a bug report: Typer's shows values of variables, which may be of the analysed code.
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(__version__)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """What holds for every command."""


# First, so that `--help` lists it first.
app.command()(build)


@app.command()
def exports(
    module: Annotated[str, typer.Argument(help="Dotted module name.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
    full: Full = False,
) -> None:
    """What `from MODULE import name` finds, and where each name is really defined."""
    from codeintel_enrich.cli.ask import show_exports

    show_exports(places_of(root, cache_dir).store, module, as_json=json, full=full)
    say_if_stale(root, cache_dir)


@app.command()
def refs(
    qname: Annotated[str, typer.Argument(help="Qualified name, such as package.module.Class.method.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
    full: Full = False,
) -> None:
    """Every identifier that means QNAME, under whatever name it was imported."""
    from codeintel_enrich.cli.ask import show_refs

    show_refs(places_of(root, cache_dir).store, qname, as_json=json, full=full)
    say_if_stale(root, cache_dir)


@app.command()
def export(
    scip: Annotated[Path, typer.Option(help="Where the SCIP index is written.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write what the last build found as a SCIP index; only changed documents are encoded again."""
    from codeintel_enrich.cli.export import export_to

    export_to(scip, root, cache_dir, dry_run=dry_run, as_json=json)


@app.command()
def report(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the page is written; default: CACHE/report.html.")
    ] = None,
    root: Root = Path(),
    cache_dir: CacheDir = None,
    history_window_days: Annotated[
        int, typer.Option(min=1, help="How far back changes are counted, from the newest commit.")
    ] = 365,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """One page for a browser: module graph, types, complexity against churn, what is unresolved, what ran."""
    from codeintel_enrich.cli.report import report_to

    report_to(output, root, cache_dir, history_window_days, dry_run=dry_run, as_json=json)


@app.command()
def slices(
    since: Annotated[int | None, typer.Option(help="Only what changed after this generation.")] = None,
    root: Root = Path(),
    cache_dir: CacheDir = None,
    out: Out = None,
) -> None:
    """Chunks that are ready to embed, as lines of JSON: all, or what changed."""
    from codeintel_enrich.cli.slices import show_slices
    from codeintel_enrich.publish.outputs import SLICES_FILE

    place = places_of(root, cache_dir, out)
    show_slices(place.out / SLICES_FILE, place.publish_index, place.slice_log, since)


overlays_app = typer.Typer(help="Typed stubs that spell out what type checkers cannot follow.", no_args_is_help=True)
app.add_typer(overlays_app, name="overlays")


@overlays_app.command("list")
def list_overlays(root: Root = Path(), cache_dir: CacheDir = None, out: Out = None, json: Json = False) -> None:
    """The overlays that the last build wrote."""
    from codeintel_enrich.cli.overlays import show_overlays

    show_overlays(places_of(root, cache_dir, out).out, as_json=json)


@overlays_app.command()
def activate(
    root: Root = Path(),
    cache_dir: CacheDir = None,
    out: Out = None,
    write: Annotated[bool, typer.Option("--write", help="Write the settings instead of only printing them.")] = False,
) -> None:
    """The settings that make pyright and pyrefly use the overlays."""
    from codeintel_enrich.cli.overlays import activate_overlays
    from codeintel_enrich.engine.rules.config import read_project

    place = places_of(root, cache_dir, out)
    activate_overlays(place.root, place.out, read_project(place.root, {}).config.roots, write=write)


@app.command()
def reference(json: Json = False) -> None:
    """Every table and column of the store, and every setting, as Markdown."""
    from codeintel_enrich.cli.reference import show_reference

    show_reference(json)


@app.command()
def doctor(
    root: Root = Path(),
    json: Json = False,
) -> None:
    """Which indexers and checkers are here, where checkers look elsewhere than we do, and the lines that align them."""
    from codeintel_enrich.cli.doctor import show_diagnosis

    show_diagnosis(root, json)


app.add_typer(review_app)


def _refuse_repeated(words: Sequence[str]) -> None:
    """Raises UsageError for a place that is given twice: of an option's values the last would count, in silence."""
    for option in ("--root", "--cache-dir", "--out"):
        if sum(word == option or word.startswith(f"{option}=") for word in words) > 1:
            raise UsageError(f"{option} is given more than once; a build has one")


def main() -> Any:
    """Entry point: errors become one message on stderr and the exit code that they carry."""
    # As an exit, not as sudden death: workers and tools that were started end with us.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    for stream in (sys.stdout, sys.stderr):
        # Names of files are of any alphabet, and what a terminal of another cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _refuse_repeated(sys.argv[1:])
        return app()
    except EnrichError as error:
        notify(f"codeintel-enrich: {error.message}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # Whoever reads our output has seen enough, as `head` does: no failure.
        sys.exit(0)
    except Exception as error:
        fault = machine_fault(error)
        if fault is not None:
            notify(f"codeintel-enrich: {fault.message}")
            sys.exit(fault.exit_code)
        # A store that is none of ours, or is damaged: duckdb itself is not loaded here to ask for its class.
        if type(error).__module__ not in ("duckdb", "_duckdb"):
            raise
        said = str(error).partition("\n")[0]
        notify(f"codeintel-enrich: the store cannot answer ({said}); run `codeintel-enrich build`")
        sys.exit(3)
