"""From a file's bytes to text as Python decodes it (PEP 263), and from places in the text back to bytes.

It knows nothing of syntax. Lines end at CR LF, CR or LF, and nowhere else, as in Python's tokenizer; `str.splitlines`
also splits at form feeds and at U+0085, U+2028 and their like.
"""

from __future__ import annotations

import codecs
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from codeintel_enrich.stages.parse.failure import Failure

_LINE_END = re.compile(r"\r\n?|\n")
_LINE_END_BYTES = re.compile(rb"\r\n?|\n")
# Both as CPython's `Parser/tokenizer/helpers.c` and `tokenize.py` have them.
_COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_BLANK = re.compile(rb"^[ \t\f]*(?:#|$)")


class Source:
    """The decoded text of one file, and where each of its code points stands in the file's bytes.

    `text` has no BOM. `line_starts` holds the offset of each line's first code point; text that ends with a
    line end has a last, empty line there. `n_lines` does not count that one.
    """

    def __init__(self, data: bytes, text: str, encoding: str, bom_length: int = 0) -> None:
        self.data = data
        self.text = text
        self.encoding = encoding
        self.has_bom = bom_length > 0
        self.line_starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self.n_lines = len(self.line_starts) - (self.line_starts[-1] == len(text))
        self._bom_length = bom_length
        # Most files are ASCII, or of one byte a character: then offsets and bytes differ by the BOM alone.
        self._one_byte_each = len(text) == len(data) - bom_length
        self._wide: dict[int, str] = {} if text.isascii() else self._find_wide_lines()
        self._line_bytes: list[int] = []
        self._byte_table: Sequence[int] = ()
        if not self._one_byte_each:
            if encoding == "utf-8":
                # Where lines begin is enough: a position encodes at most the beginning of its own line.
                lengths = (len(self._line(index).encode()) for index in range(len(self.line_starts)))
                self._line_bytes = list(accumulate(lengths, initial=bom_length))
            else:
                self._byte_table = _byte_table(data, text, encoding)

    @property
    def wide_lines(self) -> dict[int, str]:
        """Line number (from 1) -> text without its line end, for every line that is not pure ASCII."""
        return {index + 1: line.rstrip("\r\n") for index, line in self._wide.items()}

    def position(self, offset: int) -> tuple[int, int, int]:
        """Return (line from 1, column from 0 in code points, byte offset in the file) of a code-point offset."""
        line = bisect_right(self.line_starts, offset)
        start = self.line_starts[line - 1]
        column = offset - start
        if self._one_byte_each:
            return line, column, offset + self._bom_length
        if self._byte_table:
            return line, column, self._byte_table[offset]
        if line - 1 in self._wide:
            return line, column, self._line_bytes[line - 1] + len(self.text[start:offset].encode())
        return line, column, self._line_bytes[line - 1] + column

    def _line(self, index: int) -> str:
        end = self.line_starts[index + 1] if index + 1 < len(self.line_starts) else len(self.text)
        return self.text[self.line_starts[index] : end]

    def _find_wide_lines(self) -> dict[int, str]:
        lines = ((index, self._line(index)) for index in range(len(self.line_starts)))
        return {index: line for index, line in lines if not line.isascii()}


def decode(data: bytes) -> Source:
    """Decode a file as Python does (PEP 263): BOM, then a cookie in the first two lines, else UTF-8.

    Raises `Failure` with the rule `decode-error` or `null-bytes`.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Failure("decode-error", "the file is UTF-16 or UTF-32, which Python does not read as source")
    # CPython refuses null bytes since 3.12, earlier versions stopped reading there: neither is a module.
    null = data.find(b"\0")
    if null >= 0:
        raise Failure("null-bytes", "source code cannot contain null bytes", count_lines(data[: null + 1]))
    bom_length = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    cookie, cookie_line = _cookie(data[bom_length:])
    encoding = _normal_name(cookie or "utf-8")
    if bom_length and encoding != "utf-8":
        raise Failure("decode-error", f"encoding problem: {cookie} with BOM", cookie_line)
    try:
        text = data[bom_length:].decode(encoding)
        if not text.isascii() and _has_surrogates(text):
            raise Failure("decode-error", f"{encoding} gives surrogates, which are no text", cookie_line)
        if "\0" in text:
            raise Failure("null-bytes", "source code cannot contain null bytes", cookie_line)
        return Source(data, text, encoding, bom_length)
    except UnicodeDecodeError as error:
        line = count_lines(data[: bom_length + error.start + 1])
        byte = f"byte 0x{data[bom_length + error.start]:02x}" if error.start < len(data) - bom_length else "the end"
        raise Failure("decode-error", f"{encoding} cannot decode {byte}: {error.reason}", line) from None
    except (LookupError, ValueError) as error:
        # LookupError also for codecs that are no text encoding; some codecs raise bare ValueErrors.
        known = "unknown encoding" if isinstance(error, LookupError) else "cannot decode as"
        raise Failure("decode-error", f"{known}: {cookie}", cookie_line) from None


def count_lines(data: bytes) -> int:
    """Count the lines of undecoded bytes; a last line needs no line end."""
    ends = [match.end() for match in _LINE_END_BYTES.finditer(data)]
    return len(ends) + (data[ends[-1] if ends else 0 :] != b"")


def _cookie(data: bytes) -> tuple[str | None, int]:
    """Return the PEP 263 encoding cookie and its line; the second line counts only after a blank or comment line."""
    start = 0
    for number in (1, 2):
        end = _LINE_END_BYTES.search(data, start)
        line = data[start : end.start() if end else None]
        match = _COOKIE.match(line)
        if match:
            return match[1].decode("latin-1"), number
        if end is None or not _BLANK.match(line):
            break
        start = end.end()
    return None, 1


def _normal_name(encoding: str) -> str:
    """Spell an encoding's name as CPython's tokenizer does before it looks the codec up (`get_normal_name`).

    Only the first twelve characters count there, and `latin-1-unix`, as Emacs writes it, is Latin-1.
    """
    prefix = encoding[:12].lower().replace("_", "-")
    if prefix == "utf-8" or prefix.startswith("utf-8-"):
        return "utf-8"
    latin = ("latin-1", "iso-8859-1", "iso-latin-1")
    if prefix in latin or prefix.startswith(tuple(f"{name}-" for name in latin)):
        return "iso-8859-1"
    try:
        return codecs.lookup(encoding).name
    except (LookupError, ValueError):
        return encoding


def _has_surrogates(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _byte_table(data: bytes, text: str, encoding: str) -> array[int]:
    """Return the byte offset of every code point, the end included, for an encoding of several bytes a character.

    Decodes byte by byte: a character starts where the bytes of the one before it ended.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    table = array("Q")
    start = 0
    for index in range(len(data)):
        produced = decoder.decode(data[index : index + 1])
        if produced:
            table.extend([start] * len(produced))
            start = index + 1
    rest = decoder.decode(b"", final=True)
    table.extend([start] * len(rest))
    table.append(len(data))
    if len(table) != len(text) + 1:
        raise Failure("decode-error", f"{encoding} cannot be decoded byte by byte")
    return table
