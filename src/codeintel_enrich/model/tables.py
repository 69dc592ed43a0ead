"""The store's schema as data: one class a table, with the name, type, unit and meaning of every column.

Each table's `Table` is derived from its class, and so is all else that has to know columns: the SQL of the store, the
packing of rows, Parquet, the reference. Lines count from 1, columns from 0 in code points, bytes from 0 in the original
file; ends are exclusive. Every table of `TABLES` is filled from the rows that `emit` makes of one file, and its first
column, `path`, says which.

SQL is an interface: `SCHEMA_POLICY` says what may change when, `SCHEMA_CHANGES` what has.
"""

from collections.abc import Sequence
from typing import Annotated, Generic, Literal, TypeVar, get_args, get_origin

import msgspec

SCHEMA_POLICY = (
    "MAJOR.MINOR: a query that is right for a version is right for every later one of the same MAJOR; MINOR rises when"
    " tables, views, columns or values are added, MAJOR when anything is removed, renamed or means something else"
)
"""What readers of the store and of the Parquet datasets may rely on, if they name the columns they read: a new one may
stand anywhere among them. `meta` says it to whoever has only the store.
"""

SCHEMA_CHANGES: tuple[tuple[str, str], ...] = (
    (
        "3.3",
        "`imports.resolved_path` is the file that an imported name means; `imports.kind` may be `main` or `never`."
        " Two files of different import roots may have one `modules.module`.",
    ),
    (
        "3.2",
        "`cells`: the lines of notebooks' code, and where they stand in the file. Names of what a file defines that no"
        " import finds begin with its path; they were null.",
    ),
    (
        "3.1",
        "`refs` says who decided what a reference means, how sure that is, and what another source says: `via`,"
        " `certainty`, `contradicted`. Its meaning, and that of `uses` and `bases`, joins names with the SCIP index, so"
        " attributes have one that had none. `uses.certainty`. Views `overriders`, `may_use`. `modules.dynamic_getattr`"
        " is also true where a star or a file that could not be analysed may give names.",
    ),
    (
        "3.0",
        "The first version with a policy; the tables are those of version 3. `meta` has the policy. `nodes.notes`,"
        " which no version has filled, is declared reserved.",
    ),
)
"""Version and what it changed, the newest first. A test compares the tables with those that were published last."""

SCHEMA_VERSION = SCHEMA_CHANGES[0][0]

ColumnType = Literal["text", "integer", "long", "real", "boolean", "texts"]
"""`integer` has 32 bits, `long` 64; `texts` is a list of `text`. Integers are never negative."""


class Column(msgspec.Struct, frozen=True):
    """One column; `optional` ones may be null."""

    name: str
    type: ColumnType
    doc: str
    optional: bool = False


class Table(msgspec.Struct, frozen=True):
    """One table; `key` names the columns that tell its rows apart."""

    name: str
    key: tuple[str, ...]
    doc: str
    columns: tuple[Column, ...]


class View(msgspec.Struct, frozen=True):
    """A table that is derived: `query` is its definition in SQL."""

    name: str
    key: tuple[str, ...]
    doc: str
    columns: tuple[Column, ...]
    query: str


# Rows hold texts, numbers and flat lists of texts, so they can be part of no cycle: without the garbage collector's
# bookkeeping they are made faster.
class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a table: a field a column, in schema order.

    The annotation tells the column's type, `| None` that it may be null, and the text beside it what it means.
    """


RowType = TypeVar("RowType", bound=Row)


class RowTable(Table, Generic[RowType], frozen=True):
    """A table together with the type of its rows, so that a type checker sees which rows belong to it."""


LONG: ColumnType = "long"
"""Stands beside `int` in an annotation where 32 bits may not be enough."""

_TYPES: dict[object, ColumnType] = {str: "text", int: "integer", float: "real", bool: "boolean", Sequence: "texts"}


def table(name: str, row: type[RowType], key: tuple[str, ...]) -> RowTable[RowType]:
    """The table that a class of rows describes; its text is the class's docstring."""
    return RowTable(name, key, _text_of(row), _columns_of(row))


def _text_of(row: type[Row]) -> str:
    return " ".join((row.__doc__ or "").split()).removesuffix(".")


def _columns_of(row: type[Row]) -> tuple[Column, ...]:
    return tuple(_column(field.name, field.type) for field in msgspec.structs.fields(row))


