"""The interface: what other modules can see of a module, and what it asks of them.

No positions and no path: a comment or a line shift leaves its digest as it was. An interface is a small
program that `link` evaluates; its operations stand in the order in which the interpreter runs them, as that decides
what a name is bound to in the end: a definition after a star import wins, and one before it loses.
"""

from __future__ import annotations

from typing import Literal

import msgspec

DefinitionKind = Literal["class", "function", "variable", "type-alias", "module"]
MemberKind = DefinitionKind | Literal["attribute"]
"""What a class makes of a name; `attribute` where only its methods do, by assigning it on their first parameter."""


class Bind(msgspec.Struct, frozen=True, tag="bind", array_like=True, gc=False):
    """A name bound to something defined here."""

    name: str
    kind: DefinitionKind
    typing_only: bool = False
    aliases: tuple[str, ...] = ()
    """`x = a.b`: the dotted path assigned, evaluated in this namespace; several for `x = a.b if t else a.c`."""
    certain: bool = True
    """False where only a function that module code may not call binds it (`global`)."""
    declared: bool = False
    """`x: int` without a value: binds in a stub only."""
    test: bool | None = None
    """The truth value of a constant such as `PY3 = sys.version_info >= (3,)`, for tests in other modules."""


class ImportBind(msgspec.Struct, frozen=True, tag="import", array_like=True, gc=False):
    """`import a.b` (binds `a`), `import a.b as c`, `from ..m import n as o`."""

    name: str
    """The name bound here."""
    level: int
    module: str | None
    attribute: str | None
    """The imported name of a `from` import; None for `import x`."""
    binds_top: bool = False
    """`import a.b` without alias: binds `a`, and loads `a.b`."""
    typing_only: bool = False
    redundant_alias: bool = False
    """`import x as x`, `from m import n as n`: a stub's way to re-export."""
    certain: bool = True
    """As `Bind.certain`."""
    lazy: bool = False
    """Loads its module when the name is first used (PEP 810)."""


class Star(msgspec.Struct, frozen=True, tag="star", array_like=True, gc=False):
    """`from m import *` at module level."""

    level: int
    module: str | None
    typing_only: bool = False


class Delete(msgspec.Struct, frozen=True, tag="delete", array_like=True, gc=False):
    """`del name`, or the unbinding at the end of `except ... as name`."""

    name: str


