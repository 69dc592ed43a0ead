"""How a signature is written: as Python text for people, and as the JSON of `nodes.signature`."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from codeintel_enrich.model.syntax import Parameter, Signature


def signature_value(signature: Signature) -> dict[str, Any]:
    """A signature as JSON has it."""
    return {
        "params": [
            {"name": item.name, "kind": item.kind, "annotation": item.annotation, "default": item.default}
            for item in signature.parameters
        ],
        "returns": signature.returns,
        "is_async": signature.is_async,
    }


def read_signature(text: str | None) -> Signature:
    """The signature behind a cell of `nodes.signature`; one without parameters behind null.

    Raises msgspec.DecodeError for text that is no JSON.
    """
    if text is None:
        return Signature()
    value = msgspec.json.decode(text)
    parameters = tuple(Parameter(**item) for item in value["params"])
    return Signature(parameters, value["returns"], value["is_async"])


def function_head(name: str, signature: Signature) -> str:
    """`async def name(a, /, b: int = 3, *, c) -> bool`, with annotations and defaults as written."""
    return f"{'async ' if signature.is_async else ''}def {call_form(name, signature)}"


def call_form(name: str, signature: Signature) -> str:
    """`name(a, /, b: int = 3, *, c) -> bool`, with annotations and defaults as written, be it on several lines."""
    returns = f" -> {signature.returns}" if signature.returns else ""
    return f"{name}({', '.join(_parameters(signature))}){returns}"


def class_head(name: str, bases: Sequence[str]) -> str:
    """`class Name(Base, metaclass=M)`."""
    return f"class {name}({', '.join(bases)})" if bases else f"class {name}"


def one_line(text: str) -> str:
    """Source text with every run of whitespace as one space."""
    return " ".join(text.split())


def _parameters(signature: Signature) -> Iterator[str]:
    """Parameters as written, with the `/` and `*` that their kinds ask for (PEP 570, PEP 3102)."""
    previous = None
    for item in signature.parameters:
        if previous == "positional-only" and item.kind != "positional-only":
            yield "/"
        if item.kind == "keyword-only" and previous not in ("keyword-only", "var-positional"):
            yield "*"
        stars = {"var-positional": "*", "var-keyword": "**"}.get(item.kind, "")
        annotation = f": {item.annotation}" if item.annotation is not None else ""
        # PEP 8: spaces around `=` only beside an annotation.
        equals = "" if item.default is None else f" = {item.default}" if annotation else f"={item.default}"
        yield f"{stars}{item.name}{annotation}{equals}"
        previous = item.kind
    if previous == "positional-only":
        yield "/"
