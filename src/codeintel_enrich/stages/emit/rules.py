"""Matches users' tag rules against the layers of one file."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from codeintel_enrich.model.tag_rules import TagRule
from codeintel_enrich.stages.emit.layers import Layers


def matching_tags(layers: Layers, rules: Iterable[TagRule]) -> set[str]:
    """The tags of all rules that match."""
    return {rule.tag for rule in rules if _matches(rule, layers)}


def _matches(rule: TagRule, layers: Layers) -> bool:
    module = layers.linked.module
    docstring = layers.syntax.definitions[0].docstring or ""
    return (
        (not rule.paths or _any_matches(rule.paths, [layers.path], "/"))
        and (not rule.modules or (module is not None and _any_matches(rule.modules, [module], ".")))
        and (not rule.imports or _any_matches(rule.imports, _imported(layers), "."))
        and (not rule.decorators or _any_matches(rule.decorators, _named(layers, "decorators"), "."))
        and (not rule.bases or _any_matches(rule.bases, _named(layers, "bases"), "."))
        and (not rule.defines or _any_matches(rule.defines, _defined(layers), "."))
        and (not rule.docstring or re.search(rule.docstring, docstring) is not None)
    )


def _any_matches(globs: Iterable[str], texts: Iterable[str], separator: str) -> bool:
    patterns = [_pattern(glob, separator) for glob in globs]
    return any(pattern.fullmatch(text) for text in texts for pattern in patterns)


# The same rules meet every file that a worker gets. `fnmatch` would let `*` cross separators.
@lru_cache(maxsize=1024)
def _pattern(glob: str, separator: str) -> re.Pattern[str]:
    """`**` and a separator behind it may also stand for nothing."""
    one, text = f"[^{re.escape(separator)}]", ""
    for part in re.findall(rf"\*\*{re.escape(separator)}|\*\*|\*|\?|[^*?]+", glob):
        if part.startswith("**"):
            text += f"(?:.*{re.escape(separator)})?" if len(part) > 2 else ".*"
        else:
            text += {"*": f"{one}*", "?": one}.get(part) or re.escape(part)
    return re.compile(text, re.DOTALL)


def _imported(layers: Layers) -> Iterator[str]:
    targets = {(item.level, item.module or ""): item.target_module for item in layers.linked.imports}
    for statement in layers.syntax.imports:
        for name in statement.names:
            if statement.is_from:
                target = targets.get((statement.level, statement.module or ""), statement.module or "")
                yield target
                yield f"{target}.{name.name}"
            else:
                yield name.name


def _named(layers: Layers, field: str) -> Iterator[str]:
    """Decorators or bases of all definitions: as written without calls and type arguments, and as resolved."""
    module = layers.linked.module
    for definition in layers.syntax.definitions:
        for text in getattr(definition, field):
            written = re.split(r"[\[(]", text, maxsplit=1)[0].strip()
            yield written
            target = layers.linked.resolved.get(written)
            if target is not None:
                yield from target.qualified_names
            elif module is not None:
                yield f"{module}.{written}"


def _defined(layers: Layers) -> Iterator[str]:
    return (definition.local_name for definition in layers.syntax.definitions if definition.local_name)
