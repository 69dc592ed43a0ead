"""Owns taking a qualified name apart: where the module ends and what it defines begins."""


def split_qualified(qualified: str, path: str | None, own_module: str | None) -> tuple[str | None, tuple[str, ...]]:
    """The module of a qualified name and the parts inside it, `<locals>` among them; (None, ()) where neither fits.

    The module is told by the defining file: the longest end of its path that the name begins with. A name without
    `path` belongs to `own_module`.
    """
    if path is None:
        candidates = [own_module] if own_module else []
    else:
        parts = path.rpartition(".")[0].removesuffix("/__init__").replace("-stubs/", "/").split("/")
        candidates = [".".join(parts[start:]) for start in range(len(parts))]
    for module in candidates:
        if qualified == module:
            return module, ()
        if qualified.startswith(f"{module}."):
            return module, tuple(qualified[len(module) + 1 :].split("."))
    return None, ()
