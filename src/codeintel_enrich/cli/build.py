"""The command `build`: its options, and what a run of it prints."""

import signal
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from codeintel_enrich.cli.options import CacheDir, Failing, FailOn, Jobs, Out, Trust, chosen, notify
from codeintel_enrich.cli.show import print_json, say

if TYPE_CHECKING:
    from codeintel_enrich.engine.plan.build import Build
    from codeintel_enrich.engine.run.summary import Summary
    from codeintel_enrich.engine.state.places import Options


class TypesWanted(StrEnum):
    """What `--types` can be."""

    findings = "findings"
    expressions = "expressions"


Root = Annotated[Path, typer.Option(help="The repository to index.")]
Scip = Annotated[Path | None, typer.Option(help="A SCIP index to use as it is, instead of making one.")]
PyreflyJson = Annotated[Path | None, typer.Option(help="A pyrefly report to use as it is.")]
PyrightJson = Annotated[Path | None, typer.Option(help="A pyright report to use as it is.")]
CoverageXml = Annotated[
    Path | None,
    typer.Option(
        exists=True, dir_okay=False, help="A coverage report in Cobertura's XML, as `coverage xml` writes it."
    ),
]
Owners = Annotated[
    bool | None, typer.Option("--owners/--no-owners", help="Look up CODEOWNERS and git's history: authors, churn.")
]
HistoryWindowDays = Annotated[
    int | None, typer.Option(min=1, help="How many days before the newest commit count as churn; default: 365.")
]
CommitsWindow = Annotated[
    int | None, typer.Option(min=1, help="How many of the newest commits are looked at; default: 10,000.")
]
Only = Annotated[list[str] | None, typer.Option(help="Index only files matching this gitignore pattern.")]
MaxFileBytes = Annotated[int | None, typer.Option(help="Larger files get a row that says so.")]
RefreshIndex = Annotated[bool, typer.Option("--refresh-index", help="Make the SCIP index anew.")]
Check = Annotated[bool, typer.Option("--check", help="Believe no stamp: compare every byte, and mend what differs.")]
NoIndex = Annotated[bool, typer.Option("--no-index", help="Do without a SCIP index.")]
NoTypes = Annotated[bool, typer.Option("--no-types", help="Do without type checkers.")]
Types = Annotated[
    TypesWanted | None, typer.Option(help="What type checkers are asked for; expressions: a type on references.")
]
EmitCst = Annotated[bool | None, typer.Option("--emit-cst/--no-emit-cst", help="Write cst/cst.jsonl.")]
CstOut = Annotated[
    Path | None, typer.Option(help="Write it there instead: a file named *.jsonl, or a folder for cst.jsonl.")
]
EmitAst = Annotated[bool | None, typer.Option("--emit-ast/--no-emit-ast", help="Write metrics of functions.")]
EmitSlices = Annotated[bool | None, typer.Option("--emit-slices/--no-emit-slices", help="Write chunks.")]
SlicesFilter = Annotated[
    list[str] | None, typer.Option(help="Cut only files matching this gitignore pattern into chunks.")
]
TagsYaml = Annotated[Path | None, typer.Option(help="Rules that give modules tags of your own.")]
OverlaysConfig = Annotated[Path | None, typer.Option(help="A TOML file of overlay settings.")]
OverlaysSet = Annotated[list[str] | None, typer.Option(help="One overlay setting, KEY=VALUE.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would run and why; run and write nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print the closing summary as JSON.")]


