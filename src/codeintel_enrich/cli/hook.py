"""How findings are shown, and which exit code they end with."""

import sys
from collections.abc import Sequence
from typing import TextIO

import typer

from codeintel_enrich.cli.show import listed, one_line, print_json, say
from codeintel_enrich.commands.findings import Finding
from codeintel_enrich.commands.git_trees import Step
from codeintel_enrich.commands.hook import Judgement


def show_judgement(judgement: Judgement, as_json: bool) -> None:
    """Print what is wrong with what is staged; ends with 1 where anything is."""
    if as_json:
        print_json(judgement)
    elif not judgement.fail_on:
        # Silence would look like a clean bill to whoever has just installed the hook.
        say('nothing to fail on; say so in pyproject.toml: [tool.codeintel-enrich] fail-on = ["parse-error"]\n')
    else:
        print_findings(judgement.findings, sys.stdout)
    if judgement.findings:
        raise typer.Exit(1)


def show_steps(steps: Sequence[Step], as_json: bool) -> None:
    """Print which trees would be built, and what of them would be looked at."""
    if as_json:
        return print_json(steps)
    for step in steps:
        say(f"would build {step.tree[:12]}: {step.files} files; ")
        differing = [f"{len(step.changed)} changed ({listed(step.changed)})"] if step.changed else []
        differing += [f"{len(step.removed)} gone ({listed(step.removed)})"] if step.removed else []
        say(f"{'; '.join(differing) or 'none is other than in the tree before it'}\n")
    return None


def print_findings(found: Sequence[Finding], stream: TextIO) -> None:
    """Print findings, one a line, as compilers do."""
    for item in found:
        # A line that begins so is a command to the runners of some CI systems.
        place = f"./{item.path}" if item.path.startswith("::") else item.path
        stream.write(one_line(f"{place}:{item.line}: {item.kind}: {item.message}") + "\n")
