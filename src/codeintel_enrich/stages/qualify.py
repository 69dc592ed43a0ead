"""Stage `qualify`: what `parse` could say of each name by itself, joined with what `link` resolved -> layer Q.

It knows nothing of syntax trees, nor of other modules beyond what the linked module says.
"""

from codeintel_enrich.model.diagnostics import Diagnostic
from codeintel_enrich.model.interface import Interface
from codeintel_enrich.model.linked import LinkedModule, Target, TargetKind
from codeintel_enrich.model.qualified import Qualified
from codeintel_enrich.model.syntax import BindingKind, Definition, Node, Reference, ReferenceKind, Syntax

_KINDS: dict[BindingKind, TargetKind] = {"class": "class", "function": "function", "type-alias": "type-alias"}
_UNKNOWN: dict[ReferenceKind, Target] = {
    "name": Target((), "unknown", None, "unbound name"),
    "attribute": Target((), "unknown", None, "attribute of an unknown object"),
    "keyword": Target((), "unknown", None, "parameter of an unknown callable"),
    "import": Target((), "unknown", None, "unknown import"),
}
_UNANSWERED = Target((), "unknown", None, "not in the link result")


def qualify(syntax: Syntax, interface: Interface, linked: LinkedModule) -> Qualified:
    """Name every definition absolutely, and say what every reference stands for.

    In a file that no module name reaches its path stands in place of one. A target in this very file has no path.
    """
    targets = _Targets(syntax, interface, linked)
    references = tuple(targets.index(reference) for reference in syntax.references)
    return Qualified(
        _definitions(syntax, linked.owner),
        tuple(targets.distinct),
        references,
        _diagnostics(syntax, linked) if linked.findings else (),
    )


def _diagnostics(syntax: Syntax, linked: LinkedModule) -> tuple[Diagnostic, ...]:
    """The findings at their places; what has none stands at the beginning of the file.

    `link` knows no positions, so that a line shift redoes no linking; this is where its findings get theirs back. Where
    a subject is written several times, the first place counts.
    """
    places: dict[str, tuple[int, int, int, int]] = {}
    for spot in syntax.spots:
        places.setdefault(spot.subject, (spot.line, spot.col, spot.end_line, spot.end_col))
    for statement in syntax.imports:
        module = "." * statement.level + (statement.module or "")
        node = syntax.nodes[statement.node]
        whole = (node.start_line, node.start_col, node.end_line, node.end_col)
        for item in statement.names:
            place = (item.start_line, item.start_col, item.end_line, item.end_col)
            if statement.is_from:
                places.setdefault(f"{module}:", whole)
                places.setdefault(f"{module}:{item.name}", place)
            else:
                places.setdefault(f"{item.name}:", place)
            places.setdefault(item.alias or item.name.partition(".")[0], place)
    return tuple(
        Diagnostic("link", found.severity, found.rule, found.message, *places.get(found.subject, (1, 0, 1, 0)))
        for found in linked.findings
    )


def _definitions(syntax: Syntax, owner: str) -> tuple[tuple[str, ...], ...]:
    """Absolute names per definition; none for statements that define no name, such as imports."""
    names: list[tuple[str, ...]] = [()] * len(syntax.definitions)
    for node in syntax.nodes:
        if node.definition >= 0:
            names[node.definition] = _definition_names(node, syntax.definitions[node.definition], owner)
    return tuple(names)


def _definition_names(node: Node, definition: Definition, owner: str) -> tuple[str, ...]:
    if node.node_type == "Module":
        return (owner,)
    return (f"{owner}.{definition.local_name}",) if definition.local_name else ()


class _Targets:
    """The targets of references; equal ones are kept once, since a file names few things many times."""

    def __init__(self, syntax: Syntax, interface: Interface, linked: LinkedModule) -> None:
        self.distinct: list[Target] = []
        self._places: dict[Target, int] = {}
        self._by_local: dict[str, int] = {}
        self._unknown = dict.fromkeys(_UNKNOWN, -1)
        self._owner = linked.owner
        self._kinds = _local_kinds(syntax)
        self._resolved = [
            self._place(linked.resolved.get(reference, _UNANSWERED)) for reference in interface.unresolved
        ]

    def index(self, reference: Reference) -> int:
        """Where in `distinct` the target of a reference is."""
        if reference.unresolved >= 0:
            return self._resolved[reference.unresolved]
        # `parse` resolves what it can from the file alone: such a name needs a module in front and nothing else.
        local = reference.local
        if local is not None:
            index = self._by_local.get(local, -1)
            if index < 0:
                index = self._by_local[local] = self._place(self._local(local))
            return index
        kind = reference.kind
        if self._unknown[kind] < 0:
            self._unknown[kind] = self._place(_UNKNOWN[kind])
        return self._unknown[kind]

    def _place(self, target: Target) -> int:
        index = self._places.setdefault(target, len(self.distinct))
        if index == len(self.distinct):
            self.distinct.append(target)
        return index

    def _local(self, local: str) -> Target:
        if local.startswith("builtins."):
            return Target((local,), "external")
        kind = self._kinds.get(local, "variable")
        return Target((f"{self._owner}.{local}",), kind)


def _local_kinds(syntax: Syntax) -> dict[str, TargetKind]:
    """Kind of every name bound in the file, by its name inside the module; the first binding decides."""
    kinds: dict[str, TargetKind] = {}
    scopes = syntax.scopes
    for binding in syntax.bindings:
        prefix = scopes[binding.scope].local_name
        kinds.setdefault(f"{prefix}.{binding.name}" if prefix else binding.name, _KINDS.get(binding.kind, "variable"))
    return kinds
