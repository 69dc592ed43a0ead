"""How an API diff is shown: Markdown for a pull request, JSON for machines."""

from collections.abc import Sequence
from typing import Literal

from codeintel_enrich.cli.annotations import github_annotations, sarif
from codeintel_enrich.cli.show import listed, print_json, say
from codeintel_enrich.commands.diff import ApiChange, ApiDiff
from codeintel_enrich.model.markdown import code, inert

_SECTIONS = (
    ("removed", "Removed"),
    ("broken", "Re-exports that lead nowhere"),
    ("moved", "Moved"),
    ("signatures", "Changed"),
    ("unknown", "Not to be told"),
    ("added", "Added"),
)


DiffFormat = Literal["markdown", "json", "github", "sarif"]


def show_diff(found: ApiDiff, form: DiffFormat) -> None:
    """Print the diff."""
    if form == "sarif":
        return print_json(sarif(found))
    if form == "json":
        return print_json(
            {"breaking": len(found.breaking), **{name: getattr(found, name) for name in found.__struct_fields__}}
        )
    say(github_annotations(found) if form == "github" else markdown(found))
    return None


def markdown(found: ApiDiff) -> str:
    """The diff as a comment on a pull request."""
    # Twelve digits of a commit's name: what git itself holds to be enough in large repositories.
    lines = [f"## API changes `{found.base[:12]}..{found.head[:12]}`", ""]
    n_breaking = len(found.breaking)
    changes = {title: getattr(found, name) for name, title in _SECTIONS}
    if not any(changes.values()) and not found.findings:
        return "\n".join([*lines, "None.", ""])
    lines += [f"**{n_breaking} breaking change{'s' * (n_breaking != 1)}.**" if n_breaking else "Nothing breaks.", ""]
    for title, items in changes.items():
        lines += _section(title, items)
    if found.findings:
        lines += ["### Broken in this tree", ""]
        lines += [f"- {code(f'{item.path}:{item.line}')}: {inert(item.message)}" for item in found.findings]
        lines.append("")
    return "\n".join(lines)


def _section(title: str, items: Sequence[ApiChange]) -> list[str]:
    if not items:
        return []
    return [f"### {title}", "", *map(_line, items), ""]


def _line(change: ApiChange) -> str:
    mark = "**breaking** " if change.is_breaking else ""
    if change.before is None:
        text = code(change.name) + (
            f", defined as {code(change.after or '')}" if change.after not in (None, change.name) else ""
        )
    elif change.after is None:
        text = code(change.name)
    else:
        text = f"{code(change.name)}: {code(change.before)} -> {code(change.after)}"
    # Of what is gone, that it is gone is the reason.
    why = f" ({inert(change.why)})" if change.why not in ("", "it is gone") else ""
    also = f"; so are {listed([*map(code, change.also)], 5)}" if change.also else ""
    using = f"; used in {listed([*map(code, change.importers)], 5)}" if change.importers else ""
    return f"- {mark}{text}{why}{also}{using}"
