"""How published files are made: build rules, and the materials that they may be made of."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from codeintel_enrich.model.config import PublishConfig
from codeintel_enrich.model.graphs import Graph
from codeintel_enrich.model.rows import FileSummary, PackedRows
from codeintel_enrich.model.tables import Table

Summaries = Mapping[str, FileSummary]
"""Path of every Python file -> what lists of files say of it, in path order."""
Callers = Mapping[str, Mapping[str, list[str]]]
"""File -> qualified name of what it defines -> the definitions that use it."""


class BuildRule(NamedTuple):
    """How a file, or a part of one, is made.

    `inputs` is a digest of all that `make` depends on: where it is as it was, what was made stands. `make` gives None
    for no file.
    """

    inputs: str
    make: Callable[[], bytes | None]


Rules = Mapping[str, BuildRule]
"""Name of a file, relative to the output folder, or path of an analysed file whose part it is -> how it is made."""


class NotNowError(Exception):
    """A source was edited while the build ran, so that what is made of it must wait for the next run."""


class Chunker(NamedTuple):
    """Cuts files into chunks."""

    version: str
    """Digest of what decides, beside a file, how it is cut."""
    cut: Callable[[PackedRows, bytes, Mapping[str, list[str]]], bytes]
    """Rows of a file, its bytes, and who uses what it defines -> lines of JSON."""


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What publishing needs of others, as functions: it imports neither stages nor the store.

    Those that say so wait until the store is up to date.
    """

    arrow_tables: Callable[[Sequence[PackedRows], Sequence[Table]], Iterator[tuple[Table, Any]]]
    """Makes one Arrow table for each table that has rows; nulls of integers, reals and booleans may be stand-ins."""
    graph_table: Callable[[Graph], Any]
    """A graph as an Arrow table; waits for the store."""
    callers: Callable[[], Callers]
    """Who uses what; waits for the store."""
    generation: Callable[[], int]
    """The store's; waits for it."""
    source: Callable[[str, FileSummary], bytes]
    """The bytes that a file's rows were made of. Raises NotNowError where it was edited since."""
    overlay: Callable[[PackedRows, bytes], bytes | None]
    """The stub of a module, of its rows and its source."""
    metrics: Callable[[str, str | None, bytes], bytes | None]
    """The line of metrics of a file, of its path, its module's name and its source; None where it does not parse."""
    chunker: Callable[[], Chunker]
    """Raises UsageError where the settings ask for a tokenizer that cannot be had."""


class Materials(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that published files are made of."""

    wanted: Mapping[str, str]
    """Path of every Python file -> digest of its encoded rows, in path order."""
    outlined: Mapping[str, str] = {}
    """The same of every other file."""
    load: Callable[[str], bytes]
    """The encoded rows of a file of either kind."""
    config: PublishConfig
    version: str
    """Digest of the code that makes files; another one makes all of them anew."""
    project: str = ""
    """Its name; may be empty."""
    entry_points: Mapping[str, str] = {}
    """Console script -> `module:function`."""
    cst_file: str
    """Where the lines of syntax nodes go: relative to the output folder, or absolute."""
    slice_log: str = ""
    """Path of the log of chunks."""
    tools: Tools
    summaries: Summaries = {}
    only: Collection[str] | None = None
    """The Python files whose own pages and whose packages' datasets can have changed; None: any can."""
