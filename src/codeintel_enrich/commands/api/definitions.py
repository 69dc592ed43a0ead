"""What stands behind qualified names: the store's rows of definitions, and the sources of what rows do not hold."""

import ast
import io
import re
import textwrap
import tokenize
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from codeintel_enrich.commands.api.expressions import Names, call_of, is_literal, one_name, spelled, texts_in, types_of
from codeintel_enrich.commands.api.fields import FIELD_BASES, FieldSource, FieldStyle, constructor, own_fields, style_of
from codeintel_enrich.commands.api.library import ancestors_of, is_builtin
from codeintel_enrich.commands.api.objects import (
    ApiObject,
    ApiParameter,
    Call,
    Constructor,
    Gives,
    ObjectKind,
    Receiver,
)
from codeintel_enrich.commands.api.publicity import is_public_member
from codeintel_enrich.model.signatures import call_form, one_line, read_signature
from codeintel_enrich.store.api import ExportedName, ModuleFacts, StoredBase, StoredDefinition

_NEUTRAL = frozenset(
    (
        *(
            "abc.abstractmethod",
            "builtins.classmethod",
            "builtins.property",
            "builtins.staticmethod",
            "functools.cache",
        ),
        *("functools.lru_cache", "functools.wraps", "functools.cached_property", "typing.final", "typing.overload"),
        *("typing.override", "typing.deprecated", "warnings.deprecated", "typing.no_type_check", "types.coroutine"),
        *("typing.runtime_checkable", "abc.abstractproperty", "functools.total_ordering"),
        *("contextlib.contextmanager", "contextlib.asynccontextmanager"),
    )
)
"""Decorators that leave alone what a call takes and gives, or that are looked at on their own."""
_MANAGERS: dict[str, Gives] = {
    "contextlib.contextmanager": "context manager",
    "contextlib.asynccontextmanager": "async context manager",
}
_FUNCTIONAL = {
    "collections.namedtuple": "NamedTuple",
    "typing.NamedTuple": "NamedTuple",
    "typing.TypedDict": "TypedDict",
    **dict.fromkeys(("enum.Enum", "enum.IntEnum", "enum.StrEnum", "enum.Flag", "enum.IntFlag"), "enum"),
}
"""What makes a class when it is called with a name and the fields or members."""
_ABSTRACT_CLASSES = frozenset(("abc.ABC", "abc.ABCMeta", "typing.Protocol"))
_COMMANDS = frozenset(("command", "group", "fixture", "hookimpl"))
"""Decorators (click, typer, pytest, pluggy) that make of a function a thing that nobody calls with its parameters."""
_SET_BY_NAME = re.compile(r"""\b(?:__)?setattr(?:__)?\(\s*\w+\s*,\s*["'](\w+)["']""")
_TYPE_VARIABLES = frozenset(("typing.TypeVar", "typing.ParamSpec", "typing.TypeVarTuple"))
_ORDERING = ("__lt__", "__le__", "__gt__", "__ge__")