def build(
    root: Root = Path(),
    cache_dir: CacheDir = None,
    out: Out = None,
    scip: Scip = None,
    pyrefly_json: PyreflyJson = None,
    pyright_json: PyrightJson = None,
    coverage_xml: CoverageXml = None,
    owners: Owners = None,
    history_window_days: HistoryWindowDays = None,
    commits_window: CommitsWindow = None,
    only: Only = None,
    max_file_bytes: MaxFileBytes = None,
    refresh_index: RefreshIndex = False,
    check: Check = False,
    no_index: NoIndex = False,
    no_types: NoTypes = False,
    types: Types = None,
    emit_cst: EmitCst = None,
    cst_out: CstOut = None,
    emit_ast: EmitAst = None,
    emit_slices: EmitSlices = None,
    slices_filter: SlicesFilter = None,
    tags_yaml: TagsYaml = None,
    overlays_config: OverlaysConfig = None,
    overlays_set: OverlaysSet = None,
    trust: Trust = False,
    jobs: Jobs = None,
    fail_on: FailOn = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Index a repository: redo what changed, and nothing else."""
    from codeintel_enrich.engine.state.places import Options

    overrides = {
        "max-file-bytes": max_file_bytes,
        "emit-cst": emit_cst,
        "cst-out": _absolute(cst_out),
        "emit-ast": emit_ast,
        "tags-yaml": _absolute(tags_yaml),
        "coverage-xml": _absolute(coverage_xml),
        "owners": owners,
        "history-window-days": history_window_days,
        "commits-window": commits_window,
        "check": {"types": types.value} if types is not None else None,
        "overlays": _overlays(overlays_config, overlays_set) or None,
        "slices": _given({"enabled": emit_slices, "filter": slices_filter}) or None,
    }
    wanted = Options(
        root=root,
        cache_dir=cache_dir,
        out=out,
        scip=scip,
        reports=_given({"pyrefly": pyrefly_json, "pyright": pyright_json}),
        only=tuple(only or ()),
        index=not no_index,
        types=not no_types,
        refresh_index=refresh_index,
        check=check,
        trust=trust,
        jobs=jobs,
        overrides=_given(overrides),
    )
    if dry_run:
        _show_forecast(wanted, json)
    else:
        _build(wanted, fail_on, json)


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the user gave: only they win over the settings file."""
    return {name: value for name, value in options.items() if value is not None}


def _absolute(path: Path | None) -> str | None:
    """A path of the command line is relative to the working directory, the same one in a setting to the root."""
    return str(path.resolve()) if path is not None else None


def _overlays(file: Path | None, pairs: list[str] | None) -> dict[str, Any]:
    """Overlay settings of the command line: those of a file, then single ones, which win."""
    from codeintel_enrich.engine.rules.config import parse_setting, read_settings

    return {**(read_settings(file) if file is not None else {}), **dict(map(parse_setting, pairs or ()))}


def _show_forecast(wanted: "Options", as_json: bool) -> None:
    from codeintel_enrich.cli.status import show_plan
    from codeintel_enrich.commands.forecast import forecast
    from codeintel_enrich.engine.plan.build import Build

    show_plan(forecast(Build(wanted, notify=notify)), as_json)


def _build(wanted: "Options", fail_on: list[Failing] | None, as_json: bool) -> None:
    """Build and print the account. Exits with its code where the build failed, with 1 for findings to fail on."""
    from codeintel_enrich.engine.plan.build import Build

    made = Build(wanted, notify=notify)
    try:
        summary = _run(made, quiet=as_json)
    except KeyboardInterrupt:
        # What is left to do is to end: a second Ctrl-C could only break into that, and print where.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # Each task is recorded as it ends.
        notify(f"stopped; what {len(made.state.account.ran)} tasks made is kept, and the next build goes on from there")
        raise
    if as_json:
        print_json(summary)
    else:
        say(summary.text())
    if summary.exit_code:
        raise typer.Exit(summary.exit_code)
    if kinds := chosen(fail_on) or made.state.project.config.fail_on:
        from codeintel_enrich.cli.hook import print_findings
        from codeintel_enrich.commands.findings import findings

        found = findings(made.state.places.store, kinds)
        # Beside JSON, which must stay one document.
        print_findings(found, sys.stderr if as_json else sys.stdout)
        if found:
            raise typer.Exit(1)


def _run(build: "Build", quiet: bool) -> "Summary":
    """Run a build to its end. What has nothing to do does not even load the scheduler."""
    from codeintel_enrich.engine.run.summary import summarise

    if build.settled:
        return summarise(build)
    from codeintel_enrich.engine.run.executor import Executor

    # Workers start while this process loads the scheduler.
    executor = Executor(build)
    executor.warm_up()
    from codeintel_enrich.cli.progress import ProgressReporter
    from codeintel_enrich.tasks import SilentReporter, run_build

    return run_build(build, SilentReporter if quiet else ProgressReporter, executor)