def _column(name: str, annotation: object) -> Column:
    """`annotation` is `Annotated[TYPE, "TEXT"]` or `Annotated[TYPE, LONG, "TEXT"]`."""
    kind, *marks, doc = get_args(annotation)
    # `Annotated` and not texts below the fields: those are gone when Python runs, unless the source is read again.
    options = get_args(kind) if type(None) in get_args(kind) else (kind,)
    column_type = LONG if marks == [LONG] else _TYPES[get_origin(options[0]) or options[0]]
    return Column(name, column_type, doc, optional=type(None) in options)


# Columns that several tables share.
Path = Annotated[str, "File, relative to the root, with forward slashes"]
ModuleName = Annotated[str | None, "Dotted name of the file's module; null where no import can name it"]
StartLine = Annotated[int, "First line, from 1"]
StartCol = Annotated[int, "First column, from 0, in code points"]
EndLine = Annotated[int, "Last line, from 1"]
EndCol = Annotated[int, "Column after the last, in code points"]
StartByte = Annotated[int, "First byte in the original file"]
EndByte = Annotated[int, "Byte after the last in the original file"]


class ModuleRow(Row, frozen=True, kw_only=True):
    """One row for every file, also one that does not parse."""

    path: Path
    module: ModuleName
    package: Annotated[str, "Dotted name of the package that relative imports start from; empty at the top"]
    is_package: Annotated[bool, "Whether the file is an `__init__`"]
    is_stub: Annotated[bool, "Whether the file is a `.pyi`"]
    content_hash: Annotated[str, "Digest of the file's bytes; of a notebook, of the code in its cells"]
    n_bytes: Annotated[int, LONG, "Size in bytes; of a notebook, of that code"]
    n_lines: Annotated[int, "Number of lines; of a notebook, of that code"]
    encoding: Annotated[str, "Encoding the file was decoded with"]
    parse_ok: Annotated[bool, "Whether there is a syntax tree"]
    error: Annotated[str | None, "Why there is none"]
    error_line: Annotated[int | None, "Line of that error, from 1"]
    docstring: Annotated[str | None, "The module's `__doc__`, as written"]
    has_all: Annotated[bool, "Whether the module sets `__all__`"]
    all_dynamic: Annotated[str | None, "Why it is not (all) known what a star of the module binds, where it is not"]
    star_modules: Annotated[Sequence[str], "Modules whose names a star import brings in"]
    dynamic_getattr: Annotated[
        bool,
        "Whether it may have names that `exports` does not list: from a `__getattr__`, an unseen star, or unread code",
    ]
    n_defs: Annotated[int, "Number of classes and functions, nested ones included"]
    annotation_ratio: Annotated[float | None, "Annotated share of parameters and returns, 0 to 1"]
    type_errors: Annotated[int, "Number of errors that type checkers report"]
    scip_indexed: Annotated[bool, "Whether the SCIP index has a document for the file"]
    scip_stale: Annotated[bool, "Whether that document was made from other bytes"]
    scip_occurrences: Annotated[int, "Occurrences in that document"]
    scip_attached: Annotated[int, "Occurrences attached to a node or reference"]
    coverage_ratio: Annotated[
        float | None, "Covered share of the lines that the coverage report counts, 0 to 1; null where it has none"
    ]
    owners: Annotated[Sequence[str], "Who owns it by CODEOWNERS, as written there"]
    main_authors: Annotated[Sequence[str], "Up to three authors by lines changed, within the window of commits"]
    n_authors: Annotated[int | None, "How many changed it; null where no history is known"]
    bus_factor: Annotated[int | None, "The fewest of them who together changed more than half of the lines"]
    churn_commits: Annotated[int | None, "Commits that changed it, within the window of days"]
    churn_lines: Annotated[int | None, "Lines that those added and deleted"]
    last_commit: Annotated[str | None, "When it was last changed: ISO 8601, UTC"]
    tags: Annotated[Sequence[str], "Sorted tags"]


MODULES = table("modules", ModuleRow, key=("path",))


