"""Reading a SCIP index from a file, binary or JSON; it knows nothing of the tree that the index describes.

protobuf is loaded when an index is opened, not with this module: a run without an index does not wait for it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.scip import LOCAL, Document, IndexMetadata, IndexSlice, SymbolInformation


class IndexReader:
    """An open index, given out document by document in the order of their paths."""

    def __init__(self, data: bytes | mmap, name: str) -> None:
        from codeintel_enrich.formats import scip_wire

        # No index in the binary form begins with a brace: that byte would be field 15 of a kind that SCIP never uses.
        if data[:1] == b"{":
            from codeintel_enrich.formats.scip_json import binary_of

            data = binary_of(data[:], name)
        self._data = data
        self._wire = scip_wire
        self._parts = scip_wire.split_index(data, name)

    @property
    def metadata(self) -> IndexMetadata:
        """Who made the index."""
        return self._parts.metadata

    @property
    def left_out(self) -> tuple[tuple[str, str], ...]:
        """(relative path, why) of documents that can belong to no file of a tree."""
        return self._parts.left_out

    @property
    def paths(self) -> tuple[str, ...]:
        """Relative paths of the documents, sorted."""
        return tuple(document.relative_path for document in self._parts.documents)

    def documents(self) -> Iterator[tuple[str, bytes]]:
        """(relative path, bytes for `decode_slice`) of each document; equal facts have equal bytes."""
        for part in self._parts.documents:
            yield part.relative_path, self._wire.cut_slice(self._data, self._parts, part)

    def slices(self) -> Iterator[tuple[str, IndexSlice]]:
        """(relative path, what is kept of it) of each document.

        What a symbol stands for is where its definition stands, not how it is spelled: all documents are searched for
        it.
        """
        mentions = {path: self._wire.symbols_of(blob) for path, blob in self.documents()}
        definers: dict[str, str] = {}
        # A module and its stub both define; programs run the module. In this order the last one counts.
        for path in sorted(mentions, key=lambda path: (not path.endswith(".pyi"), path)):
            definers.update(dict.fromkeys(mentions[path].defined, path))
        for path, blob in self.documents():
            homes: dict[str, list[str]] = {}
            own = mentions[path]
            for symbol in own.mentioned:
                home = path if symbol in own.defined else definers.get(symbol)
                if home is not None:
                    homes.setdefault(home, []).append(symbol)
            yield path, IndexSlice(blob, {home: tuple(sorted(homes[home])) for home in sorted(homes)})

    def externals(self) -> tuple[SymbolInformation, ...]:
        """What the index says of symbols that other packages define."""
        return self._wire.decode_externals(self._data, self._parts)


@contextmanager
def open_index(path: Path) -> Iterator[IndexReader]:
    """Open an index file; memory does not grow with a binary one.

    Raises:
        UsageError: the file can not be read, is empty, cut short or no SCIP index.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            # An empty file cannot be mapped; the reader says what is wrong with it.
            if not size:
                yield IndexReader(b"", str(path))
                return
            with mmap(file.fileno(), 0, access=ACCESS_READ) as data:
                yield IndexReader(data, str(path))
    except OSError as error:
        raise UsageError(f"the SCIP index {path} can not be read: {error.strerror or error}") from error


class SCIPIndex:
    """A whole index in memory, for programs that use this package; a build reads document by document."""

    def __init__(
        self,
        documents: tuple[Document, ...],
        metadata: IndexMetadata | None = None,
        externals: tuple[SymbolInformation, ...] = (),
        left_out: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self.documents = documents
        """Sorted by path."""
        self.metadata = metadata or IndexMetadata()
        self.externals = externals
        self.left_out = left_out
        """(relative path, why) of documents that are not among `documents`."""

    @classmethod
    def load(cls, path: Path) -> "SCIPIndex":
        """Read an index file. A document that can not be decoded is left out; nothing else is lost.

        Raises:
            UsageError: the file can not be read, is empty, cut short or no SCIP index.
        """
        from codeintel_enrich.formats.scip_wire import decode_slice

        documents: list[Document] = []
        with open_index(path) as reader:
            left_out = list(reader.left_out)
            for relative_path, blob in reader.documents():
                try:
                    documents.append(decode_slice(blob))
                except UsageError as error:
                    left_out.append((relative_path, error.message))
            return cls(tuple(documents), reader.metadata, reader.externals(), tuple(sorted(left_out)))

    def by_file(self) -> dict[str, Document]:
        """Relative path -> document."""
        return {document.relative_path: document for document in self.documents}

    def symbol_to_files(self) -> dict[str, tuple[str, ...]]:
        """Global symbol -> sorted paths of the documents that mention it."""
        files: dict[str, list[str]] = {}
        for document in self.documents:
            for symbol in sorted({occurrence.symbol for occurrence in document.occurrences}):
                if symbol and not symbol.startswith(LOCAL):
                    files.setdefault(symbol, []).append(document.relative_path)
        return {symbol: tuple(files[symbol]) for symbol in sorted(files)}