class Definitions:
    """The definitions of one tree; objects are made of them when they are first asked for."""

    def __init__(
        self,
        modules: Mapping[str, ModuleFacts],
        spaces: Mapping[str, Mapping[str, ExportedName]],
        rows: Sequence[StoredDefinition],
        bases: Mapping[str, list[StoredBase]],
        source: Callable[[str], bytes],
    ) -> None:
        """`spaces`: the names of each module. `source` gives the bytes of a file of the tree."""
        self._modules, self._spaces, self._bases, self._source = modules, spaces, bases, source
        self._index(rows)
        self._objects: dict[str, ApiObject | None] = {}
        self._orders: dict[str, tuple[str, ...]] = {}
        self._type_variables: dict[str, bool] = {}

    def _index(self, definitions: Sequence[StoredDefinition]) -> None:
        self.by_name: dict[str, list[StoredDefinition]] = defaultdict(list)
        self._inside: dict[str, list[StoredDefinition]] = defaultdict(list)
        self._nested: dict[str, list[StoredDefinition]] = defaultdict(list)
        by_id = self._by_id = {item.node_id: item for item in definitions}
        modules = {facts.path: facts.module for facts in self._modules.values()}
        for item in definitions:
            if item.path not in modules:
                continue
            parent = by_id.get(item.parent_id or "")
            if "<locals>" in item.name:
                self._nested[item.path].append(item)
            elif item.scope == "function" and parent is not None:
                # `self.x = 1` in a method: a member of the class around it.
                self._inside[parent.name.rpartition(".")[0]].append(item)
            elif not item.name and item.scope == "module":
                # `C.x = 1` beside the class: a member of it.
                for owner in {text.rpartition(".")[0] for text in item.targets if "." in text}:
                    self._inside[f"{modules.get(item.path, '')}.{owner}"].append(item)
            else:
                if item.name:
                    self.by_name[item.name].append(item)
                if item.scope == "class" and parent is not None:
                    self._inside[parent.name].append(item)

    # --- names and texts --------------------------------------------------------------------------------------------

    def text(self, definition: StoredDefinition) -> str:
        """The source of a definition."""
        data = self._source(definition.path)[definition.start_byte : definition.end_byte]
        return data.decode("utf-8", "replace")

    def value(self, name: str) -> str | None:
        """What is assigned to a variable, as source; None where that is not seen."""
        nodes = self.by_name.get(name)
        return self._assigned(nodes[-1])[1] if nodes and nodes[-1].kind in ("Assign", "AnnAssign") else None

    def is_type_variable(self, name: str) -> bool:
        """Whether a variable stands for types in signatures, and for nothing when the program runs."""
        if name not in self._type_variables:
            self._type_variables[name] = False  # `T = T` asks for itself.
            value = self.value(name)
            path = call_of(value)[0] if value is not None else ""
            names = self._names_in(self._module_of(self.by_name[name][-1])) if path else None
            self._type_variables[name] = names is not None and one_name(names(path) or path) in _TYPE_VARIABLES
        return self._type_variables[name]

    def _names_in(self, module: str) -> Names:
        """How dotted paths are read in a module. What the tree defines goes by its last name, so that it may move."""
        space = self._spaces.get(module, {})

        def look_up(path: str) -> str | None:
            head, dot, rest = path.partition(".")
            export = space.get(head)
            if export is None:
                return f"builtins.{path}" if not dot and is_builtin(head) else None
            if export.origin is None:
                return None
            qualified = f"{export.origin}{dot}{rest}"
            if self.is_type_variable(export.origin):
                return "~"  # It stands for something else in every call, whatever it is called.
            return path.rpartition(".")[2] if export.origin_path is not None else qualified

        return look_up

    def _module_of(self, definition: StoredDefinition) -> str:
        name = definition.name
        while name and name not in self._modules:
            name = name.rpartition(".")[0]
        return name

    def _assigned(self, definition: StoredDefinition) -> tuple[str | None, str | None]:
        """Annotation and value of an assignment, as written; neither where this Python cannot read it."""
        try:
            statement = ast.parse(self.text(definition)).body[0]
        except (SyntaxError, ValueError, IndexError, RecursionError):
            return None, None
        if isinstance(statement, ast.AnnAssign):
            value = None if statement.value is None else ast.unparse(statement.value)
            return ast.unparse(statement.annotation), value
        return None, ast.unparse(statement.value) if isinstance(statement, ast.Assign) else None

    # --- classes ----------------------------------------------------------------------------------------------------

    def order(self, name: str) -> tuple[str, ...]:
        """The method resolution order of a class, itself first."""
        if name not in self._orders:
            self._orders[name] = (name,)  # A class that inherits from itself by mistake ends here.
            self._orders[name] = self._order(name)
        return self._orders[name]

    def _order(self, name: str) -> tuple[str, ...]:
        nodes = [item for item in self.by_name.get(name, ()) if item.kind == "ClassDef"]
        if not nodes:
            return ancestors_of(name) or (name,)
        found = [
            # What nothing static can name goes by its text.
            (f"`{base.source}`",) if base.base is None else self.order(one_name(base.base))
            for base in self._bases.get(nodes[-1].node_id, ())
            if "=" not in base.source.partition("(")[0]
        ]
        return (name, *_merged(found))

    def _is_seen(self, name: str) -> bool:
        """Whether all members of a class are known."""
        return name in self.by_name or ancestors_of(name) is not None

    def fingerprint(self, origin: str) -> tuple[Any, ...] | None:
        """What an object is made of; equal ones have equal objects. None where there is no definition."""
        nodes = self.by_name.get(origin)
        if not nodes:
            return None
        names = (origin,) if nodes[-1].kind != "ClassDef" else self.order(origin)
        return tuple(
            (name, *((item.code_hash, item.decorators) for item in self.by_name.get(name, ()))) for name in names
        )

    def object(self, origin: str) -> ApiObject | None:
        """What stands behind a qualified name; None where the tree has no definition of it."""
        if origin not in self._objects:
            self._objects[origin] = None
            self._objects[origin] = self._make(self.by_name.get(origin, []))
        return self._objects[origin]

    def _make(self, nodes: list[StoredDefinition]) -> ApiObject | None:
        if not nodes:
            return None
        told = _telling(nodes)
        if told.kind == "ClassDef":
            return self._class(told)
        if told.kind == "FunctionDef":
            return self._function([item for item in nodes if item.kind == "FunctionDef"])
        return self._attribute(told)

    def _class(self, node: StoredDefinition) -> ApiObject:
        names = self._names_in(self._module_of(node))
        order = self.order(node.name)
        members: dict[str, ApiObject] = {}
        for name in reversed(order):
            members.update(self._own_members(name))
        style = self._style(node.name)
        if style is not None and style.says("order"):
            members.update({name: self._named(node, name, "function") for name in _ORDERING if name not in members})
        return ApiObject(
            origin=node.name,
            kind="class",
            path=node.path,
            line=node.line,
            decorators=_kept(node.decorators, names),
            bases=node.bases,
            ancestors=order[1:],
            unseen=tuple(name for name in order if not self._is_seen(name) and name not in FIELD_BASES),
            is_final="typing.final" in _decorators(node, names),
            refuses_abstract=bool(self._metaclasses(order) & _ABSTRACT_CLASSES),
            decides_itself=any(map(self._decides, self._metaclasses(order) - _ABSTRACT_CLASSES)),
            is_frozen=style is not None and style.says("frozen"),
            is_enum=any(name.startswith("enum.") for name in order),
            constructor=self._constructor(node.name, order),
            members=members,
        )

    def _metaclasses(self, order: tuple[str, ...]) -> set[str]:
        """The metaclasses that a class or one of its bases asks for, and bases that bring one along."""
        found = set(order) & _ABSTRACT_CLASSES
        for name in order:
            for node in self.by_name.get(name, ()):
                names = self._names_in(self._module_of(node))
                written = [text.partition("=")[2].strip() for text in node.bases if text.startswith("metaclass")]
                for text in written:
                    # The qualified name, since it is asked for what it defines.
                    export = self._spaces.get(self._module_of(node), {}).get(text)
                    found.add((export and export.origin) or one_name(names(text) or text))
        return found

    def _decides(self, metaclass: str) -> bool:
        own = {name.rpartition(".")[2] for name in self.by_name if name.startswith(f"{metaclass}.")}
        return bool({"__subclasscheck__", "__instancecheck__"} & own)

    def _named(self, node: StoredDefinition, name: str, kind: ObjectKind) -> ApiObject:
        """A member of a class of which no more than its name is written."""
        return ApiObject(origin=f"{node.name}.{name}", kind=kind, path=node.path, line=node.line, receiver="instance")

    def _own_members(self, name: str) -> dict[str, ApiObject]:
        """The public members that the body of one class, and its methods, give it."""
        groups: dict[str, list[StoredDefinition]] = defaultdict(list)
        on_instances: dict[str, list[StoredDefinition]] = defaultdict(list)
        for item in self._inside.get(name, ()):
            if item.scope == "function":
                for last in self._set_on_self(item):
                    on_instances[last].append(item)
            elif item.name:
                groups[item.name.rpartition(".")[2]].append(item)
            elif item.scope == "module":
                for last in [text.rpartition(".")[2] for text in item.targets]:
                    groups[last].append(item)
            else:
                for last in _plain_targets(item.targets):
                    groups[last].append(item)
        found: dict[str, ApiObject] = {}
        for last, nodes in {**on_instances, **groups}.items():
            if is_public_member(last):
                made = self._member(f"{name}.{last}", nodes)
                if made is not None:
                    found[last] = made
        for node in self.by_name.get(name, ()):
            # A class that forbids assignments sets its own attributes in this way.
            for last in _SET_BY_NAME.findall(self.text(node)) if node.kind == "ClassDef" else ():
                if is_public_member(last) and last not in found:
                    found[last] = self._named(node, last, "attribute")
        # `alias = method` in a class body is the method.
        for last, member in list(found.items()):
            if member.kind == "attribute" and member.value in found:
                found[last] = found[member.value]
        return found

    def _member(self, name: str, nodes: list[StoredDefinition]) -> ApiObject | None:
        told = _telling(nodes)
        if told.kind == "ClassDef":
            return self.object(name)
        if told.kind == "FunctionDef":
            return self._function([item for item in nodes if item.kind == "FunctionDef"])
        return self._attribute(told, name)

    def _set_on_self(self, node: StoredDefinition) -> list[str]:
        """The names that a statement of a method sets on the method's first parameter."""
        method = self._by_id.get(node.parent_id or "")
        if method is None or method.signature is None or method.scope != "class" or "staticmethod" in method.decorators:
            return []
        parameters = read_signature(method.signature).parameters
        first = f"{parameters[0].name}." if parameters else ""
        targets = [part.strip(" ()[]*") for text in node.targets for part in text.split(",")]
        found = [text.removeprefix(first) for text in targets if first and text.startswith(first)]
        return [name for name in found if name.isidentifier()]

    def _margin(self, node: StoredDefinition) -> int:
        """The column of the body that a definition is part of."""
        if node.scope != "class":
            return 0
        around = self._inside.get(node.name.rpartition(".")[0], [node])
        return min(item.col for item in around if item.scope == "class")

    def _style(self, name: str) -> FieldStyle | None:
        nodes = self.by_name.get(name, [])
        if not nodes or nodes[-1].kind != "ClassDef":
            return None
        node = nodes[-1]
        return style_of(node.decorators, node.bases, self.order(name)[1:], self._names_in(self._module_of(node)))

    # --- constructors -----------------------------------------------------------------------------------------------

    def _constructor(self, name: str, order: tuple[str, ...]) -> Constructor:
        for ancestor in order:
            own = {item.name.rpartition(".")[2] for item in self._inside.get(ancestor, ()) if item.scope == "class"}
            style = self._style(ancestor)
            makes = style is not None and style.options.get("init") != "False"
            for method in ("__init__", "__new__"):
                if method in own and not (method == "__new__" and makes):
                    return self._written(f"{ancestor}.{method}")
            if style is not None and makes:
                return self._of_fields(ancestor, style)
            if ancestor not in self.by_name:
                return Constructor() if self._is_remade(order) else _of_library(ancestor, order)
        return Constructor() if self._is_remade(order) else Constructor((Call((), None, "()"),))

    def _is_remade(self, order: tuple[str, ...]) -> bool:
        """Whether a decorator or metaclass that nobody knows here may give a class a constructor."""
        if self._metaclasses(order) - _ABSTRACT_CLASSES:
            return True
        return any(
            node.kind == "ClassDef" and _kept(node.decorators, self._names_in(self._module_of(node)))
            for name in order
            if self._style(name) is None
            for node in self.by_name.get(name, ())
        )

    def _written(self, name: str) -> Constructor:
        nodes = [item for item in self.by_name.get(name, ()) if item.kind == "FunctionDef"]
        if not nodes:
            return Constructor()
        made = self._function(nodes)
        # `__new__` is a static method by nature, and given the class all the same.
        calls = made.calls if not name.endswith("__new__") else tuple(map(_without_first, made.calls))
        overloads = made.overloads if not name.endswith("__new__") else tuple(map(_without_first, made.overloads))
        return Constructor(calls, overloads, origin=name)

    def _of_fields(self, name: str, style: FieldStyle) -> Constructor:
        fields: dict[str, ApiParameter] = {}
        order = self.order(name)
        if not all(self._is_seen(ancestor) or ancestor in FIELD_BASES for ancestor in order):
            return Constructor()
        for ancestor in reversed(order):
            inherited = self._style(ancestor)
            if inherited is None:
                continue
            nodes = self._inside.get(ancestor, [])
            names = self._names_in(self._module_of(self.by_name[ancestor][-1]))
            defaults = {
                text.removesuffix(".default") for item in nodes for text in item.decorators if ".default" in text
            }
            sources = [
                FieldSource(last, *self._assigned(item), has_default=last in defaults)
                for item in nodes
                if item.scope == "class" and item.kind in ("Assign", "AnnAssign")
                for last in (item.name.rpartition(".")[2],)
                if last
            ]
            for field in own_fields(inherited, sources, names):
                fields[field.name] = field
        return constructor(name, style, fields)

    # --- functions and variables ------------------------------------------------------------------------------------

    def _function(self, nodes: list[StoredDefinition]) -> ApiObject:
        node = nodes[-1]
        names = self._names_in(self._module_of(node))
        plain = [item for item in nodes if not _is_accessory(item)]
        if any(mark.rpartition(".")[2] in _COMMANDS for mark in _decorators(node, names)):
            plain = []
        overloads = [item for item in plain if "typing.overload" in _decorators(item, names)]
        bodies = _deciding([item for item in plain if item not in overloads], self._margin(node))
        chosen = (bodies or overloads or [node])[-1]
        marks = _decorators(chosen, names)
        receiver = _receiver(chosen, marks)
        is_property = any(mark.rpartition(".")[2].lower().endswith("property") for mark in marks)
        has_setter = any(text.endswith(".setter") for item in nodes for text in item.decorators)

        def call(item: StoredDefinition) -> Call:
            return self._call(item, names, drops=receiver in ("instance", "class"))

        return ApiObject(
            origin=chosen.name,
            kind="property" if is_property else "function",
            path=chosen.path,
            line=chosen.line,
            receiver=receiver,
            calls=tuple(call(item) for item in bodies),
            overloads=tuple(call(item) for item in overloads),
            gives=self._gives(chosen, marks),
            decorators=_kept(chosen.decorators, names),
            is_settable=not is_property or has_setter or "builtins.property" not in marks,
            types=types_of(read_signature(chosen.signature).returns, names) if is_property else None,
            is_final="typing.final" in marks,
            is_abstract=bool({"abc.abstractmethod", "abc.abstractproperty"} & set(marks)),
        )

    def _call(self, node: StoredDefinition, names: Names, drops: bool) -> Call:
        signature = read_signature(node.signature)
        parameters = [
            ApiParameter(
                item.name,
                # The way to write it before PEP 570, which type checkers still go by.
                "positional-only" if _is_private_positional(item.name, item.kind) else item.kind,
                spelled(item.default, names),
                types_of(item.annotation, names),
            )
            for item in signature.parameters
        ]
        if drops and parameters and parameters[0].kind.startswith("positional"):
            parameters = parameters[1:]
        return Call(tuple(parameters), types_of(signature.returns, names), one_line(call_form("", signature)))

    def _gives(self, node: StoredDefinition, marks: Sequence[str]) -> Gives:
        for mark in marks:
            if mark in _MANAGERS:
                return _MANAGERS[mark]
        is_async = read_signature(node.signature).is_async
        if self._yields(node):
            return "async generator" if is_async else "generator"
        return "coroutine" if is_async else "value"

    def _yields(self, node: StoredDefinition) -> bool:
        data = self._source(node.path)
        if b"yield" not in data[node.start_byte : node.end_byte]:
            return False
        start, parts = node.start_byte, []
        for inner in self._nested.get(node.path, ()):
            if inner.kind == "FunctionDef" and start <= inner.start_byte < node.end_byte:
                parts.append(data[start : inner.start_byte])
                start = inner.end_byte
        parts.append(data[start : node.end_byte])
        text = textwrap.dedent(b"pass ".join(parts).decode("utf-8", "replace"))
        try:
            tokens = tokenize.generate_tokens(io.StringIO(text).readline)
            return any(token.type == tokenize.NAME and token.string == "yield" for token in tokens)
        except (tokenize.TokenError, SyntaxError):
            return False

    def _attribute(self, node: StoredDefinition, name: str = "") -> ApiObject:
        names = self._names_in(self._module_of(node) or self._module_at(node.path))
        annotation, value = self._assigned(node)
        path, keywords, arguments = call_of(value) if value is not None else ("", {}, ())
        called = one_name(names(path) or path)
        if called == "builtins.property":
            return ApiObject(
                origin=name or node.name,
                kind="property",
                path=node.path,
                line=node.line,
                receiver="instance",
                is_settable=len(arguments) > 1 or "fset" in keywords,
            )
        members, made = self._functional(node, called, arguments, keywords)
        return ApiObject(
            origin=name or node.name,
            kind="class" if members else "attribute",
            ancestors=(ancestors_of(called) or ()) if members and called.startswith("enum.") else (),
            is_enum=bool(members) and called.startswith("enum."),
            path=node.path,
            line=node.line,
            types=types_of(annotation, names),
            value=spelled(value, names) if not _is_name(value) else value,
            is_plain_value=is_literal(value) and value != "None",
            constructor=made,
            members=members,
        )

    def _functional(
        self, node: StoredDefinition, called: str, arguments: tuple[str, ...], keywords: Mapping[str, str]
    ) -> tuple[dict[str, ApiObject], Constructor]:
        """Members and constructor of a class that a call makes: `Point = namedtuple("Point", "x y")`."""
        if called not in _FUNCTIONAL or len(arguments) < 2:
            return {}, Constructor()
        fields = texts_in(arguments[1]) or []
        # Defaults stand for the last fields.
        count = len(texts_in(keywords.get("defaults", "()")) or ())
        style = FieldStyle(_FUNCTIONAL[called])
        is_plain = bool(fields) and "defaults" not in keywords and style.name != "enum"
        made = {
            name: ApiParameter(name, "positional-or-keyword", "..." if at >= len(fields) - count else None)
            for at, name in enumerate(fields)
        }
        members = {
            name: ApiObject(origin=f"{node.name}.{name}", kind="attribute", path=node.path, line=node.line)
            for name in fields
        }
        return members, constructor(node.name, style, made) if is_plain else Constructor()

    def _module_at(self, path: str) -> str:
        return next((facts.module for facts in self._modules.values() if facts.path == path), "")