class NameTest(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One condition on a name of the namespace, as filters over `dir()` or `globals()` put it."""

    test: Literal["startswith", "endswith", "in", "is-module", "is-class", "is-function", "is-upper"]
    values: tuple[str, ...] = ()
    negated: bool = False


class AllOperation(msgspec.Struct, frozen=True, tag="all", array_like=True, gc=False):
    """One operation on `__all__`; what it adds or removes is the union of its parts."""

    operation: Literal["set", "extend", "remove", "dynamic", "fails"]
    """`fails`: the statement raises, and the module with it."""
    names: tuple[str, ...] = ()
    """Literal names."""
    lists: tuple[str, ...] = ()
    """Paths of other modules' lists, in this namespace: `sub.__all__`, or `y` after `from x import __all__ as y`."""
    filters: tuple[tuple[NameTest, ...], ...] = ()
    """Each selects the names of this namespace, as it then is, that pass all of its tests."""
    reason: str | None = None
    """Why it is `dynamic`, or what is raised where it `fails`."""
    container: str = ""
    """The type of what is assigned, added or removed, as the interpreter calls it; empty where it is not known, `=`
    where it is that of the one list in `lists`."""
    how: str = ""
    """What changes the present list: an operator (`+`, `+=`, `|=`, `-=`), a method (`append`), or `own` where it keeps
    its type; empty where another one is assigned."""
    bad_item: str = ""
    """The type of the first item that is no string."""


class Opaque(msgspec.Struct, frozen=True, tag="opaque", array_like=True, gc=False):
    """Something that may bind any name: a statement such as `globals().update(read_names())`, or all that stands in a
    file which could not be analysed."""

    reason: str


class Decorated(msgspec.Struct, frozen=True, tag="decorated", array_like=True, gc=False):
    """A definition with a plain decorator, which adds it to `__all__` if it is one of some module's `exporters`."""

    name: str
    decorator: str


class Branch(msgspec.Struct, frozen=True, tag="branch", array_like=True):
    """Statements of which exactly one alternative runs (an `if` nobody can judge, `try` with its handlers)."""

    alternatives: tuple[tuple[Operation, ...], ...]
    kind: Literal["if", "try", "import", "loop"] = "if"
    """`try`: the first alternative is the body, the others run only where it fails; `import`: a `try` that only a
    failing import can make fail. `loop`: the first alternative may run not at all."""
    test: str | None = None
    """`if`: a dotted path whose `Bind.test`, once linked, picks the alternative, or whose usual value says which is the
    usual one (`path=text` where it is compared with a string); `?module` where the first alternative
    needs that module to be installed, `?` where it needs an environment variable or another program's modules."""


class Patch(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """`module.name = value` at module level, for an imported module."""

    path: str
    """In this namespace: `module.name`."""
    alias: str | None = None
    """The dotted path assigned, if it is one."""


class ClassInterface(msgspec.Struct, frozen=True, array_like=True):
    """A class at module level or in another class: its own members, `self` attributes included, and its bases."""

    local_name: str
    """`Outer.Inner`, as written."""
    members: dict[str, MemberKind]
    bases: tuple[str | None, ...] = ()
    """Namespace paths without type arguments; None where a base is no plain dotted name."""
    metaclass: str | None = None
    """Namespace path of the metaclass that it names."""
    written: dict[str, str] = {}
    """Private member -> its name as written; in `members` it has the one by which it is found (`_C__x`)."""


class ImportedModule(msgspec.Struct, frozen=True, array_like=True):
    """What the import statements of a file, in any scope, ask of one module."""

    level: int
    module: str | None
    phase: Literal["runtime", "typing", "local", "lazy", "main", "never"]
    """`main`: only where the module is run as a program. `never`: in a branch that the configured Python or platform
    rules out."""
    names: tuple[str, ...] = ()
    """The names of its `from` imports, sorted; `*` for a star, empty for `import module`."""
    guarded: bool = False
    """Every such import stands in a `try` that handles a failure."""


UsualValue = tuple[bool | int | str | None, str]
"""A constant as it is where a third party's module is missing, and that module."""

Operation = Bind | ImportBind | Star | Delete | AllOperation | Opaque | Decorated | Branch


class Interface(msgspec.Struct, frozen=True):
    """Everything `link` needs of one module."""

    operations: tuple[Operation, ...] = ()
    inactive: tuple[Operation, ...] = ()
    """The bindings in branches that the configured Python or platform rules out: what names there mean, if nothing
    else binds them. Code for another platform is read as it is there, instead of having names that mean nothing."""
    classes: tuple[ClassInterface, ...] = ()
    """Sorted by local name, each once."""
    lazy_names: dict[str, str] = {}
    """PEP 562 `__getattr__` with a static table: name -> `module:attribute` or `module:` (relative ones keep their
    dots)."""
    dynamic_getattr: bool = False
    """A module `__getattr__` that no static table explains, or names that are computed and set at run time."""
    extends_path: Literal["roots", "anywhere"] | None = None
    """Whether its modules come from more than its own folder: from folders of its name on other import roots, as
    pkgutil's and pkg_resources' namespace packages have it, or from anywhere, as code says that nobody follows."""
    lazy_stub: bool = False
    """`lazy_loader.attach_stub`: the table is this module's own stub."""
    usual: dict[str, UsualValue] = {}
    """Constants that depend on whether a third party's module is installed."""
    as_base: dict[str, str] = {}
    """What a variable stands for as a base of a class, by its local name: the path in `X = a.Base[int]`, and in
    `X = a.Y`, as `a.Y` may be such a variable. Sorted."""
    patches: tuple[Patch, ...] = ()
    """Sorted by path, each once."""
    exporters: tuple[str, ...] = ()
    """Functions that add the name of what they decorate to its module's `__all__`."""
    imports: tuple[ImportedModule, ...] = ()
    """Sorted."""
    unresolved: tuple[str, ...] = ()
    """Dotted paths whose meaning only `link` knows, sorted, each once. `np.array`: rooted in this module's
    namespace. `..pkg.m:name.attr`: rooted in an import target (a function-local import), dots count the level.
    `super(C).attr`: what follows `C` in the method resolution order. `C().attr`: an attribute of an instance."""