class NodeRow(Row, frozen=True, kw_only=True):
    """Syntax nodes: definitions, assignments and imports; every node at level `full`."""

    path: Path
    node_id: Annotated[str, "`path:line:col:NodeType:name`; `#1`, `#2` ... is added to later equals"]
    stable_id: Annotated[str, "Survives line shifts: module, local name, node type, ordinal; unique within its path"]
    module: ModuleName
    node_type: Annotated[str, "LibCST's class name"]
    name: Annotated[str | None, "Name it defines, or identifier it is"]
    local_name: Annotated[
        str | None, "Python's `__qualname__`; empty for the module, null for a node without definition"
    ]
    qualified_names: Annotated[
        Sequence[str],
        "Absolute names of what it defines; where no import finds the file, its path is in front: `bin/tool.main`",
    ]
    start_line: StartLine
    start_col: StartCol
    end_line: EndLine
    end_col: EndCol
    start_byte: StartByte
    end_byte: EndByte
    name_line: Annotated[int | None, "Line of the name token"]
    name_col: Annotated[int | None, "First column of the name token"]
    name_start_byte: Annotated[int | None, "First byte of the name token"]
    name_end_byte: Annotated[int | None, "Byte after the name token"]
    parent_id: Annotated[str | None, "`node_id` of the nearest recorded ancestor"]
    scope: Annotated[str, "Kind of the scope it stands in"]
    signature: Annotated[str | None, "JSON: `params` (name, kind, annotation, default) in source order, `returns`"]
    decorators: Annotated[Sequence[str], "Source text of each decorator"]
    bases: Annotated[Sequence[str], "Source text of each base and keyword of a class"]
    docstring: Annotated[str | None, "As `__doc__` has it"]
    imports: Annotated[Sequence[str], "`module:name as alias` for each imported name, `module as alias` for `import`"]
    assign_targets: Annotated[Sequence[str], "Source text of each target"]
    scip_symbol: Annotated[str | None, "Symbol of the SCIP index"]
    scip_match: Annotated[str | None, "How the symbol was found: `exact`, `moved`, `name`"]
    scip_repair: Annotated[str | None, "The fault of the indexer that was mended in the symbol"]
    code_hash: Annotated[str | None, "Digest of the node's source bytes"]
    annotation_ratio: Annotated[float | None, "Annotated share of parameters and returns, 0 to 1"]
    n_typable: Annotated[int | None, "Parameters and returns, of all functions inside too; without self and cls"]
    n_typed: Annotated[int | None, "Those that are annotated, be it with `Any`"]
    coverage_ratio: Annotated[
        float | None,
        "Covered share of the counted lines of a function or class, behind its first, or of the module; null "
        "where there are none",
    ]
    notes: Annotated[Sequence[str], "Reserved; empty"]


NODES = table("nodes", NodeRow, key=("node_id",))


class ImportRow(Row, frozen=True, kw_only=True):
    """One row for every imported name."""

    path: Path
    module: Annotated[str | None, "The importing module"]
    start_line: Annotated[int, "Line of the imported name, from 1"]
    start_col: Annotated[int, "Column of the imported name, from 0"]
    target_module: Annotated[str, "Absolute dotted name of the module that is imported or imported from"]
    name: Annotated[str, "Name imported from it, `*` for a star; the dotted module as written for `import a.b`"]
    alias: Annotated[str | None, "Name after `as`"]
    level: Annotated[int, "Number of leading dots"]
    is_from: Annotated[bool, "Whether it is a `from` import"]
    is_star: Annotated[bool, "Whether it is a star import"]
    kind: Annotated[
        str,
        "`typing` under TYPE_CHECKING, `local` inside a function, `lazy` by PEP 810, `main` under a test for being run "
        "as a program, `never` where the configured Python or platform rules it out, else `runtime`",
    ]
    resolved: Annotated[str | None, "Qualified name of what the name finally is"]
    resolved_path: Annotated[str | None, "File of that, where it is in the tree"]
    target_path: Annotated[str | None, "File of the target module, where it is in the tree"]
    known: Annotated[bool, "Whether the target module is in the tree or in the standard library"]
    node_id: Annotated[str, "The import statement"]


IMPORTS = table("imports", ImportRow, key=("path", "start_line", "start_col", "name"))


class ExportRow(Row, frozen=True, kw_only=True):
    """One row for every name that `from module import name` finds statically."""

    path: Path
    module: Annotated[str | None, "The exporting module"]
    name: Annotated[str, "Exported name"]
    kind: Annotated[str, "`definition`, `reexport`, `star`, `submodule`, `dynamic`"]
    origin: Annotated[str | None, "Qualified name of the definition at the end of the chain"]
    origin_path: Annotated[str | None, "File of that definition, where it is in the tree"]
    in_star: Annotated[bool, "Whether `from module import *` binds the name at run time"]
    typing_only: Annotated[bool, "Whether only type checkers see it"]
    chain: Annotated[Sequence[str], "The hops to the definition, as `module.name`, the definition last"]


