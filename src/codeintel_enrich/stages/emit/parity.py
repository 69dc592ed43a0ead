"""Docstring parity: whether the parameters that a docstring documents are those that are declared.

Only docstrings that have a section of parameters are looked at: what is not documented at all is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from codeintel_enrich.model.diagnostics import Diagnostic, Severity
from codeintel_enrich.model.syntax import Definition, Node, Signature
from codeintel_enrich.stages.emit.layers import Layers

if TYPE_CHECKING:
    from docstring_parser import Docstring

RULE = "docstring-parity"

_HINTS = (":param", ":arg", ":key", "rgs:", "rguments:", "rameters", "Params")
"""One of these stands in every section of parameters: a look that is cheaper than that for the section."""
_GOOGLE = re.compile(r"^[ \t]*(?:Keyword )?(?:Args|Arguments|Parameters|Params):[ \t]*$", re.MULTILINE)
_REST = re.compile(r"^[ \t]*:(?:param|parameter|arg|argument|key|keyword)\b", re.MULTILINE)
_NUMPY_HEAD = re.compile(r"^[ \t]*(\w[\w ]*?)[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
_NUMPY_PARAMETERS = re.compile(r"(?:Other )?(?:Parameters|Params|Arguments|Args)")
_NO_PARAMETERS = frozenset({"attribute", "receives"})
"""What a docstring's parser takes for parameters though it is none of the call's."""
_ACCESSORS = frozenset({"property", "cached_property", "setter", "getter", "deleter"})
_VARIADIC = frozenset({"var-positional", "var-keyword"})
_STARS = {"var-positional": "*", "var-keyword": "**"}


def docstring_parity(layers: Layers, tags: Collection[str]) -> Iterator[Diagnostic]:
    """A finding for each function or class whose docstring documents other parameters than are declared.

    An error in a module tagged `public-api`, else a warning. `self` and `cls` are nobody's to document; parameters
    that begin with an underscore may be. A class's docstring speaks of its `__init__` (or `__new__`), unless that has
    a section of its own. Where a function takes `*args` or `**kwargs`, names beyond the declared ones tell what may
    stand in them. Properties and overloads are left out, and what is overloaded may document any overload's names.
    """
    if not any(one.docstring and _may_document(one.docstring) for one in layers.syntax.definitions):
        return
    known = _Documented(layers)
    if not known.names:
        return
    severity: Severity = "error" if "public-api" in tags else "warning"
    for index, names in known.names.items():
        subject = known.subject_of(index)
        if subject is None:
            continue
        own, overloads = subject
        difference = _difference(own, overloads, names, is_method=own.local_name.rpartition(".")[0] in known.classes)
        if difference:
            yield _finding(*known.definitions[index], severity, difference)


class _Documented:
    """The classes and functions of one file, and which of them document parameters."""

    def __init__(self, layers: Layers) -> None:
        self.definitions = [
            (node, definition)
            for node in layers.syntax.nodes
            if node.node_type in ("FunctionDef", "ClassDef") and (definition := layers.definition(node)) is not None
        ]
        self.names = {
            index: names
            for index, (_, definition) in enumerate(self.definitions)
            if definition.docstring and (names := _documented(definition.docstring)) is not None
        }
        """Place among the definitions -> the parameters that its docstring documents."""
        self.classes = {definition.local_name for node, definition in self.definitions if node.node_type == "ClassDef"}
        self._functions: dict[str, list[int]] = {}
        for index, (node, definition) in enumerate(self.definitions):
            if node.node_type == "FunctionDef":
                self._functions.setdefault(definition.local_name, []).append(index)

    def subject_of(self, index: int) -> tuple[Definition, list[Definition]] | None:
        """The function whose parameters a docstring is about, and its overloads; None where it is not to be judged."""
        node, definition = self.definitions[index]
        if node.node_type == "ClassDef":
            same = self._makers(definition.local_name)
            if not same or any(maker in self.names for maker in same):
                return None
            # Of several definitions of one name, the last is what a call gets.
            index = same[-1]
        else:
            same = self._functions[definition.local_name]
            if not _decorators(definition).isdisjoint(_ACCESSORS) or _is_overload(definition):
                return None
        own = self.definitions[index][1]
        others = [self.definitions[one][1] for one in same if one != index]
        return (own, [one for one in others if _is_overload(one)]) if own.signature is not None else None

    def _makers(self, name: str) -> list[int]:
        """The definitions of what makes an instance of a class."""
        return self._functions.get(f"{name}.__init__") or self._functions.get(f"{name}.__new__") or []


def _difference(own: Definition, overloads: Iterable[Definition], names: list[str], *, is_method: bool) -> str:
    """In words; empty where there is none."""
    assert own.signature is not None, "callers look"
    declared = _declared(own, own.signature, is_method)
    allowed = set(declared)
    for overload in overloads:
        if overload.signature is not None:
            allowed.update(_declared(overload, overload.signature, is_method))
    beyond = [name for name in names if name not in declared]
    undeclared = [] if _VARIADIC.intersection(declared.values()) else [name for name in beyond if name not in allowed]
    missing = [
        _STARS.get(kind, "") + name
        for name, kind in declared.items()
        if name not in names and not name.startswith("_") and not (kind in _VARIADIC and beyond)
    ]
    parts = [f"does not document {_listed(missing)}"] if missing else []
    if undeclared:
        parts.append(f"documents {_listed(undeclared)}, which is not declared")
    return " and ".join(parts)


def _declared(definition: Definition, signature: Signature, is_method: bool) -> dict[str, str]:
    """Parameter -> its kind, without `self` and `cls`."""
    declared = {item.name: item.kind for item in signature.parameters}
    first = next(iter(signature.parameters), None)
    bound = is_method and "staticmethod" not in _decorators(definition)
    if bound and first is not None and first.kind in ("positional-only", "positional-or-keyword"):
        del declared[first.name]
    return dict(declared)


def _decorators(definition: Definition) -> set[str]:
    """The last name of each decorator."""
    return {re.split(r"[\[(]", text, maxsplit=1)[0].strip().rpartition(".")[2] for text in definition.decorators}


def _is_overload(definition: Definition) -> bool:
    return "overload" in _decorators(definition)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _finding(node: Node, definition: Definition, severity: Severity, difference: str) -> Diagnostic:
    line, col = definition.name_line, definition.name_col
    end = col + len(node.name or "")
    return Diagnostic(
        "emit", severity, RULE, f"the docstring of `{definition.local_name}` {difference}", line, col, line, end
    )


def _documented(docstring: str) -> list[str] | None:
    """The parameters that a docstring documents; None where it has no section of them, or one that cannot be read."""
    if not _may_document(docstring):
        return None
    # Numpy's heads, underlined, are the surest sign of a style, and Google's `Args:` may stand inside their text.
    if sections := _numpy_sections(docstring):
        style, docstring = "numpy", sections
    elif _GOOGLE.search(docstring):
        style = "google"
    elif _REST.search(docstring):
        style = "rest"
    else:
        return None
    from docstring_parser import ParseError

    try:
        parsed = _parser(style)(docstring)
    # The library's parsers stumble over malformed sections in several ways; a docstring that cannot be read contradicts
    # nothing.
    except (ParseError, ValueError, IndexError):
        return None
    names = [
        name
        for item in parsed.params
        if item.args[0] not in _NO_PARAMETERS
        for part in item.arg_name.split(",")
        if (name := part.replace("\\", "").strip().strip("`").lstrip("*")).isidentifier()
    ]
    return list(dict.fromkeys(names)) or None


def _may_document(docstring: str) -> bool:
    return any(hint in docstring for hint in _HINTS)


def _numpy_sections(docstring: str) -> str:
    """The sections of parameters alone: parsing the others takes most of the time, and tells nothing here."""
    heads = list(_NUMPY_HEAD.finditer(docstring))
    ends = [*(head.start() for head in heads[1:]), len(docstring)]
    sections = [
        docstring[head.start() : end]
        for head, end in zip(heads, ends, strict=False)
        if _NUMPY_PARAMETERS.fullmatch(head[1])
    ]
    # What stands in the first line has no indentation.
    return "\n" + "\n".join(sections) if sections else ""


@cache
def _parser(style: str) -> Callable[[str], Docstring]:
    """The library's parser of one style: to try all of them takes three times as long."""
    if style == "numpy":
        from docstring_parser.numpydoc import NumpydocParser

        return NumpydocParser().parse
    if style == "rest":
        from docstring_parser.rest import parse

        return parse
    from docstring_parser.google import DEFAULT_SECTIONS, GoogleParser, Section, SectionType

    more = [Section(title, "param", SectionType.MULTIPLE) for title in ("Keyword Args", "Keyword Arguments")]
    return GoogleParser(sections=[*DEFAULT_SECTIONS, *more]).parse
