"""The rows of `uses`, `bases` and `overrides`: how definitions relate to each other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from codeintel_enrich.model.answers import Certainty
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.graphs import GRAPHS
from codeintel_enrich.model.linked import Target
from codeintel_enrich.model.syntax import Definition, Reference
from codeintel_enrich.model.tables import BaseRow, OverrideRow
from codeintel_enrich.stages.emit.layers import Layers

_DOTTED = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")
_KEYWORD = re.compile(r"[^\W\d]\w*\s*=(?!=)|\*")


def graph_digests(columns: Mapping[str, Mapping[str, Sequence[Any]]]) -> tuple[str, ...]:
    """What the file contributes to each graph; `columns` are those of its tables, by table and by name."""
    digests: list[str] = []
    for graph in GRAPHS:
        given = columns[graph.table.name]
        rows = list(zip(*(given[name] for name in graph.columns.values()), strict=True))
        # Digests, not rows: whoever publishes a graph asks for its rows only where some file's digest changed.
        digests.append(digest(msgspec.msgpack.encode(rows)))
    return tuple(digests)


def use_columns(layers: Layers) -> dict[str, Sequence[Any]]:
    """What each definition reads, in the order of definitions and first mentions."""
    counts, first_lines, dispatched = _reads(layers)
    nodes, names = layers.syntax.nodes, layers.qualified.nodes
    targets, width = layers.answers.targets, len(layers.answers.targets)
    # Column by column, since a file has hundreds of uses. A target of several names, one a branch, is used by each.
    keys, used = [], []
    for key in counts:
        for name in targets[key % width].qualified_names:
            keys.append(key)
            used.append(name)
    readers = [key // width for key in keys]
    meant = [targets[key % width] for key in keys]
    sources = [names[nodes[reader].definition][:1] for reader in readers]
    return {
        "path": [layers.path] * len(keys),
        "node_id": [layers.node_ids[reader] for reader in readers],
        "source": [source[0] if source else None for source in sources],
        "target": used,
        "target_kind": [target.kind for target in meant],
        "target_path": [layers.path_of(target) for target in meant],
        "n_reads": [counts[key] for key in keys],
        "first_line": [first_lines[key] for key in keys],
        "certainty": [_certainty(target, key in dispatched) for key, target in zip(keys, meant, strict=True)],
    }


def _certainty(target: Target, dispatched: bool) -> Certainty:
    if len(target.qualified_names) > 1:
        return "candidates"
    return "dispatch" if dispatched else "exact"


def _reads(layers: Layers) -> tuple[dict[int, int], dict[int, int], set[int]]:
    """(reader, meaning) as one number -> how often, and the first line; and those that an override may answer.

    Meanings are numbers of targets.
    """
    targets = layers.answers.targets
    width = len(targets)
    counts_as_used = [_is_definition(target) for target in targets]
    counts: dict[int, int] = {}
    first_lines: dict[int, int] = {}
    dispatches = [answer.certainty == "dispatch" for answer in layers.answers.answers]
    dispatched: set[int] = set()
    answers = layers.answers.references
    for reference, meaning, answer in zip(layers.syntax.references, layers.meanings, answers, strict=True):
        if (
            meaning >= 0
            and counts_as_used[meaning]
            and (reference.role == "read" or _runs(reference, targets[meaning]))
        ):
            key = reference.node * width + meaning
            # Hot: a pair as one number, and one look-up for all but the first mention.
            if key in counts:
                counts[key] += 1
            else:
                counts[key] = 1
                first_lines[key] = reference.line
            if dispatches[answer]:
                dispatched.add(key)
    return counts, first_lines, dispatched


def _runs(reference: Reference, target: Target) -> bool:
    """Whether to write or to delete an attribute is to run a function: the setter or deleter of a property."""
    is_changed = reference.role in ("write", "delete")
    return is_changed and reference.kind == "attribute" and target.kind == "function"


def _is_definition(target: Target) -> bool:
    """Whether a target is more than a variable, a parameter or a type parameter of some definition."""
    return bool(target.qualified_names) and not (
        target.kind == "variable" and target.qualified_names[0].rpartition(".")[0].endswith(">")
    )


def base_rows(layers: Layers) -> list[BaseRow]:
    """One row for every base of every class, in source order; keywords (`metaclass=...`) and unpackings are none."""
    syntax, qualified = layers.syntax, layers.qualified
    if not any(definition.bases for definition in syntax.definitions):
        return []
    # Layer P has bases as text, since any expression may be one. The identifiers of a class's header are references,
    # so a base that is a dotted name is found again among them.
    headers: dict[int, list[int]] = {}
    for index, reference in enumerate(syntax.references):
        if syntax.nodes[reference.node].node_type == "ClassDef":
            headers.setdefault(reference.node, []).append(index)
    rows: list[BaseRow] = []
    for index, node in enumerate(syntax.nodes):
        definition = layers.definition(node)
        if definition is None or not definition.bases:
            continue
        name = qualified.nodes[node.definition][:1]
        found = _bases(definition, [syntax.references[each] for each in headers.get(index, ())])
        meanings = [layers.meanings[headers[index][each]] if each >= 0 else -1 for each in found]
        for position, (source, meaning) in enumerate(zip(_positional(definition), meanings, strict=True)):
            named = layers.answers.targets[meaning] if meaning >= 0 else None
            target = layers.linked.bases.get(f"{definition.local_name}({_plain(source)})", named)
            names = target.qualified_names[:1] if target is not None else ()
            rows.append(
                BaseRow(
                    path=layers.path,
                    node_id=layers.node_ids[index],
                    subclass=name[0] if name else None,
                    position=position,
                    source=source,
                    base=names[0] if names else None,
                    base_path=layers.path_of(target) if target is not None and names else None,
                )
            )
    return rows


def _plain(source: str) -> str:
    """A base without its type arguments, in one piece."""
    match = _DOTTED.match(source)
    return re.sub(r"\s", "", match[0]) if match else ""


def _positional(definition: Definition) -> list[str]:
    return [source for source in definition.bases if not _KEYWORD.match(source)]


def _bases(definition: Definition, references: list[Reference]) -> Iterator[int]:
    """For each base the place of its last identifier among the class's own references; -1 where it is no dotted name.

    The references are those whose innermost definition is the class, in source order: decorators, its name, the header,
    then its body. So the first run of identifiers behind the name that spells a base is that base.
    """
    at = 0
    while at < len(references) and references[at].start_byte < definition.name_end_byte:
        at += 1
    for source in _positional(definition):
        match = _DOTTED.match(source)
        parts = re.split(r"\s*\.\s*", match[0]) if match and source[match.end() :].lstrip()[:1] in ("", "[") else []
        last = _spelled(references, parts, at) if parts else -1
        if last >= 0:
            at = last + 1
        yield last


def _spelled(references: list[Reference], parts: list[str], start: int) -> int:
    """Where the first run of references that spells `parts` ends; -1 where there is none."""
    for first in range(start, len(references) - len(parts) + 1):
        run = references[first : first + len(parts)]
        if [each.name for each in run] == parts and run[0].kind == "name":
            return first + len(parts) - 1
    return -1


def override_rows(layers: Layers) -> list[OverrideRow]:
    """One row for every member that hides an inherited one, by member."""
    if not layers.linked.overrides:
        return []
    # Backwards, so that of several definitions of one name the first one's place is kept.
    nodes = {
        definition.local_name: index
        for index, node in reversed(list(enumerate(layers.syntax.nodes)))
        if node.node_type in ("ClassDef", "FunctionDef") and (definition := layers.definition(node)) is not None
    }
    return [
        OverrideRow(
            path=layers.path,
            node_id=layers.node_ids[nodes[member]] if member in nodes else None,
            member=f"{layers.linked.owner}.{member}",
            overridden=target.qualified_names[0],
            overridden_kind=target.kind,
            overridden_path=target.path,
        )
        for member, target in sorted(layers.linked.overrides.items())
    ]