EXPORTS = table("exports", ExportRow, key=("path", "name"))


class RefRow(Row, frozen=True, kw_only=True):
    """One row for every identifier that names something."""

    path: Path
    name: Annotated[str, "The identifier, NFKC-normalised"]
    role: Annotated[str, "`definition`, `read`, `write`, `import`, `delete`"]
    kind: Annotated[str, "`name`, `attribute`, `keyword`, `import`"]
    start_line: StartLine
    start_col: StartCol
    end_line: EndLine
    end_col: EndCol
    start_byte: StartByte
    end_byte: EndByte
    scope: Annotated[str, "Kind of the scope in which Python looks the name up"]
    context: Annotated[str, "`typing` where only type checkers go, `local` in a function, else `runtime`"]
    qualified_name: Annotated[str | None, "What it means: the first of `qualified_names`"]
    qualified_names: Annotated[
        Sequence[str],
        "All its meanings, several where branches differ, and the names that assignments gave them (`Alias = Base`)",
    ]
    target_kind: Annotated[str | None, "Kind of thing it means"]
    target_path: Annotated[str | None, "File that defines it, where it is in the tree"]
    reason: Annotated[str | None, "Why its meaning is unknown"]
    via: Annotated[
        str | None,
        "Who decided what it means: `scope`, `import`, `member` (of a module or class, by name), `index`; null where "
        "nobody knows",
    ]
    certainty: Annotated[
        str | None,
        "`exact`; `dispatch`: the method of the object's static type, an override may run (see `may_use`); "
        "`candidates`: one of `qualified_names`",
    ]
    contradicted: Annotated[Sequence[str], "What another source says it means, which lost"]
    scip_symbol: Annotated[str | None, "Symbol of the SCIP index"]
    scip_match: Annotated[str | None, "How the symbol was found: `exact`, `moved`, `name`"]
    scip_repair: Annotated[str | None, "The fault of the indexer that was mended in the symbol: our own name won"]
    agreement: Annotated[
        str | None,
        "Whether the index, as it was, and names mean the same definition: `both`, `cst-only`, `scip-only`, `differ`; "
        "null where neither side knows",
    ]
    type: Annotated[
        str | None, "Type of what it names, as pyrefly writes it; only where expression types are asked for"
    ]
    node_id: Annotated[str, "Innermost definition that holds it"]


REFS = table("refs", RefRow, key=("path", "start_byte", "end_byte", "role"))


class SymbolClaimRow(Row, frozen=True, kw_only=True):
    """What each file says of the SCIP symbols it defines; `symbols` chooses one claim a symbol."""

    path: Path
    scip_symbol: Annotated[str, "Symbol of the SCIP index"]
    qualified_name: Annotated[str | None, "What the symbol's definition is called here"]
    kind: Annotated[str | None, "`class`, `function`, `method`, `module`, `variable`, ..."]
    display_name: Annotated[str | None, "The index's name for people"]
    documentation: Annotated[str | None, "The index's documentation, parts joined by blank lines"]
    signature: Annotated[str | None, "The index's signature text"]
    enclosing_symbol: Annotated[str | None, "Symbol around it"]


SYMBOL_CLAIMS = table("symbol_claims", SymbolClaimRow, key=("scip_symbol", "path"))


class SymbolFileRow(Row, frozen=True, kw_only=True):
    """Which files mention a SCIP symbol."""

    path: Path
    scip_symbol: Annotated[str, "Symbol of the SCIP index"]
    roles: Annotated[int, "SCIP role bits, or-ed over the file (definition 1, import 2, write 4, read 8, ...)"]


SYMBOL_FILES = table("symbol_files", SymbolFileRow, key=("scip_symbol", "path"))


class ScipOutcomeRow(Row, frozen=True, kw_only=True):
    """What became of the ranges of each file's SCIP document."""

    path: Path
    outcome: Annotated[
        str, "`attached`; of these the mended ones, by rule; `aliased`, `misnamed` and `unplaced` are attached nowhere"
    ]
    ranges: Annotated[int, "How many"]


