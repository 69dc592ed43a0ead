"""Owns the commands and their options; knows nothing of how a build works."""

import signal
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codeintel_enrich import __version__
from codeintel_enrich.cli.review import DryRun, FailOn, chosen, review_app, tell
from codeintel_enrich.errors import EnrichError

if TYPE_CHECKING:
    from codeintel_enrich.engine.build.build import Build
    from codeintel_enrich.engine.run.summary import Summary

app = typer.Typer(
    name="codeintel-enrich",
    help="Keep a queryable, typed, cross-module picture of every Python file, rebuilt in proportion to what changed.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
)


class TypesWanted(StrEnum):
    """What `--types` can be."""

    findings = "findings"
    expressions = "expressions"


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


@app.command()
def build(
    root: Annotated[Path, typer.Option(help="The repository to index.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where files are written; default: CACHE/enriched.")] = None,
    scip: Annotated[Path | None, typer.Option(help="A SCIP index to use as it is, instead of making one.")] = None,
    pyrefly_json: Annotated[Path | None, typer.Option(help="A pyrefly report to use as it is.")] = None,
    pyright_json: Annotated[Path | None, typer.Option(help="A pyright report to use as it is.")] = None,
    coverage_xml: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A coverage report in Cobertura's XML, as `coverage xml` writes it."
        ),
    ] = None,
    owners: Annotated[
        bool | None, typer.Option("--owners/--no-owners", help="Look up CODEOWNERS and git's history: authors, churn.")
    ] = None,
    history_window_days: Annotated[
        int | None, typer.Option(min=1, help="How many days before the newest commit count as churn; default: 365.")
    ] = None,
    commits_window: Annotated[
        int | None, typer.Option(min=1, help="How many of the newest commits are looked at; default: 10,000.")
    ] = None,
    only: Annotated[list[str] | None, typer.Option(help="Index only files matching this gitignore pattern.")] = None,
    max_file_bytes: Annotated[int | None, typer.Option(help="Larger files get a row that says so.")] = None,
    refresh_index: Annotated[bool, typer.Option("--refresh-index", help="Make the SCIP index anew.")] = False,
    no_index: Annotated[bool, typer.Option("--no-index", help="Do without a SCIP index.")] = False,
    no_types: Annotated[bool, typer.Option("--no-types", help="Do without type checkers.")] = False,
    types: Annotated[
        TypesWanted | None, typer.Option(help="What type checkers are asked for; expressions: a type on references.")
    ] = None,
    emit_cst: Annotated[bool | None, typer.Option("--emit-cst/--no-emit-cst", help="Write cst/cst.jsonl.")] = None,
    cst_out: Annotated[
        Path | None, typer.Option(help="Write it there instead: a file named *.jsonl, or a folder for cst.jsonl.")
    ] = None,
    emit_ast: Annotated[
        bool | None, typer.Option("--emit-ast/--no-emit-ast", help="Write metrics of functions.")
    ] = None,
    emit_slices: Annotated[bool | None, typer.Option("--emit-slices/--no-emit-slices", help="Write chunks.")] = None,
    slices_filter: Annotated[
        list[str] | None, typer.Option(help="Cut only files matching this gitignore pattern into chunks.")
    ] = None,
    tags_yaml: Annotated[Path | None, typer.Option(help="Rules that give modules tags of your own.")] = None,
    overlays_config: Annotated[Path | None, typer.Option(help="A TOML file of overlay settings.")] = None,
    overlays_set: Annotated[list[str] | None, typer.Option(help="One overlay setting, KEY=VALUE.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Worker processes; default: one per core.")] = None,
    fail_on: FailOn = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would run and why; run and write nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the closing summary as JSON.")] = False,
) -> None:
    """Index a repository: redo what changed, and nothing else."""
    from codeintel_enrich.engine.build.build import Build
    from codeintel_enrich.engine.rules.config import parse_setting, read_settings
    from codeintel_enrich.engine.state.places import Options

    overlays = read_settings(overlays_config) if overlays_config is not None else {}
    overlays.update(map(parse_setting, overlays_set or ()))
    slices = {"enabled": emit_slices, "filter": slices_filter}
    overrides = {
        "max-file-bytes": max_file_bytes,
        "emit-cst": emit_cst,
        "cst-out": str(cst_out.resolve()) if cst_out is not None else None,
        "emit-ast": emit_ast,
        "tags-yaml": str(tags_yaml.resolve()) if tags_yaml is not None else None,
        "coverage-xml": str(coverage_xml.resolve()) if coverage_xml is not None else None,
        "owners": owners,
        "history-window-days": history_window_days,
        "commits-window": commits_window,
        "check": {"types": types.value} if types is not None else None,
        "overlays": overlays or None,
        "slices": {key: value for key, value in slices.items() if value is not None} or None,
    }
    reports = {"pyrefly": pyrefly_json, "pyright": pyright_json}
    wanted = Options(
        root=root,
        cache_dir=cache_dir,
        out=out,
        scip=scip,
        reports={name: path for name, path in reports.items() if path is not None},
        only=tuple(only or ()),
        index=not no_index,
        types=not no_types,
        refresh_index=refresh_index,
        jobs=jobs,
        overrides={key: value for key, value in overrides.items() if value is not None},
    )
    if dry_run:
        from codeintel_enrich.cli.status import show_plan
        from codeintel_enrich.commands.forecast import forecast

        return show_plan(forecast(Build(wanted, notify=tell)), json)
    made = Build(wanted, notify=tell)
    summary = _run(made, quiet=json)
    if json:
        import msgspec

        sys.stdout.write(msgspec.json.encode(summary).decode() + "\n")
    else:
        sys.stdout.write(summary.text())
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
    asked = chosen(fail_on) or made.state.project.config.fail_on
    if asked:
        from codeintel_enrich.cli.hook import tell_findings
        from codeintel_enrich.commands.findings import findings

        found = findings(made.state.places.store, asked)
        tell_findings(found, sys.stderr if json else sys.stdout)
        if found:
            raise typer.Exit(1)
    return None


