"""Owns the second half of binding: what each mentioned identifier means by local rules, or what `link` is to be asked.

Knows the table of scopes and the mentions, not the syntax tree.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from codeintel_enrich.stages.parse.bind.scopes import ScopeTable
from codeintel_enrich.stages.parse.bind.walk import Mention, SuperCall
from codeintel_enrich.stages.parse.names import (
    BUILTIN_CLASSES,
    BUILTINS,
    MODULE_NAMES,
    OBJECT_MEMBERS,
    qualified,
)


class Known(NamedTuple):
    """A class, an instance of a class or a function of this module, by the scope that it opens."""

    kind: Literal["class", "instance", "super", "function"]
    scope: int


class Builtin(NamedTuple):
    """A class of `builtins`."""

    name: str


Value = str | Known | Builtin | None
"""What attributes are looked up on; a string is a path that `link` can follow, None an unknown object."""


class Meaning(NamedTuple):
    """What a mention means. At most one of `local` and `unresolved` is set."""

    scope: int
    local: str | None = None
    unresolved: str | None = None
    value: Value = None
    definition: str | None = None
    """The local name of what a definition or write at this place makes."""


NOTHING = Meaning(0)


class Resolver:
    """Answers mention after mention, in source order; remembers equal questions."""

    def __init__(
        self, table: ScopeTable, mentions: list[Mention], super_calls: dict[int, SuperCall], in_strings: set[int]
    ) -> None:
        self._table = table
        self._mentions = mentions
        self._super_calls = super_calls
        self._in_strings = in_strings
        self._names: list[dict[str, Meaning]] = [{} for _ in table.scopes]
        self._members: dict[tuple[Value, str], Meaning] = {}
        self._imported_late: dict[tuple[int, str], tuple[int, Meaning]] = {}
        """Scope and key of names that a function binds before it imports them -> from where on the import counts, and
        the meaning until then."""

    def resolve(self) -> list[Meaning]:
        """One meaning for each mention."""
        self._collect_instance_names()
        scopes = self._table.scopes
        first_star = self._table.first_star
        names = self._names
        meanings: list[Meaning] = []
        for index, mention in enumerate(self._mentions):
            kind = mention.kind
            scope = mention.scope
            if kind == "name":
                key = mention.key
                meaning = names[scope].get(key) or self._name(scope, key, mention.name)
                if meaning.scope == scope and mention.role == "read":
                    if (scope, key) in self._imported_late:
                        since, until_then = self._imported_late[scope, key]
                        meaning = until_then if index < since else meaning
                    entry = scopes[scope]
                    early = index < entry.first.get(key, -1) and entry.kind in ("module", "class")
                    if early and index not in self._in_strings:
                        meaning = self._before_binding(scope, key, mention.name) or meaning
                    elif scope == 0 and index < first_star and key in entry.names and index not in self._in_strings:
                        meaning = self._bound(0, key, mention.name, before_stars=True)
                elif meaning.definition is not None and mention.role != "read":
                    meaning = Meaning(meaning.scope, meaning.definition, None, meaning.value)
            elif kind == "attribute":
                value: Value = None
                if mention.base >= 0:
                    value = meanings[mention.base].value
                elif index in self._super_calls:
                    value = self._super(self._super_calls[index], scope, meanings)
                meaning = self._member(value, mention.key, mention.name)
            elif kind == "keyword":
                value = meanings[mention.base].value if mention.base >= 0 else None
                meaning = self._keyword(value, mention.key, mention.name)
            else:
                meaning = self._imported(mention)
            meanings.append(meaning)
        return meanings

    def _collect_instance_names(self) -> None:
        """Find what methods assign on their first parameter."""
        scopes = self._table.scopes
        mentions = self._mentions
        for mention in mentions:
            if mention.kind == "attribute" and mention.base >= 0 and mention.role in ("write", "definition"):
                base = mentions[mention.base]
                if base.kind == "name":
                    owner = self._table.owner(base.scope, base.key)
                    if owner > 0 and scopes[owner].self_key == base.key and len(scopes[owner].names[base.key]) == 1:
                        scopes[scopes[owner].self_class].instance_names.add(mention.key)

    # Names

    def _name(self, scope: int, key: str, name: str) -> Meaning:
        owner = self._table.owner(scope, key)
        meaning = self._bound(owner, key, name) if owner >= 0 else self._unbound(scope, key, name)
        self._names[scope][key] = meaning
        return meaning

    def _bound(self, owner: int, key: str, name: str, before_stars: bool = False) -> Meaning:
        """The meaning of a name that `owner` binds; `before_stars` is for a read that no star import precedes."""
        table = self._table
        entry = table.scopes[owner]
        bindings = entry.names[key]
        local = qualified(entry.local_name, name)
        kinds = {table.bindings[index].kind for index in bindings}
        if "import" in kinds:
            path = key
            if owner:
                first = next(index for index in bindings if table.roots[index])
                path = table.roots[first]
                if first != bindings[0]:
                    self._imported_late[owner, key] = table.since[first], Meaning(owner, local, None, None, local)
            return Meaning(owner, None, path, path, local)
        if owner == 0 and not before_stars and table.last_star >= max(entry.last[key], entry.first[key]) >= 0:
            return Meaning(0, None, key, key, local)
        value: Value = None
        if kinds == {"function"}:
            value = Known("function", table.opened[bindings[-1]])
        elif len(bindings) == 1:
            if kinds == {"class"}:
                value = Known("class", table.opened[bindings[0]])
            elif key == entry.self_key:
                value = Known("class" if entry.self_is_class else "instance", entry.self_class)
        if value is None and owner == 0 and ("class" in kinds or key in table.aliases):
            value = key
        return Meaning(owner, local, None, value, local)

    def _unbound(self, scope: int, key: str, name: str) -> Meaning:
        """The meaning of a name that neither a function nor the module binds."""
        if key == "__class__":
            owner = self._table.enclosing_class(scope)
            if owner >= 0:
                return Meaning(owner, self._table.scopes[owner].local_name, None, Known("class", owner))
        if key in MODULE_NAMES:
            return Meaning(0, name)
        if self._table.last_star >= 0:
            return Meaning(0, None, key, key)
        if key in BUILTINS:
            return Meaning(0, f"builtins.{name}", None, Builtin(name) if name in BUILTIN_CLASSES else None)
        return NOTHING

    def _before_binding(self, scope: int, key: str, name: str) -> Meaning | None:
        """The meaning of a name that a class body or the module reads before binding it; None where only that is left.

        Python looks such a name up among the globals and the builtins.
        """
        if scope and key in self._table.scopes[0].names:
            return self._bound(0, key, name)
        if key in BUILTINS:
            return self._unbound(scope, key, name)
        return None

    # Attributes

    def _member(self, value: Value, key: str, name: str) -> Meaning:
        """The meaning of an attribute of `value`."""
        if value is None:
            return NOTHING
        question = (value, key)
        meaning = self._members.get(question)
        if meaning is None:
            meaning = self._members[question] = self._find_member(value, key, name)
        return meaning

    def _find_member(self, value: Value, key: str, name: str) -> Meaning:
        if isinstance(value, str):
            path = f"{value}{name}" if value.endswith(":") else f"{value}.{name}"
            return Meaning(0, None, path, path)
        if isinstance(value, Builtin):
            return Meaning(0, f"builtins.{value.name}.{name}")
        if value is None or value.kind == "function":
            return NOTHING
        entry = self._table.scopes[value.scope]
        if value.kind == "super":
            return Meaning(0, None, f"super({entry.path}).{name}") if entry.path else NOTHING
        if key in entry.names:
            meaning = self._bound(value.scope, key, name)
            return (
                meaning if value.kind == "class" or isinstance(meaning.value, Known) else meaning._replace(value=None)
            )
        may_inherit = entry.base_count > 0 and entry.path is not None and key == name
        if key in entry.instance_names and not may_inherit:
            return Meaning(0, f"{entry.local_name}.{name}")
        if key == "__class__" and value.kind == "instance":
            return Meaning(0, "builtins.object.__class__", None, Known("class", value.scope))
        if entry.base_count == 0:
            return Meaning(0, f"builtins.object.{name}") if name in OBJECT_MEMBERS else NOTHING
        if not may_inherit:
            return NOTHING
        path = f"{entry.path}.{name}"
        return Meaning(0, None, path, path if value.kind == "class" else None)

    def _super(self, call: SuperCall, scope: int, meanings: list[Meaning]) -> Value:
        """What `super(...)` stands for: the rest of the order of resolution after a class."""
        function = meanings[call.function]
        if function.local != "builtins.super" and function.unresolved != "super":
            return None
        if call.of_class < 0:
            owner = self._table.enclosing_class(scope)
            return Known("super", owner) if owner >= 0 else None
        of_class = meanings[call.of_class].value
        if isinstance(of_class, Known) and of_class.kind == "class":
            return Known("super", of_class.scope)
        return None

    # Keywords and imports

    def _keyword(self, value: Value, key: str, name: str) -> Meaning:
        """The parameter that a keyword argument names, where the called function or class is in this module."""
        table = self._table
        if isinstance(value, Known) and value.kind == "class":
            constructors = table.scopes[value.scope].names.get("__init__", ())
            value = Known("function", table.opened[constructors[-1]]) if constructors else None
        if not isinstance(value, Known) or value.kind != "function" or value.scope < 0:
            return NOTHING
        entry = table.scopes[value.scope]
        bindings = entry.names.get(key, ())
        if bindings and table.bindings[bindings[0]].kind == "parameter":
            return Meaning(0, f"{entry.local_name}.{name}")
        return NOTHING

    def _imported(self, mention: Mention) -> Meaning:
        """A name in an import statement. The only binding of a module-level name is asked for by that name, as reads
        of it are.
        """
        unresolved = mention.unresolved
        if mention.binds and mention.scope == 0:
            entry = self._table.scopes[0]
            if len(entry.names[mention.key]) == 1 and self._table.last_star < entry.last[mention.key]:
                unresolved = mention.key
        return Meaning(mention.scope, None, unresolved)
