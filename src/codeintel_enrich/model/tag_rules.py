"""The rules by which users tag modules."""

import msgspec


class TagRule(msgspec.Struct, frozen=True, kw_only=True):
    """Gives a module the tag if, of every key that is set, one pattern matches.

    Globs: `*` matches anything but the separator (`/` in paths, `.` in dotted names), `**` anything.
    """

    tag: str
    paths: tuple[str, ...] = ()
    """Globs of the file's path, relative to the root."""
    modules: tuple[str, ...] = ()
    """Globs of the dotted name."""
    imports: tuple[str, ...] = ()
    """Globs of what is imported: `module`, or `module.name` of a `from` import."""
    decorators: tuple[str, ...] = ()
    """Globs of a decorator, as written without its call or as its qualified name."""
    bases: tuple[str, ...] = ()
    """Globs of a base class, as written or as its qualified name."""
    defines: tuple[str, ...] = ()
    """Globs of names inside the module: `Class.method`."""
    docstring: str = ""
    """Regular expression that is found in the module's docstring."""
