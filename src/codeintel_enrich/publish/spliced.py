"""Single files that hold one part for each analysed file, where each part has inputs of its own.

Parts whose inputs are as known are copied from the last version; knows nothing of what parts mean.
"""

from collections.abc import Container, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from codeintel_enrich.files.atomic import Claim
from codeintel_enrich.files.splice import Splicer, splice
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.publish.rules import NotNowError, Rules


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


def bring_parts(path: Path, rules: Rules, known: Parts | None, claim: Claim | None = None) -> Spliced:
    """Make the file at `path` hold exactly the parts of the rules, in their order. Raises OSError.

    A file that does not bear its stamp is made anew from all parts. It is claimed before it gets its place.
    """
    # Ranges are copied by position: in a file that somebody wrote into they would be cut anywhere.
    if known is None or known.stamp != FileStamp.of(path):
        known = None
    old = known.parts if known is not None else {}
    wanted = {name: rule.inputs for name, rule in rules.items()}
    # Comparing mappings ignores their order, which is path order on both sides.
    if known is not None and wanted == {name: inputs for name, (inputs, _) in old.items()}:
        return Spliced(known, {}, False, [])
    made: dict[str, bytes] = {}
    postponed: list[str] = []

    def fresh(name: str) -> tuple[bytes] | None:
        """The part of an analysed file; None where the last one stands."""
        if name in old and old[name][0] == wanted[name]:
            return None
        try:
            content = made[name] = rules[name].make() or b""
        except NotNowError:
            postponed.append(name)
            # No inputs have this digest, so that the part is due at the next run.
            wanted[name], content = "", b""
        return (content,)

    with Splicer(path, keeps=known is not None, claim=claim) as splicer:
        last = {name: (length,) for name, (_, length) in old.items()}
        lengths = splice([splicer], rules, last, fresh)
        parts = {name: (wanted[name], length) for name, (length,) in lengths.items()}
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
