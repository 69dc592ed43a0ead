"""Two objects, before and after: everything that breaks their users, and what only some of them feel."""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from codeintel_enrich.commands.api.calls import breaks, notes
from codeintel_enrich.commands.api.library import is_unfelt, members_of
from codeintel_enrich.commands.api.objects import ApiObject, Call, Constructor, ObjectKind, Reason, Types

_WORDS: dict[ObjectKind, str] = {
    "class": "a class",
    "function": "a function",
    "property": "a property",
    "attribute": "a value",
}
_AWAITABLE = ("collections.abc.Awaitable", "collections.abc.Coroutine", "asyncio.Future", "asyncio.Task")
_ITERATORS = tuple(
    f"collections.abc.{mark}{name}" for mark in ("", "Async") for name in ("Iterator", "Generator", "Iterable")
)


class ObjectChange(msgspec.Struct, frozen=True):
    """What happened to one object, or to one member of it."""

    member: str
    """Dotted, below the object; empty for the object itself."""
    before: ApiObject | None
    """None of a member that came."""
    after: ApiObject | None
    reasons: tuple[Reason, ...]


Heir = Callable[[str], str | None]
"""Qualified name of a class of before -> the one under which it is found now, so that a base that moved is still the
base; None where nothing static can say what counts as its subclass."""


def judge(before: ApiObject, after: ApiObject, same: Heir) -> list[ObjectChange]:
    """All that changed between two objects that users reach by one name."""
    return list(_judge("", before, after, same, ()))


def _judge(
    member: str, before: ApiObject, after: ApiObject, same: Heir, around: tuple[str, ...]
) -> Iterator[ObjectChange]:
    if before.kind != after.kind:
        reasons = _other_kind(before, after)
    elif before.kind == "class":
        reasons = [*_classes(before, after, same)]
    elif before.kind == "property":
        reasons = [*_properties(before, after)]
    elif before.kind == "function":
        reasons = [*_functions(before, after)]
    else:
        reasons = []
    if reasons or _heads(before) != _heads(after):
        yield ObjectChange(member, before, after, tuple(dict.fromkeys(reasons)))
    # A class that has itself as a member goes round for ever.
    if before.kind == after.kind == "class" and before.origin not in around:
        yield from _members(member, before, after, same, (*around, before.origin))


def _heads(item: ApiObject) -> object:
    """What of an object is shown as its signature."""
    if item.kind == "class":
        return item.bases if not item.constructor.style else (item.bases, item.constructor.calls)
    # In no order: it is a condition that says which of several counts.
    return frozenset((call.parameters, call.returns) for call in item.calls), item.gives


# --- functions --------------------------------------------------------------------------------------------------------


def _functions(before: ApiObject, after: ApiObject) -> Iterator[Reason]:
    if "instance" in (before.receiver, after.receiver) and before.receiver != after.receiver:
        yield from _other_receiver(before, after)
    yield from _given(before, after)
    if before.is_final < after.is_final:
        yield Reason("final-added", "type checkers let no subclass define it now", is_breaking=False)
    yield from _call_reasons(Constructor(before.calls, before.overloads), Constructor(after.calls, after.overloads))


def _other_receiver(before: ApiObject, after: ApiObject) -> Iterator[Reason]:
    words = {"instance": "a method of instances", "class": "a class method", "static": "a static method", "": ""}
    text = f"it is {words[after.receiver]} and was {words[before.receiver]}"
    # Instances go on: what was called on the class now lacks one, or gives one too many.
    yield Reason("receiver-changed", text, is_breaking=after.receiver == "instance")


def _given(before: ApiObject, after: ApiObject) -> Iterator[Reason]:
    """What a call gives now in another way."""
    if before.gives == after.gives:
        return
    returns_before, returns_after = _returns(before), _returns(after)
    if after.gives == "coroutine" and _all_are(returns_before, _AWAITABLE):
        return
    if before.gives == "coroutine" and _all_are(returns_after, _AWAITABLE):
        return
    # What an iterator's users do, a generator lets them do.
    if after.gives.endswith("generator") and _all_are(returns_before, _ITERATORS):
        return
    if before.gives.endswith("generator") and after.gives == "value" and _all_are(returns_after, _ITERATORS):
        return
    # A decorator that came or went may make up for it, and so may an iterator that is returned.
    is_sure = before.decorators == after.decorators and not (
        before.gives.endswith("generator") and after.gives == "value" and returns_after is None
    )
    text = f"a call gives {_article(after.gives)} now, and gave {_article(before.gives)}"
    yield Reason("result-changed", text, is_breaking=is_sure)


