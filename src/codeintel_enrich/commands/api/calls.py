"""Two signatures: which calls that were right are wrong now."""

from collections.abc import Iterator, Mapping

from codeintel_enrich.commands.api.objects import ApiParameter, Call, Reason

_ANYTHING = frozenset(("typing.Any", "object"))


def breaks(old: Call, new: Call) -> list[Reason]:
    """Everything because of which a call that was right may be wrong now; empty where none can be.

    Annotations and the values of defaults do not count.
    """
    return [*_lost(old, new), *_asked(old, new)]


def _lost(old: Call, new: Call) -> Iterator[Reason]:
    """Ways to pass arguments that are no more."""
    positional, by_name = _positional(new), _by_name(new)
    places = {parameter.name: at for at, parameter in enumerate(_positional(old))}
    out_of_order: list[str] = []
    for parameter in old.parameters:
        name, now, at = parameter.name, by_name.get(parameter.name), places.get(parameter.name)
        if parameter.kind.startswith("var"):
            yield from _rest_gone(parameter, old, new)
            continue
        if parameter.default is not None and now is not None and now.default is None and _is_named(parameter, now):
            yield Reason("default-removed", f"parameter {name} has no default any more")
        there = positional[at] if at is not None and at < len(positional) else None
        takes_place = at is None or there is not None or _has(new, "var-positional")
        if not takes_place or not _takes_name(parameter, now, there, places, new):
            yield from _gone(parameter, now, there, places, new)
        elif there is not None and there.name != name and _is_shifted(parameter, now, there, places):
            out_of_order.append(name)
    if out_of_order:
        names = ", ".join(out_of_order)
        yield Reason("parameters-reordered", f"positional parameters stand in another order: {names}")


def _rest_gone(parameter: ApiParameter, old: Call, new: Call) -> Iterator[Reason]:
    if _has(new, parameter.kind):
        return
    # What takes anything passes it on to something that may always have refused it.
    passes_on = _has(old, "var-positional") and _has(old, "var-keyword")
    stars, what = ("*", "positional") if parameter.kind == "var-positional" else ("**", "keyword")
    text = f"`{stars}{parameter.name}` is gone: any other {what} arguments are taken no more"
    yield Reason("parameter-removed", text, is_breaking=not passes_on)


def _takes_name(
    parameter: ApiParameter,
    now: ApiParameter | None,
    there: ApiParameter | None,
    places: Mapping[str, int],
    new: Call,
) -> bool:
    """Whether what could be passed by name still can."""
    if parameter.kind == "positional-only":
        return True
    has_keywords = _has(new, "var-keyword")
    if now is not None:
        return now.kind != "positional-only" or (has_keywords and now.default is not None)
    # `**kw` takes the name, and what stands in the parameter's place is missing then.
    return has_keywords and (there is None or there.default is not None or there.name in places)


def _is_shifted(
    parameter: ApiParameter, now: ApiParameter | None, there: ApiParameter, places: Mapping[str, int]
) -> bool:
    """Whether another parameter stands where this one stood, and this one is not merely called otherwise."""
    return there.name in places or (now is not None and parameter.kind != "positional-only")


def _gone(
    parameter: ApiParameter,
    now: ApiParameter | None,
    there: ApiParameter | None,
    places: Mapping[str, int],
    new: Call,
) -> Iterator[Reason]:
    """Why a parameter cannot be passed as it was."""
    name = parameter.name
    # A name with an underscore is the author's own; by position it may still have been passed.
    is_own = name.startswith("_") and parameter.default is not None
    if now is None and there is not None and there.name not in places:
        # Whether it is the same under another name, nobody can tell who does not read the body.
        text = f"parameter {name} is gone, {there.name} stands in its place"
        yield Reason("parameter-removed", text, not is_own)
    elif now is None and not _has(new, "var-keyword" if parameter.kind == "keyword-only" else "var-positional"):
        yield Reason("parameter-removed", f"parameter {name} is gone", not is_own)
    elif now is not None and now.kind == "positional-or-keyword":
        yield Reason("parameters-reordered", f"positional parameters stand in another order: {name}", not is_own)
    else:
        how = "by keyword only" if now is not None and now.kind == "keyword-only" else "by position only"
        yield Reason("parameter-kind", f"parameter {name} is passed in another way: {how}", not is_own)


def _asked(old: Call, new: Call) -> Iterator[Reason]:
    """What must be passed now and had not to be."""
    before = _by_name(old)
    positional = _positional(old)
    at = 0
    for parameter in new.parameters:
        is_placed = parameter.kind.startswith("positional")
        there = positional[at] if is_placed and at < len(positional) else None
        at += is_placed
        if parameter.default is not None or parameter.kind.startswith("var") or parameter.name in before:
            continue
        # In the place of one that had to be passed: that one was renamed, or is positional-only.
        if there is not None and there.default is None and there.name not in _by_name(new):
            continue
        takes_any = _has(old, "var-positional") and _has(old, "var-keyword")
        yield Reason(
            "parameter-added",
            f"parameter {parameter.name} is new and has no default",
            is_breaking=not takes_any,
        )


def notes(old: Call, new: Call) -> list[Reason]:
    """What only type checkers see of a change, and defaults that are others."""
    found: list[Reason] = []
    now = _by_name(new)
    for name, parameter in _by_name(old).items():
        other = now.get(name)
        if other is None:
            continue
        if parameter.default is not None and other.default is not None and parameter.default != other.default:
            text = f"the default of {name} is {other.default}, was {parameter.default}"
            found.append(Reason("default-changed", text, is_breaking=False))
        lost = _fewer(parameter.types, other.types)
        if lost:
            text = f"by its annotation, {name} takes {_or(lost)} no more"
            found.append(Reason("parameter-type", text, is_breaking=False))
    more = _fewer(new.returns, old.returns)
    if more:
        text = f"by its annotation, a call may give {_or(more)} now"
        found.append(Reason("return-type", text, is_breaking=False))
    return found


def _fewer(was: tuple[str, ...] | None, now: tuple[str, ...] | None) -> tuple[str, ...]:
    """The members of a union that are gone from it; none where the two are no parts of each other.

    Whether one class stands for another is not asked, so `Sequence` in the place of `list` is no finding.
    """
    if was is None or now is None or _ANYTHING & {*was, *now} or not set(now) < set(was):
        return ()
    return tuple(item for item in was if item not in now)


def _or(types: tuple[str, ...]) -> str:
    return " or ".join(f"`{item}`" for item in types)


def _is_named(parameter: ApiParameter, now: ApiParameter) -> bool:
    return parameter.kind != "positional-only" or now.kind == "positional-only"


def _positional(call: Call) -> list[ApiParameter]:
    return [item for item in call.parameters if item.kind.startswith("positional")]


def _by_name(call: Call) -> dict[str, ApiParameter]:
    return {item.name: item for item in call.parameters if not item.kind.startswith("var")}


def _has(call: Call, kind: str) -> bool:
    return any(item.kind == kind for item in call.parameters)
