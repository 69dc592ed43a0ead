"""Qualified names taken apart, and spelled as SCIP descriptors the way scip-python does.

The suffix says what a name is: `/` a namespace, `#` a type, `.` a term, `().` a method, `(x)` a parameter, `:` a meta
(the grammar of symbols in https://github.com/sourcegraph/scip/blob/main/scip.proto).
"""

import re

# A simple identifier of SCIP's grammar; anything else is quoted.
_SIMPLE = re.compile(r"[A-Za-z0-9_+$-]+\Z")
_LOCALS = "<locals>"
_SUFFIXES = {"class": "#", "function": "().", "variable": ".", "type-alias": "#", "external": "."}


def path_name(path: str) -> str:
    """What stands in place of a module's name for a file that no import finds: its path, and always a slash in it, so
    that nobody takes it for a module."""
    return path if "/" in path else f"./{path}"


def split_qualified(qualified: str, path: str | None, own_module: str) -> tuple[str | None, tuple[str, ...]]:
    """The module of a qualified name and the parts inside it, `<locals>` among them; (None, ()) where neither fits.

    The module follows from the defining file: what stands in place of its name, else the longest end of its path that
    the name begins with. A name without `path` belongs to `own_module`.
    """
    if path is None:
        candidates = [own_module]
    else:
        parts = path.rpartition(".")[0].removesuffix("/__init__").replace("-stubs/", "/").split("/")
        candidates = [path_name(path), *(".".join(parts[start:]) for start in range(len(parts)))]
    for module in candidates:
        if qualified == module:
            return module, ()
        if qualified.startswith(f"{module}."):
            return module, tuple(qualified[len(module) + 1 :].split("."))
    return None, ()


def module_descriptors(module: str, sign: str = "/") -> str:
    """`` `pkg.mod`/__init__: ``. `sign`: what kind of descriptor the module is."""
    return f"{_quoted(module)}{sign}__init__:"


def descriptors(module: str, inside: tuple[str, ...], kind: str, sign: str = "/") -> str:
    """`` `pkg.mod`/C#m(). `` for what is inside a module; `kind` is the last part's target kind, or `parameter`."""
    spelled = [_quoted(module) + sign]
    for index, part in enumerate(inside[:-1]):
        # SCIP has no mark for a function's local scope; that a name is inside one shows in the `().` before it.
        if part != _LOCALS:
            spelled.append(_quoted(part) + ("()." if inside[index + 1] == _LOCALS else "#"))
    last = _quoted(inside[-1])
    spelled.append(f"({last})" if kind == "parameter" else last + _SUFFIXES[kind])
    return "".join(spelled)


def _quoted(text: str) -> str:
    return text if _SIMPLE.match(text) else "`" + text.replace("`", "``") + "`"
