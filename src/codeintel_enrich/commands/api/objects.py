"""What a public thing is to those who use it; the same whatever file it is defined in."""

from typing import Literal

import msgspec

from codeintel_enrich.model.syntax import ParameterKind

ObjectKind = Literal["class", "function", "property", "attribute"]
Receiver = Literal["", "instance", "class", "static"]
"""What a call through an instance puts before the arguments; empty outside of classes."""
Gives = Literal["value", "coroutine", "generator", "async generator", "context manager", "async context manager"]
Types = tuple[str, ...]
"""The members of a union, each in one spelling, sorted; one for what is no union."""


class ApiParameter(msgspec.Struct, frozen=True):
    """One parameter as a caller sees it."""

    name: str
    kind: ParameterKind
    default: str | None = None
    """In one spelling; None where it must be passed."""
    types: Types | None = None
    """None where it is not annotated."""


class Call(msgspec.Struct, frozen=True):
    """One way to call something; `self` and `cls` are left out where the call itself provides them."""

    parameters: tuple[ApiParameter, ...]
    returns: Types | None = None
    shown: str = ""
    """As written, on one line."""


class Constructor(msgspec.Struct, frozen=True):
    """How instances are made."""

    calls: tuple[Call, ...] = ()
    """Several where a condition decides; none where nothing static can say."""
    overloads: tuple[Call, ...] = ()
    fields: tuple[str, ...] = ()
    """The fields that a generated constructor takes, in order; none of one that is written."""
    origin: str = ""
    """Qualified name of the class that has it, or of the method."""
    style: str = ""
    """What generates it: `dataclass`, `attrs`, `NamedTuple`, `TypedDict`; empty of one that is written."""


class ApiObject(msgspec.Struct, frozen=True, kw_only=True):
    """A class, function or variable behind a public name, or a member of a class."""

    origin: str
    """Qualified name of the definition."""
    kind: ObjectKind
    path: str
    line: int
    receiver: Receiver = ""
    calls: tuple[Call, ...] = ()
    """Of a function; several where a condition decides which definition counts."""
    overloads: tuple[Call, ...] = ()
    gives: Gives = "value"
    decorators: tuple[str, ...] = ()
    """Those that may change what a call does or gives."""
    is_settable: bool = True
    """Of a property, whether there is a setter."""
    types: Types | None = None
    """Of an attribute, its annotation."""
    value: str | None = None
    """Of an attribute, the expression assigned, in one spelling."""
    is_plain_value: bool = False
    """Whether that is a literal, which nobody can call."""
    is_final: bool = False
    is_abstract: bool = False
    bases: tuple[str, ...] = ()
    """Of a class, as written."""
    ancestors: tuple[str, ...] = ()
    """Of a class, the qualified names of all that it inherits from, in the order in which members are looked up."""
    unseen: tuple[str, ...] = ()
    """Of a class, those of its bases that the tree does not hold: they may have any member."""
    refuses_abstract: bool = False
    """Of a class, whether one with abstract members cannot be instantiated: its metaclass is `ABCMeta`."""
    decides_itself: bool = False
    """Of a class, whether its metaclass says what counts as a subclass of it."""
    is_frozen: bool = False
    is_enum: bool = False
    constructor: Constructor = Constructor()
    members: dict[str, "ApiObject"] = {}
    """Own and inherited ones."""


class Reason(msgspec.Struct, frozen=True):
    """One way in which users feel a change."""

    rule: str
    """Its kind, a short name for machines: `parameter-removed`."""
    text: str
    """What a user reads."""
    is_breaking: bool = True
    """False where it breaks nobody for certain: what only type checkers see, and what nothing static can decide."""
