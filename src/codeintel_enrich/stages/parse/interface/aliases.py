"""Which expressions are only another name for something: `x = a.b`, `x = cast(T, a.b)`."""

from __future__ import annotations

import libcst as cst

from codeintel_enrich.stages.parse.cst_helpers import dotted, only_index
from codeintel_enrich.stages.parse.interface.out_of_sight import is_globals
from codeintel_enrich.stages.parse.interface.values import Values

_NO_ALIASES = frozenset({"True", "False", "None", "__name__", "__file__", "__doc__"})
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})


def aliases(value: cst.BaseExpression | None, values: Values) -> tuple[str, ...]:
    """The plain dotted paths that a value may be, the usual one first."""
    if isinstance(value, cst.IfExp):
        verdict = values.truth(value.test)
        if verdict is not None:
            return aliases(value.body if verdict else value.orelse, values)
        body, orelse = aliases(value.body, values), aliases(value.orelse, values)
        if not body or not orelse:
            return ()
        return (*orelse, *body) if values.usual_truth(value.test) is False else (*body, *orelse)
    if isinstance(value, cst.Call) and len(value.args) == 2 and values.path(value.func) in _CASTS:
        return aliases(value.args[1].value, values)
    if isinstance(value, cst.Subscript) and is_globals(value.value, values):
        index = only_index(value)
        name = None if index is None else values.evaluate(index)
        return (name,) if isinstance(name, str) and name.isidentifier() else ()
    path = dotted(value)
    return (path,) if path and path not in _NO_ALIASES else ()
