"""Owns how a diagnosis is shown: Rich tables for people, JSON for machines."""

import sys
from pathlib import Path

import orjson

from codeintel_enrich.commands.doctor import Diagnosis, diagnose


def show_diagnosis(root: Path, as_json: bool) -> None:
    """Print what is found. Raises UsageError for a root that is no folder or a faulty config of ours."""
    found = diagnose(root)
    if as_json:
        import msgspec

        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        sys.stdout.write(orjson.dumps(msgspec.to_builtins(found), option=options).decode())
    else:
        _print(found)


def _print(found: Diagnosis) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    def table(title: str, *columns: str) -> Table:
        made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
        for column in columns:
            made.add_column(column, overflow="fold")
        return made

    # Piped output is for tools: never folded.
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 2_000)
    tools = table("Tools", "tool", "version", "where")
    for tool in found.tools:
        tools.add_row(tool.name, tool.version, tool.path)
    for name, hint in found.missing.items():
        tools.add_row(name, "missing", hint)
    console.print(tools)
    settings = table("Where each looks", "tool", "roots", "stubs", "python", "from")
    for each in found.settings:
        place = each.file if each.table is None else f"{each.file}: {each.table}"
        version = each.python_version or "the interpreter's"
        settings.add_row(each.tool, ", ".join(each.roots), ", ".join(each.stub_paths), version, place)
    console.print(settings)
    for name, why in found.unreadable.items():
        console.print(f"{name} can not be read: {why}")
    if not found.differences:
        console.print("All look at the same modules, for the same Python.")
        return
    told = table("What differs", "tool", "setting", "theirs", "ours", "write", "into")
    for item in found.differences:
        place = item.file if item.table is None else f"{item.file}: [{item.table}]"
        told.add_row(item.tool, item.setting, item.theirs, item.ours, item.line, place)
    console.print(told)
