"""The Markdown page of one file, as far as the file's own layers tell it: who imports it is for publishers to add.

No line numbers stand in it, so a line shift leaves it as it was.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from codeintel_enrich.model.markdown import code, fenced, page_link
from codeintel_enrich.model.rows import FileSummary
from codeintel_enrich.model.signatures import call_form, class_head, function_head, one_line
from codeintel_enrich.model.syntax import Definition
from codeintel_enrich.model.tables import ImportRow
from codeintel_enrich.stages.emit.layers import Layers

MARK = "<!-- Made by codeintel-enrich; edits are lost. -->"
"""The first line of every page."""

_SUMMARY_CHARACTERS = 300
"""Some docstrings are one paragraph of a page's length; an entry is to be read at a glance."""
_BLANK_LINE = re.compile(r"\n\s*\n")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|&])")


def page(layers: Layers, summary: FileSummary, imports: Sequence[ImportRow], coverage_ratio: float | None) -> bytes:
    """Docstring, public API with signatures, re-exports, imports and type state; `imports` are the file's rows of that
    table.
    """
    syntax = layers.syntax
    facts = [code(layers.path), f"{syntax.n_lines} lines", *(code(tag) for tag in summary.tags)]
    facts += _context(layers, coverage_ratio)
    parts = [MARK, f"# {code(summary.module or layers.path)}", " · ".join(facts)]
    if syntax.error is not None:
        parts.append(f"**Does not parse**: line {syntax.error_line}:\n\n{fenced(syntax.error, 'text')}")
    if syntax.definitions[0].docstring:
        parts.append(fenced(_dedented(syntax.definitions[0].docstring), "text"))
    parts.extend(_section("Public API", _api(layers), "\n\n"))
    parts.extend(_section("Re-exports", _reexports(layers), "\n"))
    parts.extend(_section("Imports", _imports(layers.path, imports), "\n"))
    parts.extend(_section("Types", _types(layers), "\n"))
    return ("\n\n".join(parts) + "\n").encode()


def _context(layers: Layers, coverage_ratio: float | None) -> Iterator[str]:
    """How much of the file is covered, who owns and who wrote it."""
    context = layers.context
    if coverage_ratio is not None:
        yield f"{coverage_ratio:.0%} covered"
    if context.owners:
        yield f"owned by {', '.join(map(code, context.owners))}"
    if context.history is not None:
        yield f"mostly by {code(context.history.authors[0].name)}"


def _section(title: str, items: Iterator[str], between: str) -> Iterator[str]:
    text = between.join(items)
    if text:
        yield f"## {title}\n\n{text}"


def _dedented(docstring: str) -> str:
    """A docstring without the indentation of its place (PEP 257) and without blank ends."""
    lines = docstring.expandtabs().split("\n")
    indents = [len(line) - len(line.lstrip()) for line in lines[1:] if line.strip()]
    margin = min(indents, default=0)
    return "\n".join([lines[0].strip(), *(line[margin:].rstrip() for line in lines[1:])]).strip("\n")


def _first_paragraph(docstring: str | None) -> str:
    """The first paragraph on one line, as Markdown shows it unchanged, shortened where it is very long."""
    text = one_line(_BLANK_LINE.split((docstring or "").strip(), maxsplit=1)[0])
    # Without `_dedented`: on one line, no indentation is left.
    if len(text) > _SUMMARY_CHARACTERS:
        text = text[: _SUMMARY_CHARACTERS - 1].rstrip() + "…"
    return _MARKDOWN.sub(r"\\\1", text)