def _article(word: str) -> str:
    return f"{'an' if word.startswith('a') else 'a'} {word}"


def _returns(item: ApiObject) -> Types | None:
    return item.calls[-1].returns if item.calls else None


def _all_are(types: Types | None, names: Sequence[str]) -> bool:
    return types is not None and all(item.partition("[")[0] in names for item in types)


def _call_reasons(before: Constructor, after: Constructor) -> Iterator[Reason]:
    """What two sets of ways to call mean for callers."""
    if before.overloads and not before.calls:
        before = Constructor(before.overloads, before.overloads)
    if after.overloads and not after.calls:
        after = Constructor(after.overloads, after.overloads)
    if before.calls and after.calls:
        if len(before.calls) > 1 or len(after.calls) > 1:
            # Which of several counts, a condition decides that nobody knows here.
            pairs = [[*breaks(old, new), *notes(old, new)] for old in before.calls for new in after.calls]
            yield from min(pairs, key=lambda reasons: sum(reason.is_breaking for reason in reasons))
        else:
            yield from breaks(before.calls[0], after.calls[0])
            yield from notes(before.calls[0], after.calls[0])
    if not before.overloads or not after.overloads:
        return
    for old in before.overloads:
        if not any(_takes(old, new) for new in after.overloads):
            yield Reason("overload-removed", f"no overload takes `{old.shown}` any more")


def _takes(old: Call, new: Call) -> bool:
    """Whether one overload takes all that another took, annotations included."""
    by_name = {item.name: item for item in new.parameters}
    for item in old.parameters:
        other = by_name.get(item.name)
        if item.types is None or other is None or other.types is None or {"typing.Any", "object"} & {*other.types}:
            continue
        if not set(item.types) <= set(other.types) and not _names_a_class(item.types, other.types):
            return False
    return not any(reason.is_breaking for reason in breaks(old, new))


def _names_a_class(one: Types, other: Types) -> bool:
    """Whether only a type checker could say if one type stands for the other: none of the two is written out."""
    plain = ("int", "str", "bytes", "float", "bool", "None", "Literal")
    return not all(item.partition("[")[0] in plain for item in (*one, *other))


# --- properties, attributes, kinds ------------------------------------------------------------------------------------


def _properties(before: ApiObject, after: ApiObject) -> Iterator[Reason]:
    if before.is_settable and not after.is_settable:
        yield Reason("setter-removed", "it cannot be assigned any more")
    more = set(after.types or ()) - set(before.types or ())
    if before.types and after.types and set(before.types) < set(after.types) and "typing.Any" not in after.types:
        listed = " or ".join(f"`{item}`" for item in sorted(more))
        yield Reason("return-type", f"by its annotation, it may be {listed} now", is_breaking=False)


def _other_kind(before: ApiObject, after: ApiObject) -> list[Reason]:
    was, now = before.kind, after.kind
    if {was, now} == {"property", "attribute"}:
        # An abstract one is hidden by what each subclass has in its place.
        if now == "property" and not after.is_settable and not before.is_final and not after.is_abstract:
            return [Reason("setter-removed", "it is a property that cannot be assigned, and was a plain attribute")]
        return []
    text = f"it is {_WORDS[now]} and was {_WORDS[was]}"
    if {was, now} == {"class", "function"}:
        made = after.constructor if now == "class" else Constructor(after.calls, after.overloads)
        used = before.constructor if was == "class" else Constructor(before.calls, before.overloads)
        # A class in the place of a function can be called as that was, and nobody subclasses a function.
        return [Reason("kind-changed", text, is_breaking=was == "class"), *_call_reasons(used, made)]
    # What is computed, an alias or a partial, may well be what it was before: something to call, a value.
    computed = [item for item in (before, after) if item.kind == "attribute" and not item.is_plain_value]
    if any(item.kind == "attribute" and _is_callable_type(item.types) for item in (before, after)):
        return []
    is_sure = not any(item.value is not None for item in computed)
    words = {"function": "a method", **_WORDS} if before.receiver or after.receiver else _WORDS
    if before.receiver or after.receiver:
        words = {**_WORDS, "function": "a method", "property": "a property, read without a call"}
        text = f"it is {words[now]} and was {words[was]}"
    return [Reason("kind-changed", text, is_breaking=is_sure)]


def _is_callable_type(types: Types | None) -> bool:
    return types is not None and any(item.partition("[")[0] in ("collections.abc.Callable", "type") for item in types)