def _merged(orders: list[tuple[str, ...]]) -> tuple[str, ...]:
    """One order out of those of the bases: each class before its own bases, and a class that several share once, last.

    That is C3 wherever C3 has an answer that is not about the order of unrelated classes.
    """
    flat = [name for order in orders for name in order]
    return tuple(name for at, name in enumerate(flat) if name not in flat[at + 1 :])


def _of_library(ancestor: str, order: tuple[str, ...]) -> Constructor:
    rest = order[order.index(ancestor) :]
    if "builtins.BaseException" in rest:
        return Constructor((Call((ApiParameter("args", "var-positional"),), None, "(*args)"),))
    if any(name.startswith("enum.") for name in rest):
        return Constructor()
    if ancestor in ("builtins.object",):
        return Constructor((Call((), None, "()"),))
    if ancestor in ("typing.Generic", "typing.Protocol", "abc.ABC"):
        return Constructor((Call((), None, "()"),))
    return Constructor()


def _decorators(node: StoredDefinition, names: Names) -> tuple[str, ...]:
    found = []
    for text in node.decorators:
        path = call_of(text)[0]
        found.append(one_name(names(path) or path))
    return tuple(found)


def _kept(decorators: Sequence[str], names: Names) -> tuple[str, ...]:
    paths = [(text, call_of(text)[0]) for text in decorators]
    return tuple(one_line(text) for text, path in paths if one_name(names(path) or path) not in _NEUTRAL)


