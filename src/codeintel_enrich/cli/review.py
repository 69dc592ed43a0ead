"""Owns the commands that look at what a build left: questions, state, reasons, proof."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from codeintel_enrich.engine.rules.config import FindingKind
    from codeintel_enrich.engine.state.places import Options

review_app = typer.Typer()


class Failing(StrEnum):
    """What `--fail-on` can be."""

    parse_error = "parse-error"
    broken_export = "broken-export"
    import_cycle = "import-cycle"


Root = Annotated[Path, typer.Option(help="The indexed repository.")]
CacheDir = Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")]
FailOn = Annotated[
    list[Failing] | None, typer.Option(help="End with 1 for findings of this kind; default: `fail-on` of the settings.")
]
Jobs = Annotated[int | None, typer.Option(min=1, help="Worker processes; default: one per core.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be looked at or written; write nothing.")]
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
    from codeintel_enrich.engine.state.places import Options, places

    show_answer(places(Options(root=root, cache_dir=cache_dir)).store, question, as_json=json, as_csv=csv)


@review_app.command()
def status(root: Root = Path(), cache_dir: CacheDir = None, json: Json = False) -> None:
    """What the last build did, and whether anything changed since."""
    from codeintel_enrich.cli.status import show_status
    from codeintel_enrich.commands.status import status as look
    from codeintel_enrich.engine.build.build import Build

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
    from codeintel_enrich.commands.explain import explain as tell_story
    from codeintel_enrich.engine.build.build import Build

    show_story(tell_story(Build(_as_last_time(root, cache_dir)), Path(path).as_posix()), json)


@review_app.command()
def verify(root: Root = Path(), cache_dir: CacheDir = None, json: Json = False) -> None:
    """Build from nothing in a temporary folder and compare every table and file; 1 where something differs."""
    from codeintel_enrich.cli.verify import show_verdict
    from codeintel_enrich.commands.verify import verify as compare

    verdict = compare(_as_last_time(root, cache_dir), tell)
    show_verdict(verdict, json)
    if not verdict.is_equal:
        raise typer.Exit(1)


@review_app.command()
def hook(
    root: Root = Path(),
    cache_dir: CacheDir = None,
    fail_on: FailOn = None,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Judge what is staged, not the work tree; 1 for findings that `fail-on` names. Made for pre-commit."""
    from codeintel_enrich.cli.hook import show_judgement, show_steps
    from codeintel_enrich.commands.hook import forecast_staged, judge_staged
    from codeintel_enrich.engine.state.places import Options

    options = Options(root=root, cache_dir=cache_dir, jobs=jobs)
    if dry_run:
        return show_steps(forecast_staged(options), json)
    return show_judgement(judge_staged(options, chosen(fail_on), tell), json)


@review_app.command()
def diff(
    span: Annotated[str, typer.Argument(metavar="BASE..HEAD", help="Two commits, as git names them.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    fail_on_breaking: Annotated[
        bool, typer.Option("--fail-on-breaking", help="End with 1 where a caller may break.")
    ] = False,
    jobs: Jobs = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """What a change did to the API, as Markdown: names added, removed, moved, signatures, broken re-exports."""
    from codeintel_enrich.cli.diff import show_diff
    from codeintel_enrich.cli.hook import show_steps
    from codeintel_enrich.commands.diff import diff as compare
    from codeintel_enrich.commands.diff import forecast_diff
    from codeintel_enrich.engine.state.places import Options

    options = Options(root=root, cache_dir=cache_dir, jobs=jobs)
    if dry_run:
        return show_steps(forecast_diff(options, span), json)
    found = compare(options, span, tell)
    show_diff(found, json)
    if fail_on_breaking and (found.breaking or found.findings):
        raise typer.Exit(1)
    return None


@review_app.command()
def init(
    root: Annotated[Path, typer.Option(help="The repository to set up.")] = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
    json: Json = False,
) -> None:
    """Set a repository up: settings, dodo.py, a pre-commit hook, a CI workflow. Nothing is overwritten."""
    from codeintel_enrich.cli.init import set_up
    from codeintel_enrich.engine.state.places import Options, places

    set_up(places(Options(root=root)).root, dry_run=dry_run, as_json=json)


def chosen(kinds: list[Failing] | None) -> "tuple[FindingKind, ...]":
    """The kinds as settings name them."""
    return tuple(kind.value for kind in kinds or ())


def tell(message: str) -> None:
    """Say something beside the output."""
    print(message, file=sys.stderr, flush=True)


def _as_last_time(root: Path, cache_dir: Path | None) -> "Options":
    """The options that repeat the last build."""
    from codeintel_enrich.engine.run.last_run import read_last_run, repeated
    from codeintel_enrich.engine.state.places import Options, places

    place = places(Options(root=root, cache_dir=cache_dir))
    return repeated(read_last_run(place.last_run), root, cache_dir)