# --- classes ----------------------------------------------------------------------------------------------------------


def _classes(before: ApiObject, after: ApiObject, same: Heir) -> Iterator[Reason]:
    now = {after.origin, *after.ancestors}
    for base in before.ancestors:
        heir = same(base)
        if heir in now or base in now or is_unfelt(base) or _is_private(base):
            continue
        if heir is None:
            yield Reason(
                "base-removed", f"base {_last(base)} is gone, unless it says itself what inherits from it", False
            )
            continue
        # A class of another library may bring it along; one that was a base already did not, or nobody had named both.
        unseen = [name for name in after.unseen if name not in before.ancestors]
        doubt = f", unless {' or '.join(unseen)} has it" if unseen else ""
        yield Reason("base-removed", f"base {_last(base)} is gone{doubt}", is_breaking=not unseen)
    if before.is_final < after.is_final:
        yield Reason("final-added", "type checkers let nobody subclass it now", is_breaking=False)
    if before.is_frozen < after.is_frozen:
        yield Reason("frozen-added", "its fields cannot be assigned any more")
    yield from _constructors(before.constructor, after.constructor)
    known = {name for name, item in before.members.items() if item.is_abstract}
    abstract = [name for name, item in after.members.items() if item.is_abstract and name not in known]
    if abstract and after.refuses_abstract and not known:
        yield Reason("abstract-added", f"no instance can be made without a subclass: {', '.join(abstract)} is abstract")


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _constructors(before: Constructor, after: Constructor) -> Iterator[Reason]:
    for reason in _call_reasons(before, after):
        text = reason.text.replace("parameter ", "constructor: parameter ", 1) if after.style else reason.text
        # A typed dictionary takes anything when it runs, but it is there for type checkers alone.
        yield Reason(reason.rule, text, reason.is_breaking)
    if before.style == after.style == "NamedTuple" and len(before.fields) != len(after.fields):
        text = f"unpacking gives {len(after.fields)} values, and gave {len(before.fields)}"
        yield Reason("unpacking-changed", text, is_breaking=False)


def _members(
    prefix: str, before: ApiObject, after: ApiObject, same: Heir, around: tuple[str, ...]
) -> Iterator[ObjectChange]:
    inherited = frozenset(name for base in after.ancestors for name in members_of(base))
    for name, member in before.members.items():
        path = f"{prefix}.{name}" if prefix else name
        now = after.members.get(name)
        if now is None:
            if name not in inherited:
                yield ObjectChange(path, member, None, (_member_gone(after),))
            continue
        if not _is_protocol(name):
            yield from _judge(path, member, now, same, around)
        if member.is_abstract < now.is_abstract:
            # What was only declared had to be given by subclasses before, too.
            is_new = member.kind != "attribute" or member.value is not None
            yield ObjectChange(path, member, now, (_abstract(after, is_new),))
        if before.is_enum and after.is_enum:
            yield from _enum_values(path, member, now, after.members.values())
    for name, member in after.members.items():
        if name not in before.members:
            path = f"{prefix}.{name}" if prefix else name
            asks = member.is_abstract and after.refuses_abstract and _has_abstract(before)
            yield ObjectChange(path, member if asks else None, member, (_abstract(after),) if asks else ())


def _member_gone(after: ApiObject) -> Reason:
    unseen = [*after.unseen, *(hook for hook in ("__getattr__", "__getattribute__") if hook in after.members)]
    doubt = f", unless {' or '.join(unseen)} has it" if unseen else ""
    return Reason("member-removed", f"it is gone{doubt}", is_breaking=not unseen)


def _abstract(after: ApiObject, is_new: bool = True) -> Reason:
    is_breaking = is_new and after.refuses_abstract
    return Reason("abstract-added", "subclasses must define it now", is_breaking)


def _has_abstract(item: ApiObject) -> bool:
    # Where something was abstract before, there are subclasses that do not know of what came.
    return any(member.is_abstract for member in item.members.values())


def _is_protocol(name: str) -> bool:
    """Whether Python fixes how a method is called; `__call__` is the class's own."""
    return name.startswith("__") and name != "__call__"


def _enum_values(
    path: str, before: ApiObject, after: ApiObject, members: Iterable[ApiObject]
) -> Iterator[ObjectChange]:
    if not before.is_plain_value or not after.is_plain_value or before.value == after.value:
        return
    if before.value not in {item.value for item in members}:
        reason = Reason("value-changed", f"no member has the value {before.value} any more; it is {after.value}")
        yield ObjectChange(path, before, after, (reason,))
