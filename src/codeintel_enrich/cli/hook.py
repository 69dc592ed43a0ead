"""Owns how findings are shown, and which exit code they end with."""

import sys
from collections.abc import Sequence
from typing import TextIO

import typer

from codeintel_enrich.cli.show import print_json
from codeintel_enrich.engine.findings import Finding
from codeintel_enrich.engine.hook import Judgement


def show_judgement(judgement: Judgement, as_json: bool) -> None:
    """Print what is wrong with what is staged; ends with 1 where anything is."""
    if as_json:
        print_json(judgement)
    elif not judgement.fail_on:
        sys.stdout.write(
            'nothing to fail on; say so in pyproject.toml: [tool.codeintel-enrich] fail-on = ["parse-error"]\n'
        )
    else:
        tell_findings(judgement.findings, sys.stdout)
    if judgement.findings:
        raise typer.Exit(1)


def tell_findings(found: Sequence[Finding], stream: TextIO) -> None:
    """Print findings, one a line, as compilers do."""
    for item in found:
        stream.write(f"{item.path}:{item.line}: {item.kind}: {item.message}\n")