SCIP_OUTCOMES = table("scip_outcomes", ScipOutcomeRow, key=("path", "outcome"))


class UseRow(Row, frozen=True, kw_only=True):
    """Which definition reads which: what a definition's own text mentions, variables local to functions apart."""

    path: Path
    node_id: Annotated[str, "The module, class or function whose text it is, inner definitions apart"]
    source: Annotated[str | None, "Its qualified name"]
    target: Annotated[str, "Qualified name of what is used"]
    target_kind: Annotated[str, "Kind of thing that is"]
    target_path: Annotated[str | None, "File that defines it, where it is in the tree"]
    n_reads: Annotated[int, "How often it is mentioned"]
    first_line: Annotated[int, "Line of the first mention, from 1"]
    certainty: Annotated[
        str, "As `refs` has it; `dispatch` where at least one mention may run an override (see `may_use`)"
    ]


USES = table("uses", UseRow, key=("path", "node_id", "target"))


class BaseRow(Row, frozen=True, kw_only=True):
    """The bases of each class: who implements what."""

    path: Path
    node_id: Annotated[str, "The class"]
    subclass: Annotated[str | None, "Its qualified name"]
    position: Annotated[int, "Place among the bases, from 0"]
    source: Annotated[str, "The base as written"]
    base: Annotated[str | None, "Qualified name of the base; null where nothing static can say"]
    base_path: Annotated[str | None, "File that defines it, where it is in the tree"]


BASES = table("bases", BaseRow, key=("path", "node_id", "position"))


class OverrideRow(Row, frozen=True, kw_only=True):
    """Which member of a class hides which inherited one, by the method resolution order."""

    path: Path
    node_id: Annotated[str | None, "The method or inner class; null for a variable"]
    member: Annotated[str, "Qualified name of the member"]
    overridden: Annotated[str, "Qualified name of the member that follows in the method resolution order"]
    overridden_kind: Annotated[str, "Kind of thing that is"]
    overridden_path: Annotated[str | None, "File that defines it, where it is in the tree"]


OVERRIDES = table("overrides", OverrideRow, key=("path", "member"))


class DiagnosticRow(Row, frozen=True, kw_only=True):
    """What tools found."""

    path: Path
    tool: Annotated[str, "`parse`, `link`, `stitch`, `emit`, `pyrefly`, `pyright`"]
    severity: Annotated[str, "`error`, `warning`, `info`"]
    rule: Annotated[str, "The tool's name for the kind of finding"]
    message: Annotated[str, "What it says"]
    line: Annotated[int, "First line, from 1"]
    col: Annotated[int, "First column, from 0, in code points"]
    end_line: EndLine
    end_col: EndCol
    node_id: Annotated[str, "Innermost definition that holds it"]


DIAGNOSTICS = table("diagnostics", DiagnosticRow, key=("path", "tool", "line", "col", "rule", "message"))


class TypeCoverageRow(Row, frozen=True, kw_only=True):
    """How much of each symbol is typed, as the type checker counts; `nodes` has our own count of what is annotated."""

    path: Path
    module: ModuleName
    tool: Annotated[str, "`pyrefly`"]
    kind: Annotated[str, "`function`, `property`, `class`, `attr` (a variable of a module or class)"]
    name: Annotated[str, "Qualified name inside the module"]
    line: Annotated[int, "Line, from 1; that of the first decorator where there is one"]
    col: Annotated[int, "Column, from 0, in code points"]
    n_typable: Annotated[int, "Parameters and return of a function (`self` apart), or an attribute's own type"]
    n_typed: Annotated[int, "Those with an explicit type"]
    n_any: Annotated[int, "Those that are explicitly `Any`"]
    n_untyped: Annotated[int, "Those with no explicit type: inferred at best"]
    n_inferred: Annotated[
        int | None, "Of these, those of which the checker infers all; null unless types are asked for"
    ]
    node_id: Annotated[str, "The function or class; of an attribute, the innermost definition that holds it"]


TYPE_COVERAGE = table("type_coverage", TypeCoverageRow, key=("path", "name", "line", "col"))


class CellRow(Row, frozen=True, kw_only=True):
    """The lines of notebooks' code cells: which stands where in the file.

    Places in other tables are those in the file; what stands at one is in the line whose bytes hold it.
    """

    path: Path
    cell: Annotated[int, "Which of the notebook's cells, from 1; cells of every kind count"]
    line: Annotated[int, "Which of the cell's lines, from 1"]
    is_python: Annotated[bool, "Whether it is analysed as it stands; magics, shell lines and what is no Python are not"]
    start_line: StartLine
    start_col: StartCol
    start_byte: StartByte
    end_byte: EndByte


