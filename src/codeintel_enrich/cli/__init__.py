"""The command line: Typer options in, one build out; thin."""

from codeintel_enrich.cli.app import main

__all__ = ["main"]
