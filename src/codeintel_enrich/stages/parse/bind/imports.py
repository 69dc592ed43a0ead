"""The walk over import statements: the modules and names they mention, and what they bind."""

from __future__ import annotations

import libcst as cst

from codeintel_enrich.stages.parse.bind.walk import Walk, handlers
from codeintel_enrich.stages.parse.cst_helpers import Import, ImportFrom, name_tokens
from codeintel_enrich.stages.parse.python_names import mangled, normalised


def _import(walk: Walk, node: Import) -> None:
    binder = walk.enter_binder(node)
    for alias in node.names:
        tokens = name_tokens(alias.name)
        path = _module_path(walk, tokens, 0)
        if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
            # `import a.b as c` takes the attribute `b` of `a`, which need not be the module.
            top, _, rest = path.partition(".")
            _bind_import(walk, alias.asname.name, f"{top}:{rest}")
        elif len(tokens) == 1:
            # `import a`: the one token is both the module and the name bound, and is to be one mention.
            walk.mentions.pop()
            _bind_import(walk, tokens[0], f"{path}:")
        else:
            # `import a.b` binds `a`, to the module `a`.
            first = walk.mentions[-len(tokens)]
            _bind_name(walk, first.name, first.key, f"{first.name}:")
    walk.binder = binder


def _import_from(walk: Walk, node: ImportFrom) -> None:
    binder = walk.enter_binder(node)
    level = len(node.relative)
    path = "" if node.module is None else _module_path(walk, name_tokens(node.module), level)
    if isinstance(node.names, cst.ImportStar):
        table = walk.table
        table.last_star = len(walk.mentions)
        if table.first_star < 0:
            table.first_star = table.last_star
    else:
        for alias in node.names:
            imported = alias.name
            if not isinstance(imported, cst.Name):
                continue
            name = mangled(normalised(imported.value), walk.private)
            root = f"{'.' * level}{path}:{name}"
            binds = imported
            if alias.asname is not None and isinstance(alias.asname.name, cst.Name):
                binds = alias.asname.name
                walk.mention(imported, "import", "import", -1, root)
            _bind_import(walk, binds, root)
    walk.binder = binder


def _module_path(walk: Walk, tokens: list[cst.Name], level: int) -> str:
    """Mention each component of a dotted module name; returns the name."""
    path = ""
    index = -1
    for token in tokens:
        name = normalised(token.value)
        # CPython mangles a private module's name, as long as it has no dot.
        path = f"{path}.{name}" if path else name if len(tokens) > 1 else mangled(name, walk.private)
        index = walk.mention(token, "import", "import", index, f"{'.' * level}{path}:")
    return path


def _bind_import(walk: Walk, name: cst.Name, root: str) -> None:
    mention = walk.mentions[walk.mention(name, "import", "import", -1, root, binds=True)]
    _bind_name(walk, mention.name, mention.key, root)


def _bind_name(walk: Walk, name: str, key: str, root: str) -> None:
    walk.table.bind(walk.scope, key, name, "import", walk.binder, walk.phase, len(walk.mentions), root=root)


IMPORTS = handlers(
    {
        "Import": _import,
        "ImportFrom": _import_from,
        "LazyImport": _import,
        "LazyImportFrom": _import_from,
    }
)
