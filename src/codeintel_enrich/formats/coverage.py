"""Coverage reports in Cobertura's XML, as coverage.py and others write them; nothing here knows what lines mean."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple
from xml.parsers import expat

from defusedxml.common import DefusedXmlException, EntitiesForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from codeintel_enrich.errors import UsageError
from codeintel_enrich.model.context import Coverage

_LAST_LINE = 2**31 - 1
_LARGEST_BYTES = 256_000_000
"""Some 20 million lines of code."""


class CoverageReport(NamedTuple):
    """A report, split by file."""

    files: dict[str, Coverage]
    """Path relative to the root -> its counted lines; of the files that are there and have any."""
    left_out: dict[str, str]
    """File as the report names it -> why it is not among them."""


def read_coverage_xml(
    data: bytes, root: str, files: Collection[str], roots: Iterable[str], name: str
) -> CoverageReport:
    """Read a report against the files there are, paths relative to `root` (absolute, with forward slashes).

    A file is named relative to one of the report's source folders, which may be those of another machine: the longest
    end of folder and name that is one of `files` is taken, then the name below one of the `roots` that module names
    start from. A file reported several times is covered wherever any of them says so. `name` is what messages call the
    report.

    Raises UsageError for what is no such report, for one that declares entities (nothing a report needs, and a known
    way to make a small file a huge one), and for one that tells of none of the files.
    """
    if len(data) > _LARGEST_BYTES:
        raise UsageError(f"{name}: {len(data)} bytes; a report of more than {_LARGEST_BYTES} is not read")
    sources, lines = _parse(data, name)
    found: dict[str, dict[int, bool]] = {}
    left_out: dict[str, str] = {}
    known = frozenset(files)
    for written, hits in sorted(lines.items()):
        path = next((one for one in _candidates(written, sources, root, roots) if one in known), None)
        if path is None:
            # Normal for tests of an installed package, and for files that are configured away.
            left_out[written] = "not among the indexed files"
            continue
        merged = found.setdefault(path, {})
        for line, hit in hits.items():
            merged[line] = merged.get(line, False) or hit
    if lines and not found and known:
        raise UsageError(
            f"{name} is of another tree: it tells of none of the files below {root} (but of {min(lines)}). "
            "Make it anew from there, or leave it out."
        )
    return CoverageReport(
        {
            path: Coverage(
                covered=tuple(sorted(line for line, hit in hits.items() if hit)),
                missed=tuple(sorted(line for line, hit in hits.items() if not hit)),
            )
            for path, hits in sorted(found.items())
            if hits
        },
        left_out,
    )


def _candidates(written: str, sources: list[str], root: str, roots: Iterable[str]) -> Iterator[str]:
    """Paths relative to the root that a reported file may mean, the likeliest first."""
    name = written.replace("\\", "/")
    full = [name] if PurePosixPath(name).is_absolute() or name[1:2] == ":" else [f"{one}/{name}" for one in sources]
    for one in full:
        if one.startswith(f"{root}/"):
            yield one.removeprefix(f"{root}/")
    # Reports come from CI, where the tree lay elsewhere: what both places have in common is the end of the path.
    for one in full:
        parts = PurePosixPath(one).parts
        # Never a bare name at the end of an absolute one: any folder may hold a `setup.py`.
        shortest = len(PurePosixPath(name).parts) if one != name else 2
        for start in range(parts[0] == "/", len(parts) - shortest + 1):
            yield "/".join(parts[start:])
    yield name
    for folder in roots:
        yield (PurePosixPath(folder) / name).as_posix()


def _parse(data: bytes, name: str) -> tuple[list[str], dict[str, dict[int, bool]]]:
    """The report's source folders, and per file as it is named the lines counted: line -> whether it ran."""
    elements = _ReportElements()
    # A document type alone is let through: Cobertura and gcovr name the DTD of the format, which nobody fetches.
    parser = DefusedXMLParser(target=elements, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    try:
        parser.feed(data)
        parser.close()
    except EntitiesForbidden as error:
        raise UsageError(
            f"{name}: declares the XML entity {error.name!r}, which no coverage report needs; refused"
        ) from error
    except DefusedXmlException as error:
        raise UsageError(f"{name}: holds what no coverage report needs; refused ({error})") from error
    except ParseError as error:
        raise UsageError(f"{name}:{error.position[0]}: not valid XML: {expat.ErrorString(error.code)}") from error
    except (LookupError, ValueError) as error:
        raise UsageError(f"{name}: not a coverage report that can be read: {error}") from error
    if not elements.is_report:
        raise UsageError(f"{name}: not a Cobertura report; `coverage xml` writes one")
    return elements.sources, elements.files


class _ReportElements:
    """Takes in the elements of a report one by one, as a target of the parser.

    A tree of them would need several times the memory of the report; of an element nothing but what is read is kept.
    """

    def __init__(self) -> None:
        self.is_report = False
        self.sources: list[str] = []
        self.files: dict[str, dict[int, bool]] = {}
        self._depth = 0
        self._lines: dict[int, bool] | None = None
        self._source: list[str] | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        element = _local(tag)
        if self._depth == 1:
            self.is_report = element == "coverage"
        elif element == "source":
            self._source = []
        elif element == "class" and "filename" in attributes:
            self._lines = self.files.setdefault(attributes["filename"], {})
        elif element == "line" and self._lines is not None:
            line, hit = int(attributes.get("number", "0")), int(attributes.get("hits", "0")) > 0
            # The columns of our tables hold 32 bits; a report may claim any number.
            if 0 < line <= _LAST_LINE:
                # A line stands twice where it is listed below its method and below the class, as Cobertura has it.
                self._lines[line] = self._lines.get(line, False) or hit

    def end(self, tag: str) -> None:
        self._depth -= 1
        element = _local(tag)
        if element == "class":
            self._lines = None
        elif element == "source" and self._source is not None:
            folder = "".join(self._source).strip().replace("\\", "/").rstrip("/")
            self._source = None
            if folder:
                self.sources.append(folder)

    def data(self, text: str) -> None:
        if self._source is not None:
            self._source.append(text)

    def close(self) -> None:
        """The parser asks for it; all that was taken in stands in the fields."""


def _local(tag: str) -> str:
    """The name of an element without its namespace (`{uri}name`), which some writers give a report."""
    return tag.rpartition("}")[2]