def _is_accessory(node: StoredDefinition) -> bool:
    """Whether it is the setter or deleter of a property, or gives an attribute's default."""
    return any(text.endswith((".setter", ".deleter", ".validator", ".default")) for text in node.decorators)


def _deciding(nodes: list[StoredDefinition], margin: int) -> list[StoredDefinition]:
    """The definitions of which one counts: the last that no condition holds, and those behind it."""
    for at in range(len(nodes) - 1, -1, -1):
        # What stands further in than the body that it is of is held by a condition.
        if nodes[at].col <= margin:
            return nodes[at:]
    return nodes


def _telling(nodes: Sequence[StoredDefinition]) -> StoredDefinition:
    """Of definitions of one name, which a condition may tell apart, the one that says most: the last class or function.

    `try: from fast import f` with `f = None` behind it is still a function to whoever calls it.
    """
    last = nodes[-1]
    if last.kind in ("ClassDef", "FunctionDef") or last.col == min(item.col for item in nodes):
        return last
    return next((item for item in reversed(nodes) if item.kind in ("ClassDef", "FunctionDef")), last)


def _receiver(node: StoredDefinition, marks: Sequence[str]) -> Receiver:
    if node.scope != "class":
        return ""
    last = node.name.rpartition(".")[2]
    if "builtins.staticmethod" in marks or last == "__new__":
        return "static"
    # Python makes both class methods of its own accord.
    if "builtins.classmethod" in marks or last in ("__init_subclass__", "__class_getitem__"):
        return "class"
    return "instance"


def _without_first(call: Call) -> Call:
    return msgspec.structs.replace(call, parameters=call.parameters[1:])


def _is_private_positional(name: str, kind: str) -> bool:
    return kind == "positional-or-keyword" and name.startswith("__") and not name.endswith("__")


def _plain_targets(targets: Sequence[str]) -> list[str]:
    parts = [part.strip(" ()[]*") for text in targets for part in text.split(",")]
    return [part for part in parts if part.isidentifier()]


def _is_name(value: str | None) -> bool:
    return value is not None and value.isidentifier()
