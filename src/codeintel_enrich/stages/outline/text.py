"""The text of one file as a grammar reads it (UTF-8), and the way back to places in the original bytes."""

import codecs
import re
from array import array
from bisect import bisect_right
from itertools import accumulate

_LINE_END = re.compile(rb"\r\n|\r|\n")
# As in PEP 263; a cookie counts on the first two lines only.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_UNDECODABLE = re.compile("[\ud800-\udfff]")
_CONTINUATION = bytes(range(0x80, 0xC0))
_BLOCK = 1024
"""Bytes between two places whose number of characters is known: a place on a line of megabytes is found at once."""


class Text:
    """One file: `data` is what to parse, `place` and `byte` lead from offsets in it to the file."""

    def __init__(self, source: bytes, has_cookie: bool) -> None:
        """`has_cookie`: whether a comment may name the encoding, as in Python.

        What is not UTF-8 and names no encoding that explains it is read as UTF-8 with a replacement character for
        every byte that is none.
        """
        bom, encoding = next(((bom, name) for bom, name in _BOMS if source.startswith(bom)), (b"", "utf-8"))
        self._before = len(bom)
        body = source[len(bom) :]
        self._data_ends: array[int] | None = None
        self._body_ends: array[int] | None = None
        # Nearly every file: offsets in it are offsets in the file, and no table of them is needed.
        if encoding == "utf-8" and _is_utf8(body):
            self.data = body
        else:
            if has_cookie and not bom:
                encoding = _declared(body) or encoding
            self.data = self._recode(body, encoding)
        self.line_starts = array("Q", [0, *(match.end() for match in _LINE_END.finditer(self.data))])
        """Offset in `data` of each line."""
        # Characters before each block: a column is the difference of two such sums and two short counts.
        blocks = (self.data[at : at + _BLOCK] for at in range(0, len(self.data), _BLOCK))
        self._characters = array("Q", accumulate(map(_count, blocks), initial=0))

    def _recode(self, body: bytes, encoding: str) -> bytes:
        """The body in UTF-8; remembers where each character ends on both sides."""
        decoded = _decoded(body, encoding) or _decoded(body, "utf-8") or ("", [])
        text, widths = decoded
        clean = _UNDECODABLE.sub("\ufffd", text)
        self._body_ends = array("Q", accumulate(widths))
        self._data_ends = array("Q", accumulate(len(character.encode()) for character in clean))
        return clean.encode()

    @property
    def n_lines(self) -> int:
        """Number of lines; a line end at the end opens none."""
        return len(self.line_starts) - (self.line_starts[-1] == len(self.data))

    def byte(self, offset: int) -> int:
        """Offset in the original file of an offset in `data`."""
        if self._data_ends is None or self._body_ends is None:
            return self._before + offset
        before = bisect_right(self._data_ends, offset)
        return self._before + (self._body_ends[before - 1] if before else 0)

    def place(self, offset: int) -> tuple[int, int]:
        """Line (from 1) and column (from 0, in code points) of an offset in `data`."""
        line = bisect_right(self.line_starts, offset)
        return line, self._characters_before(offset) - self._characters_before(self.line_starts[line - 1])

    def _characters_before(self, offset: int) -> int:
        block = offset // _BLOCK
        return self._characters[block] + _count(self.data[block * _BLOCK : offset])


def _count(data: bytes) -> int:
    """Number of characters that begin in a piece of UTF-8."""
    return len(data.translate(None, _CONTINUATION))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _declared(body: bytes) -> str | None:
    """The encoding that one of the first two lines names, if there is such a codec for text."""
    for line in _LINE_END.split(body, maxsplit=2)[:2]:
        if found := _COOKIE.match(line):
            name = found[1].decode()
            # A codec such as `rot13` or `hex` decodes no source.
            try:
                return name if codecs.lookup(name)._is_text_encoding else None
            except LookupError:
                return None
    return None


def _decoded(body: bytes, encoding: str) -> tuple[str, list[int]] | None:
    """Text and how many bytes each of its characters takes; None where a codec's bytes can not be told apart so."""
    # Stateful codecs (UTF-7, ISO-2022) write bytes that belong to no character; then the sum of widths does not fit.
    try:
        text = body.decode(encoding, "surrogateescape")
        widths = [1 if "\ud800" <= c <= "\udfff" else len(c.encode(encoding)) for c in text]
    except (UnicodeError, ValueError):
        return None
    return (text, widths) if sum(widths) == len(body) else None