CELLS = table("cells", CellRow, key=("path", "cell", "line"))


class FileRow(Row, frozen=True, kw_only=True):
    """One row for every file with an outline that is not Python; Python files are in `modules`."""

    path: Path
    language: Annotated[str, "Language of the file: `toml`, `markdown`, `dockerfile`, ..."]
    content_hash: Annotated[str, "Digest of the file's bytes"]
    n_bytes: Annotated[int, LONG, "Size in bytes"]
    n_lines: Annotated[int, "Number of lines"]
    n_items: Annotated[int, "Entries of its outline"]
    n_left_out: Annotated[int, "Entries beyond the limit of one outline; the deepest are left out first"]
    has_errors: Annotated[bool, "Whether the grammar did not understand all of the file"]
    error: Annotated[str | None, "Why there is no outline"]


FILES = table("files", FileRow, key=("path",))


class OutlineRow(Row, frozen=True, kw_only=True):
    """Named entries of files without a syntax tree: other languages, and Python that does not parse."""

    path: Path
    ordinal: Annotated[int, "Number of the entry in its file, from 0, in source order"]
    language: Annotated[str, "Language of the file"]
    kind: Annotated[str, "`class`, `function`, `method`, `variable`, `key`, `table`, `heading`, `stage`, ..."]
    name: Annotated[str, "As written, on one line, without enclosing quotes"]
    parent: Annotated[int | None, "Ordinal of the innermost entry around it"]
    depth: Annotated[int, "Number of entries around it"]
    is_fallback: Annotated[bool, "Found by node type or by the layout of lines, not by the language's query"]
    start_line: StartLine
    start_col: StartCol
    end_line: EndLine
    end_col: EndCol
    start_byte: StartByte
    end_byte: EndByte
    name_start_byte: Annotated[int, "First byte of the name"]
    name_end_byte: Annotated[int, "Byte after the name"]


OUTLINES = table("outlines", OutlineRow, key=("path", "ordinal"))

TABLES: tuple[Table, ...] = (
    MODULES,
    NODES,
    IMPORTS,
    EXPORTS,
    REFS,
    SYMBOL_CLAIMS,
    SYMBOL_FILES,
    SCIP_OUTCOMES,
    USES,
    BASES,
    OVERRIDES,
    DIAGNOSTICS,
    TYPE_COVERAGE,
    CELLS,
    FILES,
    OUTLINES,
)
"""Every table that holds rows of files, in the order in which they are filled."""


SYMBOLS = View(
    "symbols",
    ("scip_symbol",),
    "One row for every SCIP symbol that is defined in the tree: the claim of the first file, in path order",
    (
        *(column for column in SYMBOL_CLAIMS.columns if column.name != "path"),
        Column("path", "text", "The file whose claim it is"),
    ),
    "SELECT * EXCLUDE (path), path FROM symbol_claims"
    " QUALIFY row_number() OVER (PARTITION BY scip_symbol ORDER BY path) = 1",
)


class PackageRow(Row, frozen=True, kw_only=True):
    """One row for every package, of the modules directly in it (subpackages are rows of their own)."""

    package: Annotated[str, "Dotted name; empty for modules outside of any"]
    n_modules: Annotated[int, LONG, "Modules"]
    n_defs: Annotated[int, LONG, "Classes and functions"]
    n_typable: Annotated[int, LONG, "Parameters and returns that could be annotated, without self and cls"]
    n_typed: Annotated[int, LONG, "Those that are"]
    annotation_ratio: Annotated[float | None, "`n_typed` / `n_typable`; null where there is nothing to annotate"]
    type_errors: Annotated[int, LONG, "Errors that type checkers report"]


PACKAGES = View(
    "packages",
    ("package",),
    _text_of(PackageRow),
    _columns_of(PackageRow),
    "SELECT m.package, count(*) AS n_modules, sum(m.n_defs)::BIGINT AS n_defs, sum(n.n_typable)::BIGINT AS n_typable,"
    " sum(n.n_typed)::BIGINT AS n_typed, sum(n.n_typed) / nullif(sum(n.n_typable), 0) AS annotation_ratio,"
    " sum(m.type_errors)::BIGINT AS type_errors"
    " FROM modules m JOIN nodes n ON n.path = m.path AND n.node_type = 'Module' GROUP BY m.package",
)


