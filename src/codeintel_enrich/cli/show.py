"""How answers are printed: Rich tables and short lines for people, JSON for machines."""

import json
import math
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from codeintel_enrich.model.plain import plain

if TYPE_CHECKING:
    from rich.console import Console

LEAST = 16
"""Terminal cells to which a column is cut at most."""
CUT = "..."
SHOWN = 10
"""Names shown of a long list."""


def print_json(value: Any) -> None:
    """Print a struct, or anything made of plain values, as the one form of JSON that every command has.

    One document: indented by two spaces, in UTF-8, with a newline at its end. Keys stand as the struct declares them
    or as the columns were asked for; keys that are names (paths, tables, stages) are sorted. What JSON has no form
    for is text (times in ISO 8601), NaN and the infinities are null.
    """
    # Not orjson: DuckDB sums whole numbers in 128 bits, and orjson ends at 64.
    text = json.dumps(_plain(value), ensure_ascii=False, indent=2)
    # Bytes, since the encoding of the text layer is the locale's. A path that is not UTF-8 holds lone surrogates, and
    # Python's escape of one happens to be JSON's.
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        # Only what is inside a struct is sorted: a mapping there is from names, in the order in which they came up.
        return _plain(msgspec.to_builtins(value, enc_hook=str, order="deterministic", str_keys=True))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return msgspec.to_builtins(value, enc_hook=str)


def console() -> "Console":
    """For people. What is printed is text: names and paths are of the analysed code, and hold whatever they like."""
    from rich.console import Console

    # Rich keeps bold type where NO_COLOR is set; who sets it wants the characters and nothing else.
    colors: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, color_system=colors)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, full: bool = False, whole: Sequence[str] = ()
) -> None:
    """Print rows of text, a line each.

    On a terminal cells that are too wide are cut, and end with `...`, unless `full`; those of the columns `whole`
    (places, to be clicked on or copied) never are. What is piped is for tools: nothing is cut.
    """
    from rich.text import Text

    cells = [[one_line(cell) for cell in row] for row in rows]
    out = console()
    if out.is_terminal and not full:
        cells = _cut(cells, columns, whole, out.width)
    widths = [max(_width(cell) for cell in column) for column in zip(columns, *cells, strict=True)]
    if title:
        out.print(Text(one_line(title), "bold"))
    out.print(Text(_line(columns, widths), "bold"))
    out.print("  ".join("-" * width for width in widths))
    for row in cells:
        out.print(Text(_line(row, widths)))


def _width(text: str) -> int:
    """In cells of a terminal: a Chinese character takes two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _cut(cells: list[list[str]], columns: Sequence[str], whole: Sequence[str], room: int) -> list[list[str]]:
    """The cells, the widest columns cut until all fit into `room` terminal cells or are as narrow as makes sense."""
    widths = [max(_width(cell) for cell in column) for column in zip(columns, *cells, strict=True)]
    least = [
        width if name in whole else min(width, max(LEAST, _width(name)))
        for name, width in zip(columns, widths, strict=True)
    ]
    while sum(widths) + 2 * (len(widths) - 1) > room and widths != least:
        widest = max((index for index in range(len(widths)) if widths[index] > least[index]), key=widths.__getitem__)
        widths[widest] -= 1
    return [[_shortened(cell, width) for cell, width in zip(row, widths, strict=True)] for row in cells]


def _shortened(cell: str, width: int) -> str:
    if _width(cell) <= width:
        return cell
    kept = cell
    while _width(kept) > width - len(CUT):
        kept = kept[:-1]
    return kept + CUT


def one_line(text: str) -> str:
    """A text as it can stand on one line of a terminal: line ends and control characters as Python writes them."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text) if not text.isprintable() else text


def say(text: str) -> None:
    """Print text for people: what of it is of the analysed code steers no terminal."""
    sys.stdout.write(plain(text))


def files(count: int) -> str:
    """`1 file`, `2 files`."""
    return "1 file" if count == 1 else f"{count} files"


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(map(one_line, names[:most])) + (f" and {more} more" if more > 0 else "")


def when(seconds: float) -> str:
    """A time since the epoch, as a person reads it, in local time."""
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