def _api(layers: Layers) -> Iterator[str]:
    """What the module itself defines and offers, in source order; of a name that is bound again the last binding."""
    offered = {
        item.name
        for item in layers.linked.exports
        if item.kind == "definition" and (item.in_star or not (layers.linked.has_all or item.name.startswith("_")))
    }
    definitions = layers.syntax.definitions
    # Of equal names the last one wins, as it does when Python runs the module.
    found = {
        definition.local_name: index
        for index, node in enumerate(layers.syntax.nodes)
        if node.definition >= 0 and (definition := definitions[node.definition]).local_name in offered
    }
    members = _members(layers, set(found.values()))
    for name, index in sorted(found.items(), key=lambda item: item[1]):
        yield _entry(layers.syntax.nodes[index].node_type, name, definitions[layers.syntax.nodes[index].definition])
        yield from ("\n".join(lines) for lines in (members.get(index, ()),) if lines)


def _entry(node_type: str, name: str, definition: Definition) -> str:
    if definition.signature is not None:
        head = one_line(function_head(name, definition.signature))
    elif node_type == "ClassDef":
        head = class_head(name, definition.bases)
    else:
        return f"### {code(name)}"
    lines = [*(f"@{decorator}" for decorator in definition.decorators), head]
    summary = _first_paragraph(definition.docstring)
    return f"### {code(name)}\n\n{fenced(chr(10).join(lines), 'python')}" + (f"\n\n{summary}" if summary else "")


def _members(layers: Layers, classes: set[int]) -> dict[int, list[str]]:
    """By index of a class: its public methods and `__init__`, one list item each, in source order."""
    members: dict[int, list[str]] = {}
    for node in layers.syntax.nodes:
        if node.node_type != "FunctionDef" or node.parent not in classes:
            continue
        definition = layers.syntax.definitions[node.definition]
        name = node.name or ""
        if definition.signature is None or (name.startswith("_") and name != "__init__"):
            continue
        keyword = "async " if definition.signature.is_async else ""
        prefix = "".join(f"@{decorator} " for decorator in definition.decorators)
        summary = _first_paragraph(definition.docstring)
        text = f"- {code(prefix + keyword + one_line(call_form(name, definition.signature)))}"
        members.setdefault(node.parent, []).append(f"{text}: {summary}" if summary else text)
    return members


def _reexports(layers: Layers) -> Iterator[str]:
    for item in sorted(layers.linked.exports, key=lambda item: item.name):
        if item.kind not in ("reexport", "star"):
            continue
        # Without `__all__`, an import from outside the tree is there to be used here.
        if not (item.in_star if layers.linked.has_all else item.origin_path is not None):
            continue
        origin = code(item.origin) if item.origin is not None else "unknown"
        if item.origin is not None and item.origin_path not in (None, layers.path):
            origin = page_link(item.origin, item.origin_path or "", layers.path)
        yield f"- {code(item.name)} is {origin}" + (" (star import)" if item.kind == "star" else "")


def _imports(own_path: str, imports: Sequence[ImportRow]) -> Iterator[str]:
    """One item a target module, by name, with the names imported from it."""
    targets: dict[tuple[str, str], set[str]] = {}
    paths: dict[str, str] = {}
    for row in imports:
        names = targets.setdefault((row.target_module, row.kind), set())
        if row.is_from:
            names.add(f"{row.name} as {row.alias}" if row.alias is not None else row.name)
        if row.target_path is not None:
            paths[row.target_module] = row.target_path
    for (target, kind), names in sorted(targets.items()):
        text = page_link(target, paths[target], own_path) if target in paths else code(target)
        listed = f": {', '.join(code(name) for name in sorted(names))}" if names else ""
        yield f"- {text}{listed}" + ("" if kind == "runtime" else f" ({kind})")


def _types(layers: Layers) -> Iterator[str]:
    module = layers.syntax.definitions[0]
    if module.n_typable:
        share = 100 * module.n_typed // module.n_typable
        yield f"- annotated: {module.n_typed} of {module.n_typable} parameters and returns ({share} %)"
    found = Counter((item.tool, item.severity, item.rule) for item, _ in layers.types.diagnostics)
    for (tool, severity, rule), count in sorted(found.items()):
        yield f"- {tool}: {count} {severity}{'s' * (count != 1)} {code(rule)}"
