"""The linked module: what `link` says to one module about all others, and nothing that it did not ask for.

That is the border at which a change stops: an export that nobody uses is in nobody's linked module, so that adding it
redoes no other file.
"""

from typing import Literal

import msgspec

from codeintel_enrich.model.diagnostics import Severity

TargetKind = Literal["module", "class", "function", "variable", "type-alias", "external", "unknown"]
ExportKind = Literal["definition", "reexport", "star", "submodule", "dynamic"]


class Target(msgspec.Struct, frozen=True, array_like=True):
    """What a dotted path finally is."""

    qualified_names: tuple[str, ...]
    """Usually one; several where branches differ; none where it is unknown, and `reason` says why."""
    kind: TargetKind
    path: str | None = None
    """The defining file, relative to the root, where it is one of ours."""
    reason: str | None = None


class ModuleExport(msgspec.Struct, frozen=True, array_like=True):
    """One name that `from module import name` finds statically."""

    name: str
    kind: ExportKind
    origin: str | None
    """Qualified name of the definition; aliases (`Name = impl.Thing`) are followed to a class, function or module."""
    origin_path: str | None
    in_star: bool
    typing_only: bool
    chain: tuple[str, ...]
    """The hops from this module to the definition, as `module.name`, the definition last. This module's own
    `module.name` is a hop only where it is the definition. Of a very long chain the middle is elided (`...`)."""


class ResolvedImport(msgspec.Struct, frozen=True, array_like=True):
    """One imported module, one for each (level, module), as `link` sees it: the absolute target and its file."""

    level: int
    module: str | None
    """As written; None for `from . import x`."""
    target_module: str
    path: str | None
    """The target module's file; None for a namespace package, an external or a missing module."""
    known: bool
    """False where neither the tree nor the standard library has it."""


class LinkFinding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is wrong with a module, or not to be known. It has no position, as an interface has none: `subject` is what
    the finding is about, as the interface has it; `qualify` finds where that stands."""

    severity: Severity
    rule: str
    message: str
    subject: str
    """`..pkg.m:name` for an imported name, `..pkg.m:` for a module, `..pkg.m:*` for a star, `name` for what is bound
    under that name, else the `subject` of a `Spot`."""


class LinkedModule(msgspec.Struct, frozen=True):
    """What one module gets from `link`; its digest decides whether the module is qualified again."""

    module: str | None
    """Dotted name; None for a file that cannot be imported by name."""
    owner: str
    """What stands before the qualified names of what it defines: `module`, else its path as `ModuleName` has it."""
    identity: str
    """What no other file has, but a stub: `owner`; its path where it is not the first of that name."""
    package: str
    is_package: bool
    is_stub: bool
    resolved: dict[str, Target] = {}
    """For each of the interface's unresolved references."""
    overrides: dict[str, Target] = {}
    """Member of a class here, by its name inside the module (`C.m`) -> what it hides: the member of that name which
    follows in the method resolution order. Sorted; those of `object` and of classes nobody showed us are left out."""
    bases: dict[str, Target] = {}
    """`Class(base)`, both as written, the base without type arguments -> what the base is, where that is not what the
    name means elsewhere: `X = Base[int]` is a variable, and as a base it is `Base`. Sorted."""
    exports: tuple[ModuleExport, ...] = ()
    """Sorted by name."""
    imports: tuple[ResolvedImport, ...] = ()
    """Sorted by level and module."""
    has_all: bool = False
    all_dynamic: str | None = None
    """Why it is not known, or not all of it, what a star of the module binds: `__all__` cannot be evaluated or, where
    there is none, names come from where nobody can see them."""
    is_open: bool = False
    """Whether it may have names that `exports` does not list."""
    star_modules: tuple[str, ...] = ()
    """Absolute names of the modules that this one star-imports at module level, sorted."""
    findings: tuple[LinkFinding, ...] = ()
    """Sorted by rule and message."""
