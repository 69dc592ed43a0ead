"""The commands that look at what a build left: questions, state, reasons, proof; and the one that sets up."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from codeintel_enrich.cli.options import (
    CacheDir,
    DryRun,
    FailOn,
    Full,
    Jobs,
    Json,
    Root,
    Trust,
    as_last_time,
    chosen,
    notify,
    places_of,
    say_if_stale,
)

review_app = typer.Typer()


class DiffForm(StrEnum):
    """How an API diff is written."""

    MARKDOWN = "markdown"
    GITHUB = "github"
    SARIF = "sarif"


@review_app.command()
def sql(
    question: Annotated[str, typer.Argument(help="SQL, in DuckDB's dialect; `-` reads it from standard input.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header line.")] = False,
    full: Full = False,
) -> None:
    """Ask the store a question; it is only read."""
    from codeintel_enrich.cli.sql import show_answer

    show_answer(places_of(root, cache_dir).store, question, as_json=json, as_csv=csv, full=full)
    say_if_stale(root, cache_dir)


@review_app.command()
def status(root: Root = Path(), cache_dir: CacheDir = None, json: Json = False) -> None:
    """What the last build did, and whether anything changed since."""
    from codeintel_enrich.cli.status import show_status
    from codeintel_enrich.commands.status import status as look
    from codeintel_enrich.engine.plan.build import Build

    show_status(look(Build(as_last_time(root, cache_dir))), json)


@review_app.command()
def explain(
    path: Annotated[str, typer.Argument(help="A file, relative to the repository.")],
    root: Root = Path(),
    cache_dir: CacheDir = None,
    json: Json = False,
) -> None:
    """Which inputs of a file changed, and why each stage did, did not or would run."""
    from codeintel_enrich.cli.status import show_story
    from codeintel_enrich.commands.explain import explain as story_of
    from codeintel_enrich.engine.plan.build import Build

    # As whoever stands in a folder below the root names it.
    here, top = Path.cwd(), root.resolve()
    if (here / path).exists() and here != top and here.is_relative_to(top):
        path = os.path.relpath(here / path, top)
    # The store's paths have forward slashes and no `./`, whatever a shell completed.
    show_story(story_of(Build(as_last_time(root, cache_dir)), Path(path).as_posix()), json)


@review_app.command()
def verify(root: Root = Path(), cache_dir: CacheDir = None, trust: Trust = False, json: Json = False) -> None:
    """Build from nothing in a temporary folder and compare every table and file; 1 where something differs."""
    from codeintel_enrich.cli.verify import show_verdict
    from codeintel_enrich.commands.verify import verify as compare

    verdict = compare(as_last_time(root, cache_dir), notify, trust=trust)
    show_verdict(verdict, json)
    # Only now: what differs is what the caller wants to read.
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
    return show_judgement(judge_staged(options, chosen(fail_on), notify), json)


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
    form: Annotated[
        DiffForm,
        typer.Option(
            "--format", help="github: workflow commands, shown beside the code; sarif: a log for code scanning."
        ),
    ] = DiffForm.MARKDOWN,
) -> None:
    """What a change did to the API, as Markdown: names and members added, removed, moved, what breaks their users."""
    from codeintel_enrich.cli.diff import show_diff
    from codeintel_enrich.cli.hook import show_steps
    from codeintel_enrich.commands.diff import diff as compare
    from codeintel_enrich.commands.diff import forecast_diff
    from codeintel_enrich.engine.state.places import Options

    options = Options(root=root, cache_dir=cache_dir, jobs=jobs)
    if dry_run:
        return show_steps(forecast_diff(options, span), json)
    found = compare(options, span, notify)
    show_diff(found, "json" if json else form.value)
    # A name that leads nowhere breaks its callers as well, though the change did not take it away.
    if fail_on_breaking and (found.breaking or found.findings):
        raise typer.Exit(1)
    return None


@review_app.command()
def init(
    root: Root = Path(),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")] = False,
    json: Json = False,
) -> None:
    """Set a repository up: settings, dodo.py, a pre-commit hook, a CI workflow. Nothing is overwritten."""
    from codeintel_enrich.cli.init import set_up

    set_up(places_of(root, None).root, dry_run=dry_run, as_json=json)
