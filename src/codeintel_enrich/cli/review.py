"""Owns the commands that look at what a build left: questions, state, reasons, proof."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from codeintel_enrich.engine.options import Options

review_app = typer.Typer()

Root = Annotated[Path, typer.Option(help="The indexed repository.")]
CacheDir = Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@review_app.command()
def sql(
    question: Annotated[str, typer.Argument(help="SQL, in DuckDB's dialect; `-` reads it from standard input.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header line.")] = False,
) -> None:
    """Ask the store a question; it is only read."""
    from codeintel_enrich.cli.sql import show_answer
    from codeintel_enrich.engine.options import Options, places

    show_answer(places(Options(root=root, cache_dir=cache_dir)).store, question, as_json=json, as_csv=csv)


@review_app.command()
def status(root: Root = Path(), cache_dir: CacheDir = None, json: Json = False) -> None:
    """What the last build did, and whether anything changed since."""
    from codeintel_enrich.cli.status import show_status
    from codeintel_enrich.engine.build import Build
    from codeintel_enrich.engine.status import status as look

    show_status(look(Build(_as_last_time(root, cache_dir))), json)


@review_app.command()
def explain(
    path: Annotated[str, typer.Argument(help="A file, relative to the repository.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
) -> None:
    """Which inputs of a file changed, and why each stage did, did not or would run."""
    from codeintel_enrich.cli.status import show_story
    from codeintel_enrich.engine.build import Build
    from codeintel_enrich.engine.explain import explain as tell_story

    show_story(tell_story(Build(_as_last_time(root, cache_dir)), Path(path).as_posix()), json)


@review_app.command()
def verify(root: Root = Path(), cache_dir: CacheDir = None, json: Json = False) -> None:
    """Build from nothing in a temporary folder and compare every table and file; 1 where something differs."""
    from codeintel_enrich.cli.verify import show_verdict
    from codeintel_enrich.engine.verify import verify as compare
    from codeintel_enrich.tasks import run_build

    verdict = compare(_as_last_time(root, cache_dir), run_build)
    show_verdict(verdict, json)
    if not verdict.is_equal:
        raise typer.Exit(1)


def _as_last_time(root: Path, cache_dir: Path | None) -> "Options":
    """The options that repeat the last build."""
    from codeintel_enrich.engine.last_run import read_last_run, repeated
    from codeintel_enrich.engine.options import Options, places

    place = places(Options(root=root, cache_dir=cache_dir))
    return repeated(read_last_run(place.last_run), root, cache_dir)
