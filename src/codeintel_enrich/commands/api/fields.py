"""Classes whose constructor is made of their fields: dataclasses, attrs, NamedTuple, TypedDict and their like."""

from collections.abc import Iterable, Mapping

import msgspec

from codeintel_enrich.commands.api.expressions import Names, call_of, one_name, types_of
from codeintel_enrich.commands.api.objects import ApiParameter, Call, Constructor

_ATTRS = frozenset(
    (
        *("attr.s", "attr.attrs", "attr.attributes", "attr.dataclass", "attr.define", "attr.frozen", "attr.mutable"),
        *("attrs.define", "attrs.frozen", "attrs.mutable"),
    )
)
_DECORATORS = {
    "dataclasses.dataclass": "dataclass",
    "pydantic.dataclasses.dataclass": "dataclass",
    **dict.fromkeys(_ATTRS, "attrs"),
}
FIELD_BASES = {
    "typing.NamedTuple": "NamedTuple",
    "typing.TypedDict": "TypedDict",
    "msgspec.Struct": "msgspec",
    "pydantic.BaseModel": "pydantic",
    "pydantic.main.BaseModel": "pydantic",
}
"""Bases whose subclasses have a constructor made of fields, and nothing else that their users name."""
_ATTRIBUTE_CALLS = frozenset(("attr.ib", "attr.attrib", "attr.attr", "attr.field", "attrs.field"))
_FIELD_CALLS = _ATTRIBUTE_CALLS | {"dataclasses.field", "pydantic.Field", "pydantic.fields.Field", "msgspec.field"}
_KEYWORDS_ONLY = frozenset(("TypedDict", "pydantic"))


class FieldStyle(msgspec.Struct, frozen=True):
    """By what a class makes a constructor of its fields, and what it was told."""

    name: str
    options: Mapping[str, str] = {}
    only_annotated: bool = True

    def says(self, option: str, default: str = "False") -> bool:
        """Whether an option is on."""
        return self.options.get(option, default) == "True"


class FieldSource(msgspec.Struct, frozen=True):
    """An assignment in the body of a class."""

    name: str
    annotation: str | None
    value: str | None
    has_default: bool = False
    """Where a method gives the default (`@x.default` of attrs)."""


def style_of(
    decorators: Iterable[str], bases: Iterable[str], ancestors: Iterable[str], names: Names
) -> FieldStyle | None:
    """The style of a class; None where its fields make no constructor. `bases` as written, with keywords."""
    for text in decorators:
        path, keywords, _ = call_of(text)
        qualified = one_name(names(path) or path)
        if qualified in _DECORATORS:
            options = dict(keywords)
            if qualified.endswith("frozen"):
                options.setdefault("frozen", "True")
            # The older functions of attrs take what is annotated only where they are told to.
            is_old = qualified in ("attr.s", "attr.attrs", "attr.attributes") and options.get("auto_attribs") != "True"
            return FieldStyle(_DECORATORS[qualified], options, only_annotated=not is_old)
    keywords = dict(text.replace(" ", "").split("=", 1) for text in bases if "=" in text and "(" not in text)
    for ancestor in ancestors:
        if ancestor in FIELD_BASES:
            return FieldStyle(FIELD_BASES[ancestor], keywords)
    return None


def own_fields(style: FieldStyle, sources: Iterable[FieldSource], names: Names) -> list[ApiParameter]:
    """What the fields of one class add to the constructor, in order."""
    found: list[ApiParameter] = []
    only_keywords = style.name in _KEYWORDS_ONLY or style.says("kw_only")
    for source in sources:
        head = annotation_head(source.annotation, names)
        if head == "dataclasses.KW_ONLY":
            only_keywords = True
            continue
        path, keywords, arguments = call_of(source.value) if source.value is not None else ("", {}, ())
        qualified = names(path) or path
        is_described = qualified in _FIELD_CALLS
        is_field = source.annotation is not None or (style.name == "attrs" and qualified in _ATTRIBUTE_CALLS)
        if not style.only_annotated:
            is_field = qualified in _ATTRIBUTE_CALLS
        if not is_field or head == "typing.ClassVar" or keywords.get("init") == "False":
            continue
        if style.name == "pydantic" and source.name.startswith("_"):
            continue
        alone = keywords.get("kw_only") or ("True" if only_keywords else "False")
        found.append(
            ApiParameter(
                _parameter_name(style, source.name, keywords),
                "keyword-only" if alone == "True" else "positional-or-keyword",
                _default(style, source, head, is_described, keywords, arguments),
                types_of(source.annotation, names),
            )
        )
    return found


def constructor(origin: str, style: FieldStyle, fields: Mapping[str, ApiParameter]) -> Constructor:
    """The constructor of a class that all its fields make, inherited ones first."""
    # As dataclasses do: keyword-only fields go behind the others.
    ordered = sorted(fields.values(), key=lambda field: field.kind == "keyword-only")
    shown = ", ".join(
        f"{'*, ' if field.kind == 'keyword-only' and (not at or ordered[at - 1].kind != field.kind) else ''}"
        f"{field.name}{'' if field.default is None else '=...'}"
        for at, field in enumerate(ordered)
    )
    call = Call(tuple(ordered), None, f"({shown})")
    return Constructor((call,), fields=tuple(fields), origin=origin, style=style.name)


def annotation_head(annotation: str | None, names: Names) -> str:
    """The qualified name in front of the brackets of an annotation; empty where there is none."""
    path = (annotation or "").strip().strip("\"'").partition("[")[0].strip()
    return one_name(names(path) or path) if path else ""


def _parameter_name(style: FieldStyle, name: str, keywords: Mapping[str, str]) -> str:
    if style.name == "attrs":
        return keywords["alias"].strip("\"'") if "alias" in keywords else name.lstrip("_")
    return name


def _default(
    style: FieldStyle,
    source: FieldSource,
    head: str,
    is_described: bool,
    keywords: Mapping[str, str],
    arguments: tuple[str, ...],
) -> str | None:
    """The default of a field; None where there is none."""
    if style.name == "TypedDict":
        is_optional = head == "typing.NotRequired" or (
            style.options.get("total") == "False" and head != "typing.Required"
        )
        return "..." if is_optional else None
    if source.has_default:
        return "..."
    if not is_described:
        return source.value
    given = [keywords[key] for key in ("default", "default_factory", "factory") if key in keywords] or list(
        arguments[:1]
    )
    return None if not given or given[0] in ("...", "attr.NOTHING", "attrs.NOTHING", "NOTHING") else given[0]
