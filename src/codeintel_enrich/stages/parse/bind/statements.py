"""The walk over statements that open no scope: assignments, `global`, control flow and patterns."""

from __future__ import annotations

import libcst as cst

from codeintel_enrich.stages.parse.bind.annotations import visit_type
from codeintel_enrich.stages.parse.bind.walk import Walk, children, handlers
from codeintel_enrich.stages.parse.cst_helpers import is_type_alias, is_type_checking, may_be_alias
from codeintel_enrich.stages.parse.python_names import mangled, normalised


def _assign(walk: Walk, node: cst.Assign) -> None:
    binder = walk.enter_binder(node)
    table = walk.table
    start = len(walk.mentions)
    # In source order, though Python evaluates the value first: `bound_from_here` makes up for it.
    for target in node.targets:
        walk.target(target.target)
    walk.visit(node.value)
    names = [target.target for target in node.targets if isinstance(target.target, cst.Name)]
    entry = table.scopes[walk.scope]
    # `x = x` reads the outer `x`. In a function the name is local everywhere, and such a read fails.
    if entry.kind in ("module", "class"):
        for name in names:
            walk.bound_from_here(mangled(normalised(name.value), walk.private), start)
    if walk.scope == 0 and may_be_alias(node.value):
        # It is what is assigned, and the interface has the path (`Bind.aliases`).
        table.aliases.update(normalised(name.value) for name in names)
    walk.binder = binder


def _annotated_assign(walk: Walk, node: cst.AnnAssign) -> None:
    binder = walk.enter_binder(node)
    # `x: int` makes `x` a name of the scope and binds nothing (PEP 526).
    walk.target(node.target, "definition" if node.value is None else "write")
    visit_type(walk, node.annotation.annotation)
    if node.value is not None:
        if walk.scope == 0 and isinstance(node.target, cst.Name) and may_be_alias(node.value):
            walk.table.aliases.add(normalised(node.target.value))
        if is_type_alias(node.annotation.annotation):
            visit_type(walk, node.value)
        else:
            walk.visit(node.value)
    walk.binder = binder


def _augmented_assign(walk: Walk, node: cst.AugAssign) -> None:
    binder = walk.enter_binder(node)
    walk.target(node.target)
    walk.visit(node.value)
    walk.binder = binder


def _delete(walk: Walk, node: cst.Del) -> None:
    walk.target(node.target, "delete")


def _as_name(walk: Walk, node: cst.AsName) -> None:
    walk.target(node.name)


def _for(walk: Walk, node: cst.For) -> None:
    walk.target(node.target)
    walk.visit(node.iter)
    walk.visit(node.body)
    if node.orelse is not None:
        walk.visit(node.orelse)


def _scope_statement(walk: Walk, node: cst.Global | cst.Nonlocal) -> None:
    entry = walk.table.scopes[walk.scope]
    names = entry.global_names if isinstance(node, cst.Global) else entry.nonlocal_names
    for item in node.names:
        # The token means what the name comes to, which is resolved when the declaration is known.
        walk.mention(item.name, "read")
        names.add(walk.mentions[-1].key)


def _if(walk: Walk, node: cst.If) -> None:
    """An `elif` chain is a loop here: LibCST nests each `elif` in the one before, and chains may be thousands long."""
    branch: cst.If | cst.Else | None = node
    typing = walk.typing
    phase = walk.phase
    while isinstance(branch, cst.If):
        walk.visit(branch.test)
        # By name alone: what the name is bound to is not known yet, and nobody calls anything else so.
        if not typing and is_type_checking(branch.test):
            walk.typing = True
            if phase == "runtime":
                walk.phase = "typing"
            walk.visit(branch.body)
            walk.typing = False
            walk.phase = phase
        else:
            walk.visit(branch.body)
        branch = branch.orelse
    if branch is not None:
        walk.visit(branch.body)


def _match_as(walk: Walk, node: cst.MatchAs) -> None:
    if node.pattern is not None:
        walk.visit(node.pattern)
    if node.name is not None:
        walk.bind(node.name)


def _match_star(walk: Walk, node: cst.MatchStar) -> None:
    if node.name is not None:
        walk.bind(node.name)


def _match_mapping(walk: Walk, node: cst.MatchMapping) -> None:
    for element in node.elements:
        walk.visit(element.key)
        walk.visit(element.pattern)
    if node.rest is not None:
        walk.bind(node.rest)


def _match_class(walk: Walk, node: cst.MatchClass) -> None:
    # `C(x=1)` reads the attribute `x` of an instance; the class stands for it.
    base = walk.visit(node.cls)
    walk.each(node.patterns)
    for element in node.kwds:
        index = walk.mention(element.key, "read", "attribute", base)
        # CPython mangles no keywords.
        walk.mentions[index] = walk.mentions[index]._replace(key=walk.mentions[index].name)
        walk.visit(element.pattern)


STATEMENTS = handlers(
    {
        "AnnAssign": _annotated_assign,
        "AsName": _as_name,
        "Assert": children("test", "msg"),
        "Assign": _assign,
        "AugAssign": _augmented_assign,
        "Del": _delete,
        "Else": children("body"),
        "ExceptHandler": children("type", "name", "body"),
        "ExceptStarHandler": children("type", "name", "body"),
        "Expr": children("value"),
        "Finally": children("body"),
        "For": _for,
        "Global": _scope_statement,
        "If": _if,
        "IndentedBlock": children("body"),
        "Match": children("subject", "cases"),
        "MatchAs": _match_as,
        "MatchCase": children("pattern", "guard", "body"),
        "MatchClass": _match_class,
        "MatchList": children("patterns"),
        "MatchMapping": _match_mapping,
        "MatchOr": children("patterns"),
        "MatchOrElement": children("pattern"),
        "MatchSequenceElement": children("value"),
        "MatchStar": _match_star,
        "MatchTuple": children("patterns"),
        "MatchValue": children("value"),
        "Nonlocal": _scope_statement,
        "Raise": children("exc", "cause"),
        "Return": children("value"),
        "SimpleStatementLine": children("body"),
        "SimpleStatementSuite": children("body"),
        "Try": children("body", "handlers", "orelse", "finalbody"),
        "TryStar": children("body", "handlers", "orelse", "finalbody"),
        "While": children("test", "body", "orelse"),
        "With": children("items", "body"),
        "WithItem": children("item", "asname"),
    }
)