class OverriderRow(Row, frozen=True, kw_only=True):
    """Which members may run where another is called by its static type: those that hide it, through any number of
    classes, and where it is a `Protocol`'s, those of every class that has all methods of the protocol.
    """

    member: Annotated[str, "Qualified name of the member of the base"]
    overrider: Annotated[str, "Qualified name of a member that may run instead"]


OVERRIDERS = View(
    "overriders",
    ("member", "overrider"),
    _text_of(OverriderRow),
    _columns_of(OverriderRow),
    # Who implements a protocol need not say so (PEP 544).
    "WITH RECURSIVE methods AS (SELECT name, left(qualified_names[1], len(qualified_names[1]) - len(name) - 1) AS class"
    " FROM nodes WHERE node_type = 'FunctionDef' AND name IS NOT NULL AND len(qualified_names) > 0),"
    " protocols AS (SELECT DISTINCT subclass AS class FROM bases WHERE base IN ('typing.Protocol',"
    " 'typing_extensions.Protocol')),"
    " asked AS (SELECT class, list(DISTINCT name) AS names FROM methods JOIN protocols USING (class) GROUP BY class),"
    " offered AS (SELECT class, list(DISTINCT name) AS names FROM methods"
    " WHERE name IN (SELECT unnest(names) FROM asked) GROUP BY class),"
    " direct AS (SELECT overridden AS member, member AS overrider FROM overrides"
    " UNION SELECT a.class || '.' || n.name, o.class || '.' || n.name"
    " FROM asked a JOIN offered o ON list_has_all(o.names, a.names) AND o.class <> a.class, unnest(a.names) n(name)),"
    " hidden(member, overrider) AS (SELECT member, overrider FROM direct"
    " UNION SELECT h.member, d.overrider FROM hidden h JOIN direct d ON d.member = h.overrider)"
    " SELECT member, overrider FROM hidden WHERE member <> overrider",
)


class MayUseRow(Row, frozen=True, kw_only=True):
    """What each definition may use when it runs: `uses`, and for a method of a static type every override of it."""

    path: Path
    node_id: Annotated[str, "The module, class or function that uses it"]
    source: Annotated[str | None, "Its qualified name; null in a file that no module name reaches"]
    target: Annotated[str, "Qualified name of what may be used"]
    named: Annotated[str, "Qualified name of what the text means: `target` itself, or the member that it overrides"]
    first_line: Annotated[int, "Line of the first mention, from 1"]
    certainty: Annotated[str, "`exact`, `dispatch`, `candidates`, as `uses` has it; overrides are always `dispatch`"]


MAY_USE = View(
    "may_use",
    ("path", "node_id", "target", "named"),
    _text_of(MayUseRow),
    _columns_of(MayUseRow),
    "SELECT path, node_id, source, target, target AS named, first_line, certainty FROM uses"
    " UNION ALL SELECT u.path, u.node_id, u.source, o.overrider, u.target, u.first_line, 'dispatch'"
    " FROM uses u JOIN overriders o ON o.member = u.target WHERE u.certainty = 'dispatch'",
)

VIEWS: tuple[View, ...] = (SYMBOLS, PACKAGES, OVERRIDERS, MAY_USE)
"""Every view."""

OUTLINE_TABLES: tuple[Table, ...] = (FILES, OUTLINES)
"""The tables in which files that are not Python have rows."""


class LedgerRow(Row, frozen=True, kw_only=True):
    """Which rows of each file the store holds."""

    path: Path
    rows_digest: Annotated[str, "Digest of the file's rows, as `emit` made them"]


LEDGER = table("ledger", LedgerRow, key=("path",))


class MetaRow(Row, frozen=True, kw_only=True):
    """What the store is: `schema_version`, `schema_policy`, `generation` (merges so far), `rows:TABLE`,
    `content:TABLE`, versions.
    """

    key: Annotated[str, "Name of the fact"]
    value: Annotated[str, "The fact"]


META = table("meta", MetaRow, key=("key",))

RELATIONS: tuple[Table | View, ...] = (*TABLES, *VIEWS, LEDGER, META)
"""Everything that can be queried."""
