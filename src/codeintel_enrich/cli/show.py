"""How answers are printed: Rich tables and short lines for people, JSON for machines."""

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from rich.console import Console

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
    """For people; piped output is for tools and never folded."""
    from rich.console import Console

    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 2_000)


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows of text."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
    console().print(table)


def listed(names: Sequence[str], most: int = SHOWN) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def when(seconds: float) -> str:
    """A time since the epoch, as a person reads it, in local time."""
    from datetime import datetime

    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
