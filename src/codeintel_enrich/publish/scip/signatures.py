"""Owns signatures as Python text, from the JSON that `nodes` rows carry."""

from collections.abc import Sequence

import msgspec


class Parameter(msgspec.Struct, frozen=True):
    """One parameter, as written."""

    name: str
    kind: str
    annotation: str | None = None
    default: str | None = None


class _Signature(msgspec.Struct, frozen=True):
    params: tuple[Parameter, ...] = ()
    returns: str | None = None
    is_async: bool = False


_decoder = msgspec.json.Decoder(_Signature)


def parameters_of(signature: str | None) -> tuple[Parameter, ...]:
    """The parameters in source order."""
    return _decoder.decode(signature).params if signature is not None else ()


def function_signature(name: str, signature: str | None) -> str:
    """`async def name(a, /, b: int = 3, *, c) -> bool`."""
    if signature is None:
        return f"def {name}()"
    found = _decoder.decode(signature)
    arrow = f" -> {found.returns}" if found.returns is not None else ""
    return f"{'async ' if found.is_async else ''}def {name}({', '.join(_spelled(found.params))}){arrow}"


def class_signature(name: str, bases: Sequence[str]) -> str:
    """`class Name(Base, metaclass=M)`."""
    return f"class {name}({', '.join(bases)})" if bases else f"class {name}"


def _spelled(parameters: Sequence[Parameter]) -> list[str]:
    spelled: list[str] = []
    kinds = [parameter.kind for parameter in parameters]
    for index, parameter in enumerate(parameters):
        if parameter.kind == "keyword-only" and not {"var-positional", "keyword-only"} & set(kinds[:index]):
            spelled.append("*")
        stars = {"var-positional": "*", "var-keyword": "**"}.get(parameter.kind, "")
        annotation = f": {parameter.annotation}" if parameter.annotation is not None else ""
        equals = " = " if annotation else "="
        default = f"{equals}{parameter.default}" if parameter.default is not None else ""
        spelled.append(f"{stars}{parameter.name}{annotation}{default}")
        if parameter.kind == "positional-only" and kinds[index + 1 : index + 2] != ["positional-only"]:
            spelled.append("/")
    return spelled
