"""Owns single files that hold one part per analysed file, where each part has inputs of its own.

Parts whose inputs are as known are copied from the last version; knows nothing of what parts mean.
"""

from collections.abc import Container, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from codeintel_enrich.files.splice import Splicer
from codeintel_enrich.files.stamps import FileStamp
from codeintel_enrich.publish.upkeep import NotNowError, Recipe


class Parts(msgspec.Struct, frozen=True):
    """What a spliced file consists of, in order, and how to recognise it."""

    parts: dict[str, tuple[str, int]]
    """Analysed file -> (inputs of its part, length of its part in bytes)."""
    stamp: FileStamp


class Spliced(NamedTuple):
    """The file as it is now, and the parts that were made: analysed file -> bytes."""

    parts: Parts
    made: dict[str, bytes]
    is_new: bool
    postponed: list[str]
    """Analysed files whose part could not be made now; it is empty until a later run."""


def bring_parts(path: Path, recipes: Mapping[str, Recipe], known: Parts | None) -> Spliced:
    """Make the file at `path` hold exactly the parts of the recipes, in their order. Raises OSError.

    A file that does not bear its stamp is made anew from all parts.
    """
    if known is None or known.stamp != FileStamp.of(path):
        known = None
    old = known.parts if known is not None else {}
    wanted = {name: recipe.inputs for name, recipe in recipes.items()}
    if known is not None and wanted == {name: inputs for name, (inputs, _) in old.items()}:
        return Spliced(known, {}, False, [])
    starts: dict[str, int] = {}
    start = 0
    for name, (_, length) in old.items():
        starts[name] = start
        start += length
    parts: dict[str, tuple[str, int]] = {}
    made: dict[str, bytes] = {}
    postponed: list[str] = []
    with Splicer(path, keeps=known is not None) as splicer:
        for name, recipe in recipes.items():
            if name in old and old[name][0] == recipe.inputs:
                parts[name] = old[name]
                splicer.keep(starts[name], starts[name] + old[name][1])
            else:
                inputs = recipe.inputs
                try:
                    content = made[name] = recipe.make() or b""
                except NotNowError:
                    postponed.append(name)
                    content, inputs = b"", ""
                parts[name] = inputs, len(content)
                splicer.add(content)
        return Spliced(Parts(parts, splicer.commit()), made, True, postponed)


def read_parts(path: Path, parts: Parts, names: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Some parts of a spliced file, each with the analysed file it belongs to, in order. Raises OSError."""
    start = 0
    with path.open("rb") as file:
        for name, (_, length) in parts.parts.items():
            if name in names:
                file.seek(start)
                yield name, file.read(length)
            start += length