@app.command()
def exports(
    module: Annotated[str, typer.Argument(help="Dotted module name.")],
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """What `from MODULE import name` finds, and where each name is really defined."""
    from codeintel_enrich.cli.ask import show_exports

    show_exports(_store(root, cache_dir), module, json)


@app.command()
def refs(
    qname: Annotated[str, typer.Argument(help="Qualified name, such as package.module.Class.method.")],
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
) -> None:
    """Every identifier that means QNAME, under whatever name it was imported."""
    from codeintel_enrich.cli.ask import show_refs

    show_refs(_store(root, cache_dir), qname, json)


@app.command()
def export(
    scip: Annotated[Path, typer.Option(help="Where the SCIP index is written.")],
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    dry_run: DryRun = False,
    json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """Write what the last build found as a SCIP index; only changed documents are encoded again."""
    from codeintel_enrich.cli.export import export_to

    export_to(scip, root, cache_dir, dry_run=dry_run, as_json=json)


@app.command()
def report(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where the page is written; default: CACHE/report.html.")
    ] = None,
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    history_window_days: Annotated[
        int, typer.Option(min=1, help="How far back changes are counted, from the newest commit.")
    ] = 365,
    dry_run: DryRun = False,
    json: Annotated[bool, typer.Option("--json", help="Print the account as JSON.")] = False,
) -> None:
    """One page for a browser: module graph, types, complexity against churn, what is unresolved, what ran."""
    from codeintel_enrich.cli.report import report_to

    report_to(output, root, cache_dir, history_window_days, dry_run=dry_run, as_json=json)


@app.command()
def slices(
    since: Annotated[int | None, typer.Option(help="Only what changed after this generation.")] = None,
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where files are written; default: CACHE/enriched.")] = None,
) -> None:
    """Chunks that are ready to embed, as lines of JSON: all, or what changed."""
    from codeintel_enrich.cli.slices import show_slices
    from codeintel_enrich.engine.state.places import Options, places
    from codeintel_enrich.publish.outputs import SLICES_FILE

    place = places(Options(root=root, cache_dir=cache_dir, out=out))
    show_slices(place.out / SLICES_FILE, place.publish_index, place.slice_log, since)


overlays_app = typer.Typer(help="Typed stubs that spell out what type checkers cannot follow.", no_args_is_help=True)
app.add_typer(overlays_app, name="overlays")


@overlays_app.command("list")
def list_overlays(
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where files are written; default: CACHE/enriched.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON.")] = False,
) -> None:
    """The overlays that the last build wrote."""
    from codeintel_enrich.cli.overlays import list_overlays as show
    from codeintel_enrich.engine.state.places import Options, places

    show(places(Options(root=root, cache_dir=cache_dir, out=out)).out, as_json=json)


@overlays_app.command()
def activate(
    root: Annotated[Path, typer.Option(help="The indexed repository.")] = Path(),
    cache_dir: Annotated[Path | None, typer.Option(help="Where results are kept; default: ROOT/cache.")] = None,
    out: Annotated[Path | None, typer.Option(help="Where files are written; default: CACHE/enriched.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Write the settings instead of only printing them.")] = False,
) -> None:
    """The settings that make pyright and pyrefly use the overlays."""
    from codeintel_enrich.cli.overlays import activate as show
    from codeintel_enrich.engine.rules.config import read_project
    from codeintel_enrich.engine.state.places import Options, places

    place = places(Options(root=root, cache_dir=cache_dir, out=out))
    show(place.root, place.out, read_project(place.root, {}).config.roots, write=write)


@app.command()
def reference(
    json: Annotated[bool, typer.Option("--json", help="Print tables and settings as JSON.")] = False,
) -> None:
    """Every table and column of the store, and every setting, as Markdown."""
    from codeintel_enrich.cli.reference import reference as text
    from codeintel_enrich.cli.reference import reference_data

    if json:
        import msgspec

        sys.stdout.write(msgspec.json.encode(reference_data()).decode() + "\n")
    else:
        sys.stdout.write(text())


@app.command()
def doctor(
    root: Annotated[Path, typer.Option(help="The repository to look at.")] = Path(),
    json: Annotated[bool, typer.Option("--json", help="Print what is found as JSON.")] = False,
) -> None:
    """Which indexers and checkers are here, where checkers look elsewhere than we do, and the lines that align them."""
    from codeintel_enrich.cli.doctor import show_diagnosis

    show_diagnosis(root, json)


app.add_typer(review_app)


def _store(root: Path, cache_dir: Path | None) -> Path:
    from codeintel_enrich.engine.state.places import Options, places

    return places(Options(root=root, cache_dir=cache_dir)).store


def _run(build: "Build", quiet: bool) -> "Summary":
    """Run a build to its end. What has nothing to do does not even load the scheduler."""
    from codeintel_enrich.engine.run.summary import summarise

    if build.settled:
        return summarise(build)
    from codeintel_enrich.engine.run.executor import Executor

    # Beside the loading of the scheduler.
    executor = Executor(build)
    executor.warm_up()
    from codeintel_enrich.cli.progress import ProgressReporter
    from codeintel_enrich.tasks import SilentReporter, run_build

    return run_build(build, SilentReporter if quiet else ProgressReporter, executor)


def main() -> Any:
    """Entry point: errors become one message on stderr and the exit code that they carry."""
    # As an exit, not as sudden death: what was started ends with us.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        return app()
    except EnrichError as error:
        tell(f"codeintel-enrich: {error.message}")
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
