"""What `scip lint` finds wrong with an index: the rules of scip-code/scip, cmd/scip/lint.go.

Relationships are looked at once all documents are known; the original meets documents in random order and misses some.
"""

import re
from collections import Counter
from collections.abc import Iterator

from codeintel_enrich.formats.scip import SCIPIndex
from codeintel_enrich.model.scip import ROLE_DEFINITION

_NAME = r"(?:[A-Za-z0-9_+$-]+|`(?:[^`]|``)*[^A-Za-z0-9_+$`-](?:[^`]|``)*`)"
_DESCRIPTOR = rf"(?:{_NAME}(?:/|#|:|!|\.|\([A-Za-z0-9_+$-]*\)\.)|\({_NAME}\)|\[{_NAME}\])"
_PART = r"(?:(?:[^ ]|  )+)"
SYMBOL = re.compile(rf"local [A-Za-z0-9_+$-]+\Z|{_PART} {_PART} {_PART} {_PART} {_DESCRIPTOR}+\Z")
"""The canonical spelling of a symbol; backticks only where they are needed."""


def faults(index: SCIPIndex) -> Iterator[str]:
    """Everything that is wrong, one message each."""
    externals = Counter(info.symbol for info in index.externals)
    yield from (f"external {symbol} stands twice" for symbol, count in externals.items() if count > 1)
    documents = Counter(document.relative_path for document in index.documents)
    yield from (f"{path} stands twice" for path, count in documents.items() if count > 1)
    defined: set[str] = set()
    for document in index.documents:
        known = Counter(info.symbol for info in document.symbols)
        yield from (f"{document.relative_path}: {symbol} stands twice" for symbol, n in known.items() if n > 1)
        defined |= known.keys()
    yield from (f"{symbol} is external and defined" for symbol in sorted(defined & externals.keys()))
    for document in index.documents:
        where = document.relative_path
        for info in document.symbols:
            targets = [related.symbol for related in info.relationships]
            yield from (f"{info.symbol} relates to {to}" for to in targets if to not in defined | externals.keys())
            if len(set(targets)) != len(targets):
                yield f"{info.symbol} relates to a symbol twice"
            for related in info.relationships:
                if not (
                    related.is_reference
                    or related.is_implementation
                    or related.is_type_definition
                    or related.is_definition
                ):
                    yield f"{info.symbol} relates to {related.symbol} in no way"
        seen: set[tuple[object, ...]] = set()
        for each in document.occurrences:
            place = (each.start_line, each.start_character, each.end_line, each.end_character)
            if not SYMBOL.match(each.symbol):
                yield f"{where}: {each.symbol!r} is not canonical"
            if each.symbol not in defined and each.symbol not in externals:
                yield f"{where}:{place} {each.symbol} is described nowhere"
            if (place, each.symbol, each.roles) in seen:
                yield f"{where}:{place} {each.symbol} stands twice"
            seen.add((place, each.symbol, each.roles))
            if place[:2] == place[2:] and not (each.roles & ROLE_DEFINITION and place == (0, 0, 0, 0)):
                yield f"{where}:{place} is empty"
