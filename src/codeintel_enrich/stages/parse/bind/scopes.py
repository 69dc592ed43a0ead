"""The table of scopes and the bindings in them, and the rule by which Python finds a name's scope.

Knows nothing of syntax trees: the walk fills it, the resolution asks it.
"""

import msgspec

from codeintel_enrich.model.syntax import Binding, BindingKind, Phase, Scope, ScopeKind
from codeintel_enrich.stages.parse.python_names import qualified


class ScopeEntry:
    """One scope while it is being filled. Keys are mangled names.

    "Reference" is an index into the list of mentions: as these are numbered in source order, comparing two tells which
    stands first.
    """

    __slots__ = (
        "base_count",
        "first",
        "global_names",
        "instance_names",
        "kind",
        "last",
        "local_name",
        "names",
        "node",
        "nonlocal_names",
        "parent",
        "path",
        "self_class",
        "self_is_class",
        "self_key",
        "written",
    )

    def __init__(self, kind: ScopeKind, parent: int, node: int, local_name: str) -> None:
        self.kind = kind
        self.parent = parent
        self.node = node
        self.local_name = local_name
        self.names: dict[str, list[int]] = {}
        """Key -> indices of its bindings; empty where the name is only declared (`x: int`)."""
        self.first: dict[str, int] = {}
        """Key -> the reference before which it is certainly unbound; -1 where functions bind it (`global`), which may
        have run already."""
        self.last: dict[str, int] = {}
        """Key -> the reference after which the scope's own code binds it no more."""
        self.written: dict[str, str] = {}
        """Key -> the name as its first binding has it; of a module's names that is the key."""
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.path: str | None = None
        """Class: its dotted path in the module's namespace; None where a function is in between."""
        self.base_count = 0
        """Class: number of bases and keywords."""
        self.instance_names: dict[str, str] = {}
        """Class: keys assigned on the first parameter of its methods -> the name as first written."""
        self.self_key: str | None = None
        """Method: its first parameter."""
        self.self_class = -1
        """Method: the scope of its class."""
        self.self_is_class = False
        """Method: whether the first parameter is the class itself."""


class ScopeTable:
    """All scopes and bindings of one module; scope 0 is the module's."""

    def __init__(self) -> None:
        self.scopes: list[ScopeEntry] = []
        self.bindings: list[Binding] = []
        self.opened: list[int] = []
        """Per binding the scope that its class or function opens, else -1."""
        self.since: list[int] = []
        """Per binding the first reference that stands after it."""
        self.roots: list[str] = []
        """Per binding the imported thing as an unresolved reference, else empty."""
        self.outer: dict[int, str] = {}
        """Index of each binding of a `nonlocal` name -> its key."""
        self.aliases: set[str] = set()
        """Module-level names assigned a plain dotted name."""
        self.first_star = -1
        """The reference before which the first star import stands; -1 without one."""
        self.last_star = -1
        """The reference before which the last star import stands; -1 without one."""

    def open(self, kind: ScopeKind, parent: int, node: int, local_name: str) -> int:
        """Add a scope and return its index."""
        self.scopes.append(ScopeEntry(kind, parent, node, local_name))
        return len(self.scopes) - 1

    def qualify(self, scope: int, key: str, name: str) -> str:
        """The `__qualname__` of `name`, defined in `scope`."""
        entry = self.scopes[scope]
        if key in entry.global_names:
            return name
        return qualified(entry.local_name, name)

    def binding_scope(self, scope: int) -> int:
        """Where an assignment expression in `scope` binds: the nearest scope that is no comprehension."""
        while self.scopes[scope].kind == "comprehension":
            scope = self.scopes[scope].parent
        return scope

    def declare(self, scope: int, key: str, name: str, now: int) -> None:
        """Make `key` a name of `scope`, or of the module where `global` says so.

        `now` is the index of the next reference. A `nonlocal` name belongs to an enclosing scope and is left alone.
        """
        entry = self.scopes[scope]
        if key in entry.nonlocal_names:
            return
        if key in entry.global_names and scope:
            entry = self.scopes[0]
            # The function may run at any time, so no read at module level is certain to precede it.
            entry.first[key] = -1
        entry.names.setdefault(key, [])
        entry.written.setdefault(key, name if entry is not self.scopes[0] else key)
        entry.first.setdefault(key, now)
        entry.last[key] = now

    def bind(
        self,
        scope: int,
        key: str,
        name: str,
        kind: BindingKind,
        node: int,
        phase: Phase,
        now: int,
        opens: int = -1,
        root: str = "",
    ) -> None:
        """Record a binding of `key`; `root` is the imported thing as a reference to resolve."""
        self.declare(scope, key, name, now)
        entry = self.scopes[scope]
        if key in entry.global_names:
            scope = 0
            entry = self.scopes[0]
        # Whose name it is cannot be said yet: see `result`.
        if key in entry.nonlocal_names:
            self.outer[len(self.bindings)] = key
        else:
            entry.names[key].append(len(self.bindings))
        # `global __x` in a class makes `_C__x` a name of the module.
        self.bindings.append(Binding(name if scope else key, scope, kind, node, phase))
        self.opened.append(opens)
        self.since.append(now)
        self.roots.append(root)

    def owner(self, scope: int, key: str) -> int:
        """The scope that `key` belongs to when used in `scope`; -1 where neither a function nor the module binds it.

        The rule of the language reference, section "Resolution of names": outward through functions, over classes, to
        the module. A class's names are seen in it alone, and in the scopes of type parameters that stand in it directly
        (PEP 695). `global` in a function around ends the search, as CPython's symtable has it.
        """
        scopes = self.scopes
        entry = scopes[scope]
        if scope == 0 or key in entry.global_names:
            return 0 if key in scopes[0].names else -1
        if key in entry.names:
            return scope
        sees_class = entry.kind == "type-params"
        parent = entry.parent
        while parent > 0:
            entry = scopes[parent]
            if entry.kind != "class":
                if key in entry.global_names:
                    break  # the name is the module's from here on inward
                if key in entry.names:
                    return parent
                sees_class = sees_class and entry.kind == "type-params"
            else:
                if sees_class and key in entry.names:
                    return parent
                sees_class = False
            parent = entry.parent
        return 0 if key in scopes[0].names else -1

    def enclosing_class(self, scope: int) -> int:
        """The class that `__class__` means in `scope`: the nearest around it; -1 where there is none."""
        parent = self.scopes[scope].parent
        while parent > 0 and self.scopes[parent].kind != "class":
            parent = self.scopes[parent].parent
        return parent if parent > 0 else -1

    def result(self) -> tuple[tuple[Scope, ...], tuple[Binding, ...]]:
        """The frozen form. Each `nonlocal` binding moves to the scope that it means; equal bindings appear once."""
        scopes = tuple(Scope(entry.kind, entry.parent, entry.node, entry.local_name) for entry in self.scopes)
        # A function may declare a name `nonlocal` that the function around it binds only further down.
        for index, key in self.outer.items():
            binding = self.bindings[index]
            owner = max(self.owner(binding.scope, key), 0)
            self.bindings[index] = msgspec.structs.replace(binding, scope=owner)
        # One statement may bind a name twice (`_, _ = pair`), which says nothing more.
        return scopes, tuple(dict.fromkeys(self.bindings))
