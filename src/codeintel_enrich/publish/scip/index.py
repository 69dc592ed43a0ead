"""The index file made of all documents: one encoded part a file, of which only changed ones are made again.

The parts stand in path order between the metadata and the external symbols; SCIP allows indexes to be concatenated, so
every part is an index of its own. The file is kept in the cache, and copied from there to where it is wanted.
"""

from collections.abc import Callable, Mapping, Set
from pathlib import Path

import msgspec

from codeintel_enrich.errors import EnrichError
from codeintel_enrich.files.sidecar import read_sidecar, write_sidecar
from codeintel_enrich.files.splice import Splicer, splice
from codeintel_enrich.files.stat import FileStamp
from codeintel_enrich.model.digest import digest
from codeintel_enrich.model.rows import decode_packed
from codeintel_enrich.model.scip import KIND_NUMBERS, LOCAL, Document, SymbolInformation
from codeintel_enrich.publish.scip.document import describe
from codeintel_enrich.publish.scip.symbols import Package, display_name

_FORMAT = b"codeintel-enrich scip 1\n"


class Codec(msgspec.Struct, frozen=True):
    """How an index becomes bytes."""

    head: bytes
    """An index that has the metadata and nothing else."""
    document: Callable[[Document], bytes]
    """An index of one document."""
    external: Callable[[SymbolInformation], bytes]
    """An index of one external symbol."""


class ExportReport(msgspec.Struct, frozen=True):
    """What an export did."""

    documents: int
    encoded: tuple[str, ...]
    """Files whose document was encoded in this run, in path order."""
    externals: int
    size: int
    """Bytes of the index."""


class _Part(msgspec.Struct, frozen=True, array_like=True):
    """One file's document in the kept index."""

    rows_digest: str
    length: int
    defined: tuple[str, ...]
    """The global symbols that it says something about."""
    foreign: tuple[str, ...]
    """Those that it only mentions."""


class _KeptIndex(msgspec.Struct, frozen=True):
    """What the kept index is made of."""

    made_by: str
    parts: dict[str, _Part]
    """In path order."""
    head_length: int
    stamp: FileStamp


def due_documents(
    kept: Path, wanted: Mapping[str, str], package: Package, made_by: str, namesakes: Set[str] = frozenset()
) -> list[str]:
    """The files whose document `export_index` would encode, in path order. Writes nothing."""
    old = _known(kept, _maker(package, made_by, namesakes))
    parts = old.parts if old is not None else {}
    return [path for path in sorted(wanted) if path not in parts or parts[path].rows_digest != wanted[path]]


def export_index(
    kept: Path,
    wanted: Mapping[str, str],
    load: Callable[[str], bytes],
    package: Package,
    codec: Codec,
    *,
    made_by: str,
    namesakes: Set[str] = frozenset(),
    remembers: bool = True,
) -> ExportReport:
    """Bring the index file `kept` to what the rows of the wanted files say.

    `wanted` maps every analysed file to the digest of its encoded rows, `load` gives those bytes for one; `namesakes`
    are the files whose module name others have, too. What the file is made of is remembered beside it; parts made by
    another version of the code (`made_by`), for another package or beside other namesakes are made again, and all of
    them where the file is not as it was left. The same rows give the same bytes, whatever was kept. Without `remembers`
    all of it is made, and nothing is left beside the file.

    Raises EnrichError where the file cannot be written, and whatever `load` raises; it is as before then.
    """
    maker = _maker(package, made_by, namesakes)
    old = _known(kept, maker) if remembers else None
    parts: dict[str, _Part] = {}
    encoded: list[str] = []

    def document(path: str) -> tuple[bytes] | None:
        """The file's document, encoded; None where the kept one stands."""
        known = old.parts.get(path) if old is not None else None
        if known is not None and known.rows_digest == wanted[path]:
            parts[path] = known
            return None
        described = describe(decode_packed(load(path)), package, namesakes)
        data = codec.document(described.document)
        defined = tuple(info.symbol for info in described.document.symbols)
        # Local symbols mean something in their own document only (scip.proto, `Symbol`).
        defined = tuple(symbol for symbol in defined if not symbol.startswith(LOCAL))
        parts[path] = _Part(wanted[path], len(data), defined, described.foreign)
        encoded.append(path)
        return (data,)

    try:
        with Splicer(kept, keeps=old is not None) as splicer:
            splicer.add(codec.head)
            lengths = {path: (part.length,) for path, part in old.parts.items()} if old is not None else {}
            splice([splicer], sorted(wanted), lengths, document, old.head_length if old is not None else 0)
            externals = _externals(parts)
            # Which symbols are external depends on all files, so these are not kept but written anew each time.
            for symbol in externals:
                splicer.add(codec.external(_information(symbol)))
            stamp = splicer.commit()
        if remembers:
            write_sidecar(_sidecar(kept), _FORMAT, _KeptIndex(maker, parts, len(codec.head), stamp))
    except OSError as error:
        raise EnrichError(
            f"{kept}: cannot be written ({error.strerror or error}); free the place, or choose another"
        ) from error
    return ExportReport(len(parts), tuple(encoded), len(externals), stamp.size)


def _sidecar(kept: Path) -> Path:
    return kept.with_suffix(".msgpack")


def _maker(package: Package, made_by: str, namesakes: Set[str]) -> str:
    # Which files share a name decides what all others call what they define; it hardly ever changes.
    return f"{made_by} {package.name} {package.version} {digest(chr(0).join(sorted(namesakes)).encode())}"


def _known(kept: Path, maker: str) -> _KeptIndex | None:
    """What the kept index is made of; None where nothing of it can be used."""
    old = read_sidecar(_sidecar(kept), _FORMAT, _KeptIndex)
    if old is None or old.made_by != maker or FileStamp.of(kept) != old.stamp:
        return None
    return old


def _externals(parts: Mapping[str, _Part]) -> list[str]:
    """Symbols that are mentioned somewhere and defined nowhere, sorted."""
    # From what the parts remember, so that no document is decoded to find out.
    mentioned = {symbol for part in parts.values() for symbol in part.foreign}
    for part in parts.values():
        mentioned.difference_update(part.defined)
    return sorted(mentioned)


def _information(symbol: str) -> SymbolInformation:
    kind = KIND_NUMBERS["module"] if symbol.endswith(("/__init__:", ":__init__:")) else 0
    return SymbolInformation(symbol, kind=kind, display_name=display_name(symbol))
