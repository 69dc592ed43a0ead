"""How the outcome of `verify` is shown."""

from codeintel_enrich.cli.show import print_json, say
from codeintel_enrich.commands.verify import Verdict

MOST_FILES = 10
"""Files shown of those that differ: one cause often touches every page."""


def show_verdict(verdict: Verdict, as_json: bool) -> None:
    """Print whether the store is what a clean build gives, and the first differences."""
    if as_json:
        return print_json(
            {"equal": verdict.is_equal, **{name: getattr(verdict, name) for name in verdict.__struct_fields__}}
        )
    if verdict.is_equal:
        say(f"equal to a clean build: {verdict.files} files, every table, {verdict.n_published} published files\n")
    for table in verdict.tables:
        say(f"{table.table}: {table.only_here} rows that should not be so, {table.only_there} that are missing\n")
        for example in table.examples:
            say(f"  {example}\n")
    for file in verdict.published[:MOST_FILES]:
        say(f"{file.name}: {file.what}\n")
    if len(verdict.published) > MOST_FILES:
        say(f"and {len(verdict.published) - MOST_FILES} published files more\n")
    return None
