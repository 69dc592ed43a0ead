"""How a diagnosis of tools and their settings is shown."""

from pathlib import Path

from codeintel_enrich.cli.show import console, print_json, print_table
from codeintel_enrich.commands.doctor import Diagnosis, diagnose


def show_diagnosis(root: Path, as_json: bool) -> None:
    """Print what is found. Raises UsageError for a root that is no folder or a faulty config of ours."""
    found = diagnose(root)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _print(found: Diagnosis) -> None:
    tools = [(tool.name, tool.version, tool.path) for tool in found.tools]
    tools += [(name, "missing", hint) for name, hint in found.missing.items()]
    print_table("Tools", ("tool", "version", "where"), tools, whole=("where",))
    settings = [
        (
            *(each.tool, ", ".join(each.roots), ", ".join(each.stub_paths)),
            each.python_version or "the interpreter's",
            each.file if each.table is None else f"{each.file}: {each.table}",
        )
        for each in found.settings
    ]
    print_table("Where each looks", ("tool", "roots", "stubs", "python", "from"), settings, whole=("from",))
    if found.missing_roots:
        line = ", ".join(f'"{root}"' for root in dict.fromkeys([*found.missing_roots, *found.written_roots]))
        console().print(
            f"Build settings name import roots that ours do not. In [tool.codeintel-enrich]: roots = [{line}]",
        )
    for each in found.suspects:
        console().print(each.text())
    for name, why in found.unreadable.items():
        console().print(f"{name} can not be read: {why}")
    if not found.differences:
        console().print("All look at the same modules, for the same Python.")
        return
    differences = [
        (
            *(item.tool, item.setting, item.theirs, item.ours, item.line),
            item.file if item.table is None else f"{item.file}: [{item.table}]",
        )
        for item in found.differences
    ]
    print_table(
        "What differs", ("tool", "setting", "theirs", "ours", "write", "into"), differences, whole=("write", "into")
    )
