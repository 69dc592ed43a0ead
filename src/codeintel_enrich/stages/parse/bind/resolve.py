"""The second half of binding: what each mentioned identifier means by local rules, or what `link` is to be asked.

Knows the table of scopes and the mentions, not the syntax tree.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from codeintel_enrich.model.syntax import BindingKind
from codeintel_enrich.stages.parse.bind.scopes import ScopeTable
from codeintel_enrich.stages.parse.bind.walk import Mention, SuperCall
from codeintel_enrich.stages.parse.python_names import (
    BUILTIN_CLASSES,
    BUILTINS,
    MODULE_NAMES,
    OBJECT_MEMBERS,
    qualified,
)


class KnownObject(NamedTuple):
    """A class, an instance of a class or a function of this module, by the scope that it opens."""

    kind: Literal["class", "instance", "super", "function"]
    scope: int


class Builtin(NamedTuple):
    """A class of `builtins`."""

    name: str


Value = str | KnownObject | Builtin | None
"""What attributes are looked up on; a string is a path that `link` can follow, None an unknown object."""


class MentionMeaning(NamedTuple):
    """What a mention means. At most one of `local` and `unresolved` is set."""

    scope: int
    local: str | None = None
    unresolved: str | None = None
    value: Value = None
    definition: str | None = None
    """The local name of what a definition or write at this place makes."""


NOTHING = MentionMeaning(0)


class MentionResolver:
    """Answers mention after mention, in source order; remembers equal questions."""

    def __init__(
        self, table: ScopeTable, mentions: list[Mention], super_calls: dict[int, SuperCall], in_strings: set[int]
    ) -> None:
        self._table = table
        self._mentions = mentions
        self._super_calls = super_calls
        self._in_strings = in_strings
        self._names: list[dict[str, MentionMeaning]] = [{} for _ in table.scopes]
        self._members: dict[tuple[Value, str], MentionMeaning] = {}
        self._imported_late: dict[tuple[int, str], tuple[int, MentionMeaning]] = {}
        """Scope and key of names that a function binds before it imports them -> from where on the import counts, and
        the meaning until then."""

    def resolve(self) -> list[MentionMeaning]:
        """One meaning for each mention."""
        self._collect_instance_names()
        names = self._names
        meanings: list[MentionMeaning] = []
        for index, mention in enumerate(self._mentions):
            kind = mention.kind
            if kind == "name":
                scope = mention.scope
                meaning = names[scope].get(mention.key) or self._name(scope, mention.key, mention.name)
                if mention.role == "read":
                    # Only where the name is bound does it matter what precedes the read: a function that reads a name
                    # of a scope around it runs at any time.
                    if meaning.scope == scope:
                        meaning = self._read_where_bound(index, mention, meaning)
                elif meaning.definition is not None:
                    meaning = MentionMeaning(meaning.scope, meaning.definition, None, meaning.value)
            elif kind == "attribute":
                value: Value = None
                if mention.base >= 0:
                    value = meanings[mention.base].value
                elif index in self._super_calls:
                    value = self._super(self._super_calls[index], mention.scope, meanings)
                meaning = self._member(value, mention.key, mention.name)
            elif kind == "keyword":
                value = meanings[mention.base].value if mention.base >= 0 else None
                meaning = self._keyword(value, mention.name)
            else:
                meaning = self._imported(mention)
            meanings.append(meaning)
        return meanings

    def _read_where_bound(self, index: int, mention: Mention, meaning: MentionMeaning) -> MentionMeaning:
        """The meaning of a read in the scope that binds the name, where the order of the two may matter.

        A module and a class body run from top to bottom. A name in a string means what it comes to in the end.
        """
        scope, key = mention.scope, mention.key
        if self._imported_late and (scope, key) in self._imported_late:
            since, until_then = self._imported_late[scope, key]
            meaning = until_then if index < since else meaning
        entry = self._table.scopes[scope]
        if index < entry.first.get(key, -1) and entry.kind in ("module", "class") and index not in self._in_strings:
            return self._before_binding(scope, key, mention.name) or meaning
        if scope == 0 and index < self._table.first_star and key in entry.names and index not in self._in_strings:
            return self._bound(0, key, mention.name, before_stars=True)
        return meaning

    def _collect_instance_names(self) -> None:
        """Find what methods assign on their first parameter, as long as nothing else is bound to that name.

        Before anything is resolved: methods above may read what methods below assign.
        """
        scopes = self._table.scopes
        mentions = self._mentions
        for mention in mentions:
            if mention.kind == "attribute" and mention.base >= 0 and mention.role in ("write", "definition"):
                base = mentions[mention.base]
                if base.kind == "name":
                    owner = self._table.owner(base.scope, base.key)
                    if owner > 0 and scopes[owner].self_key == base.key and len(scopes[owner].names[base.key]) == 1:
                        scopes[scopes[owner].self_class].instance_names.setdefault(mention.key, mention.name)

    # Names

    def _name(self, scope: int, key: str, name: str) -> MentionMeaning:
        owner = self._table.owner(scope, key)
        meaning = self._bound(owner, key, name) if owner >= 0 else self._unbound(scope, key, name)
        self._names[scope][key] = meaning
        return meaning

    def _bound(self, owner: int, key: str, name: str, before_stars: bool = False) -> MentionMeaning:
        """The meaning of a name that `owner` binds; `before_stars` is for a read that no star import precedes."""
        table = self._table
        entry = table.scopes[owner]
        bindings = entry.names[key]
        local = qualified(entry.local_name, entry.written.get(key, name))
        kinds = {table.bindings[index].kind for index in bindings}
        if "import" in kinds:
            # The module's own name for it, as `link` knows all that may be bound to that. Names in functions and
            # class bodies are not the module's, so there the reference is rooted in what is imported.
            path = key
            if owner:
                first = next(index for index in bindings if table.roots[index])
                path = table.roots[first]
                if first != bindings[0]:
                    self._imported_late[owner, key] = (
                        table.since[first],
                        MentionMeaning(owner, local, None, None, local),
                    )
            return MentionMeaning(owner, None, path, path, local)
        if owner == 0 and self._is_for_link(key, kinds, before_stars):
            return MentionMeaning(0, None, key, key, local)
        value: Value = None
        if kinds == {"function"}:
            value = KnownObject("function", table.opened[bindings[-1]])
        elif len(bindings) == 1:
            if kinds == {"class"}:
                value = KnownObject("class", table.opened[bindings[0]])
            elif key == entry.self_key:
                value = KnownObject("class" if entry.self_is_class else "instance", entry.self_class)
        if value is None and owner == 0 and "class" in kinds:
            value = key
        return MentionMeaning(owner, local, None, value, local)

    def _is_for_link(self, key: str, kinds: set[BindingKind], before_stars: bool) -> bool:
        """Whether `link` alone sees what a name of the module means."""
        table = self._table
        entry = table.scopes[0]
        # A star import after the last binding may bind the name as well.
        if not before_stars and table.last_star >= max(entry.last[key], entry.first[key]) >= 0:
            return True
        # What it is another name for may be anywhere.
        return kinds == {"variable"} and key in table.aliases

    def _unbound(self, scope: int, key: str, name: str) -> MentionMeaning:
        """The meaning of a name that neither a function nor the module binds."""
        if key == "__class__":
            owner = self._table.enclosing_class(scope)
            if owner >= 0:
                return MentionMeaning(owner, self._table.scopes[owner].local_name, None, KnownObject("class", owner))
        # A star import gives no names with a leading underscore unless `__all__` has them, and no module's own.
        if key in MODULE_NAMES:
            return MentionMeaning(0, name)
        if self._table.last_star >= 0:
            return MentionMeaning(0, None, key, key)
        if key in BUILTINS:
            return MentionMeaning(0, f"builtins.{name}", None, Builtin(name) if name in BUILTIN_CLASSES else None)
        return NOTHING

    def _before_binding(self, scope: int, key: str, name: str) -> MentionMeaning | None:
        """The meaning of a name that a class body or the module reads before binding it; None where only that is left.

        Python looks such a name up among the globals and the builtins.
        """
        if scope and key in self._table.scopes[0].names:
            return self._bound(0, key, name)
        if key in BUILTINS:
            return self._unbound(scope, key, name)
        return None

    # Attributes

    def _member(self, value: Value, key: str, name: str) -> MentionMeaning:
        """The meaning of an attribute of `value`."""
        if value is None:
            return NOTHING
        question = (value, key)
        meaning = self._members.get(question)
        if meaning is None:
            meaning = self._members[question] = self._find_member(value, key, name)
        return meaning

    def _find_member(self, value: Value, key: str, name: str) -> MentionMeaning:
        if isinstance(value, str):
            path = f"{value}{key}" if value.endswith(":") else f"{value}.{key}"
            return MentionMeaning(0, None, path, path)
        if isinstance(value, Builtin):
            return MentionMeaning(0, f"builtins.{value.name}.{name}")
        if value is None or value.kind == "function":
            return NOTHING
        if value.kind == "super":
            path_of_class = self._table.scopes[value.scope].path
            return MentionMeaning(0, None, f"super({path_of_class}).{key}") if path_of_class else NOTHING
        return self._class_member(value, key, name)

    def _class_member(self, value: KnownObject, key: str, name: str) -> MentionMeaning:
        """The meaning of an attribute of a class of this module, or of an instance of one."""
        entry = self._table.scopes[value.scope]
        if key in entry.names:
            meaning = self._bound(value.scope, key, name)
            # What a class holds is known; an instance may hold something else under the same name, apart from methods
            # and classes.
            is_held = value.kind == "class" or isinstance(meaning.value, KnownObject)
            return meaning if is_held else meaning._replace(value=None)
        may_inherit = entry.base_count > 0 and entry.path is not None
        if key in entry.instance_names and not may_inherit:
            return MentionMeaning(0, f"{entry.local_name}.{entry.instance_names[key]}")
        if key == "__class__" and value.kind == "instance":
            return MentionMeaning(0, "builtins.object.__class__", None, KnownObject("class", value.scope))
        if entry.base_count == 0:
            return MentionMeaning(0, f"builtins.object.{name}") if name in OBJECT_MEMBERS else NOTHING
        if not may_inherit:
            return NOTHING
        # `link` alone knows the order of base classes; it also sees what this class's own methods assign.
        if value.kind == "instance":
            # An instance has the members of its class, and none of its metaclass.
            return MentionMeaning(0, None, f"{entry.path}().{key}")
        path = f"{entry.path}.{key}"
        return MentionMeaning(0, None, path, path)

    def _super(self, call: SuperCall, scope: int, meanings: list[MentionMeaning]) -> Value:
        """What `super(...)` stands for: the rest of the order of resolution after a class."""
        function = meanings[call.function]
        if function.local != "builtins.super" and function.unresolved != "super":
            return None
        if call.of_class < 0:
            owner = self._table.enclosing_class(scope)
            return KnownObject("super", owner) if owner >= 0 else None
        of_class = meanings[call.of_class].value
        if isinstance(of_class, KnownObject) and of_class.kind == "class":
            return KnownObject("super", of_class.scope)
        return None

    # Keywords and imports

    def _keyword(self, value: Value, key: str) -> MentionMeaning:
        """The parameter that a keyword argument names, where the called function or class is in this module."""
        # CPython mangles parameters, and no keywords.
        table = self._table
        if isinstance(value, KnownObject) and value.kind == "class":
            constructors = table.scopes[value.scope].names.get("__init__", ())
            value = KnownObject("function", table.opened[constructors[-1]]) if constructors else None
        if not isinstance(value, KnownObject) or value.kind != "function" or value.scope < 0:
            return NOTHING
        entry = table.scopes[value.scope]
        bindings = entry.names.get(key, ())
        if bindings and table.bindings[bindings[0]].kind == "parameter":
            return MentionMeaning(0, f"{entry.local_name}.{entry.written[key]}")
        return NOTHING

    def _imported(self, mention: Mention) -> MentionMeaning:
        """A name in an import statement. The only binding of a module-level name is asked for by that name, as reads
        of it are.
        """
        unresolved = mention.unresolved
        if mention.binds and mention.scope == 0:
            entry = self._table.scopes[0]
            if len(entry.names[mention.key]) == 1 and self._table.last_star < entry.last[mention.key]:
                unresolved = mention.key
        return MentionMeaning(mention.scope, None, unresolved)
